/* The control plane: sockets, gate, core and local worker put together, and the order of work in one turn of the loop. */
#include "node/control_plane.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/hangup.h"
#include "node/limits.h"
#include "node/server.h"

struct now server_now(const struct server *s)
{
	return (struct now){.mono_us = s->clock->mono_us(s->clock),
		.wall_ms = s->clock->wall_ms(s->clock)};
}

int server_worker_port(const struct server *s)
{
	return s->conf.worker_port ? s->conf.worker_port : s->context.base.port + PORT_WORKER;
}

void server_end(struct server *s, int status)
{
	s->exit_status = status;
	loop_stop(s->loop);
}

static bool allow(void *arg, const char *key, const char *address)
{
	struct server *s = arg;

	if (keyring_find(s->keyring, key))
		return true;
	char mark[20];
	if (s->testing)
		return false;
	log_warning("denied.key fingerprint=%s address=%s", keys_fingerprint(mark, key),
		address);
	return false;
}

static void act(struct server *s, const struct action *a)
{
	switch (a->type) {
	case ACT_DISPATCH:
		herd_dispatch(s, a);
		break;
	case ACT_RECALL:
		herd_recall(s, a);
		break;
	case ACT_STOP:
		herd_stop(s, a);
		break;
	case ACT_EVENT:
		log_debug("%s task=%llu name=%s worker=%s seq=%llu", event_word(a->event->type),
			(unsigned long long)a->event->n, a->event->name ? a->event->name : "-",
			*a->event->worker ? a->event->worker : "-",
			(unsigned long long)a->event->seq);
		if (a->event->type == EVENT_WORKER_REMOVED)
			herd_removed(s, a->event);
		watches_event(s, a->event, a->task);
		cancels_event(s, a->event, a->task);
		break;
	}
}

/* Before the loop sleeps: hand out work, then send everything that this turn brought forth. */
static void before_sleep(void *arg)
{
	struct server *s = arg;
	struct action a;
	struct err e;
	int64_t due;

	core_schedule(s->core, server_now(s));
	if (persist_turn(s, &e)) {
		if (s->exit_status == 0)
			log_error(
				"store.failed error=\"%s\": nothing more is acknowledged; start again when it can be written",
				e.text);
		server_end(s, err_exit_code(ERR_IO));
		return;
	}
	while (core_next_action(s->core, &a))
		act(s, &a);
	peers_flush(s);
	watches_flush(s);
	core_sweep(s->core);
	due = core_next_due(s->core);
	if (due >= 0)
		loop_timer_at_us(&s->due, due);
	else
		loop_timer_clear(&s->due);
}

static void on_due(void *arg)
{
	struct server *s = arg;

	core_tick(s->core, server_now(s));
}

static void fill_context(struct server *s)
{
	struct context *c = &s->context;

	snprintf(c->name, sizeof(c->name), "%s", s->conf.profile);
	snprintf(c->worker_id, sizeof(c->worker_id), "%s", s->conf.worker_id);
	ports_reachable(&s->conf, &c->base);
	ports_reachable(&s->conf, &c->discovery);
	c->subworkers = s->conf.subworkers;
	snprintf(c->server_key, sizeof(c->server_key), "%s", s->key.public);
	c->pid = getpid();
	c->incarnation = (uint64_t)s->started_wall_ms;
}

void server_ready(struct server *s)
{
	char base[300], text[700];
	struct err e;

	if (s->ready)
		return;
	if (context_write(s->conf.paths->runtime, &s->context, &e)) {
		log_error("start: %s", e.text);
		server_end(s, err_exit_code(e.code));
		return;
	}
	s->ready = true;
	context_unlock_start(&s->start_fd);
	idle_start(s);
	snprintf(text, sizeof(text),
		"control plane \"%s\" is ready at %s (encrypted, %s; %u local slot%s)",
		s->conf.worker_id, address_text(base, &s->context.base),
		address_loopback(&s->context.base) && !s->conf.nbind
			? "this host only"
			: "open to other hosts that have a key",
		s->conf.concurrency, s->conf.concurrency == 1 ? "" : "s");
	log_info("ready worker_id=%s base=%s pid=%d", s->conf.worker_id, base, getpid());
	s->conf.ready(s->conf.ready_arg, text);
}

static void on_gate_tested(void *arg, const struct err *e)
{
	struct server *s = arg;

	s->testing = false;
	if (e) {
		log_error("start: %s", e->text);
		server_end(s, err_exit_code(e->code));
	} else if (s->conf.concurrency) {
		s->local = local_new(s);
	} else {
		server_ready(s);
	}
}

void control_plane_stop(struct server *s)
{
	bool again = s->stopping;

	s->stopping = true;
	if (s->local)
		local_stop(s->local, again);
	else
		server_end(s, s->exit_status);
}

static void on_signal(void *arg, int signo)
{
	log_info("signal number=%d", signo);
	control_plane_stop(arg);
}

