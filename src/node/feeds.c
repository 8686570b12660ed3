/* The stdin of tasks that a client feeds: a client's `stdin` goes on to the worker that runs the task, the worker's `stdin_ack` answers it.
 *
 * Nothing is kept here but who waits for which answer: what a worker lost with its connection is asked for again. A task whose feeder is gone before all of
 * its stdin has come is ended: half an input must not look like a whole one. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/server.h"

#define PARTS_MAX 4
#define WINDOW    (256 * 1024)
#define GONE_MS   2000  /* for a connection that broke to come back, as a worker's */
#define START_MS  10000 /* likewise after our own start */

struct part { /* a request that waits for its answer */
	int64_t req, end;
	size_t len;
};

struct feed {
	struct server *server;
	struct uuid task;
	struct peer *peer; /* NULL: gone, and `gone` is set */
	struct part parts[PARTS_MAX];
	unsigned nparts;
	int64_t offset, total; /* written into the task's stdin; of all of it, -1 = not known */
	int64_t sent;          /* given to its worker without a gap; -1 = not known */
	struct loop_timer gone;
	struct list of_peer;
	struct list all;
};

static void answer(struct peer *p, int64_t req, const struct task *t, int64_t offset,
	const char *flag)
{
	struct mout *o = &p->server->out;

	mout_begin(o, MSG_STDIN_ACK, req);
	mout_uuid(o, "id", &t->id);
	jout_i64(&o->w, "attempt", t->attempt);
	jout_i64(&o->w, "offset", offset);
	if (flag)
		jout_bool(&o->w, flag, true);
	mout_end(o);
	peer_send(p, o);
}

/* Answers the first n parts. */
static void answer_parts(struct feed *f, const struct task *t, unsigned n, const char *flag)
{
	for (unsigned i = 0; i < n; i++)
		answer(f->peer, f->parts[i].req, t, f->offset, flag);
	f->nparts -= n;
	memmove(f->parts, f->parts + n, f->nparts * sizeof(f->parts[0]));
}

static void free_feed(struct feed *f)
{
	loop_timer_clear(&f->gone);
	list_del(&f->of_peer);
	list_del(&f->all);
	free(f);
}

void feed_end(struct task *t)
{
	struct feed *f = t->feed;

	if (!f)
		return;
	answer_parts(f, t, f->nparts, "closed");
	t->feed = NULL;
	free_feed(f);
}

static void on_gone(void *arg)
{
	struct feed *f = arg;
	struct server *s = f->server;
	struct task *t = core_task(s->core, &f->task);

	if (!t || t->feed != f || task_state_final(t->state)) {
		free_feed(f);
		return;
	}
	log_warning("stdin.gone task=%llu: its client went away before the end of its stdin",
		(unsigned long long)t->n);
	if (core_cancel(s->core, server_now(s), t, s->conf.worker_id,
		    "whoever fed its stdin went away before the end of it", NULL) == 0)
		t->cause = CAUSE_STDIN;
}

static struct feed *make_feed(struct server *s, struct task *t)
{
	struct feed *f = t->feed;

	if (f)
		return f;
	f = xcalloc(1, sizeof(*f));
	f->server = s;
	f->task = t->id;
	f->total = f->sent = -1;
	loop_timer_init(s->loop, &f->gone, on_gone, f);
	list_push_back(&s->feeds, &f->all);
	t->feed = f;
	return f;
}

void feed_take(struct peer *p, struct task *t)
{
	struct feed *f = make_feed(p->server, t);

	if (f->peer == p)
		return;
	f->nparts = 0; /* whoever asked is not heard any more */
	f->peer = p;
	loop_timer_clear(&f->gone);
	list_del(&f->of_peer);
	list_push_back(&p->feeds, &f->of_peer);
}

void feeds_drop(struct peer *p)
{
	struct feed *f;

	while ((f = list_first(&p->feeds, struct feed, of_peer))) {
		list_del(&f->of_peer);
		f->peer = NULL;
		f->nparts = 0;
		loop_timer_in(&f->gone, GONE_MS);
	}
}

void feeds_start(struct server *s)
{
	struct list *e, *tmp;

	list_each (e, tmp, core_tasks(s->core)) {
		struct task *t = container_of(e, struct task, all);
		if (t->fed && !task_state_final(t->state))
			loop_timer_in(&make_feed(s, t)->gone, START_MS);
	}
}

void feeds_fini(struct server *s)
{
	struct feed *f;

	while ((f = list_first(&s->feeds, struct feed, all)))
		free_feed(f);
}

