/* `cancel`: recorded at once; then, when the sender waits, what became of the processes of each task, as they end.
 *
 * The answer is a list in as many messages as it takes: tasks of which nothing runs stand in the first, each other one comes when its worker has said how it ended,
 * or when the sender's patience is over. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/server.h"

#define WAIT_MAX_MS  3600000
#define GRACE_MAX_MS 3600000
#define PENDING_MAX  100 /* requests of one peer that wait; more are answered at once */

/* A task whose processes still end. */
struct ending_task {
	struct uuid id;
	enum task_state was;
	bool again;
	char *selector;
	struct list link;
};

struct cancel {
	struct server *server;
	struct peer *peer;
	int64_t req, grace_ms; /* -1: not said */
	const char *selector, *reason;
	struct series out;
	struct map *ids; /* of its tasks, to struct ending_task */
	size_t nwhole;   /* tasks of it that were not over */
	bool whole;      /* the selector names a group: what is over is no failure */
	struct list tasks;
	struct loop_timer patience;
	struct list of_peer, all;
};

static void free_cancel(struct cancel *c)
{
	struct list *e, *tmp;

	list_each (e, tmp, &c->tasks) {
		struct ending_task *w = container_of(e, struct ending_task, link);
		free(w->selector);
		free(w);
	}
	loop_timer_clear(&c->patience);
	map_free(&c->ids);
	list_del(&c->of_peer);
	list_del(&c->all);
	free(c);
}

static void write_task(struct mout *o, const struct task *t, const struct ending_task *w,
	const char *why)
{
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &t->id);
	jout_str(&o->w, "selector", w->selector);
	jout_i64(&o->w, "n", (int64_t)t->n);
	jout_bool(&o->w, "ok", !why);
	jout_str(&o->w, "was", task_state_word(w->was));
	jout_str(&o->w, "state", task_state_word(t->state));
	if (w->again)
		jout_bool(&o->w, "again", true);
	if (why)
		jout_str(&o->w, "why", why);
	else if (t->report)
		jout_str(&o->w, "report", t->report);
	else if (t->worker)
		jout_bool(&o->w, "ending", true);
	jout_end_object(&o->w);
}

static bool still_ends(const struct task *t)
{
	return t->state == TASK_CANCELLED && t->worker;
}

/* Cancels it, or asks once more for the end of what is left of it. */
static int cancel_task(struct cancel *c, struct task *t, bool *again, struct err *e)
{
	struct peer *p = c->peer;
	struct core *core = c->server->core;

	if (!(p->roles & ROLE_ADMIN) && strcmp(t->owner, p->principal) != 0)
		return err_set(e, ERR_DENIED, "task %llu belongs to %s",
			(unsigned long long)t->n, t->owner);
	*again = still_ends(t);
	if (*again) {
		core_stop_again(core, t, c->grace_ms);
		return 0;
	}
	if (!task_state_final(t->state) && c->grace_ms >= 0)
		t->grace_ms = c->grace_ms;
	return core_cancel(core, server_now(c->server), t, p->principal, c->reason, e);
}

static void cancel_one(void *arg, struct task *t)
{
	struct cancel *c = arg;
	struct ending_task now = {.id = t->id,
				   .was = t->state,
				   .selector = (char *)(uintptr_t)c->selector},
			   *w;
	struct err e;
	int rc;

	if (c->whole && task_state_final(t->state) && !still_ends(t))
		return;
	c->nwhole++;
	rc = cancel_task(c, t, &now.again, &e);

	if (rc || !c->ids || !still_ends(t)) {
		write_task(series_item(&c->out), t, &now, rc ? e.text : NULL);
		return;
	}
	if (map_get(c->ids, t->id.b, sizeof(t->id.b)))
		return; /* named twice */
	w = xmemdup(&now, sizeof(now));
	w->selector = xstrdup(c->selector);
	map_put(c->ids, w->id.b, sizeof(w->id.b), w);
	list_push_back(&c->tasks, &w->link);
}

static void cancel_none(struct mout *o, const char *selector, const char *why)
{
	jout_object(&o->w, NULL);
	jout_str(&o->w, "selector", selector);
	jout_bool(&o->w, "ok", false);
	jout_str(&o->w, "why", why);
	jout_end_object(&o->w);
}

