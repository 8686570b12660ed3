/* A cluster played from a seed: random inputs to the model, with everything that must always hold checked after each of them.
 *
 * The driver is also the workers: it knows which attempts each of them really runs, hands in results (also stale ones), falls silent, comes
 * back, and takes another's id. A failed check prints seed and step; `core_sim_test SEED` plays one seed again. */
#include <inttypes.h>

#include "base/mem.h"
#include "core/core.h" /* ghost_find() */
#include "tests/unit/test.h"

#define SEEDS    200
#define STEPS    2000
#define NWORKERS 6
#define NNAMES   5
#define NATTEMPT 4096 /* attempts that are remembered for stale reports */

struct attempt {
	struct uuid id;
	uint32_t attempt;
	int worker;
};

struct sim {
	struct core *core;
	struct rng rng;
	struct now now;
	struct uuid last;
	uint64_t seed, step, hash, seq;
	unsigned instance[NWORKERS];
	struct attempt attempts[NATTEMPT]; /* a ring of all that were given out */
	uint64_t nattempts;
	char watched;
};

static struct sim *failing; /* for the message only */

#define REQUIRE(cond) ((cond) ? (void)0 : fail(__LINE__, #cond))

static void fail(int line, const char *what)
{
	TEST_FAIL("seed %" PRIu64 ", step %" PRIu64 ", line %d: not true: %s", failing->seed,
		failing->step, line, what);
}

static uint64_t below(struct sim *s, uint64_t n)
{
	return rng_below(&s->rng, n);
}

/* FNV-1a. */
static void mix(struct sim *s, uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		s->hash = (s->hash ^ (v & 255)) * 1099511628211u;
}

static const char *const names[NNAMES] = {"a", "b", "c", "d", "e"};
static const char *const ids[NWORKERS] = {"w0", "w1", "w2", "w3", "w4", "w5"};

static struct worker *some_worker(struct sim *s)
{
	return core_worker(s->core, ids[below(s, NWORKERS)]);
}

static struct task *some_task(struct sim *s)
{
	struct task *newest = core_last(s->core, NULL);

	return newest ? core_task_n(s->core, 1 + below(s, newest->n)) : NULL;
}

static void submit(struct sim *s)
{
	struct task_spec spec = {.name = names[below(s, NNAMES)],
		.owner = below(s, 3) ? "alice" : "bob",
		.priority = (enum priority)below(s, PRIO__COUNT),
		.defer = below(s, 2)};
	struct task *old = below(s, 10) ? NULL : some_task(s), *t;
	struct name *n = core_name(s->core, spec.name);
	bool again, known = n && n->announced && !n->withdrawn;
	struct err e;

	uuid_make(&spec.id, &s->last, s->now.wall_ms, &s->rng);
	if (old)
		spec.id = old->id;
	t = core_submit(s->core, s->now, &spec, &again, &e);
	if (old && strcmp(old->owner, spec.owner) == 0)
		REQUIRE(t == old && again);
	else if (old)
		REQUIRE(!t && e.code == ERR_DENIED);
	else
		REQUIRE(t ? !again : e.code == (known || spec.defer ? ERR_BUSY : ERR_NO_TASK));
	if (t && below(s, 8) == 0)
		t->watch = &s->watched;
}

static void cancel(struct sim *s)
{
	struct task *t = some_task(s);
	bool final = t && task_state_final(t->state);

	if (t)
		REQUIRE((core_cancel(s->core, s->now, t, "bob", NULL, NULL) == 0) == !final);
	if (t)
		REQUIRE(final || t->state == TASK_CANCELLED);
}

static void unwatch(struct sim *s)
{
	struct task *t = some_task(s);

	if (t)
		t->watch = NULL;
	if (t)
		core_touch(s->core, t);
}

