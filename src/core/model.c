/* The model's inputs: submitting, cancelling, what workers say of attempts, and the passing of time. */
#include "core/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/core.h"

#define AGAIN_MAX                                                                              \
	3 /* runs of a task whose runner died each time, before it counts as its fault */

struct core *core_new(const struct core_conf *conf)
{
	struct core *c = xcalloc(1, sizeof(*c));
	struct list *const heads[] = {&c->tasks, &c->all_workers, &c->active, &c->inactive,
		&c->ahead, &c->cached, &c->expiry, &c->tails, &c->changed, &c->dead_tasks,
		&c->dead_workers};

	c->conf = *conf;
	c->by_id = map_new();
	c->by_n = map_new();
	c->names = map_new();
	c->workers = map_new();
	groups_init(c);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		list_init(heads[i]);
	for (int p = 0; p < PRIO__COUNT; p++)
		list_init(&c->ready[p]);
	events_init(&c->events, conf->events);
	return c;
}

static void bury_all(struct core *c)
{
	struct list *e, *tmp;

	list_each (e, tmp, &c->tasks) {
		list_del(e);
		list_push_back(&c->dead_tasks, e);
	}
	list_each (e, tmp, &c->all_workers) {
		struct worker *w = container_of(e, struct worker, all);
		while (!list_empty(&w->ghosts)) {
			struct ghost *g = list_first(&w->ghosts, struct ghost, link);
			list_del(&g->link);
			free(g);
		}
		list_del(e);
		list_push_back(&c->dead_workers, e);
	}
}

void core_free(struct core **c)
{
	struct core *mine = *c;

	if (!mine)
		return;
	*c = NULL;
	list_init(&mine->cached); /* nothing is trimmed any more: all of it goes */
	bury_all(mine);
	core_sweep(mine);
	groups_free(mine);
	names_free(mine);
	map_free(&mine->by_id);
	map_free(&mine->by_n);
	map_free(&mine->workers);
	events_fini(&mine->events);
	actions_fini(&mine->actions);
	free(mine);
}

static int unknown_name(const struct core *c, const char *name, struct err *e)
{
	const char *near = core_name_near(c, name);

	if (near)
		return err_set(e, ERR_NO_TASK,
			"no worker has a task \"%s\": did you mean \"%s\"?", str_show(name),
			near);
	return err_set(e, ERR_NO_TASK,
		"no worker has a task \"%s\"; start a worker that does, or submit it with --defer",
		str_show(name));
}

static int may_submit(const struct core *c, const struct task_spec *spec, struct err *e)
{
	const struct name *n = core_name(c, spec->name);

	if (!spec->defer && (!n || !n->announced || n->withdrawn))
		return unknown_name(c, spec->name, e);
	/* Names are kept for ever: whoever defers must not be able to make them without end. */
	if (!n && map_count(c->names) >= NAMES_MAX)
		return err_set(e, ERR_BUSY,
			"%d task names are known already, which is the limit for names that no worker announced",
			NAMES_MAX);
	if (!variant_room(c, spec->name, spec->needs))
		return err_set(e, ERR_BUSY,
			"there are %d different needs of tasks already, which is the limit",
			NAMES_MAX);
	if (c->counts.by_state[TASK_QUEUED] >= c->conf.max_queued)
		return err_set(e, ERR_BUSY,
			"%zu tasks are queued already, which is the limit; try again later",
			c->conf.max_queued);
	return 0;
}

struct task *core_submit(struct core *c, struct now now, const struct task_spec *spec,
	bool *again, struct err *e)
{
	struct task *t = core_task(c, &spec->id);
	struct group *g = NULL;

	*again = t != NULL;
	if (t && strcmp(t->owner, spec->owner) != 0) {
		*again = false;
		err_set(e, ERR_DENIED,
			"this task id belongs to somebody else; submit with a new one");
		return NULL;
	}
	if (t)
		return t;
	if (may_submit(c, spec, e))
		return NULL;
	if (spec->group && !(g = core_group(c, spec->group, spec->owner, e)))
		return NULL;
	t = task_new(c, now, spec);
	if (g)
		group_add(c, g, t);
	queue_put(c, t);
	task_move(c, now, t, TASK_EV_ENQUEUE, NULL);
	return t;
}

static bool on_worker(const struct task *t)
{
	return t->state == TASK_ASSIGNED || t->state == TASK_RUNNING;
}

int core_cancel(struct core *c, struct now now, struct task *t, const char *by,
	const char *reason, struct err *e)
{
	bool stop = on_worker(t);

	if (task_state_final(t->state))
		return err_set(e, ERR_NO, "task %llu is over already: %s",
			(unsigned long long)t->n, task_state_word(t->state));
	t->cause = CAUSE_CANCELLED;
	t->completed_at = now.wall_ms;
	t->cancel_by = xstrdup(by);
	t->cancel_reason = xstrdup(reason);
	if (t->state == TASK_QUEUED)
		queue_take(c, t);
	else if (stop)
		worker_haunt(c, t->worker, t, true);
	task_move(c, now, t, TASK_EV_CANCEL, reason);
	/* t->worker stays until the worker says that the attempt ended: then only may the task be dropped. */
	if (stop)
		act_stop(c, t, t->worker, t->attempt);
	else
		cache_add(c, now, t);
	return 0;
}

