/* What is kept of an attempt's end beside its result: what it used, what it left behind, how a cancelled one ended, and how often it was lost. */
#include <stdlib.h>

#include "base/mem.h"
#include "core/core.h"

#define LOST_MAX                                                                               \
	3 /* attempts that ran when their worker was lost; then the task is set aside */

void task_used(struct task *t, const struct outcome *o)
{
	t->used = o->used;
	t->nleft = o->nleft;
	free(t->left);
	t->left = xstrdup(o->left);
}

void task_report(struct core *c, struct now now, struct task *t, const char *text)
{
	if (t->report)
		return;
	t->report = xstrdup(text);
	task_changed(c, t);
	task_tell(c, now, t, EVENT_TASK_STOPPED, text);
}

bool task_poison(struct core *c, struct now now, struct task *t, const char *why)
{
	if (t->state != TASK_RUNNING || ++t->nlost < LOST_MAX)
		return false;
	t->completed_at = now.wall_ms;
	t->cause = CAUSE_POISON;
	t->error = xasprintf(
		"its worker was lost each of the %d times that it ran (the last time %s: %s); it is not tried again",
		LOST_MAX, t->worker_id ? t->worker_id : "?", why);
	task_move(c, now, t, TASK_EV_FAIL, t->error);
	cache_add(c, now, t);
	return true;
}
