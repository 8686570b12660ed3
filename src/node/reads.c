/* Reading the output of tasks: a client's `log` becomes a `log_read` to the worker that has the file, its answer goes back.
 *
 * A worker whose connection broke is asked again when it is back; when it does not come back, what was kept here is the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/server.h"

#define READS_PER_PEER 256   /* requests of one connection that wait for a worker */
#define READS_MAX      16384 /* of all */

/* A request that a worker is to answer. */
struct log_read {
	struct peer *peer;
	int64_t req, serial; /* r of the client's request; r of ours */
	struct uuid task;
	uint32_t attempt;
	char worker[72];
	struct log_ask ask;
	bool wait, follower;
	struct list of_peer;
};

static void end_read(struct log_read *r)
{
	struct server *s = r->peer->server;

	map_del(s->reads, &r->serial, sizeof(r->serial));
	r->peer->nreads--;
	list_del(&r->of_peer);
	free(r);
}

static void write_ask(struct mout *o, const struct log_ask *a)
{
	jout_i64(&o->w, "offset", a->offset);
	jout_i64(&o->w, "size", a->size);
	if (a->had >= 0)
		jout_i64(&o->w, "had", a->had);
	if (a->tail >= 0)
		jout_i64(&o->w, "tail", a->tail);
}

static void begin_read(struct mout *o, const struct log_read *r, uint64_t n)
{
	mout_begin(o, MSG_LOG_READ, r->serial);
	mout_uuid(o, "id", &r->task);
	jout_i64(&o->w, "attempt", r->attempt);
	jout_i64(&o->w, "n", (int64_t)n);
	write_ask(o, &r->ask);
}

static void send_read(struct log_read *r, struct worker *w)
{
	struct server *s = r->peer->server;
	struct task *t = core_task(s->core, &r->task);
	struct mout *o = &s->out;

	if (!w->peer)
		return; /* it has 2 s to come back */
	begin_read(o, r, t ? t->n : 0);
	if (r->wait)
		jout_bool(&o->w, "wait", true);
	if (r->follower)
		jout_bool(&o->w, "follower", true);
	mout_end(o);
	peer_send(w->peer, o);
}

static void forget_read(struct log_read *r)
{
	struct server *s = r->peer->server;
	struct worker *w = core_worker(s->core, r->worker);

	if (!w || !w->peer || !r->wait)
		return;
	begin_read(&s->out, r, 0);
	jout_bool(&s->out.w, "forget", true);
	mout_end(&s->out);
	peer_send(w->peer, &s->out);
}

void reads_drop(struct peer *p)
{
	struct log_read *r;

	while ((r = list_first(&p->reads, struct log_read, of_peer))) {
		forget_read(r);
		end_read(r);
	}
}

/* Nothing of this attempt is to be had: said as its end. */
static void answer_none(struct peer *p, int64_t req, const struct task *t, int64_t attempt,
	const struct log_ask *ask, const char *note)
{
	struct mout *o = &p->server->out;

	mout_begin(o, MSG_LOG_DATA, req);
	jout_i64(&o->w, "attempt", attempt);
	jout_i64(&o->w, "offset", ask->offset);
	jout_i64(&o->w, "next", ask->offset);
	jout_bool(&o->w, "end", attempt > 0);
	jout_str(&o->w, "state", task_state_word(t->state));
	if (note)
		jout_str(&o->w, "note", note);
	mout_end(o);
	peer_send(p, o);
}

static void answer_away(struct peer *p, int64_t req, const struct task *t,
	const struct log_ask *ask)
{
	char why[160];

	snprintf(why, sizeof(why), "worker %s is away", t->worker_id ? t->worker_id : "?");
	tail_answer(p, req, t, ask, why);
}

