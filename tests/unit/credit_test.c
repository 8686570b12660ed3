/* Credit: what is measured to be short is given ahead, and nothing waits behind a long task while a slot that could take it is free.
 *
 * A cluster is played in steps of 100 us from a seed. The driver is the workers: each has a list, slots, a connection with a delay, and sometimes dies. Most
 * tasks of a name are short; now and then one is long. A failed check prints seed and time. */
#include <inttypes.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/core.h"
#include "tests/unit/test.h"

#define SEEDS    16
#define STEP_US  100
#define STEPS    12000 /* 1.2 s */
#define DRAIN_US 60000000
#define NTASKS   3000
#define NWORKERS 3
#define DELAY_US 300
#define LIMIT_US 30000 /* a task may wait that long while another worker has a free slot */

enum what { GIVE, RECALL, STARTED, DONE, RETURNED };

struct job {
	unsigned task;
	uint32_t attempt;
	int64_t left_us; /* of its run; -1 = it waits */
	int64_t run_us;
};

struct message {
	int64_t at_us;
	enum what what;
	int worker;
	unsigned life; /* of the worker: one that died gets and says nothing more */
	unsigned task;
	uint32_t attempt;
	int64_t run_us;
};

struct box {
	struct message *items;
	size_t n, cap, head;
};

struct player {
	struct worker *w;
	unsigned slots, running, life;
	struct job jobs[2048];
	size_t n;
};

struct play {
	uint64_t seed;
	struct core *core;
	struct rng rng;
	struct now now;
	struct box box;
	struct player players[NWORKERS];
	struct uuid ids[NTASKS];
	unsigned ended[NTASKS];
	int64_t free_since[NTASKS]; /* it waits while there is a free slot elsewhere */
	unsigned ntasks;
	uint64_t recalls, ahead;
};

static struct play *p;

#define REQUIRE(cond) ((cond) ? (void)0 : fail(__LINE__, #cond))

static void fail(int line, const char *what)
{
	TEST_FAIL("seed %" PRIu64 ", %" PRId64 " us, line %d: not true: %s", p->seed,
		p->now.mono_us, line, what);
}

static void post(enum what what, int worker, unsigned task, uint32_t attempt, int64_t run_us)
{
	struct box *b = &p->box;

	if (b->n == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 256;
		b->items = xreallocarray(b->items, b->cap, sizeof(*b->items));
	}
	b->items[b->n++] = (struct message){p->now.mono_us + DELAY_US, what, worker,
		p->players[worker].life, task, attempt, run_us};
}

static const char *const names[] = {"quick", "mixed", "slow"};

/* quick: 20 us, one in 500 of 200 ms. mixed: 1 ms, one in 50 of 50 ms. slow: 20 to 60 ms. */
static int64_t duration(const char *name)
{
	switch (name[0]) {
	case 'q':
		return rng_below(&p->rng, 500) ? 20 : 200000;
	case 'm':
		return rng_below(&p->rng, 50) ? 1000 : 50000;
	default:
		return 20000 + (int64_t)rng_below(&p->rng, 40000);
	}
}

static void join(int i)
{
	struct player *w = &p->players[i];
	const struct worker_task tasks[] = {{.name = "quick"}, {.name = "mixed"},
		{.name = "slow"}};
	char id[16], instance[16];
	const struct worker_spec spec = {.id = id,
		.host = "h",
		.instance = instance,
		.address = "",
		.principal = "p",
		.slots = w->slots,
		.local = i == 0,
		.tasks = tasks,
		.ntasks = 3};

	snprintf(id, sizeof(id), "w%d", i);
	snprintf(instance, sizeof(instance), "i%u", ++w->life);
	w->n = 0;
	w->running = 0;
	w->w = core_worker_join(p->core, p->now, &spec, NULL);
	REQUIRE(w->w);
}

static void submit(void)
{
	bool again;
	struct err e;
	const struct task_spec spec =
		{.name = names[rng_below(&p->rng, 20) ? rng_below(&p->rng, 2) : 2],
			.owner = "alice",
			.priority = PRIO_NORMAL};
	struct task_spec s = spec;

	memset(&s.id, 0, sizeof(s.id));
	memcpy(s.id.b, &p->ntasks, sizeof(p->ntasks));
	p->ids[p->ntasks++] = s.id;
	REQUIRE(core_submit(p->core, p->now, &s, &again, &e));
}

static unsigned number_of(const struct task *t)
{
	unsigned n;

	memcpy(&n, t->id.b, sizeof(n));
	return n;
}

/* A worker runs what it has in order, as many at a time as it has slots. */
static void work(int i)
{
	struct player *w = &p->players[i];
	size_t kept = 0;

	for (size_t k = 0; k < w->n; k++) {
		struct job *j = &w->jobs[k];
		if (j->left_us >= 0 && (j->left_us -= STEP_US) <= 0) {
			post(DONE, i, j->task, j->attempt, j->run_us);
			w->running--;
			continue;
		}
		w->jobs[kept++] = *j;
	}
	w->n = kept;
	/* In one step many of the shortest may run one after the other. */
	for (size_t k = 0; k < w->n && w->running < w->slots; k++) {
		struct job *j = &w->jobs[k];
		if (j->left_us >= 0)
			continue;
		post(STARTED, i, j->task, j->attempt, 0);
		j->left_us = j->run_us;
		w->running++;
	}
}

static void take(int i, const struct message *m)
{
	struct player *w = &p->players[i];
	struct task *t = core_task(p->core, &p->ids[m->task]);

	REQUIRE(w->n < 2048);
	w->jobs[w->n++] =
		(struct job){m->task, m->attempt, -1, duration(t ? t->name->text : "quick")};
}

