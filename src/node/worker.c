/* A worker: its connection, its states and its end. What it does with tasks is in jobs.c. */
#include "node/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/hangup.h"
#include "node/labour.h"

#define LEAVE_MS 1000 /* patience for the answer to leave */

static void move(struct labour *b, enum worker_event ev)
{
	int next = worker_state_next(b->state, ev);

	if (next == STATE_NONE)
		BUG("worker in state %s cannot do that", worker_state_word(b->state));
	b->state = (enum worker_state)next;
	log_info("worker.state state=%s", worker_state_word(b->state));
}

static void end(struct labour *b)
{
	if (b->state == WORKER_STARTING)
		move(b, WORKER_EV_FAIL);
	if (b->state == WORKER_RUNNING || b->state == WORKER_DRAINING)
		move(b, WORKER_EV_STOP);
	if (b->state == WORKER_STOPPING)
		move(b, WORKER_EV_DONE);
	loop_stop(b->loop);
}

static void flush_list(struct labour *b, struct mout *o)
{
	if (!o->head.len)
		return;
	jout_end_array(&o->w);
	mout_end(o);
	link_send(b->link, o);
	buf_reset(&o->head);
	buf_reset(&o->body);
}

/* What began is told before what it said, and that before what ended. */
void labour_flush(struct labour *b)
{
	jobs_begun(b);
	flush_list(b, &b->started);
	flush_list(b, &b->returned);
	flush_list(b, &b->progress);
	flush_list(b, &b->done);
}

static void before_sleep(void *arg)
{
	labour_flush(arg);
}

void labour_register(struct labour *b)
{
	struct mout *o = &b->out;
	char host[256] = "unknown";

	gethostname(host, sizeof(host) - 1);
	b->enrolment = ++b->serial;
	mout_begin(o, MSG_REGISTER, b->enrolment);
	jout_str(&o->w, "worker", b->conf.id);
	jout_str(&o->w, "host", host);
	jout_str(&o->w, "instance", b->instance);
	logs_announce(b, o);
	jout_i64(&o->w, "pid", getpid());
	jout_i64(&o->w, "slots", b->conf.slots);
	if (b->conf.local)
		jout_bool(&o->w, "local", true);
	if (b->leaving)
		jout_bool(&o->w, "draining", true);
	if (b->drained)
		jout_bool(&o->w, "drained", true);
	jobs_write_held(b, o);
	offer_write(b, o);
	mout_end(o);
	link_send(b->link, o);
}

static void on_up(void *arg, const struct msg *welcome)
{
	labour_register(arg);
}

static void on_down(void *arg, const struct err *why)
{
	struct labour *b = arg;

	if (b->registered || b->fault.code != why->code)
		log_warning("control_plane.away: %s", why->text);
	b->fault = *why;
	b->registered = false;
	loop_timer_clear(&b->heartbeat);
	logs_forget_all(b); /* they are asked again */
	/* Half-made lists went down with the connection: what matters is said again. */
	buf_reset(&b->started.head);
	buf_reset(&b->progress.head);
	buf_reset(&b->done.head);
	buf_reset(&b->returned.head);
	buf_reset(&b->started.body);
	buf_reset(&b->progress.body);
	buf_reset(&b->done.body);
	if (b->state == WORKER_STOPPING)
		end(b);
}

static void give_up(struct labour *b, const struct err *why)
{
	b->fault = *why;
	b->exit_status = err_exit_code(why->code);
	end(b);
}

static void on_failed(void *arg, const struct err *why)
{
	give_up(arg, why);
}

static void on_heartbeat(void *arg)
{
	struct labour *b = arg;

	mout_begin(&b->out, MSG_HEARTBEAT, 0);
	mout_end(&b->out);
	link_send(b->link, &b->out);
	loop_timer_in(&b->heartbeat, b->heartbeat_ms);
}