static void answer_stale(struct peer *p, int64_t req, const struct task *t, int64_t attempt,
	const struct log_ask *ask)
{
	char note[160];

	snprintf(note, sizeof(note),
		"attempt %lld was given up; its output is with the worker that had it",
		(long long)attempt);
	answer_none(p, req, t, attempt, ask, note);
}

static void found(void *arg, struct task *t)
{
	*(struct task **)arg = t;
}

static struct task *find_task(struct peer *p, const struct msg *m, struct err *e)
{
	struct task *t = NULL;
	char selector[128];

	msg_str(m->head, "id", selector, sizeof(selector));
	if (!select_tasks(p, selector, found, &t))
		err_set(e, ERR_NO, "no such task, or it has expired: %s", str_show(selector));
	return t;
}

static int read_ask(struct log_ask *a, const struct msg *m, struct err *e)
{
	*a = (struct log_ask){.offset = msg_int(m->head, "offset", 0),
		.had = msg_int(m->head, "had", -1),
		.tail = msg_int(m->head, "tail", -1),
		.size = msg_int(m->head, "size", 0)};
	if (a->offset < 0 || a->size < 0)
		return err_set(e, ERR_DATA, "log: offset and size are not below 0");
	if (a->size > PROTO_CHUNK)
		a->size = PROTO_CHUNK;
	return 0;
}

static int check_room(const struct peer *p, struct err *e)
{
	if (p->nreads < READS_PER_PEER && map_count(p->server->reads) < READS_MAX)
		return 0;
	return err_set(e, ERR_BUSY, "too many reads of output wait for workers; end some");
}

static void ask_worker(struct peer *p, const struct msg *m, const struct task *t,
	struct worker *w, const struct log_ask *ask)
{
	struct server *s = p->server;
	struct log_read *r;
	struct err e;