static void pass_on(const struct task *t, const struct msg *m, const char *data, size_t len)
{
	struct peer *p = t->worker->peer;
	struct mout *o = &p->server->out;

	mout_begin(o, MSG_STDIN, 0);
	mout_uuid(o, "id", &t->id);
	jout_i64(&o->w, "attempt", t->attempt);
	jout_i64(&o->w, "offset", msg_int(m->head, "offset", 0));
	if (msg_bool(m->head, "eof"))
		jout_bool(&o->w, "eof", true);
	if (len)
		mout_put(o, "data", data, len);
	mout_end(o);
	peer_send(p, o);
}

static int check(struct peer *p, const struct task *t, const struct msg *m, size_t len,
	struct err *e)
{
	const struct feed *f = t ? t->feed : NULL;
	size_t waiting = len;
	int64_t offset = msg_int(m->head, "offset", -1);

	if (!t || !peer_may_see(p, t))
		return err_set(e, ERR_NO, "no such task, or it has expired");
	if (strcmp(t->owner, p->principal) != 0)
		return err_set(e, ERR_DENIED,
			"task %llu belongs to %s: only its owner feeds its stdin",
			(unsigned long long)t->n, t->owner);
	if (task_state_final(t->state) || !t->fed)
		return 0;
	if (msg_int(m->head, "attempt", 0) != t->attempt ||
		(t->state != TASK_RUNNING && t->state != TASK_ASSIGNED))
		return err_set(e, ERR_NO, "task %llu does not run now: its stdin waits",
			(unsigned long long)t->n);
	if (len > PROTO_CHUNK || offset < 0 || offset > INT64_MAX - PROTO_CHUNK)
		return err_set(e, ERR_DATA, "stdin: a bad offset, or more than %d bytes",
			PROTO_CHUNK);
	for (unsigned i = 0; f && f->peer == p && i < f->nparts; i++)
		waiting += f->parts[i].len;
	if (f && f->peer == p && (f->nparts == PARTS_MAX || waiting > WINDOW))
		return err_set(e, ERR_BUSY, "stdin: more than %d bytes or %d parts wait",
			WINDOW, PARTS_MAX);
	return 0;
}

void stdin_handle(struct peer *p, const struct msg *m)
{
	struct task *t;
	struct feed *f;
	struct uuid id;
	struct err e;
	size_t at = 0, len;
	const char *data = msg_take(m, m->head, "data", &at, &len);
	int64_t offset = msg_int(m->head, "offset", 0), end;

	msg_uuid(m->head, "id", &id);
	t = core_task(p->server->core, &id);
	if (check(p, t, m, len, &e)) {
		peer_error(p, m->req, &e);
		return;
	}
	/* It is over, or all of its stdin had come and only that answer was lost. */
	if (task_state_final(t->state) || !t->fed) {
		answer(p, m->req, t, offset, "closed");
		return;
	}
	end = offset + (int64_t)len;
	feed_take(p, t);
	f = t->feed;
	/* One before it is asked for again just now: so is this one, behind that. */
	if (f->sent >= 0 && offset > f->sent && t->worker && t->worker->peer) {
		answer(p, m->req, t, f->offset, "again");
		return;
	}
	f->parts[f->nparts++] = (struct part){m->req, end, len};
	if (msg_bool(m->head, "eof"))
		f->total = end;
	if (!t->worker || !t->worker->peer)
		return; /* asked for again when it is back */
	pass_on(t, m, data, len);
	if (end > f->sent)
		f->sent = end;
}

void stdin_ack_handle(struct peer *p, const struct msg *m)
{
	struct task *t;
	struct feed *f;
	struct uuid id;
	unsigned n = 0;

	if (!worker_of(p, m))
		return;
	msg_uuid(m->head, "id", &id);
	t = core_task(p->server->core, &id);
	f = t ? t->feed : NULL;
	if (!f || t->worker != p->worker || msg_int(m->head, "attempt", 0) != t->attempt)
		return;
	f->offset = msg_int(m->head, "offset", f->offset);
	if (msg_bool(m->head, "closed") || (f->total >= 0 && f->offset >= f->total)) {
		core_fed(p->server->core, t);
		feed_end(t);
		return;
	}
	while (n < f->nparts && f->parts[n].end <= f->offset)
		n++;
	answer_parts(f, t, n, NULL);
}

void feeds_joined(struct worker *w)
{
	struct list *e, *tmp;

	list_each (e, tmp, &w->held) {
		struct task *t = container_of(e, struct task, held);
		struct feed *f = t->feed;
		if (!f || !f->nparts)
			continue;
		f->sent = f->parts[0].end - (int64_t)f->parts[0].len;
		answer_parts(f, t, f->nparts, "again");
	}
}