static void on_registered(struct labour *b, const struct msg *m)
{
	char address[300], text[600];

	bool anew = !b->registered;

	b->registered = true;
	b->fault.code = ERR_NONE;
	b->heartbeat_ms = msg_int(m->head, "heartbeat_ms", 10000);
	if (b->heartbeat_ms < 10)
		b->heartbeat_ms = 10;
	loop_timer_in(&b->heartbeat, b->heartbeat_ms);
	jobs_registered(b, m, anew);
	if (b->ever)
		return;
	b->ever = true;
	move(b, WORKER_EV_READY);
	snprintf(text, sizeof(text), "worker \"%s\" is registered at %s (%u slot%s, %zu tasks)",
		b->conf.id, address_text(address, &b->conf.control_plane), b->conf.slots,
		b->conf.slots == 1 ? "" : "s", b->modules.n);
	log_info("registered worker=%s control_plane=%s slots=%u tasks=%zu", b->conf.id,
		address, b->conf.slots, b->modules.n);
	if (b->conf.ready)
		b->conf.ready(b->conf.ready_arg, text);
}

/* An error that answers register ends the worker; one that answers a job's request is the job's. */
static void on_error(struct labour *b, const struct msg *m)
{
	struct err e;

	if (m->req && m->req != b->enrolment) {
		jobs_refused(b, m);
		return;
	}
	msg_error(m, &e);
	if (m->req || e.code != ERR_NO) {
		give_up(b, &e);
		return;
	}
	/* The control plane has forgotten us: a lease that ran out while we were away. It says so for each message; registering once is enough. */
	if (b->registered) {
		b->registered = false;
		labour_register(b);
	}
}

/* Told from afar to take nothing new, or to take tasks again. Registering says that it is known. */
static void on_rest(struct labour *b, const struct msg *m)
{
	b->drained = msg_bool(m->head, "on");
	if (b->drained && b->state == WORKER_RUNNING)
		move(b, WORKER_EV_DRAIN);
	else if (!b->drained && b->state == WORKER_DRAINING && !b->leaving)
		move(b, WORKER_EV_RESUME);
	labour_register(b);
}

static void on_msg(void *arg, const struct msg *m)
{
	struct labour *b = arg;

	switch (m->id) {
	case MSG_REGISTERED:
		on_registered(b, m);
		break;
	case MSG_TASK:
		jobs_task(b, m);
		break;
	case MSG_RECALL:
		jobs_recall(b, m);
		break;
	case MSG_STDIN:
		jobs_stdin(b, m);
		break;
	case MSG_RAISE:
		jobs_raise(b, m);
		break;
	case MSG_STOP:
		jobs_stop(b, m);
		break;
	case MSG_DONE_OK:
		jobs_acked(b, m);
		break;
	case MSG_BLOB:
		jobs_blob(b, m);
		break;
	case MSG_BLOB_HAVE:
		jobs_have(b, m);
		break;
	case MSG_ERROR:
		on_error(b, m);
		break;
	case MSG_LOG_READ:
		logs_read(b, m);
		break;
	case MSG_REST:
		on_rest(b, m);
		break;
	case MSG_LEFT:
		end(b);
		break;
	default: /* alive, and what a newer control plane may say */
		break;
	}
}

static const struct link_ops link_ops = {.up = on_up,
	.down = on_down,
	.msg = on_msg,
	.failed = on_failed};

/* All work is done or given up: say good-bye. */
static void leave(struct labour *b)
{
	move(b, WORKER_EV_STOP);
	labour_flush(b);
	if (!b->registered) {
		end(b);
		return;
	}
	mout_begin(&b->out, MSG_LEAVE, 0);
	mout_end(&b->out);
	link_send(b->link, &b->out);
	loop_timer_in(&b->patience, LEAVE_MS);
}

void labour_idle(struct labour *b)
{
	if (b->state == WORKER_DRAINING && b->leaving && list_empty(&b->jobs))
		leave(b);
}

/* Ends what runs. Its end is still handed in, for a while. */
static void hurry(struct labour *b)
{
	b->hurried = true;
	jobs_cancel_all(b, 1000);
	loop_timer_in(&b->patience, 3000);
}

static void on_retry(void *arg)
{
	jobs_retry(arg);
}

static void on_patience(void *arg)
{
	struct labour *b = arg;

	if (b->state == WORKER_STOPPING) {
		end(b);
		return;
	}
	if (b->hurried) {
		leave(b);
		return;
	}
	log_warning("shutdown: tasks still run after %lld ms and are ended",
		(long long)b->conf.shutdown_ms);
	hurry(b);
}

