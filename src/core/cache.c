/* The result cache: finished tasks, dropped when they are too many (the least recently used first) or too old; and the final freeing of all that
 * was dropped. */
#include "base/mem.h"
#include "core/core.h"

#define RENEW_MS 1000 /* soonest look again at an expired task that is watched */

void cache_add(struct core *c, struct now now, struct task *t)
{
	t->expires_us = now.mono_us + c->conf.cache_ttl_ms * 1000;
	list_push_back(&c->cached, &t->cached);
	list_push_back(&c->expiry, &t->expiry);
	c->counts.cached++;
	cache_trim(c);
}

void tail_drop(struct core *c, struct task *t)
{
	if (!t->tail)
		return;
	c->tail_bytes -= t->tail->len;
	list_del(&t->tailed);
	bytes_unref(&t->tail);
}

void tail_keep(struct core *c, struct task *t, struct bytes *tail)
{
	tail_drop(c, t);
	if (!tail)
		return;
	t->tail = bytes_ref(tail);
	c->tail_bytes += tail->len;
	list_push_back(&c->tails, &t->tailed);
	while (c->tail_bytes > c->conf.max_tails)
		tail_drop(c, list_first(&c->tails, struct task, tailed));
}

/* From here on nobody finds it; its memory lives until core_sweep(), because actions still point at it. */
static void drop(struct core *c, struct task *t)
{
	tail_drop(c, t);
	list_del(&t->cached);
	list_del(&t->expiry);
	c->counts.cached--;
	c->counts.by_state[t->state]--;
	if (uuid_ms(&t->id) > c->forgotten_ms)
		c->forgotten_ms = uuid_ms(&t->id);
	map_del(c->by_id, t->id.b, sizeof(t->id.b));
	map_del(c->by_n, &t->n, sizeof(t->n));
	list_del(&t->all);
	list_push_back(&c->dead_tasks, &t->all);
}

void cache_trim(struct core *c)
{
	struct list *e, *tmp;

	list_each (e, tmp, &c->cached) {
		struct task *t = container_of(e, struct task, cached);
		if (c->counts.cached <= c->conf.cache_size)
			return;
		if (!t->watch)
			drop(c, t);
	}
}

int64_t cache_next(const struct core *c)
{
	const struct task *t = list_first(&c->expiry, struct task, expiry);

	return t ? t->expires_us : -1;
}

/* Its watcher is about to go; until then it must not make core_next_due() say 'now' again and again. */
static void renew(struct core *c, struct now now, struct task *t)
{
	int64_t ms = c->conf.cache_ttl_ms > RENEW_MS ? c->conf.cache_ttl_ms : RENEW_MS;

	t->expires_us = now.mono_us + ms * 1000;
	list_del(&t->expiry);
	list_push_back(&c->expiry, &t->expiry);
}

void cache_tick(struct core *c, struct now now)
{
	struct task *t;

	while ((t = list_first(&c->expiry, struct task, expiry)) &&
		t->expires_us <= now.mono_us) {
		if (t->watch)
			renew(c, now, t);
		else
			drop(c, t);
	}
}

void core_touch(struct core *c, struct task *t)
{
	if (!list_linked(&t->cached))
		return;
	list_del(&t->cached);
	list_push_back(&c->cached, &t->cached);
}

void core_sweep(struct core *c)
{
	struct task *t;
	struct worker *w;

	/* What was watched when it ended may go now. */
	cache_trim(c);
	while ((t = list_first(&c->dead_tasks, struct task, all))) {
		list_del(&t->all);
		group_remove(c, t);
		task_free(&t);
	}
	groups_trim(c);
	while ((w = list_first(&c->dead_workers, struct worker, all))) {
		list_del(&w->all);
		worker_free(&w);
	}
}