static void on_hangup(void *arg, int signo)
{
	struct server *s = arg;

	if (hangup_is_end())
		on_signal(arg, signo);
	else if (s->local)
		local_reload(s->local);
}

/* Keys of the server and of the owner; who else may come in stands in authorized_keys. */
static int load_keys(struct server *s, struct err *e)
{
	const char *dir = s->conf.paths->config;
	char *server = xasprintf("%s/server.key", dir),
	     *client = xasprintf("%s/client.key", dir);
	char *others = xasprintf("%s/authorized_keys", dir);
	struct keypair owner;
	int rc = -1;

	s->keyring = keyring_new();
	if (paths_make_dir(dir, 0700, e) == 0 && keys_load(server, true, &s->key, e) == 0 &&
		keys_load(client, true, &owner, e) == 0 &&
		keyring_load(s->keyring, others, e) == 0) {
		keyring_add(s->keyring, owner.public, "owner", ROLE_ALL);
		rc = 0;
	}
	explicit_bzero(&owner, sizeof(owner));
	free(server);
	free(client);
	free(others);
	return rc;
}

static void make_core(struct server *s)
{
	const struct core_conf conf = {
		.cache_size = s->conf.cache_size,
		.cache_ttl_ms = s->conf.cache_ttl_ms,
		.max_queued = s->conf.max_queued,
		.max_tails = MAX_TAILS,
		.lease_ms = s->conf.lease_ms,
		.events = 10000,
	};

	s->core = core_new(&conf);
}

/* One that starts by itself, beside others that do, waits for the first of them and then has nothing to do: -1 with ERR_NONE. */
static int take_locks(struct server *s, struct err *e)
{
	const char *runtime = s->conf.paths->runtime, *name = s->conf.profile;
	struct context c;

	s->start_fd = context_lock_start(runtime, name, true, e);
	if (s->start_fd < 0)
		return -1;
	s->lock_fd = context_lock(runtime, name, false, e);
	if (s->lock_fd < 0 && s->conf.by_itself) {
		if (context_read(runtime, name, &c, NULL) == 0 && context_alive(&c)) {
			e->code = ERR_NONE;
			return -1;
		}
		/* It is ending, then: nobody starts while we have the other lock. */
		s->lock_fd = context_lock(runtime, name, true, e);
	}
	return s->lock_fd < 0 ? -1 : 0;
}

static int open_server(struct server *s, struct err *e)
{
	const char *runtime = s->conf.paths->runtime;

	if (paths_make_dir(runtime, 0700, e))
		return -1;
	if (take_locks(s, e) || load_keys(s, e))
		return -1;
	if (persist_open(s, e))
		return -1;
	s->zap = zap_new(s->net, allow, s, e);
	if (!s->zap || ports_open(s, e))
		return -1;
	fill_context(s);
	return 0;
}

static void init_server(struct server *s, struct clock *clock)
{
	clock_system(clock);
	s->clock = clock;
	s->lock_fd = s->start_fd = -1;
	s->started_wall_ms = clock->wall_ms(clock);
	s->loop = loop_new(clock);
	s->net = net_new(s->loop);
	list_init(&s->dirty_watches);
	list_init(&s->stream);
	list_init(&s->absences);
	peers_init(s);
	wire_init(&s->in);
	mout_init(&s->out);
	loop_timer_init(s->loop, &s->due, on_due, s);
	idle_init(s);
	make_core(s);
}

static void fini_server(struct server *s)
{
	idle_fini(s);
	if (s->ready)
		context_remove(s->conf.paths->runtime, s->conf.profile);
	local_free(&s->local);
	peers_fini(s);
	herd_fini(s);
	ports_close(s);
	zap_free(&s->zap);
	persist_free(&s->persist);
	core_free(&s->core);
	keyring_free(&s->keyring);
	wire_fini(&s->in);
	mout_fini(&s->out);
	loop_free(&s->loop);
	net_free(&s->net);
	explicit_bzero(&s->key, sizeof(s->key));
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	context_unlock_start(&s->start_fd);
}

int control_plane_run(const struct control_plane_conf *conf, struct err *e)
{
	static struct server server;
	struct server *s = &server;
	struct clock clock;

	signal(SIGPIPE, SIG_IGN);
	limits_raise();
	s->conf = *conf;
	init_server(s, &clock);
	if (open_server(s, e)) {
		s->exit_status = err_exit_code(e->code);
	} else {
		e->code = ERR_NONE;
		loop_signal(s->loop, SIGTERM, on_signal, s);
		loop_signal(s->loop, SIGINT, on_signal, s);
		loop_signal(s->loop, SIGHUP, on_hangup, s);
		loop_hook(s->loop, before_sleep, s);
		struct address probe = s->context.base;
		probe.port += PORT_QUERY;
		s->testing = true;
		zap_test(s->net, &probe, s->key.public, on_gate_tested, s);
		loop_run(s->loop);
		loop_unhook(s->loop, before_sleep, s);
	}
	fini_server(s);
	return s->exit_status;
}