	if (check_room(p, &e)) {
		peer_error(p, m->req, &e);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->peer = p;
	r->req = m->req;
	r->serial = ++s->read_serial;
	r->task = t->id;
	r->attempt = t->attempt;
	snprintf(r->worker, sizeof(r->worker), "%s", w->id);
	r->ask = *ask;
	r->wait = msg_bool(m->head, "wait");
	r->follower = msg_bool(m->head, "follower") && t->hold;
	map_put(s->reads, &r->serial, sizeof(r->serial), r);
	list_push_back(&p->reads, &r->of_peer);
	p->nreads++;
	send_read(r, w);
}

static bool is_owner(const struct peer *p, const struct task *t)
{
	return strcmp(p->principal, t->owner) == 0;
}

void log_handle(struct peer *p, const struct msg *m)
{
	struct err e;
	struct task *t = find_task(p, m, &e);
	struct log_ask ask;
	struct worker *w;

	if (!t || read_ask(&ask, m, &e)) {
		peer_error(p, m->req, &e);
		return;
	}
	if (t->stream && is_owner(p, t) && msg_bool(m->head, "release"))
		hold_end(p->server, t);
	else if (t->stream && is_owner(p, t) && msg_bool(m->head, "follower") &&
		 !task_state_final(t->state))
		hold_take(p, t);
	core_touch(p->server->core, t);
	w = t->worker_id ? core_worker(p->server->core, t->worker_id) : NULL;
	int64_t attempt = msg_int(m->head, "attempt", t->attempt);
	if (attempt == 0 || msg_bool(m->head, "release"))
		answer_none(p, m->req, t, 0, &ask, NULL);
	else if (attempt != t->attempt)
		answer_stale(p, m->req, t, attempt, &ask);
	else if (w && w->state == PEER_ACTIVE)
		ask_worker(p, m, t, w, &ask);
	else
		answer_away(p, m->req, t, &ask);
}

static void copy_int(struct mout *o, const struct msg *m, const char *name)
{
	int64_t n = msg_int(m->head, name, 0);

	if (n > 0)
		jout_i64(&o->w, name, n);
}

static void forward(struct log_read *r, const struct msg *m, const struct task *t)
{
	struct mout *o = &r->peer->server->out;
	char note[1100];
	size_t at = 0, len;
	const char *data = msg_take(m, m->head, "data", &at, &len);

	mout_begin(o, MSG_LOG_DATA, r->req);
	jout_i64(&o->w, "attempt", r->attempt);
	jout_i64(&o->w, "offset", msg_int(m->head, "offset", 0));
	jout_i64(&o->w, "next", msg_int(m->head, "next", 0));
	if (msg_bool(m->head, "end"))
		jout_bool(&o->w, "end", true);
	copy_int(o, m, "left_out");
	copy_int(o, m, "skip");
	jout_str(&o->w, "from", "worker");
	jout_str(&o->w, "state", task_state_word(t->state));
	jout_str(&o->w, "worker", r->worker);
	if (msg_str(m->head, "note", note, sizeof(note)))
		jout_str(&o->w, "note", note);
	else if (t->log_error && msg_bool(m->head, "end"))
		jout_str(&o->w, "note", t->log_error);
	if (data)
		mout_put(o, "data", data, len);
	mout_end(o);
	peer_send(r->peer, o);
}

/* Its worker has no file: it wrote nothing, or the file was deleted, or could not be written. */
static void answer_gone(struct log_read *r, const struct task *t)
{
	char why[1300];

	/* It goes elsewhere: its output begins there. */
	if (!task_state_final(t->state)) {
		answer_none(r->peer, r->req, t, r->attempt, &r->ask, NULL);
		return;
	}
	if (t->log_error)
		snprintf(why, sizeof(why), "worker %s could not write it down: %s", r->worker,
			t->log_error);
	else
		snprintf(why, sizeof(why), "worker %s has no file of it any more", r->worker);
	tail_answer(r->peer, r->req, t, &r->ask, why);
}

void log_data_handle(struct peer *p, const struct msg *m)
{
	struct log_read *r = map_get(p->server->reads, &m->req, sizeof(m->req));
	struct task *t = r ? core_task(p->server->core, &r->task) : NULL;
	struct err e;

	/* Somebody else's number, or one that is forgotten. */
	if (!r || !p->worker || strcmp(p->worker->id, r->worker) != 0)
		return;
	if (!t) {
		err_set(&e, ERR_NO, "the task has expired");
		peer_error(r->peer, r->req, &e);
	} else if (t->attempt != r->attempt) {
		answer_stale(r->peer, r->req, t, r->attempt, &r->ask);
	} else if (msg_bool(m->head, "gone")) {
		answer_gone(r, t);
	} else {
		forward(r, m, t);
	}
	end_read(r);
}

typedef void each_fn(struct log_read *r, struct worker *w);

static void each_of_worker(struct server *s, const char *worker, each_fn *fn, struct worker *w)
{
	struct list *e, *tmp, *f, *tmp2;

	list_each (e, tmp, &s->all_peers) {
		struct peer *p = container_of(e, struct peer, all);
		list_each (f, tmp2, &p->reads) {
			struct log_read *r = container_of(f, struct log_read, of_peer);
			if (strcmp(r->worker, worker) == 0)
				fn(r, w);
		}
	}
}

void reads_joined(struct server *s, const struct worker *w)
{
	each_of_worker(s, w->id, send_read, core_worker(s->core, w->id));
}

static void removed(struct log_read *r, struct worker *w)
{
	struct task *t = core_task(r->peer->server->core, &r->task);
	struct err e;

	if (!t) {
		err_set(&e, ERR_NO, "the task has expired");
		peer_error(r->peer, r->req, &e);
	} else if (t->attempt != r->attempt) {
		answer_stale(r->peer, r->req, t, r->attempt, &r->ask);
	} else {
		answer_away(r->peer, r->req, t, &r->ask);
	}
	end_read(r);
}

void reads_removed(struct server *s, const char *worker)
{
	each_of_worker(s, worker, removed, NULL);
}
