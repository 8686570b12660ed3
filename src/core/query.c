/* Looking at the model: finding tasks, counting, and the windowed query, which walks the tasks by number from the cursor in either direction. */
#include "core/query.h"

#include <string.h>

#include "core/core.h"

struct task *core_task(const struct core *c, const struct uuid *id)
{
	return map_get(c->by_id, id->b, sizeof(id->b));
}

struct task *core_task_n(const struct core *c, uint64_t n)
{
	return map_get(c->by_n, &n, sizeof(n));
}

struct task *core_last(const struct core *c, const char *owner)
{
	for (struct list *e = c->tasks.prev; e != &c->tasks; e = e->prev) {
		struct task *t = container_of(e, struct task, all);
		if (!owner || strcmp(t->owner, owner) == 0)
			return t;
	}
	return NULL;
}

struct list *core_tasks(struct core *c)
{
	return &c->tasks;
}

void core_counts(const struct core *c, struct core_counts *out)
{
	*out = c->counts;
	for (struct list *e = c->all_workers.next; e != &c->all_workers; e = e->next) {
		const struct worker *w = container_of(e, struct worker, all);
		if (w->state != PEER_ACTIVE)
			continue;
		out->workers++;
		out->slots += w->slots;
		unsigned busy = w->nheld + w->nghosts;
		out->busy += busy < w->slots ? busy : w->slots;
	}
}

static bool wanted(const struct query *q, const struct task *t)
{
	if (q->owner && strcmp(t->owner, q->owner) != 0)
		return false;
	return filter_match(q->filter, t);
}

static struct list *next_of(const struct query *q, struct list *e)
{
	return q->oldest_first ? e->next : e->prev;
}

static uint64_t number(struct list *e)
{
	return container_of(e, struct task, all)->n;
}

/* The first link behind the cursor. Its task may be dropped since: then the place is looked for by number. */
static struct list *begin(struct core *c, const struct query *q)
{
	struct task *at = q->cursor ? core_task_n(c, q->cursor) : NULL;
	struct list *e = next_of(q, &c->tasks);

	if (at)
		return next_of(q, &at->all);
	if (!q->cursor)
		return e;
	while (e != &c->tasks &&
		(q->oldest_first ? number(e) <= q->cursor : number(e) >= q->cursor))
		e = next_of(q, e);
	return e;
}

static uint64_t count_all(struct core *c, const struct query *q)
{
	uint64_t n = 0;

	for (struct list *e = c->tasks.next; e != &c->tasks; e = e->next)
		n += wanted(q, container_of(e, struct task, all));
	return n;
}

void core_query(struct core *c, const struct query *q, bool want_total, struct task **rows,
	struct query_page *page)
{
	uint64_t skip = q->offset;

	*page = (struct query_page){0};
	if (want_total)
		page->total = count_all(c, q);
	for (struct list *e = begin(c, q); e != &c->tasks; e = next_of(q, e)) {
		struct task *t = container_of(e, struct task, all);
		if (!wanted(q, t))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		/* One more than fits: there is a next page. */
		if (page->n == q->limit) {
			page->next = page->n ? rows[page->n - 1]->n : 0;
			return;
		}
		rows[page->n++] = t;
	}
}
