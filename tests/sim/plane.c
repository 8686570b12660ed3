/* The control plane: the real model; around it what herd.c, steer.c and persist.c do. A turn handles what came, then hands out, saves, commits and only then
 * speaks; it can die before, between and after each of these. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define COME_BACK_US 2000000

static const char *const ids[NHANDS] = {"w0", "w1", "w2", "w3"};
static const char *const names[NNAMES] = {"a", "b", "c"};
static char instance_text[NHANDS][16];

static const char *instance_of(int hand, unsigned instance)
{
	snprintf(instance_text[hand], sizeof(instance_text[hand]), "i%u", instance);
	return instance_text[hand];
}

static struct worker *worker_of(const struct sim *s, int hand)
{
	return core_worker(s->plane.core, ids[hand]);
}

/* Held until the commit (peers.c). */
static void answer(struct sim *s, const struct packet *p)
{
	struct plane *pl = &s->plane;

	if (pl->nout == pl->cap) {
		pl->cap = pl->cap ? 2 * pl->cap : 64;
		pl->out = xreallocarray(pl->out, pl->cap, sizeof(*pl->out));
	}
	pl->out[pl->nout++] = *p;
}

static void drop_answers(struct plane *pl)
{
	for (size_t i = 0; i < pl->nout; i++)
		free(pl->out[i].held);
	pl->nout = 0;
}

static struct packet to(int peer, enum packet_type type, int task, uint32_t attempt)
{
	return (struct packet){.type = type, .peer = peer, .task = task, .attempt = attempt};
}

static uint64_t result_of(const struct task *t)
{
	uint64_t v = 0;

	if (t->result && t->result->len == sizeof(v))
		memcpy(&v, t->result->data, sizeof(v));
	return v;
}

static void end_of_turn(struct sim *s, int who, struct packet *p);

static void turn(struct sim *s)
{
	if (s->plane.turning)
		return;
	s->plane.turning = true;
	at(s, 20 + (int64_t)below(s, 100), end_of_turn, (int)s->plane.crashes, NULL);
}

static void tick(struct sim *s, int who, struct packet *p)
{
	(void)p;
	if (!s->plane.core || who != (int)s->plane.crashes)
		return;
	s->plane.tick_us = 0;
	core_tick(s->plane.core, now_of(s));
	turn(s);
}

static void on_submit(struct sim *s, const struct packet *p)
{
	const struct known *k = &s->tasks[p->task];
	const struct task_spec spec = {.id = k->id,
		.name = names[k->name],
		.owner = "c",
		.priority = k->priority,
		.timeout_ms = -1,
		.defer = true};
	bool again;
	struct err e;

	if (!core_submit(s->plane.core, now_of(s), &spec, &again, &e))
		broken(s, "a submission is refused: %s", e.text);
	struct packet o = to(p->peer, P_SUBMITTED, p->task, 0);
	answer(s, &o);
}

static void on_cancel(struct sim *s, const struct packet *p)
{
	struct task *t = core_task(s->plane.core, &s->tasks[p->task].id);
	struct err e;

	if (t && !task_state_final(t->state))
		core_cancel(s->plane.core, now_of(s), t, "c", NULL, &e);
}

static bool lists(const struct packet *p, int task, uint32_t attempt)
{
	for (size_t i = 0; i < p->nheld; i++)
		if (p->held[i].task == task && p->held[i].attempt == attempt)
			return true;
	return false;
}

static void give(struct sim *s, const struct task *t, int hand)
{
	int task = ledger_find(s, &t->id);
	struct packet o = to(hand, P_TASK, task, t->attempt);

	ledger_given(s, task, t->attempt, hand);
	answer(s, &o);
}

/* What it holds and does not know of went down with its old connection. */
static void on_registered(struct sim *s, const struct worker *w, const struct packet *p)
{
	struct packet o = to(p->peer, P_REGISTERED, 0, 0);
	struct list *e, *tmp;

	list_each (e, tmp, &w->held) {
		const struct task *t = container_of(e, struct task, held);
		o.held = xreallocarray(o.held, o.nheld + 1, sizeof(*o.held));
		o.held[o.nheld++] = (struct held){ledger_find(s, &t->id), t->attempt};
	}
	answer(s, &o);
	list_each (e, tmp, &w->held) {
		const struct task *t = container_of(e, struct task, held);
		if (!lists(p, ledger_find(s, &t->id), t->attempt))
			give(s, t, p->peer);
	}
}