void core_stop_again(struct core *c, struct task *t, int64_t grace_ms)
{
	if (t->state != TASK_CANCELLED || !t->worker)
		return;
	if (grace_ms >= 0)
		t->grace_ms = grace_ms;
	act_stop(c, t, t->worker, t->attempt);
}

static int stale(struct core *c, struct worker *w, const struct uuid *id, uint32_t attempt,
	struct err *e)
{
	char text[UUID_TEXT];

	w->nstale++;
	c->counts.stale++;
	return err_set(e, ERR_NO,
		"attempt %u of task %s is not one that worker \"%s\" holds: not recorded",
		(unsigned)attempt, uuid_text(text, id), str_show(w->id));
}

static bool holds(const struct worker *w, const struct task *t, uint32_t attempt)
{
	return t && t->worker == w && t->attempt == attempt && on_worker(t);
}

/* A cancelled attempt may say what it likes: it was this worker's, and nothing of it is recorded. */
static bool was_cancelled(const struct worker *w, const struct task *t, uint32_t attempt)
{
	return t && t->state == TASK_CANCELLED && t->attempt == attempt && t->worker_id &&
	       strcmp(t->worker_id, w->id) == 0;
}

static void begin(struct core *c, struct now now, struct task *t)
{
	t->started_at = now.wall_ms;
	credit_started(now, t);
	task_move(c, now, t, TASK_EV_START, NULL);
}

int core_started(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, struct err *e)
{
	struct task *t = core_task(c, id);

	if (was_cancelled(w, t, attempt))
		return 0;
	if (!holds(w, t, attempt))
		return stale(c, w, id, attempt, e);
	/* A worker that joins again says again what has begun. */
	if (t->state == TASK_ASSIGNED)
		begin(c, now, t);
	return 0;
}

int core_returned(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, struct err *e)
{
	struct task *t = core_task(c, id);
	struct ghost *g = ghost_find(w, id, attempt);

	if (g) {
		if (was_cancelled(w, t, attempt))
			task_report(c, now, t, "it had not started");
		ghost_free(c, now, w, &g);
		return 0;
	}
	if (!holds(w, t, attempt) || t->state != TASK_ASSIGNED)
		return stale(c, w, id, attempt, e);
	worker_drop(c, w, t);
	t->worker = NULL;
	queue_put(c, t);
	task_move(c, now, t, TASK_EV_TAKE_BACK, NULL);
	return 0;
}

int core_progress(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, int32_t millionths, const char *text, struct err *e)
{
	struct task *t = core_task(c, id);
	char cut[PROGRESS_TEXT];

	if (was_cancelled(w, t, attempt))
		return 0;
	if (!holds(w, t, attempt))
		return stale(c, w, id, attempt, e);
	if (t->state == TASK_ASSIGNED)
		begin(c, now, t);
	if (millionths >= 0)
		t->progress = millionths;
	if (text) {
		event_copy(cut, sizeof(cut), text);
		free(t->progress_text);
		t->progress_text = xstrdup(cut);
	}
	task_tell_progress(c, now, t);
	return 0;
}

/* Also of a cancelled attempt: it may have written until its end. */
static void note_output(struct core *c, struct task *t, const struct outcome *o)
{
	t->outs = o->outs;
	t->errs = o->errs;
	tail_keep(c, t, o->tail);
	free(t->log_error);
	t->log_error = xstrdup(o->log_error);
}

static void record(struct core *c, struct now now, struct task *t, const struct outcome *o)
{
	t->completed_at = now.wall_ms;
	t->cause = o->ok ? CAUSE_NONE : o->cause;
	t->exit_status = o->exit_status;
	t->exit_signal = o->exit_signal;
	t->error = xstrdup(o->error);
	t->result = bytes_ref(o->result);
	t->result_type = o->result_type;
	note_output(c, t, o);
	task_used(t, o);
	task_move(c, now, t, o->ok ? TASK_EV_SUCCEED : TASK_EV_FAIL, t->error);
	cache_add(c, now, t);
}

int core_finished(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, const struct outcome *o, struct err *e)
{
	struct task *t = core_task(c, id);
	struct ghost *g = ghost_find(w, id, attempt);
	bool cancelled = was_cancelled(w, t, attempt);

	if (cancelled && !t->report) {
		task_used(t, o);
		task_report(c, now, t, o->error ? o->error : "it had not started");
	}
	if (g)
		ghost_free(c, now, w, &g);
	if (cancelled) {
		note_output(c, t, o);
		task_changed(c, t);
		return 0;
	}
	if (!holds(w, t, attempt))
		return stale(c, w, id, attempt, e);
	if (t->state == TASK_ASSIGNED)
		begin(c, now, t);
	/* Nobody here asked for it: a worker that stops gave its work up. */
	if (o->cancelled && !o->ok) {
		worker_lose(c, now, w, t, "its worker gave it up");
		return 0;
	}
	if (!o->ok && o->again && t->nagain++ < AGAIN_MAX) {
		worker_lose(c, now, w, t, o->error);
		return 0;
	}
	w->progress_us = now.mono_us;
	pace_add(&t->name->pace, o->run_us);
	w->ndone += o->ok;
	w->nfailed += !o->ok;
	worker_drop(c, w, t);
	record(c, now, t, o);
	return 0;
}

static int64_t sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

int64_t core_next_due(const struct core *c)
{
	return sooner(sooner(lease_next(c), cache_next(c)), credit_next(c));
}

void core_tick(struct core *c, struct now now)
{
	lease_tick(c, now);
	cache_tick(c, now);
}