static void join(struct sim *s)
{
	static const char *const instances[] = {"x", "y", "z"};
	struct worker_task tasks[NNAMES];
	int i = (int)below(s, NWORKERS);
	bool other = below(s, 4) == 0;
	unsigned instance = other ? (unsigned)below(s, 3) : s->instance[i];
	struct worker_spec spec = {.id = ids[i],
		.host = "h",
		.instance = instances[instance],
		.address = "",
		.principal = "p",
		.slots = 1 + (unsigned)below(s, 4),
		.local = i == 0,
		.tasks = tasks};
	struct worker *before = core_worker(s->core, ids[i]), *w;
	bool taken = before && before->state == PEER_ACTIVE &&
		     strcmp(before->instance, spec.instance);
	unsigned held =
		before && strcmp(before->instance, spec.instance) == 0 ? before->nheld : 0;

	for (int k = 0; k < NNAMES; k++)
		if (below(s, 2))
			tasks[spec.ntasks++] = (struct worker_task){.name = names[k]};
	w = core_worker_join(s->core, s->now, &spec, NULL);
	REQUIRE(!w == taken);
	if (!w)
		return;
	REQUIRE(w->nheld == held && w->state == PEER_ACTIVE && w->nghosts == 0);
	s->instance[i] = instance;
}

static void report(struct sim *s)
{
	uint64_t kept = s->nattempts < 60 ? s->nattempts : 60;
	struct attempt *a;
	struct worker *w;
	struct task *t;
	struct outcome o = {.ok = below(s, 3) != 0,
		.exit_status = -1,
		.cause = CAUSE_EXIT,
		.error = "no"};
	bool mine;

	if (!kept)
		return;
	a = &s->attempts[(s->nattempts - 1 - below(s, kept)) % NATTEMPT];
	w = core_worker(s->core, ids[a->worker]);
	t = core_task(s->core, &a->id);
	if (!w)
		return;
	mine = t && t->worker == w && t->attempt == a->attempt && t->state != TASK_CANCELLED;
	o.cancelled = below(s, 8) == 0;
	if (below(s, 3) == 0) {
		int rc = core_started(s->core, s->now, w, &a->id, a->attempt, NULL);
		REQUIRE(!mine || (rc == 0 && t->state == TASK_RUNNING));
		return;
	}
	int rc = core_finished(s->core, s->now, w, &a->id, a->attempt, &o, NULL);
	if (mine && o.cancelled && !o.ok)
		REQUIRE(rc == 0 && t->state == TASK_QUEUED);
	else if (mine)
		REQUIRE(rc == 0 && t->state == (o.ok ? TASK_SUCCESS : TASK_FAILURE));
	else if (!t || t->state != TASK_CANCELLED)
		REQUIRE(rc == -1);
}

static void heard(struct sim *s)
{
	for (int i = 0; i < NWORKERS; i++) {
		struct worker *w = core_worker(s->core, ids[i]);
		if (w && below(s, 3))
			core_worker_heard(s->core, s->now, w);
	}
}

static void leave(struct sim *s)
{
	struct worker *w = some_worker(s);

	if (w && below(s, 4) == 0)
		core_worker_leave(s->core, s->now, w, "bye");
	else if (w)
		core_worker_drain(s->core, s->now, w, below(s, 3) == 0);
}

/* Sometimes much: leases and results run out. */
static void wait(struct sim *s)
{
	int64_t ms = (int64_t)below(s, below(s, 10) ? 300 : 3000);

	s->now.mono_us += ms * 1000;
	s->now.wall_ms += ms - (int64_t)below(s, 5); /* it steps back at times */
	core_tick(s->core, s->now);
	REQUIRE(core_next_due(s->core) == -1 || core_next_due(s->core) > s->now.mono_us);
}

/* The oldest task of this priority that somebody could take now, by looking at all of them. */
static const struct task *oldest_takable(struct sim *s, int p)
{
	struct list *e, *tmp, *x, *y;

	list_each (e, tmp, core_tasks(s->core)) {
		const struct task *t = container_of(e, struct task, all);
		if (t->state != TASK_QUEUED || (int)t->priority != p)
			continue;
		list_each (x, y, core_workers(s->core)) {
			struct worker *w = container_of(x, struct worker, all);
			if (w->state != PEER_ACTIVE || w->draining ||
				w->nheld + w->nghosts >= w->slots)
				continue;
			for (size_t i = 0; i < w->nnames; i++)
				if (w->names[i] == t->name)
					return t;
		}
	}
	return NULL;
}