static void on_register(struct sim *s, const struct packet *p)
{
	struct plane *pl = &s->plane;
	struct worker_task tasks[NNAMES];
	struct worker_spec spec = {.id = ids[p->peer],
		.host = "h",
		.address = "",
		.principal = "p",
		.tasks = tasks,
		.local = p->peer == 0};
	struct worker *w;
	struct err e;

	spec.instance = instance_of(p->peer, p->instance);
	spec.slots = s->hands[p->peer].slots;
	for (int i = 0; i < NNAMES; i++)
		if (i != p->peer - 1) /* each of three lacks one */
			tasks[spec.ntasks++] = (struct worker_task){.name = names[i]};
	w = core_worker_join(pl->core, now_of(s), &spec, &e);
	if (!w) { /* its id is another's who is not given up yet: a supervisor starts it again */
		struct packet o = to(p->peer, P_FORGOTTEN, 0, 0);
		o.ok = true;
		answer(s, &o);
		return;
	}
	w->peer = &s->conns[p->peer];
	pl->connected[p->peer] = true;
	pl->instances[p->peer] = p->instance;
	on_registered(s, w, p);
}

static void on_done(struct sim *s, struct worker *w, const struct packet *p)
{
	struct outcome o = {.ok = p->ok,
		.cancelled = p->cancelled,
		.exit_status = -1,
		.run_us = p->run_us};
	struct packet ok = to(p->peer, P_DONE_OK, p->task, p->attempt);
	struct err e;

	o.cause = p->ok ? CAUSE_NONE : p->cancelled ? CAUSE_CANCELLED : CAUSE_EXIT;
	o.result = bytes_new((const char *)&p->result, sizeof(p->result));
	s->nstale += core_finished(s->plane.core, now_of(s), w, &s->tasks[p->task].id,
			     p->attempt, &o, &e) != 0;
	bytes_unref(&o.result);
	answer(s, &ok);
}

static void on_hand(struct sim *s, const struct packet *p)
{
	struct worker *w = worker_of(s, p->peer);
	struct packet forgotten = to(p->peer, P_FORGOTTEN, 0, 0);
	struct core *c = s->plane.core;
	struct err e;

	if (!s->plane.connected[p->peer] || !w) {
		answer(s, &forgotten);
		return;
	}
	core_worker_heard(c, now_of(s), w);
	if (p->type == P_STARTED)
		core_started(c, now_of(s), w, &s->tasks[p->task].id, p->attempt, &e);
	else if (p->type == P_DONE)
		on_done(s, w, p);
	else if (p->type == P_RETURNED)
		core_returned(c, now_of(s), w, &s->tasks[p->task].id, p->attempt, &e);
}

void plane_packet(struct sim *s, int who, struct packet *p)
{
	(void)who;
	if (!s->plane.core)
		return;
	switch (p->type) {
	case P_SUBMIT:
		on_submit(s, p);
		break;
	case P_CANCEL:
		on_cancel(s, p);
		break;
	case P_REGISTER:
		on_register(s, p);
		break;
	default:
		on_hand(s, p);
		break;
	}
	turn(s);
}

static void absent(struct sim *s, int hand, struct packet *p)
{
	struct plane *pl = &s->plane;
	struct worker *w = pl->core ? worker_of(s, hand) : NULL;

	if (!w || pl->connected[hand] || p->attempt != pl->crashes ||
		pl->lost_us[hand] + COME_BACK_US > s->now_us)
		return;
	core_worker_leave(pl->core, now_of(s), w, "it did not come back");
	turn(s);
}

void plane_lost(struct sim *s, int peer)
{
	struct packet p = {.attempt = s->plane.crashes};
	struct worker *w;

	if (peer >= NHANDS || !s->plane.connected[peer])
		return;
	w = worker_of(s, peer);
	if (w)
		w->peer = NULL;
	s->plane.connected[peer] = false;
	s->plane.lost_us[peer] = s->now_us;
	at(s, COME_BACK_US, absent, peer, &p);
}

/* One row, as it is now. */
static void save(struct sim *s, const struct task *t)
{
	struct disk_task *d = &s->plane.disk[t->n];
	const char *id = NULL;

	for (int i = 0; i < NHANDS; i++)
		if (t->worker_id && strcmp(t->worker_id, ids[i]) == 0)
			id = ids[i];
	d->there = true;
	d->result = result_of(t);
	d->task = (struct task){.id = t->id,
		.n = t->n,
		.owner = (char *)"c",
		.priority = t->priority,
		.state = t->state,
		.attempt = t->attempt,
		.timeout_ms = t->timeout_ms,
		.created_at = t->created_at,
		.started_at = t->started_at,
		.completed_at = t->completed_at,
		.worker_id = (char *)id,
		.cause = t->cause,
		.exit_status = t->exit_status,
		.cancel_by = t->cancel_by ? (char *)"c" : NULL};
	if (t->n > s->plane.last_n)
		s->plane.last_n = t->n;
}

static void commit(struct sim *s)
{
	struct list *e, *tmp;

	list_each (e, tmp, core_changed(s->plane.core))
		save(s, container_of(e, struct task, changed));
	core_saved(s->plane.core);
	memcpy(s->plane.disk_instances, s->plane.instances, sizeof(s->plane.instances));
}

