/* Leases: a worker that is silent for one is inactive and loses its tasks, one that is silent for two is removed.
 *
 * Active and inactive workers lie in one list each, the longest silent first: who is heard goes to the end, so the first of each list is always the next
 * that is due. */
#include "base/mem.h"
#include "core/core.h"

static int64_t due(const struct core *c, const struct worker *w)
{
	int64_t leases = w->state == PEER_ACTIVE ? 1 : 2;

	return w->seen_us + leases * c->conf.lease_ms * 1000;
}

void core_worker_heard(struct core *c, struct now now, struct worker *w)
{
	if (w->state == PEER_REMOVED)
		return;
	w->seen_us = now.mono_us;
	w->seen_at = now.wall_ms;
	list_del(&w->by_seen);
	list_push_back(&c->active, &w->by_seen);
	if (w->state != PEER_INACTIVE)
		return;
	worker_move(c, now, w, PEER_EV_HEARD, NULL);
	/* Its tasks went to others: what it still runs of them is in the way. */
	ghosts_stop(c, w);
}

void lease_end(struct worker *w)
{
	list_del(&w->by_seen);
}

static struct worker *first(const struct list *of)
{
	return list_first(of, struct worker, by_seen);
}

int64_t lease_next(const struct core *c)
{
	const struct worker *a = first(&c->active), *b = first(&c->inactive);

	if (!a || !b)
		return a ? due(c, a) : b ? due(c, b) : -1;
	return due(c, a) < due(c, b) ? due(c, a) : due(c, b);
}

static void silence(struct core *c, struct now now, struct worker *w)
{
	list_del(&w->by_seen);
	list_push_back(&c->inactive, &w->by_seen);
	worker_move(c, now, w, PEER_EV_SILENT, "no heartbeat");
	worker_lose_all(c, now, w, "its worker sends no heartbeat", true, true);
}

void lease_tick(struct core *c, struct now now)
{
	struct worker *w;

	while ((w = first(&c->active)) && due(c, w) <= now.mono_us)
		silence(c, now, w);
	while ((w = first(&c->inactive)) && due(c, w) <= now.mono_us)
		core_worker_lost(c, now, w, "no heartbeat for two leases");
}
