/* Tasks that wait for the reader of their output: whoever submitted them, until another connection of the same owner reads on. When that
 * connection ends, they wait no longer. */
#include <stdlib.h>

#include "base/mem.h"
#include "node/server.h"

struct hold {
	struct uuid task; /* no pointer: the task may be dropped first */
	struct list of_peer;
};

static void free_hold(struct hold *h)
{
	list_del(&h->of_peer);
	free(h);
}

void hold_take(struct peer *p, struct task *t)
{
	struct hold *h = t->hold;

	if (!h) {
		h = xcalloc(1, sizeof(*h));
		h->task = t->id;
		t->hold = h;
	}
	list_del(&h->of_peer);
	list_push_back(&p->holds, &h->of_peer);
}

/* The worker lets it write on: what is not read meanwhile may be left out. */
static void tell_worker(struct server *s, const struct task *t)
{
	struct mout *o = &s->out;

	if (!t->worker || !t->worker->peer)
		return;
	mout_begin(o, MSG_LOG_READ, 0);
	mout_uuid(o, "id", &t->id);
	jout_i64(&o->w, "attempt", t->attempt);
	jout_i64(&o->w, "n", (int64_t)t->n);
	jout_i64(&o->w, "offset", 0);
	jout_i64(&o->w, "size", 0);
	jout_bool(&o->w, "release", true);
	mout_end(o);
	peer_send(t->worker->peer, o);
}

void hold_end(struct server *s, struct task *t)
{
	if (!t->hold)
		return;
	free_hold(t->hold);
	t->hold = NULL;
	tell_worker(s, t);
}

void holds_drop(struct peer *p)
{
	struct hold *h;

	while ((h = list_first(&p->holds, struct hold, of_peer))) {
		struct task *t = core_task(p->server->core, &h->task);
		if (t && t->hold == h)
			hold_end(p->server, t);
		else
			free_hold(h);
	}
}
