/* Credit: a worker gets more tasks than it has slots when they are measured to be short, so that the round trip to it is hidden; what waits there too long
 * is taken back.
 *
 * A name is short while the running mean of its run times is at most PACE_SHORT_US. A worker may hold CREDIT_US of such work, by the same mean, and CREDIT_MAX
 * tasks, for each slot that no long task fills. A task that is given beyond the free slots lies in core.ahead until it starts; each is looked at every CHECK_US: when
 * another worker has a free slot for it, when its worker gets nowhere, or when it has waited for too long, the worker is asked to give it back. It may
 * have started meanwhile: then it just runs. */
#include "base/mem.h"
#include "core/core.h"

#define CREDIT_US  4000  /* of work per slot, what runs included */
#define CREDIT_MAX 256   /* tasks per slot, likewise */
#define CHECK_US   5000  /* how often a waiting task is looked at */
#define STUCK_US   10000 /* without a task begun or ended: what runs there is long after all */
#define STUCK_MAX                                                                              \
	100000 /* where everything takes long, because the machine is busy, four usual waits; never more than this */
#define PATIENCE 4 /* so many times STUCK_US nothing waits at a worker that could be asked */

/* Slots that no long task fills. */
static unsigned short_slots(const struct worker *w)
{
	unsigned nlong = w->nheld - w->nshort + w->nghosts;

	return nlong < w->slots ? w->slots - nlong : 0;
}

bool credit_left(const struct worker *w, int64_t us)
{
	unsigned slots = short_slots(w);

	return w->state == PEER_ACTIVE && !w->draining && w->nshort < CREDIT_MAX * slots &&
	       w->short_us + us <= (int64_t)CREDIT_US * slots;
}

void credit_hold(struct core *c, struct now now, struct task *t, bool ahead)
{
	t->since_us = now.mono_us;
	t->recalled = false;
	t->short_us = pace_short_us(&t->name->pace);
	if (t->short_us) {
		t->worker->nshort++;
		t->worker->short_us += t->short_us;
	}
	if (!ahead)
		return;
	t->check_us = now.mono_us + CHECK_US;
	list_push_back(&c->ahead, &t->ahead);
}

/* It fills a slot like any other from now on. */
static void make_long(struct task *t)
{
	if (!t->short_us)
		return;
	t->worker->nshort--;
	t->worker->short_us -= t->short_us;
	t->short_us = 0;
}

void credit_unhold(struct task *t)
{
	make_long(t);
	list_del(&t->ahead);
	t->recalled = false;
}

void credit_started(struct now now, struct task *t)
{
	struct worker *w = t->worker;

	list_del(&t->ahead);
	t->recalled = false;
	w->wait_us += (now.mono_us - t->since_us - w->wait_us) / 8;
	t->since_us = now.mono_us;
	w->progress_us = now.mono_us;
}

static int64_t stuck_after(const struct worker *w)
{
	int64_t us = 4 * w->wait_us;

	return us < STUCK_US ? STUCK_US : us < STUCK_MAX ? us : STUCK_MAX;
}

/* What runs longer than its name promised. Only as many as there are slots can run, and they are among the oldest. */
static void find_long(struct core *c, struct now now, struct worker *w)
{
	unsigned n = 0;
	struct list *e, *tmp;

	if (w->looked_us == now.mono_us)
		return;
	w->looked_us = now.mono_us;
	list_each (e, tmp, &w->held) {
		struct task *t = container_of(e, struct task, held);
		if (t->state == TASK_RUNNING && now.mono_us - t->since_us >= STUCK_US)
			make_long(t);
		if (t->state == TASK_RUNNING && ++n >= w->slots)
			break;
	}
	worker_settle(c, w);
}

static bool free_elsewhere(const struct task *t)
{
	const struct name *n = t->name;

	for (size_t i = 0; i < n->nworkers; i++)
		if (n->workers[i] != t->worker && n->workers[i]->room)
			return true;
	return false;
}

static void look(struct core *c, struct now now, struct task *t)
{
	struct worker *w = t->worker;
	int64_t waited = now.mono_us - t->since_us;
	int64_t limit = stuck_after(w);
	bool stuck = waited >= limit && now.mono_us - w->progress_us >= limit;

	if (stuck)
		find_long(c, now, w);
	list_del(&t->ahead);
	if (stuck || waited >= PATIENCE * limit || w->draining ||
		(waited >= limit / 2 && free_elsewhere(t))) {
		t->recalled = true;
		act_recall(c, t, w);
		return;
	}
	t->check_us = now.mono_us + CHECK_US;
	list_push_back(&c->ahead, &t->ahead);
}

static struct task *first(const struct core *c)
{
	return list_first(&c->ahead, struct task, ahead);
}

int64_t credit_next(const struct core *c)
{
	const struct task *t = first(c);

	return t ? t->check_us : -1;
}

void credit_tick(struct core *c, struct now now)
{
	struct task *t;

	while ((t = first(c)) && t->check_us <= now.mono_us)
		look(c, now, t);
}

/* It is connected anew: what it was asked may have been lost on the way. */
void credit_again(struct core *c, struct now now, struct worker *w)
{
	struct list *e, *tmp;

	list_each (e, tmp, &w->held) {
		struct task *t = container_of(e, struct task, held);
		if (!t->recalled)
			continue;
		t->recalled = false;
		t->check_us = now.mono_us + CHECK_US;
		list_push_back(&c->ahead, &t->ahead);
	}
	w->progress_us = now.mono_us;
}