static void take_out(struct cancel *c, struct ending_task *w)
{
	map_del(c->ids, w->id.b, sizeof(w->id.b));
	list_del(&w->link);
	free(w->selector);
	free(w);
}

/* The processes of one have ended, or are not waited for any more. */
static void tell(struct cancel *c, struct ending_task *w, const struct task *t)
{
	struct mout *o = &c->server->out;

	mout_begin(o, MSG_CANCELLED, c->req);
	jout_array(&o->w, "tasks");
	if (t)
		write_task(o, t, w, NULL);
	jout_end_array(&o->w);
	take_out(c, w);
	if (!list_empty(&c->tasks))
		jout_bool(&o->w, "more", true);
	mout_end(o);
	peer_send(c->peer, o);
}

static void on_patience(void *arg)
{
	struct cancel *c = arg;

	while (!list_empty(&c->tasks)) {
		struct ending_task *w = list_first(&c->tasks, struct ending_task, link);
		tell(c, w, core_task(c->server->core, &w->id));
	}
	free_cancel(c);
}

void cancels_event(struct server *s, const struct event *ev, const struct task *t)
{
	struct list *e, *tmp;

	if (ev->type != EVENT_TASK_STOPPED)
		return;
	list_each (e, tmp, &s->cancels) {
		struct cancel *c = container_of(e, struct cancel, all);
		struct ending_task *w = map_get(c->ids, ev->id.b, sizeof(ev->id.b));
		if (w)
			tell(c, w, t);
		if (list_empty(&c->tasks))
			free_cancel(c);
	}
}

void cancels_drop(struct peer *p)
{
	while (!list_empty(&p->cancels))
		free_cancel(list_first(&p->cancels, struct cancel, of_peer));
}

static int64_t between(int64_t n, int64_t max)
{
	return n < 0 ? -1 : n > max ? max : n;
}

static bool may_wait(const struct peer *p)
{
	const struct list *e;
	size_t n = 0;

	for (e = p->cancels.next; e != &p->cancels; e = e->next)
		n++;
	return n < PENDING_MAX;
}

/* What a selector names. A group takes no more tasks, also when all that are there have ended. */
static bool cancel_named(struct cancel *c, const char *selector)
{
	struct group *g = select_group(c->peer, selector);
	bool any;

	c->whole = g != NULL;
	c->nwhole = 0;
	if (g)
		core_group_cancel(g);
	any = select_tasks(c->peer, selector, cancel_one, c);
	if (g && !c->nwhole)
		cancel_none(series_item(&c->out), selector,
			"all of its tasks have ended; it takes no new ones");
	return any || g;
}

void cancel_handle(struct peer *p, const struct msg *m)
{
	struct cancel *c = xcalloc(1, sizeof(*c));
	int64_t wait_ms = between(msg_int(m->head, "wait_ms", 0), WAIT_MAX_MS);
	char selector[128], reason[1100];

	c->server = p->server;
	c->peer = p;
	c->req = m->req;
	c->grace_ms = between(msg_int(m->head, "grace_ms", -1), GRACE_MAX_MS);
	c->selector = selector;
	c->reason = msg_str(m->head, "reason", reason, sizeof(reason)) ? reason : NULL;
	c->ids = wait_ms > 0 && may_wait(p) ? map_new() : NULL;
	list_init(&c->tasks);
	loop_timer_init(p->server->loop, &c->patience, on_patience, c);
	series_begin(&c->out, p, MSG_CANCELLED, m->req, "tasks");
	for (const struct json_node *v = msg_list(m->head, "ids"); v; v = json_next(v)) {
		if (!json_strcpy(v, selector, sizeof(selector)) || !cancel_named(c, selector))
			cancel_none(series_item(&c->out), selector, "no such task");
	}
	c->selector = c->reason = NULL;
	if (list_empty(&c->tasks)) {
		series_end(&c->out);
		free_cancel(c);
		return;
	}
	jout_bool(&series_end_list(&c->out)->w, "more", true);
	series_end(&c->out);
	loop_timer_in(&c->patience, wait_ms);
	list_push_back(&p->cancels, &c->of_peer);
	list_push_back(&p->server->cancels, &c->all);
}