static void act(struct sim *s, const struct action *a)
{
	int hand = a->worker ? a->worker->id[1] - '0' : -1;
	struct packet o;

	mix(s, (uint64_t)a->type << 40 | (a->task ? a->task->n : 0) << 8 | a->attempt);
	switch (a->type) {
	case ACT_DISPATCH:
		if (a->task->attempt != a->attempt || a->task->worker != a->worker)
			return;
		if (a->worker->peer) {
			give(s, a->task, hand);
			return;
		}
		ledger_given(s, ledger_find(s, &a->task->id), a->attempt, hand);
		return;
	case ACT_STOP:
	case ACT_RECALL:
		o = to(hand, a->type == ACT_STOP ? P_STOP : P_RECALL,
			ledger_find(s, &a->task->id), a->attempt);
		if (a->worker->peer)
			answer(s, &o);
		return;
	case ACT_EVENT:
		if (a->task && task_state_final(a->event->state))
			ledger_final(s, a->task, result_of(a->task));
		return;
	}
}

/* True: it died. */
static bool dies(struct sim *s)
{
	if (!chance(s, 3000))
		return false;
	plane_crash(s, 0, NULL);
	return true;
}

static void speak(struct sim *s)
{
	struct plane *pl = &s->plane;

	for (size_t i = 0; i < pl->nout; i++) {
		struct packet p = pl->out[i];
		pl->out[i].held = NULL;
		if (s->conns[p.peer].connected)
			net_send(s, &p);
		else
			free(p.held);
	}
	drop_answers(pl);
}

static void end_of_turn(struct sim *s, int who, struct packet *packet)
{
	struct plane *pl = &s->plane;
	struct action a;
	int64_t due;

	(void)packet;
	if (!pl->core || who != (int)pl->crashes)
		return;
	pl->turning = false;
	if (dies(s))
		return;
	core_schedule(pl->core, now_of(s));
	if (dies(s))
		return;
	commit(s);
	if (dies(s))
		return;
	while (core_next_action(pl->core, &a))
		act(s, &a);
	speak(s);
	core_sweep(pl->core);
	due = core_next_due(pl->core);
	if (due >= 0 && (!pl->tick_us || due < pl->tick_us)) {
		pl->tick_us = due;
		at(s, due > s->now_us ? due - s->now_us : 0, tick, (int)pl->crashes, NULL);
	}
}

static void restore(struct sim *s)
{
	struct plane *pl = &s->plane;

	for (uint64_t n = 1; n <= pl->last_n; n++) {
		struct disk_task *d = &pl->disk[n];
		const char *id = d->task.worker_id;
		struct task_kept k = {.task = &d->task};
		if (!d->there)
			continue;
		k.name = names[s->tasks[ledger_find(s, &d->task.id)].name];
		d->task.result =
			task_state_final(d->task.state)
				? bytes_new((const char *)&d->result, sizeof(d->result))
				: NULL;
		core_restore(pl->core, now_of(s), &k,
			id ? instance_of(id[1] - '0', pl->disk_instances[id[1] - '0']) : NULL);
		bytes_unref(&d->task.result);
		if (task_state_final(d->task.state))
			ledger_final(s, &d->task, d->result);
	}
	core_restore_last(pl->core, pl->last_n);
}

void plane_start(struct sim *s)
{
	static const struct core_conf conf = {.cache_size = NTASKS,
		.cache_ttl_ms = 86400000,
		.max_queued = NTASKS,
		.lease_ms = LEASE_MS,
		.events = 16};
	struct plane *pl = &s->plane;

	if (!pl->disk)
		pl->disk = xcalloc(NTASKS + 1, sizeof(*pl->disk));
	pl->core = core_new(&conf);
	restore(s);
	turn(s);
}

static void start_again(struct sim *s, int who, struct packet *p)
{
	(void)who;
	(void)p;
	if (!s->plane.core)
		plane_start(s);
}

void plane_crash(struct sim *s, int who, struct packet *p)
{
	struct plane *pl = &s->plane;

	(void)who;
	(void)p;
	if (!pl->core)
		return;
	s->ncrashes++;
	pl->crashes++;
	core_free(&pl->core);
	drop_answers(pl);
	pl->turning = false;
	pl->tick_us = 0;
	memset(pl->connected, 0, sizeof(pl->connected));
	memcpy(pl->instances, pl->disk_instances, sizeof(pl->instances));
	for (int i = 0; i < NPEERS; i++)
		net_break(s, i);
	at(s, 1000 + (int64_t)below(s, below(s, 4) ? 300000 : 8000000), start_again, 0, NULL);
}

void plane_free(struct sim *s)
{
	core_free(&s->plane.core);
	drop_answers(&s->plane);
	free(s->plane.out);
	free(s->plane.disk);
}
