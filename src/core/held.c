/* What fills the slots of a worker: the tasks that it holds, and ghosts - attempts that are cancelled or lost, but that still run there. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/core.h"

void worker_hold(struct core *c, struct now now, struct worker *w, struct task *t, bool ahead)
{
	if (!t->worker_id || strcmp(t->worker_id, w->id) != 0) {
		free(t->worker_id);
		t->worker_id = xstrdup(w->id);
	}
	t->worker = w;
	list_push_back(&w->held, &t->held);
	if (!w->nheld++)
		w->progress_us = now.mono_us;
	credit_hold(c, now, t, ahead);
	worker_settle(c, w);
}

static void unhold(struct worker *w, struct task *t)
{
	if (t->worker != w || !list_linked(&t->held))
		BUG("task %llu is not held by worker %s", (unsigned long long)t->n, w->id);
	list_del(&t->held);
	credit_unhold(t);
	w->nheld--;
}

void worker_drop(struct core *c, struct worker *w, struct task *t)
{
	unhold(w, t);
	t->worker = NULL;
	worker_settle(c, w);
}

void worker_haunt(struct core *c, struct worker *w, struct task *t, bool told)
{
	struct ghost *g = xcalloc(1, sizeof(*g));

	unhold(w, t);
	g->id = t->id;
	g->attempt = t->attempt;
	g->told = told;
	list_push_back(&w->ghosts, &g->link);
	w->nghosts++;
	worker_settle(c, w);
}

/* It may have begun: nobody knows how far it came, and it must not run twice. */
static void fail_lost(struct core *c, struct now now, struct task *t, const char *why)
{
	if (t->state == TASK_ASSIGNED) {
		t->started_at = now.wall_ms;
		task_move(c, now, t, TASK_EV_START, NULL);
	}
	t->worker = NULL;
	t->cause = CAUSE_LOST;
	t->completed_at = now.wall_ms;
	free(t->error);
	t->error = xasprintf(
		"its worker is lost (%s), and it is not run again: it runs at most once", why);
	task_move(c, now, t, TASK_EV_FAIL, t->error);
	cache_add(c, now, t);
}

static void queue_again(struct core *c, struct now now, struct task *t, const char *why,
	bool lost)
{
	if (t->once) {
		fail_lost(c, now, t, why);
		return;
	}
	t->worker = NULL;
	if (lost && task_poison(c, now, t, why))
		return;
	t->started_at = 0;
	task_forget_progress(t);
	queue_put(c, t);
	task_move(c, now, t, TASK_EV_LOSE, why);
}

void worker_lose(struct core *c, struct now now, struct worker *w, struct task *t,
	const char *why)
{
	worker_drop(c, w, t);
	queue_again(c, now, t, why, false);
}

void worker_lose_all(struct core *c, struct now now, struct worker *w, const char *why,
	bool haunt, bool lost)
{
	struct task *t;

	while ((t = list_first(&w->held, struct task, held))) {
		if (haunt)
			worker_haunt(c, w, t, false);
		else
			worker_drop(c, w, t);
		queue_again(c, now, t, why, lost);
	}
}

struct ghost *ghost_find(const struct worker *w, const struct uuid *id, uint32_t attempt)
{
	struct list *e, *tmp;

	list_each (e, tmp, &w->ghosts) {
		struct ghost *g = container_of(e, struct ghost, link);
		if (g->attempt == attempt && uuid_eq(&g->id, id))
			return g;
	}
	return NULL;
}

/* A cancelled task waits for its slot before it counts as finished; a lost one has long gone its own way. */
static void release(struct core *c, struct now now, const struct worker *w,
	const struct ghost *g)
{
	struct task *t = core_task(c, &g->id);

	if (!t || t->state != TASK_CANCELLED || t->worker != w || t->attempt != g->attempt)
		return;
	t->worker = NULL;
	task_report(c, now, t, "its worker went away and said nothing of its end");
	cache_add(c, now, t);
}

void ghost_free(struct core *c, struct now now, struct worker *w, struct ghost **g)
{
	release(c, now, w, *g);
	list_del(&(*g)->link);
	free(*g);
	*g = NULL;
	w->nghosts--;
	worker_settle(c, w);
}

void ghosts_free(struct core *c, struct now now, struct worker *w)
{
	struct ghost *g;

	while ((g = list_first(&w->ghosts, struct ghost, link)))
		ghost_free(c, now, w, &g);
}

/* One whose task is dropped already ends by itself. */
void ghosts_stop(struct core *c, struct worker *w)
{
	struct list *e, *tmp;

	list_each (e, tmp, &w->ghosts) {
		struct ghost *g = container_of(e, struct ghost, link);
		struct task *t = core_task(c, &g->id);
		if (!g->told && t)
			act_stop(c, t, w, g->attempt);
		g->told = true;
	}
}