/* What was dispatched must come by priority, then by number among the tasks of one name; and nothing takable may be left. */
static void check_dispatch(struct sim *s, const struct action *a, const struct task **last)
{
	const struct task *l = *last;

	REQUIRE(a->task->state == TASK_ASSIGNED && a->task->worker == a->worker);
	REQUIRE(a->task->attempt == a->attempt);
	REQUIRE(!l || l->priority <= a->task->priority);
	if (l && l->priority == a->task->priority && l->name == a->task->name)
		REQUIRE(l->n < a->task->n);
	*last = a->task;
}

static void remember(struct sim *s, const struct action *a)
{
	struct attempt *slot = &s->attempts[s->nattempts++ % NATTEMPT];

	for (uint64_t i = s->nattempts > 300 ? s->nattempts - 300 : 0; i + 1 < s->nattempts;
		i++)
		if (uuid_eq(&s->attempts[i % NATTEMPT].id, &a->task->id))
			REQUIRE(s->attempts[i % NATTEMPT].attempt < a->attempt);
	*slot = (struct attempt){a->task->id, a->attempt, a->worker->id[1] - '0'};
}

static void drain(struct sim *s, bool dispatching)
{
	const struct task *last = NULL;
	struct action a;

	while (core_next_action(s->core, &a)) {
		mix(s, a.type);
		mix(s, a.task ? a.task->n : 0);
		mix(s, a.attempt);
		if (a.type == ACT_EVENT) {
			REQUIRE(a.event->seq == ++s->seq);
			mix(s, a.event->type);
		} else if (a.type == ACT_DISPATCH) {
			REQUIRE(dispatching);
			check_dispatch(s, &a, &last);
			remember(s, &a);
		}
	}
	core_sweep(s->core);
}

/* The task that is due by the rules must be among those that go, and none that anybody could still take may be left. */
static void schedule(struct sim *s)
{
	const struct task *want = NULL;

	for (int p = 0; p < PRIO__COUNT && !want; p++)
		want = oldest_takable(s, p);
	core_schedule(s->core, s->now);
	REQUIRE(!want || want->state == TASK_ASSIGNED);
	for (int p = 0; p < PRIO__COUNT; p++)
		REQUIRE(!oldest_takable(s, p));
	drain(s, true);
}

static void check_task(const struct task *t)
{
	bool on = t->state == TASK_ASSIGNED || t->state == TASK_RUNNING;
	bool slot = t->state == TASK_CANCELLED && t->worker;

	REQUIRE(list_linked(&t->waiting) == (t->state == TASK_QUEUED));
	REQUIRE(list_linked(&t->held) == on);
	REQUIRE(list_linked(&t->cached) == (task_state_final(t->state) && !slot));
	REQUIRE(list_linked(&t->expiry) == list_linked(&t->cached));
	REQUIRE(!t->worker == !(on || slot));
	REQUIRE(!slot || ghost_find(t->worker, &t->id, t->attempt));
	REQUIRE(!t->worker || t->worker->state != PEER_REMOVED);
	REQUIRE(!on || t->worker->state == PEER_ACTIVE);
	REQUIRE((t->completed_at != 0) == task_state_final(t->state));
}

static void check_tasks(struct sim *s, uint64_t queued[PRIO__COUNT])
{
	struct core_counts counts;
	uint64_t by_state[TASK__STATES] = {0}, last = 0, cached = 0;
	struct list *e, *tmp;

	core_counts(s->core, &counts);
	list_each (e, tmp, core_tasks(s->core)) {
		struct task *t = container_of(e, struct task, all);
		check_task(t);
		REQUIRE(t->n > last && core_task_n(s->core, t->n) == t &&
			core_task(s->core, &t->id) == t);
		last = t->n;
		by_state[t->state]++;
		cached += list_linked(&t->cached);
		if (t->state == TASK_QUEUED)
			queued[t->priority]++;
	}
	REQUIRE(memcmp(by_state, counts.by_state, sizeof(by_state)) == 0);
	REQUIRE(memcmp(queued, counts.queued, sizeof(counts.queued)) == 0);
	REQUIRE(cached == counts.cached);
}

