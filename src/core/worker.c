/* Workers: joining, coming back, leaving, and how many free slots each has. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/core.h"

static void tell(struct core *c, struct now now, const struct worker *w, enum event_type type,
	const char *text)
{
	struct event *ev = act_event(c, now, type, NULL);

	event_copy(ev->worker, sizeof(ev->worker), w->id);
	event_copy(ev->text, sizeof(ev->text), text);
}

/* The change as an event; EVENT__COUNT: nobody hears of it. */
static const enum event_type told_as[PEER__EVENTS] = {
	[PEER_EV_KNOCK] = EVENT__COUNT,
	[PEER_EV_REGISTER] = EVENT_WORKER_REGISTERED,
	[PEER_EV_SILENT] = EVENT_WORKER_INACTIVE,
	[PEER_EV_HEARD] = EVENT_WORKER_ACTIVE,
	[PEER_EV_REMOVE] = EVENT_WORKER_REMOVED,
};

void worker_move(struct core *c, struct now now, struct worker *w, enum peer_event ev,
	const char *text)
{
	int next = peer_state_next(w->state, ev);

	if (next == STATE_NONE)
		BUG("worker %s is %s: no event %d", w->id, peer_state_word(w->state), (int)ev);
	w->state = (enum peer_state)next;
	worker_settle(c, w);
	if (told_as[ev] != EVENT__COUNT)
		tell(c, now, w, told_as[ev], text);
}

void worker_settle(struct core *c, struct worker *w)
{
	unsigned busy = w->nheld + w->nghosts;
	bool open = w->state == PEER_ACTIVE && !w->draining && busy < w->slots;

	c->room -= w->room;
	w->room = open ? w->slots - busy : 0;
	c->room += w->room;
	c->ncredit -= w->credit;
	w->credit = credit_left(w, 1);
	c->ncredit += w->credit;
}

static struct worker *worker_new(struct core *c, struct now now, const struct worker_spec *spec)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	w->id = xstrdup(spec->id);
	w->instance = xstrdup(spec->instance);
	w->registered_at = now.wall_ms;
	list_init(&w->held);
	list_init(&w->ghosts);
	map_puts(c->workers, w->id, w);
	list_push_back(&c->all_workers, &w->all);
	worker_move(c, now, w, PEER_EV_KNOCK, NULL);
	return w;
}

void worker_free(struct worker **w)
{
	struct worker *mine = *w;

	*w = NULL;
	free(mine->id);
	free(mine->host);
	free(mine->instance);
	free(mine->address);
	free(mine->principal);
	free(mine->logs);
	free(mine->names);
	kit_free(mine);
	free(mine);
}

static void replace(char **field, const char *with)
{
	char *copy = xstrdup(with); /* it may be the old one */

	free(*field);
	*field = copy;
}

static void describe(struct core *c, struct worker *w, const struct worker_spec *spec)
{
	replace(&w->host, spec->host);
	replace(&w->address, spec->address);
	replace(&w->principal, spec->principal);
	replace(&w->logs, spec->logs);
	w->pid = spec->pid;
	w->slots = spec->slots;
	w->local = spec->local;
	names_withdraw(w);
	kit_take(w, spec);
	for (size_t i = 0; i < spec->ntasks; i++)
		name_announce(c, &spec->tasks[i], w);
	worker_settle(c, w);
}

/* Attempts that are not its own any more the worker ends by itself when it joins again, and says nothing of them: their slots count as
 * free. */
static void come_back(struct core *c, struct now now, struct worker *w)
{
	tell(c, now, w, EVENT_WORKER_REGISTERED, NULL);
	kit_tell(c, now, w);
	ghosts_free(c, now, w);
	credit_again(c, now, w);
	core_worker_heard(c, now, w);
}

struct worker *worker_restore(struct core *c, struct now now, const struct worker_spec *spec)
{
	struct worker *w = worker_new(c, now, spec);

	describe(c, w, spec);
	worker_move(c, now, w, PEER_EV_REGISTER, NULL);
	worker_move(c, now, w, PEER_EV_SILENT, "it has not come back since the restart");
	/* Inactive workers go after two leases of silence. */
	w->seen_us = now.mono_us - c->conf.lease_ms * 1000;
	list_push_back(&c->inactive, &w->by_seen);
	return w;
}

static int refuse(const struct worker *w, struct err *e)
{
	return err_set(e, ERR_NO,
		"worker id \"%s\" is taken by %s pid %lld (%s); choose another with --worker-id",
		str_show(w->id), str_show(w->host), (long long)w->pid,
		peer_state_word(w->state));
}

struct worker *core_worker_join(struct core *c, struct now now, const struct worker_spec *spec,
	struct err *e)
{
	struct worker *w = core_worker(c, spec->id);

	if (w && strcmp(w->instance, spec->instance) != 0) {
		if (w->state == PEER_ACTIVE) {
			refuse(w, e);
			return NULL;
		}
		core_worker_lost(c, now, w, "another process took its id while it was silent");
		w = NULL;
	}
	if (w) {
		describe(c, w, spec);
		come_back(c, now, w);
		return w;
	}
	w = worker_new(c, now, spec);
	describe(c, w, spec);
	worker_move(c, now, w, PEER_EV_REGISTER, NULL);
	tell(c, now, w, EVENT_WORKER_ACTIVE, NULL);
	kit_tell(c, now, w);
	core_worker_heard(c, now, w);
	return w;
}

void core_worker_drain(struct core *c, struct now now, struct worker *w, bool on)
{
	if (w->draining == on || w->state == PEER_REMOVED)
		return;
	w->draining = on;
	worker_settle(c, w);
	if (on)
		tell(c, now, w, EVENT_WORKER_DRAINING, NULL);
	else if (w->state == PEER_ACTIVE)
		tell(c, now, w, EVENT_WORKER_ACTIVE, NULL);
}

/* Whoever still has the pointer may use it until core_sweep(): every input ignores a removed worker, or finds that it holds nothing. */
static void part(struct core *c, struct now now, struct worker *w, const char *why, bool lost)
{
	if (w->state == PEER_REMOVED)
		return;
	worker_move(c, now, w, PEER_EV_REMOVE, why);
	worker_lose_all(c, now, w, why, false, lost);
	ghosts_free(c, now, w);
	names_forget(w);
	lease_end(w);
	map_dels(c->workers, w->id);
	list_del(&w->all);
	list_push_back(&c->dead_workers, &w->all);
}

void core_worker_leave(struct core *c, struct now now, struct worker *w, const char *why)
{
	part(c, now, w, why, false);
}

void core_worker_lost(struct core *c, struct now now, struct worker *w, const char *why)
{
	part(c, now, w, why, true);
}

struct worker *core_worker(const struct core *c, const char *id)
{
	return map_gets(c->workers, id);
}

struct list *core_workers(struct core *c)
{
	return &c->all_workers;
}
