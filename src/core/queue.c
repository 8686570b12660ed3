/* Who gets what next: the waiting tasks by name and priority, and handing them out.
 *
 * Each name has one list of tasks per priority, sorted by number. Per priority there is one list of the names that have such tasks, sorted by the number
 * of their first one. Handing out walks it from the front: the first name that a worker can take has the oldest task that anyone can take.
 * In one walk room only shrinks, so a name that nobody can take is passed over once, and no task but the first of a name is looked at. */
#include "base/mem.h"
#include "core/core.h"

static struct task *head_of(const struct name *n, enum priority p)
{
	return list_first(&n->waiting[p], struct task, waiting);
}

static struct name *name_at(struct list *e, enum priority p)
{
	/* The lists of a name lie in an array: back to the name's own begin. */
	return container_of(e - p, struct name, ready[0]);
}

/* Puts the name at its place among those of this priority; from behind, because a new task is the youngest of all. */
static void name_place(struct core *c, struct name *n, enum priority p)
{
	const struct task *head = head_of(n, p);
	struct list *at;

	list_del(&n->ready[p]);
	if (!head)
		return;
	for (at = c->ready[p].prev; at != &c->ready[p]; at = at->prev)
		if (head_of(name_at(at, p), p)->n < head->n)
			break;
	list_insert_before(at->next, &n->ready[p]);
}

/* A new task belongs at the end. One that comes back is older than nearly all: its place is looked for from the front. */
static struct list *place_of(struct list *queue, const struct task *t)
{
	struct list *e;
	const struct task *last = list_last(queue, struct task, waiting);

	if (!last || last->n < t->n)
		return queue;
	for (e = queue->next; e != queue; e = e->next)
		if (container_of(e, struct task, waiting)->n > t->n)
			break;
	return e;
}

void queue_put(struct core *c, struct task *t)
{
	struct name *n = t->name;

	list_insert_before(place_of(&n->waiting[t->priority], t), &t->waiting);
	n->nwaiting++;
	c->counts.queued[t->priority]++;
	if (head_of(n, t->priority) == t)
		name_place(c, n, t->priority);
}

void queue_take(struct core *c, struct task *t)
{
	struct name *n = t->name;
	bool first = head_of(n, t->priority) == t;

	list_del(&t->waiting);
	n->nwaiting--;
	c->counts.queued[t->priority]--;
	if (first)
		name_place(c, n, t->priority);
}

/* a is to be preferred to b: not local, then less loaded, then longer without work. Loads are compared as fractions, without rounding. */
static bool better(const struct worker *a, const struct worker *b)
{
	uint64_t load_a = (uint64_t)(a->nheld + a->nghosts) * b->slots;
	uint64_t load_b = (uint64_t)(b->nheld + b->nghosts) * a->slots;

	if (a->local != b->local)
		return b->local;
	if (load_a != load_b)
		return load_a < load_b;
	return a->turn < b->turn;
}

static struct worker *choose(const struct name *n)
{
	struct worker *best = NULL;

	for (size_t i = 0; i < n->nworkers; i++) {
		struct worker *w = n->workers[i];
		if (w->room && (!best || better(w, best)))
			best = w;
	}
	return best;
}

/* No slot is free: the worker that may be given more, if the name is short and nobody waits longer for that worker. */
static struct worker *choose_ahead(const struct core *c, const struct name *n)
{
	int64_t us = pace_short_us(&n->pace);
	struct worker *best = NULL;

	for (size_t i = 0; us && i < n->nworkers; i++) {
		struct worker *w = n->workers[i];
		if (w->credit && w->closed != c->pass && credit_left(w, us) &&
			(!best || better(w, best)))
			best = w;
	}
	return best;
}

/* Its oldest task found no place: what is younger gets no credit where it could run, or it would wait for ever. */
static void close_workers(const struct core *c, const struct name *n)
{
	for (size_t i = 0; i < n->nworkers; i++)
		n->workers[i]->closed = c->pass;
}

static void assign(struct core *c, struct now now, struct task *t, struct worker *w, bool ahead)
{
	queue_take(c, t);
	t->attempt++;
	worker_hold(c, now, w, t, ahead);
	w->turn = ++c->turn;
	task_move(c, now, t, TASK_EV_ASSIGN, NULL);
	act_dispatch(c, t, w);
}

static void schedule_priority(struct core *c, struct now now, enum priority p)
{
	struct list *e = c->ready[p].next;

	while ((c->room || c->ncredit) && e != &c->ready[p]) {
		struct name *n = name_at(e, p);
		struct list *before = e->prev;
		struct worker *w = c->room ? choose(n) : NULL;
		bool ahead = !w;
		if (!w)
			w = choose_ahead(c, n);
		if (!w) {
			close_workers(c, n);
			e = e->next;
			continue;
		}
		/* The name moves on to where its next task belongs; what is behind `before` now has the oldest one left. */
		assign(c, now, head_of(n, p), w, ahead);
		e = before->next;
	}
}

void core_schedule(struct core *c, struct now now)
{
	credit_tick(c, now);
	c->pass++;
	for (int p = 0; p < PRIO__COUNT && (c->room || c->ncredit); p++)
		schedule_priority(c, now, (enum priority)p);
}

int64_t core_oldest(const struct core *c, enum priority p)
{
	if (list_empty(&c->ready[p]))
		return 0;
	return head_of(name_at(c->ready[p].next, p), p)->created_at;
}
