/* The workers: registering, heartbeats, handing out tasks and taking in what became of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/announcement.h"
#include "node/server.h"

#define TAIL_MAX                                                                               \
	(80 * 1024) /* bytes of output that come with the end of a task: 64 KiB and what is around them */
#define COME_BACK_MS                                                                           \
	2000 /* a worker whose connection broke may come back this long before its tasks go to others */

static void answer_registered(struct peer *p, const struct msg *m)
{
	struct server *s = p->server;
	struct mout *o = &s->out;
	struct list *e, *tmp;

	mout_begin(o, MSG_REGISTERED, m->req);
	jout_i64(&o->w, "lease_ms", s->conf.lease_ms);
	jout_i64(&o->w, "heartbeat_ms", s->conf.lease_ms / 3);
	jout_array(&o->w, "held");
	list_each (e, tmp, &p->worker->held) {
		struct task *t = container_of(e, struct task, held);
		jout_object(&o->w, NULL);
		mout_uuid(o, "id", &t->id);
		jout_i64(&o->w, "attempt", t->attempt);
		jout_end_object(&o->w);
	}
	jout_end_array(&o->w);
	mout_end(o);
	peer_send(p, o);
}

static bool listed(const struct msg *m, const struct task *t)
{
	struct uuid id;

	for (const struct json_node *o = msg_list(m->head, "held"); o; o = json_next(o)) {
		msg_uuid(o, "id", &id);
		if (uuid_eq(&id, &t->id) && msg_int(o, "attempt", 0) == t->attempt)
			return true;
	}
	return false;
}

/* What it holds and does not know of went down with its old connection. */
static void give_again(struct peer *p, const struct msg *m)
{
	struct list *e, *tmp;

	list_each (e, tmp, &p->worker->held) {
		struct task *t = container_of(e, struct task, held);
		const struct action a = {.type = ACT_DISPATCH,
			.task = t,
			.worker = p->worker,
			.attempt = t->attempt};
		if (!listed(m, t))
			herd_dispatch(p->server, &a);
	}
}

static void joined(struct peer *p, struct worker *w, const struct msg *m)
{
	struct peer *old = w->peer;
	struct err e;

	/* The connection that it had before is of no use to it any more. */
	if (old && old != p)
		old->worker = NULL;
	w->peer = p;
	p->worker = w;
	if (persist_worker(p->server, w, &e))
		log_error("store.failed error=\"%s\"", e.text);
	log_info("worker.registered worker=%s host=%s address=%s slots=%u tasks=%zu", w->id,
		str_show(w->host), p->address, w->slots, w->nnames);
	answer_registered(p, m);
	drains_joined(p, w, m);
	give_again(p, m);
	reads_joined(p->server, w);
	feeds_joined(w);
	if (w->local)
		local_registered(p->server->local);
}

void register_handle(struct peer *p, const struct msg *m)
{
	struct server *s = p->server;
	char id[128], host[260], instance[UUID_TEXT], logs[1100];
	struct announcement names;
	int wrong;
	struct worker_spec spec = {.id = id, .host = host, .instance = instance};
	int64_t slots = msg_int(m->head, "slots", 1);
	struct worker *w = NULL;
	struct err e;

	msg_str(m->head, "worker", id, sizeof(id));
	msg_str(m->head, "host", host, sizeof(host));
	msg_str(m->head, "instance", instance, sizeof(instance));
	wrong = announcement_read(&names, m, &e);
	spec.logs = msg_str(m->head, "logs", logs, sizeof(logs)) ? logs : NULL;
	spec.address = p->address;
	spec.principal = p->principal;
	spec.pid = msg_int(m->head, "pid", 0);
	spec.slots = (unsigned)(slots < 0 || slots > 4096 ? 0 : slots);
	spec.local = msg_bool(m->head, "local");
	spec.tasks = names.tasks;
	spec.ntasks = names.n;
	spec.has = names.has;
	spec.modules = names.modules;
	spec.nmodules = names.nmodules;
	if (p->worker && strcmp(p->worker->id, id) != 0)
		err_set(&e, ERR_DATA, "this connection is worker \"%s\" already",
			p->worker->id);
	else if (!str_worker_id(id))
		err_set(&e, ERR_DATA,
			"\"%s\" cannot be a worker id: letters, digits, _ . - /, at most 64",
			str_show(id));
	else if (spec.slots < 1 || spec.slots > 4096)
		err_set(&e, ERR_DATA, "a worker has 1 to 4096 slots");
	else if (!spec.local && !s->conf.subworkers)
		err_set(&e, ERR_DENIED,
			"this is a stand-alone worker: it takes no subworkers; start a control plane for that");
	else if (!wrong)
		w = core_worker_join(s->core, server_now(s), &spec, &e);
	if (w)
		joined(p, w, m);
	else
		peer_error(p, m->req, &e);
	announcement_fini(&names);
}

/* The worker of a message; NULL when this connection never registered one (it was answered). */
struct worker *worker_of(struct peer *p, const struct msg *m)
{
	struct err e;