static void check_worker(const struct worker *w)
{
	unsigned held = 0, ghosts = 0;
	struct list *e, *tmp;

	list_each (e, tmp, &w->held) {
		REQUIRE(container_of(e, struct task, held)->worker == w);
		held++;
	}
	list_each (e, tmp, &w->ghosts)
		ghosts++;
	REQUIRE(held == w->nheld && ghosts == w->nghosts);
	REQUIRE(w->state == PEER_ACTIVE || held == 0);
}

static void check_queue(const struct name *n, enum priority p, uint64_t *found, size_t *total)
{
	uint64_t last = 0;
	struct list *e, *tmp;

	list_each (e, tmp, &n->waiting[p]) {
		const struct task *t = container_of(e, struct task, waiting);
		REQUIRE(t->n > last && t->name == n && t->priority == p);
		last = t->n;
		++*found;
		++*total;
	}
	REQUIRE(list_linked(&n->ready[p]) == !list_empty(&n->waiting[p]));
}

static void check(struct sim *s)
{
	uint64_t queued[PRIO__COUNT] = {0}, found[PRIO__COUNT] = {0};
	struct list *e, *tmp;

	check_tasks(s, queued);
	list_each (e, tmp, core_workers(s->core))
		check_worker(container_of(e, struct worker, all));
	for (int i = 0; i < NNAMES; i++) {
		const struct name *n = core_name(s->core, names[i]);
		size_t total = 0;
		for (int p = 0; n && p < PRIO__COUNT; p++)
			check_queue(n, (enum priority)p, &found[p], &total);
		REQUIRE(!n || n->nwaiting == total);
	}
	REQUIRE(memcmp(queued, found, sizeof(queued)) == 0);
}

/* How often each input comes, of 100. */
static const struct {
	void (*fn)(struct sim *s);
	unsigned share;
} inputs[] = {
	{submit, 28},
	{report, 30},
	{schedule, 15},
	{cancel, 5},
	{wait, 7},
	{heard, 7},
	{join, 4},
	{leave, 2},
	{unwatch, 2},
};

static void step(struct sim *s)
{
	unsigned at = (unsigned)below(s, 100);

	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		if (at < inputs[i].share) {
			inputs[i].fn(s);
			break;
		}
		at -= inputs[i].share;
	}
	drain(s, false);
	check(s);
}

static uint64_t play(uint64_t seed)
{
	const struct core_conf conf = {.cache_size = 20,
		.cache_ttl_ms = 2500,
		.max_queued = 40,
		.lease_ms = 700,
		.events = 50};
	struct sim *s = xcalloc(1, sizeof(*s));
	uint64_t hash;

	failing = s;
	s->core = core_new(&conf);
	s->seed = seed;
	s->hash = 14695981039346656037u;
	s->now = (struct now){1000000, 1700000000000};
	rng_seeded(&s->rng, seed);
	for (s->step = 0; s->step < STEPS; s->step++)
		step(s);
	hash = s->hash;
	core_free(&s->core);
	free(s);
	return hash;
}

static void many_seeds(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		play(seed);
}

static void same_seed_same_trace(void)
{
	uint64_t first = play(42);

	CHECK(play(42) == first);
	CHECK(play(43) != first);
}

static const struct test tests[] = {
	{"many_seeds", many_seeds},
	{"same_seed_same_trace", same_seed_same_trace},
};

int main(int argc, char **argv)
{
	char *end;
	uint64_t seed = argc == 2 ? strtoull(argv[1], &end, 10) : 0;

	if (seed && *end == '\0') {
		printf("%" PRIx64 "\n", play(seed));
		return 0;
	}
	return test_main(tests, ARRAY_LEN(tests), argc, argv);
}