static void on_signal(void *arg, int signo)
{
	struct labour *b = arg;

	log_info("signal number=%d", signo);
	if (b->state == WORKER_STARTING || b->state == WORKER_STOPPING) {
		end(b);
	} else if (b->leaving) {
		hurry(b);
	} else {
		b->leaving = true;
		if (b->state == WORKER_RUNNING)
			move(b, WORKER_EV_DRAIN);
		if (b->registered)
			labour_register(b);
		loop_timer_in(&b->patience, b->conf.shutdown_ms);
		labour_idle(b);
	}
}

static void on_hangup(void *arg, int signo)
{
	if (hangup_is_end())
		on_signal(arg, signo);
	else
		offer_again(arg);
}

/* The control plane that started this local worker is gone. */
static void on_parent_gone(void *arg, unsigned events)
{
	struct labour *b = arg;
	char byte;

	if (read(STDIN_FILENO, &byte, 1) > 0)
		return;
	log_warning("the control plane is gone: the local worker ends");
	end(b);
}

static int start(struct labour *b, struct err *e)
{
	const struct link_conf conf = {.address = b->conf.control_plane,
		.server_key = b->conf.server_key,
		.own = b->conf.own,
		.roles = "worker",
		.connect_timeout_ms = 5000,
		.give_up_ms = -1,
		.patient = true,
		.want = b->conf.local ? -1 : PORT_WORKER};
	struct uuid id;

	if (offer_open(b, e))
		return -1;
	uuid_make(&id, &(struct uuid){{0}}, b->clock->wall_ms(b->clock), &b->rng);
	uuid_text(b->instance, &id);
	lanes_start(b);
	logs_start(b);
	b->link = link_new(b->net, &conf, &link_ops, b);
	loop_signal(b->loop, SIGTERM, on_signal, b);
	loop_signal(b->loop, SIGINT, on_signal, b);
	loop_signal(b->loop, SIGHUP, on_hangup, b);
	if (b->conf.local)
		loop_fd(b->loop, STDIN_FILENO, LOOP_READ, 5, on_parent_gone, b);
	loop_hook(b->loop, before_sleep, b);
	return 0;
}

static void init(struct labour *b, struct clock *clock)
{
	clock_system(clock);
	b->clock = clock;
	rng_system(&b->rng);
	b->loop = loop_new(clock);
	b->net = net_new(b->loop);
	list_init(&b->jobs);
	list_init(&b->reads);
	b->by_id = map_new();
	lanes_init(b);
	mout_init(&b->started);
	mout_init(&b->progress);
	mout_init(&b->done);
	mout_init(&b->returned);
	mout_init(&b->out);
	loop_timer_init(b->loop, &b->heartbeat, on_heartbeat, b);
	loop_timer_init(b->loop, &b->patience, on_patience, b);
	loop_timer_init(b->loop, &b->retry, on_retry, b);
}

static void fini(struct labour *b)
{
	loop_timer_clear(&b->heartbeat);
	loop_timer_clear(&b->patience);
	loop_timer_clear(&b->retry);
	link_free(&b->link);
	logs_forget_all(b);
	keeper_free(&b->keeper);
	jobs_free(b);
	lanes_fini(b);
	map_free(&b->by_id);
	offer_close(b);
	mout_fini(&b->started);
	mout_fini(&b->progress);
	mout_fini(&b->done);
	mout_fini(&b->returned);
	mout_fini(&b->out);
	loop_free(&b->loop);
	net_free(&b->net);
}

int worker_run(const struct worker_conf *conf, struct err *e)
{
	struct labour labour = {.conf = *conf, .state = WORKER_INIT}, *b = &labour;
	struct clock clock;

	signal(SIGPIPE, SIG_IGN);
	e->code = ERR_NONE;
	init(b, &clock);
	move(b, WORKER_EV_START);
	if (start(b, e)) {
		move(b, WORKER_EV_FAIL);
		b->exit_status = err_exit_code(e->code);
	} else {
		loop_run(b->loop);
		loop_unhook(b->loop, before_sleep, b);
		if (b->exit_status)
			*e = b->fault;
	}
	fini(b);
	return b->exit_status;
}
