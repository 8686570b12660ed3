/* One task's life: made, moved from state to state, freed; and the words of causes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/core.h"

static const char *const cause_words[CAUSE__COUNT] = {
	[CAUSE_NONE] = "none",
	[CAUSE_EXIT] = "exit",
	[CAUSE_SIGNAL] = "signal",
	[CAUSE_TIMEOUT] = "timeout",
	[CAUSE_START] = "start",
	[CAUSE_LOST] = "lost",
	[CAUSE_LIMIT] = "limit",
	[CAUSE_CANCELLED] = "cancelled",
	[CAUSE_OOM] = "oom",
	[CAUSE_POISON] = "poison",
	[CAUSE_STDIN] = "stdin",
};

const char *cause_word(enum cause c)
{
	if ((int)c < 0 || c >= CAUSE__COUNT)
		BUG("no cause %d", (int)c);
	return cause_words[c];
}

int cause_parse(const char *word)
{
	for (int i = 0; i < CAUSE__COUNT; i++)
		if (strcasecmp(cause_words[i], word) == 0)
			return i;
	return -1;
}

static void index_task(struct core *c, struct task *t)
{
	map_put(c->by_id, t->id.b, sizeof(t->id.b), t);
	map_put(c->by_n, &t->n, sizeof(t->n), t);
	list_push_back(&c->tasks, &t->all);
}

/* Pending, and in no queue yet. */
struct task *task_new(struct core *c, struct now now, const struct task_spec *spec)
{
	struct task *t = xcalloc(1, sizeof(*t));

	t->id = spec->id;
	t->n = ++c->last_n;
	t->name = variant_take(c, name_take(c, spec->name), spec->needs);
	t->owner = xstrdup(spec->owner);
	t->priority = spec->priority;
	t->args = bytes_ref(spec->args);
	t->kwargs = bytes_ref(spec->kwargs);
	t->place = bytes_ref(spec->place);
	t->timeout_ms = spec->timeout_ms;
	t->grace_ms = TASK_GRACE_MS;
	t->created_at = now.wall_ms;
	t->exit_status = -1;
	t->stream = spec->stream;
	t->fed = spec->fed;
	t->once = spec->once || spec->fed; /* what was read of stdin is gone */
	t->outs = t->errs = -1;
	t->progress = -1;
	c->counts.by_state[TASK_PENDING]++;
	c->counts.submitted++;
	index_task(c, t);
	return t;
}

void task_free(struct task **t)
{
	struct task *mine = *t;

	*t = NULL;
	list_del(&mine->changed);
	bytes_unref(&mine->args);
	bytes_unref(&mine->kwargs);
	bytes_unref(&mine->place);
	bytes_unref(&mine->result);
	bytes_unref(&mine->tail);
	free(mine->log_error);
	free(mine->owner);
	free(mine->worker_id);
	free(mine->error);
	free(mine->progress_text);
	free(mine->left);
	free(mine->report);
	free(mine->cancel_by);
	free(mine->cancel_reason);
	free(mine);
}

void core_fed(struct core *c, struct task *t)
{
	t->fed = false;
	task_changed(c, t);
}

void task_forget_progress(struct task *t)
{
	t->progress = -1;
	free(t->progress_text);
	t->progress_text = NULL;
}

void task_tell(struct core *c, struct now now, struct task *t, enum event_type type,
	const char *text)
{
	struct event *ev = act_event(c, now, type, t);

	ev->id = t->id;
	ev->n = t->n;
	ev->name = t->name->text;
	ev->priority = t->priority;
	ev->state = t->state;
	ev->attempt = t->attempt;
	event_copy(ev->owner, sizeof(ev->owner), t->owner);
	event_copy(ev->worker, sizeof(ev->worker), t->worker_id);
	event_copy(ev->text, sizeof(ev->text), text);
	ev->progress = t->progress;
}

void task_tell_progress(struct core *c, struct now now, struct task *t)
{
	task_tell(c, now, t, EVENT_TASK_PROGRESS, t->progress_text);
}

/* What a change is called. */
static const enum event_type told_as[TASK__EVENTS] = {
	[TASK_EV_ENQUEUE] = EVENT_TASK_QUEUED,
	[TASK_EV_SCHEDULE] = EVENT_TASK_SCHEDULED,
	[TASK_EV_ASSIGN] = EVENT_TASK_ASSIGNED,
	[TASK_EV_START] = EVENT_TASK_STARTED,
	[TASK_EV_SUCCEED] = EVENT_TASK_SUCCESS,
	[TASK_EV_FAIL] = EVENT_TASK_FAILURE,
	[TASK_EV_RETRY] = EVENT_TASK_RETRYING,
	[TASK_EV_CANCEL] = EVENT_TASK_CANCELLED,
	[TASK_EV_LOSE] = EVENT_TASK_LOST,
	[TASK_EV_TAKE_BACK] = EVENT_TASK_QUEUED,
};

static void count(struct core *c, enum task_event ev)
{
	c->counts.succeeded += ev == TASK_EV_SUCCEED;
	c->counts.failed += ev == TASK_EV_FAIL;
	c->counts.cancelled += ev == TASK_EV_CANCEL;
	c->counts.lost += ev == TASK_EV_LOSE;
}

void task_changed(struct core *c, struct task *t)
{
	if (!list_linked(&t->changed))
		list_push_back(&c->changed, &t->changed);
}

void task_move(struct core *c, struct now now, struct task *t, enum task_event ev,
	const char *text)
{
	int next = task_state_next(t->state, ev);

	if (next == STATE_NONE)
		BUG("task %llu is %s: cannot %s", (unsigned long long)t->n,
			task_state_word(t->state), task_event_word(ev));
	c->counts.by_state[t->state]--;
	t->state = (enum task_state)next;
	c->counts.by_state[t->state]++;
	count(c, ev);
	/* That it has begun need not be kept: after a restart its worker says so again, or it is lost either way. */
	if (ev != TASK_EV_START)
		task_changed(c, t);
	task_tell(c, now, t, told_as[ev], text);
	/* Who only follows the queue must hear that it is back in it. */
	if (ev == TASK_EV_LOSE)
		task_tell(c, now, t, EVENT_TASK_QUEUED, text);
}