	if (p->worker) {
		core_worker_heard(p->server->core, server_now(p->server), p->worker);
		return p->worker;
	}
	err_set(&e, ERR_NO, "you are not registered (any more): register again");
	peer_error(p, m->req, &e);
	return NULL;
}

void started_handle(struct peer *p, const struct msg *m)
{
	struct worker *w = worker_of(p, m);
	struct uuid id;

	if (!w)
		return;
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		msg_uuid(o, "id", &id);
		core_started(p->server->core, server_now(p->server), w, &id,
			(uint32_t)msg_int(o, "attempt", 0), NULL);
	}
}

void returned_handle(struct peer *p, const struct msg *m)
{
	struct worker *w = worker_of(p, m);
	struct uuid id;

	if (!w)
		return;
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		msg_uuid(o, "id", &id);
		core_returned(p->server->core, server_now(p->server), w, &id,
			(uint32_t)msg_int(o, "attempt", 0), NULL);
	}
}

/* Room for an item with `need` bytes of body. */
static struct mout *open_list(struct peer *p, struct mout *o, enum msg_id id, size_t need)
{
	if (o->head.len >= PROTO_BATCH || o->body.len + need > PROTO_BATCH)
		peers_flush(p->server);
	if (!o->head.len) {
		mout_begin(o, id, 0);
		jout_array(&o->w, "tasks");
	}
	peer_dirty(p);
	return o;
}

static void add_attempt(struct mout *o, const struct uuid *id, int64_t attempt)
{
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", id);
	jout_i64(&o->w, "attempt", attempt);
	jout_end_object(&o->w);
}

static void acknowledge(struct peer *p, const struct uuid *id, int64_t attempt)
{
	add_attempt(open_list(p, &p->dones, MSG_DONE_OK, 0), id, attempt);
}

/* A number of a peer that must lie in a range; what does not is `absent`. */
static int64_t number_in(const struct json_node *o, const char *name, int64_t min, int64_t max,
	int64_t absent)
{
	int64_t n = msg_int(o, name, absent);

	return n < min || n > max ? absent : n;
}

static void done_one(struct peer *p, const struct msg *m, const struct json_node *o, size_t *at)
{
	struct uuid id, blob;
	char cause[80], error[1100], type[80], log_error[1100], left[1100];
	int64_t attempt = number_in(o, "attempt", 1, UINT32_MAX, 0);
	size_t len, ntail;
	const char *result = msg_take(m, o, "result", at, &len);
	const char *tail = msg_take(m, o, "tail", at, &ntail);
	struct outcome out = {.ok = msg_bool(o, "ok"), .cancelled = msg_bool(o, "cancelled")};
	int known;

	msg_uuid(o, "id", &id);
	known = msg_str(o, "cause", cause, sizeof(cause)) ? cause_parse(cause) : CAUSE_NONE;
	out.cause = known < 0 ? CAUSE_NONE : (enum cause)known;
	out.exit_status = (int)number_in(o, "exit", 0, 255, -1);
	out.exit_signal = (int)number_in(o, "signal", 1, 64, 0);
	out.run_us = number_in(o, "run_us", 0, INT64_MAX, 0);
	out.again = msg_bool(o, "again");
	out.error = msg_str(o, "error", error, sizeof(error)) ? error : NULL;
	out.used = (struct usage){.run_ms = out.run_us / 1000,
		.user_ms = number_in(o, "user_ms", 0, INT64_MAX, 0),
		.sys_ms = number_in(o, "sys_ms", 0, INT64_MAX, 0),
		.rss_kb = number_in(o, "rss_kb", 0, INT64_MAX, 0)};
	out.nleft = (uint32_t)number_in(o, "left", 0, UINT32_MAX, 0);
	out.left = msg_str(o, "left_names", left, sizeof(left)) ? left : NULL;
	out.result_type = msg_str(o, "type", type, sizeof(type)) && strcmp(type, "json") == 0
				  ? RESULT_JSON
				  : RESULT_BYTES;
	out.outs = msg_int(o, "outs", 0);
	out.errs = msg_int(o, "errs", 0);
	out.log_error =
		msg_str(o, "log_error", log_error, sizeof(log_error)) ? log_error : NULL;
	out.tail = tail && ntail <= TAIL_MAX ? bytes_new(tail, ntail) : NULL;
	if (msg_uuid(o, "result_blob", &blob)) {
		out.result = upload_take(p, &blob);
		/* Never a success without the result that it had. */
		if (!out.result) {
			out.ok = false;
			out.cause = CAUSE_LIMIT;
			out.error = "its result did not arrive whole";
		}
	} else if (result)
		out.result = bytes_new(result, len);
	if (core_finished(p->server->core, server_now(p->server), p->worker, &id,
		    (uint32_t)attempt, &out, NULL))
		log_info("result.stale worker=%s attempt=%lld", p->worker->id,
			(long long)attempt);
	acknowledge(p, &id, attempt);
	bytes_unref(&out.result);
	bytes_unref(&out.tail);
}