static void give_back(int i, const struct message *m)
{
	struct player *w = &p->players[i];

	for (size_t k = 0; k < w->n; k++) {
		struct job *j = &w->jobs[k];
		if (j->task != m->task || j->attempt != m->attempt || j->left_us >= 0)
			continue;
		memmove(j, j + 1, (w->n - k - 1) * sizeof(*j));
		w->n--;
		post(RETURNED, i, m->task, m->attempt, 0);
		return;
	}
}

static void hear(const struct message *m)
{
	struct player *w = &p->players[m->worker];
	const struct uuid *id = &p->ids[m->task];
	const struct outcome o = {.ok = true, .exit_status = 0, .run_us = m->run_us};

	if (m->life != w->life || !w->w)
		return;
	core_worker_heard(p->core, p->now, w->w);
	if (m->what == STARTED)
		core_started(p->core, p->now, w->w, id, m->attempt, NULL);
	else if (m->what == RETURNED)
		core_returned(p->core, p->now, w->w, id, m->attempt, NULL);
	else if (core_finished(p->core, p->now, w->w, id, m->attempt, &o, NULL) == 0)
		p->ended[m->task]++;
}

static void deliver(void)
{
	struct box *b = &p->box;

	while (b->head < b->n && b->items[b->head].at_us <= p->now.mono_us) {
		const struct message m = b->items[b->head++];
		struct player *w = &p->players[m.worker];
		if (m.what == GIVE && w->w && m.life == w->life)
			take(m.worker, &m);
		else if (m.what == RECALL && w->w && m.life == w->life)
			give_back(m.worker, &m);
		else if (m.what >= STARTED)
			hear(&m);
	}
	if (b->head == b->n)
		b->head = b->n = 0;
}

static void act(void)
{
	struct action a;

	core_schedule(p->core, p->now);
	while (core_next_action(p->core, &a)) {
		if (a.type == ACT_DISPATCH) {
			p->ahead += list_linked(&a.task->ahead);
			post(GIVE, a.worker->id[1] - '0', number_of(a.task), a.attempt, 0);
		} else if (a.type == ACT_RECALL) {
			p->recalls++;
			post(RECALL, a.worker->id[1] - '0', number_of(a.task), a.attempt, 0);
		}
	}
	core_sweep(p->core);
}

static bool free_elsewhere(const struct task *t)
{
	for (int i = 0; i < NWORKERS; i++) {
		const struct player *w = &p->players[i];
		if (w->w && w->w != t->worker && w->w->room && w->running < w->slots)
			return true;
	}
	return false;
}

static void check(void)
{
	for (int i = 0; i < NWORKERS; i++) {
		const struct worker *w = p->players[i].w;
		if (!w)
			continue;
		REQUIRE(w->nshort <= 256 * w->slots && w->short_us <= 4000 * (int64_t)w->slots);
	}
	for (unsigned i = 0; i < p->ntasks; i++) {
		const struct task *t = core_task(p->core, &p->ids[i]);
		REQUIRE(p->ended[i] <= 1);
		if (!p->free_since[i] || !t || t->state != TASK_ASSIGNED ||
			!free_elsewhere(t)) {
			p->free_since[i] = p->now.mono_us;
			continue;
		}
		REQUIRE(p->now.mono_us - p->free_since[i] <= LIMIT_US);
	}
}

static void step(bool more)
{
	p->now.mono_us += STEP_US;
	p->now.wall_ms = p->now.mono_us / 1000;
	deliver();
	for (int i = 0; i < NWORKERS; i++)
		work(i);
	for (unsigned k = (unsigned)rng_below(&p->rng, 3); more && k && p->ntasks < NTASKS; k--)
		submit();
	if (more && rng_below(&p->rng, 3000) == 0) {
		int i = 1 + (int)rng_below(&p->rng, NWORKERS - 1);
		if (p->players[i].w)
			core_worker_leave(p->core, p->now, p->players[i].w, "it died");
		join(i);
	}
	core_tick(p->core, p->now);
	act();
}

static bool all_over(void)
{
	struct core_counts counts;

	core_counts(p->core, &counts);
	return counts.by_state[TASK_SUCCESS] == p->ntasks;
}

static void play(uint64_t seed)
{
	const struct core_conf conf = {.cache_size = 100000,
		.cache_ttl_ms = 1000000000,
		.max_queued = 100000,
		.lease_ms = 1000000,
		.events = 10};
	struct play *mine = xcalloc(1, sizeof(*mine));

	p = mine;
	p->seed = seed;
	p->core = core_new(&conf);
	p->now = (struct now){1000000, 1000};
	rng_seeded(&p->rng, seed);
	for (int i = 0; i < NWORKERS; i++) {
		p->players[i].slots = 1 + (unsigned)rng_below(&p->rng, 3);
		join(i);
	}
	for (int i = 0; i < STEPS; i++) {
		step(true);
		if (i % 10 == 0)
			check();
	}
	while (!all_over()) {
		step(false);
		check();
		REQUIRE(p->now.mono_us < DRAIN_US);
	}
	check();
	for (unsigned i = 0; i < p->ntasks; i++)
		REQUIRE(p->ended[i] == 1);
	REQUIRE(p->ahead > p->ntasks / 10 && p->recalls > 0);
	core_free(&p->core);
	free(p->box.items);
	free(p);
}

static void seeds(void)
{
	/* A sanitized build is ten times slower. */
	uint64_t last = getenv("FW_SANITIZED") ? SEEDS / 8 : SEEDS;

	for (uint64_t seed = 1; seed <= last; seed++)
		play(seed);
}

static const struct test tests[] = {{"seeds", seeds}};

int main(int argc, char **argv)
{
	return test_main(tests, ARRAY_LEN(tests), argc, argv);
}
