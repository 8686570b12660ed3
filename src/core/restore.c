/* What outlives a process: which tasks a store has to save, and bringing them back. */
#include <stdlib.h>

#include "base/mem.h"
#include "core/core.h"

struct list *core_changed(struct core *c)
{
	return &c->changed;
}

void core_saved(struct core *c)
{
	while (!list_empty(&c->changed))
		list_del(c->changed.next);
}

static struct task *copy(struct core *c, const struct task_kept *k)
{
	const struct task *from = k->task;
	struct task *t = xcalloc(1, sizeof(*t));

	t->id = from->id;
	t->n = from->n;
	t->name = variant_take(c, name_take(c, k->name), k->needs);
	t->owner = xstrdup(from->owner);
	t->priority = from->priority;
	t->state = from->state;
	t->attempt = from->attempt;
	t->args = bytes_ref(from->args);
	t->kwargs = bytes_ref(from->kwargs);
	t->place = bytes_ref(from->place);
	t->timeout_ms = from->timeout_ms;
	t->grace_ms = TASK_GRACE_MS;
	t->created_at = from->created_at;
	t->started_at = from->started_at;
	t->completed_at = from->completed_at;
	t->worker_id = xstrdup(from->worker_id);
	t->result = bytes_ref(from->result);
	t->result_type = from->result_type;
	t->cause = from->cause;
	t->exit_status = from->exit_status;
	t->exit_signal = from->exit_signal;
	t->error = xstrdup(from->error);
	t->used = from->used;
	t->nleft = from->nleft;
	t->left = xstrdup(from->left);
	t->report = xstrdup(from->report);
	t->nlost = from->nlost;
	t->cancel_by = xstrdup(from->cancel_by);
	t->cancel_reason = xstrdup(from->cancel_reason);
	t->stream = from->stream;
	t->once = from->once;
	t->fed = from->fed;
	t->progress = -1;
	t->outs = from->outs;
	t->errs = from->errs;
	t->log_error = xstrdup(from->log_error);
	tail_keep(c, t, from->tail);
	t->saved = true;
	return t;
}

/* A worker that we only know to have been: it gets nothing until it joins, and has one lease to do so. */
static struct worker *holder(struct core *c, struct now now, const char *id,
	const char *instance)
{
	struct worker *w = core_worker(c, id);
	const struct worker_spec spec = {.id = id,
		.instance = instance,
		.host = "",
		.address = "",
		.principal = ""};

	if (w)
		return w;
	return worker_restore(c, now, &spec);
}

static void put_back(struct core *c, struct now now, struct task *t, const char *instance)
{
	char *id;

	switch (t->state) {
	case TASK_ASSIGNED:
	case TASK_RUNNING:
		if (instance && t->worker_id) {
			id = xstrdup(t->worker_id);
			worker_hold(c, now, holder(c, now, id, instance), t,
				t->state == TASK_ASSIGNED);
			free(id);
			return;
		}
		t->started_at = 0;
		queue_put(c, t);
		task_move(c, now, t, TASK_EV_LOSE, "it ran when the control plane ended");
		return;
	case TASK_QUEUED:
		queue_put(c, t);
		return;
	default:
		if (task_state_final(t->state))
			cache_add(c, now, t);
		return;
	}
}

/* The list of tasks is sorted by number. What comes back is older than all, or not much older than the youngest. */
static void insert_sorted(struct core *c, struct task *t)
{
	const struct task *oldest = list_first(&c->tasks, struct task, all);
	struct list *e = c->tasks.prev;

	if (oldest && oldest->n > t->n) {
		list_insert_before(c->tasks.next, &t->all);
		return;
	}
	while (e != &c->tasks && container_of(e, struct task, all)->n > t->n)
		e = e->prev;
	list_insert_before(e->next, &t->all);
}

struct task *core_restore(struct core *c, struct now now, const struct task_kept *k,
	const char *instance)
{
	struct task *t;

	if (core_task(c, &k->task->id) || core_task_n(c, k->task->n))
		return NULL;
	t = copy(c, k);
	map_put(c->by_id, t->id.b, sizeof(t->id.b), t);
	map_put(c->by_n, &t->n, sizeof(t->n), t);
	insert_sorted(c, t);
	if (k->group && core_group_n(c, k->group))
		group_add(c, core_group_n(c, k->group), t);
	c->counts.by_state[t->state]++;
	core_restore_last(c, t->n);
	put_back(c, now, t, instance);
	if (k->unused && list_linked(&t->cached)) {
		list_del(&t->cached);
		list_insert_before(c->cached.next, &t->cached);
	}
	return t;
}

void core_restore_last(struct core *c, uint64_t n)
{
	if (n > c->last_n)
		c->last_n = n;
}

bool core_may_have_forgotten(const struct core *c, const struct uuid *id)
{
	return uuid_ms(id) <= c->forgotten_ms;
}

void core_forget_before(struct core *c, int64_t wall_ms)
{
	if (wall_ms > c->forgotten_ms)
		c->forgotten_ms = wall_ms;
}