void done_handle(struct peer *p, const struct msg *m)
{
	size_t at = 0;

	if (!worker_of(p, m))
		return;
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		done_one(p, m, o, &at);
}

void heartbeat_handle(struct peer *p, const struct msg *m)
{
	if (!worker_of(p, m))
		return;
	mout_begin(&p->server->out, MSG_ALIVE, m->req);
	mout_end(&p->server->out);
	peer_send(p, &p->server->out);
}

void leave_handle(struct peer *p, const struct msg *m)
{
	struct worker *w = worker_of(p, m);

	if (!w)
		return;
	log_info("worker.left worker=%s", w->id);
	mout_begin(&p->server->out, MSG_LEFT, m->req);
	mout_end(&p->server->out);
	peer_send(p, &p->server->out);
	w->peer = NULL;
	p->worker = NULL;
	core_worker_leave(p->server->core, server_now(p->server), w, "it left");
}

void herd_dispatch(struct server *s, const struct action *a)
{
	struct peer *p = a->worker->peer;
	struct task *t = a->task;
	struct mout *o;
	bool fetched;

	/* Its connection is gone since: the task comes back when the worker is given up, or is told again when it registers. */
	if (!p || t->attempt != a->attempt || t->worker != a->worker)
		return;
	fetched = t->args->len + t->kwargs->len > PROTO_INLINE_MAX;
	o = open_list(p, &p->tasks, MSG_TASK,
		(fetched ? 0 : t->args->len) + t->kwargs->len + (t->place ? t->place->len : 0));
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &t->id);
	jout_i64(&o->w, "attempt", t->attempt);
	jout_i64(&o->w, "n", (int64_t)t->n);
	jout_str(&o->w, "name", t->name->text);
	if (t->timeout_ms >= 0)
		jout_i64(&o->w, "timeout_ms", t->timeout_ms);
	if (t->stream)
		jout_bool(&o->w, "stream", true);
	if (t->fed)
		jout_bool(&o->w, "stdin", true);
	if (t->hold)
		jout_bool(&o->w, "hold", true);
	if (fetched)
		jout_i64(&o->w, "size", (int64_t)t->args->len);
	else
		mout_put(o, "args", t->args->data, t->args->len);
	mout_put(o, "kwargs", t->kwargs->data, t->kwargs->len);
	if (t->place)
		mout_put(o, "place", t->place->data, t->place->len);
	jout_end_object(&o->w);
}

void herd_stop(struct server *s, const struct action *a)
{
	struct peer *p = a->worker->peer;
	struct mout *o;

	if (!p)
		return;
	o = open_list(p, &p->stops, MSG_STOP, 0);
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &a->task->id);
	jout_i64(&o->w, "attempt", a->attempt);
	jout_i64(&o->w, "grace_ms", a->task->grace_ms);
	jout_end_object(&o->w);
}

void herd_recall(struct server *s, const struct action *a)
{
	struct peer *p = a->worker->peer;

	if (p)
		add_attempt(open_list(p, &p->recalls, MSG_RECALL, 0), &a->task->id, a->attempt);
}

/* A worker that is away; core_worker_leave() follows when it does not come back. */
struct absence {
	struct server *server;
	char *id, *instance;
	struct loop_timer timer;
	struct list all;
};

static void end_absence(struct absence *a)
{
	loop_timer_clear(&a->timer);
	list_del(&a->all);
	free(a->id);
	free(a->instance);
	free(a);
}

void herd_fini(struct server *s)
{
	while (!list_empty(&s->absences))
		end_absence(list_first(&s->absences, struct absence, all));
}

static void on_absent(void *arg)
{
	struct absence *a = arg;
	struct worker *w = core_worker(a->server->core, a->id);

	if (w && !w->peer && strcmp(w->instance, a->instance) == 0) {
		log_warning("worker.lost worker=%s tasks=%u", w->id, w->nheld);
		core_worker_lost(a->server->core, server_now(a->server), w,
			"its connection broke and it did not come back");
	}
	end_absence(a);
}

void herd_peer_gone(struct peer *p)
{
	struct absence *a;

	if (!p->worker)
		return;
	a = xcalloc(1, sizeof(*a));
	a->server = p->server;
	a->id = xstrdup(p->worker->id);
	a->instance = xstrdup(p->worker->instance);
	p->worker->peer = NULL;
	p->worker = NULL;
	loop_timer_init(p->server->loop, &a->timer, on_absent, a);
	loop_timer_in(&a->timer, COME_BACK_MS);
	list_push_back(&p->server->absences, &a->all);
}

void herd_removed(struct server *s, const struct event *ev)
{
	struct worker *now = core_worker(s->core, ev->worker);
	struct list *e, *tmp;

	/* Another process may have taken the id since: its connection keeps its own. */
	list_each (e, tmp, &s->all_peers) {
		struct peer *p = container_of(e, struct peer, all);
		if (p->worker && p->worker != now && strcmp(p->worker->id, ev->worker) == 0)
			p->worker = NULL;
	}
	if (!now)
		reads_removed(s, ev->worker);
}
