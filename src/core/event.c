/* What the outside hears: the words of events, the ring that keeps the newest ones by number, and the ring of actions, which grows as
 * needed and keeps the order in which they arose. */
#include "core/event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "core/core.h"

#define FIRST_CAP 64
#define KEEP_CAP  4096 /* what one burst of actions needed is given back when they are drained */

static const char *const words[EVENT__COUNT] = {
	[EVENT_TASK_QUEUED] = "task.queued",
	[EVENT_TASK_STARTED] = "task.started",
	[EVENT_TASK_SUCCESS] = "task.success",
	[EVENT_TASK_FAILURE] = "task.failure",
	[EVENT_TASK_CANCELLED] = "task.cancelled",
	[EVENT_TASK_RETRYING] = "task.retrying",
	[EVENT_TASK_SCHEDULED] = "task.scheduled",
	[EVENT_TASK_ASSIGNED] = "task.assigned",
	[EVENT_TASK_LOST] = "task.lost",
	[EVENT_TASK_PROGRESS] = "task.progress",
	[EVENT_TASK_STOPPED] = "task.stopped",
	[EVENT_WORKER_REGISTERED] = "worker.registered",
	[EVENT_WORKER_ACTIVE] = "worker.active",
	[EVENT_WORKER_INACTIVE] = "worker.inactive",
	[EVENT_WORKER_REMOVED] = "worker.removed",
	[EVENT_WORKER_DRAINING] = "worker.draining",
	[EVENT_WORKER_MODULE_BROKEN] = "worker.module_broken",
};

const char *event_word(enum event_type t)
{
	if ((int)t < 0 || t >= EVENT__COUNT)
		BUG("no event %d", (int)t);
	return words[t];
}

int event_parse(const char *word)
{
	for (int i = 0; i < EVENT__COUNT; i++)
		if (strcasecmp(words[i], word) == 0)
			return i;
	return -1;
}

bool event_is_task(enum event_type t)
{
	return t < EVENT_WORKER_REGISTERED;
}

void event_copy(char *dst, size_t size, const char *src)
{
	size_t n = src ? strnlen(src, size) : 0;

	if (n == size) {
		n--;
		/* Back to where a character of UTF-8 begins: half a one is not text any more. */
		while (n > 0 && ((unsigned char)src[n] & 0xC0) == 0x80)
			n--;
	}
	if (n)
		memcpy(dst, src, n);
	dst[n] = '\0';
}

void events_init(struct event_ring *r, size_t cap)
{
	r->cap = r->keep = cap ? cap : 1;
	r->items = xcalloc(r->cap, sizeof(*r->items));
	r->last = 0;
}

void events_fini(struct event_ring *r)
{
	free(r->items);
	r->items = NULL;
}

/* So that none is lost before it was drained. */
static void events_grow(struct event_ring *r)
{
	size_t cap = 2 * r->cap;
	struct event *items = xcalloc(cap, sizeof(*items));
	uint64_t first = r->last > r->cap ? r->last - r->cap : 0;

	for (uint64_t i = first; i < r->last; i++)
		items[i % cap] = r->items[i % r->cap];
	free(r->items);
	r->items = items;
	r->cap = cap;
}

uint64_t core_event_last(const struct core *c)
{
	return c->events.last;
}

const struct event *core_event_after(const struct core *c, uint64_t after, bool *gap)
{
	const struct event_ring *r = &c->events;
	uint64_t oldest = r->last > r->keep ? r->last - r->keep + 1 : 1;

	*gap = after < oldest - 1;
	if (after >= r->last)
		return NULL;
	if (*gap)
		after = oldest - 1;
	return &r->items[after % r->cap];
}

void actions_fini(struct action_ring *r)
{
	free(r->items);
	*r = (struct action_ring){0};
}

static void grow(struct action_ring *r)
{
	size_t cap = r->cap ? 2 * r->cap : FIRST_CAP;
	struct action *items = xreallocarray(NULL, cap, sizeof(*items));

	for (size_t i = 0; i < r->n; i++)
		items[i] = r->items[(r->head + i) & (r->cap - 1)];
	free(r->items);
	*r = (struct action_ring){.items = items, .n = r->n, .cap = cap};
}

static struct action *push(struct action_ring *r, enum action_type type, struct task *t)
{
	struct action *a;

	if (r->n == r->cap)
		grow(r);
	a = &r->items[(r->head + r->n++) & (r->cap - 1)];
	*a = (struct action){.type = type, .task = t};
	return a;
}

void act_dispatch(struct core *c, struct task *t, struct worker *w)
{
	struct action *a = push(&c->actions, ACT_DISPATCH, t);

	a->worker = w;
	a->attempt = t->attempt;
}

void act_recall(struct core *c, struct task *t, struct worker *w)
{
	struct action *a = push(&c->actions, ACT_RECALL, t);

	a->worker = w;
	a->attempt = t->attempt;
}

void act_stop(struct core *c, struct task *t, struct worker *w, uint32_t attempt)
{
	struct action *a = push(&c->actions, ACT_STOP, t);

	a->worker = w;
	a->attempt = attempt;
}

/* The texts are not cleared, only emptied: most stay so, and an event is large. */
struct event *act_event(struct core *c, struct now now, enum event_type type, struct task *t)
{
	struct event_ring *r = &c->events;
	struct event *ev;

	if (r->pending + 2 > r->cap) /* the one that was drained last may be looked at still */
		events_grow(r);
	r->pending++;
	ev = &r->items[r->last % r->cap];
	ev->seq = ++r->last;
	ev->at = now.wall_ms;
	ev->type = type;
	memset(&ev->id, 0, sizeof(ev->id));
	ev->n = 0;
	ev->name = NULL;
	ev->owner[0] = ev->worker[0] = ev->text[0] = '\0';
	ev->priority = PRIO_CRITICAL;
	ev->state = TASK_PENDING;
	ev->attempt = 0;
	push(&c->actions, ACT_EVENT, t)->seq = ev->seq;
	return ev;
}

bool core_next_action(struct core *c, struct action *out)
{
	struct action_ring *r = &c->actions;

	if (r->n == 0) {
		if (r->cap > KEEP_CAP)
			actions_fini(r);
		return false;
	}
	*out = r->items[r->head];
	r->head = (r->head + 1) & (r->cap - 1);
	r->n--;
	if (out->type == ACT_EVENT) {
		c->events.pending--;
		out->event = &c->events.items[(out->seq - 1) % c->events.cap];
	}
	return true;
}
