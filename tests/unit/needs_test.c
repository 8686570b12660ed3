/* Needs: sets of words, and that a task goes only to workers that have what it needs without holding up others. */
#include "core/needs.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/model.h"
#include "tests/unit/test.h"

static struct core *core;
static struct now now;
static unsigned last_id;

static void begin(void)
{
	const struct core_conf conf = {.cache_size = 100,
		.cache_ttl_ms = 5000,
		.max_queued = 100000,
		.lease_ms = 1000,
		.events = 100};

	core_free(&core);
	core = core_new(&conf);
	now = (struct now){1000000, 1700000000000};
}

static void test_sets(void)
{
	char out[NEEDS_TEXT], many[2000];
	struct err e;

	CHECK_INT(needs_parse(" gpu,db gpu\tdb,a ", out, &e), 0);
	CHECK_STR(out, "a,db,gpu");
	CHECK_INT(needs_parse("", out, &e), 0);
	CHECK_STR(out, "");
	CHECK_INT(needs_parse("db,db2,d", out, &e), 0);
	CHECK_STR(out, "d,db,db2");
	CHECK_INT(needs_parse("a/b", out, &e), -1);
	CHECK(strstr(e.text, "a/b"));
	CHECK_INT(e.code, ERR_USAGE);
	CHECK_INT(needs_parse("d\xc3\xa9", out, &e), -1);
	memset(many, 'x', 65);
	many[65] = '\0';
	CHECK_INT(needs_parse(many, out, &e), -1);
	many[64] = '\0';
	CHECK_INT(needs_parse(many, out, &e), 0);
	for (size_t i = 0, n = 0; i < 100; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, "%zu,", i);
	CHECK_INT(needs_parse(many, out, &e), -1);
	CHECK_STR(out, "");
	CHECK(needs_met(NULL, NULL));
	CHECK(needs_met("", "db"));
	CHECK(needs_met("db", "a,db"));
	CHECK(!needs_met("db", "db2"));
	CHECK(!needs_met("db,gpu", "db"));
	CHECK(!needs_met("db", NULL));
}

static struct worker *join(const char *id, const char *has, unsigned slots,
	const char *module_needs)
{
	const struct worker_task tasks[] = {{.name = "a", .needs = module_needs}};
	const struct worker_spec spec = {.id = id,
		.host = "box",
		.instance = "i1",
		.address = "10.0.0.1:5",
		.principal = "p",
		.slots = slots,
		.has = has,
		.tasks = tasks,
		.ntasks = 1};
	struct worker *w = core_worker_join(core, now, &spec, NULL);

	CHECK(w);
	return w;
}

static struct task *submit(const char *needs)
{
	struct task_spec spec = {.name = "a",
		.owner = "alice",
		.priority = PRIO_NORMAL,
		.needs = needs,
		.defer = true};
	bool again;
	struct err e;

	last_id++;
	memcpy(spec.id.b, &last_id, sizeof(last_id));
	struct task *t = core_submit(core, now, &spec, &again, &e);
	if (!t)
		TEST_FAIL("%s", e.text);
	return t;
}

/* What is handed out now, as "n@worker ". */
static const char *dispatched(void)
{
	static char text[4096];
	struct action a;
	size_t n = 0;

	text[0] = '\0';
	core_schedule(core, now);
	while (core_next_action(core, &a))
		if (a.type == ACT_DISPATCH)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%d@%s ",
				(int)a.task->n, a.worker->id);
	return text;
}

static void finish(struct task *t)
{
	const struct outcome o = {.ok = true, .exit_status = 0};

	CHECK_INT(core_finished(core, now, t->worker, &t->id, t->attempt, &o, NULL), 0);
}

static void check_why(const struct task *t, const char *want)
{
	char *why = core_why_waiting(core, t);

	if (want)
		CHECK_STR(why, want);
	else
		CHECK(!why);
	free(why);
}

/* A task whose needs nobody meets is passed over; it runs when a worker comes that has them. */
static void test_passed_over(void)
{
	begin();
	join("plain", NULL, 2, NULL);
	struct task *db = submit("db"), *both = submit("db,gpu");
	submit(NULL);
	CHECK_STR(dispatched(), "3@plain ");
	check_why(db, "no worker has db");
	check_why(both, "no worker has db, gpu");
	CHECK_INT(core_name_waiting(core_name(core, "a")), 2);
	CHECK_STR(db->name->text, "a");
	join("w-db", "db", 1, NULL);
	CHECK_STR(dispatched(), "1@w-db ");
	check_why(both, "no worker has gpu");
	finish(db);
	join("w-gpu", "gpu", 1, NULL);
	CHECK_STR(dispatched(), "");
	check_why(both, "no worker has a task \"a\" and all that it needs: db,gpu");
	join("w-both", "db,gpu,more", 1, NULL);
	CHECK_STR(dispatched(), "2@w-both ");
	check_why(both, NULL);
	core_free(&core);
}

/* First in first out over all needs: the oldest that somebody can take goes first. */
static void test_order(void)
{
	begin();
	struct worker *w = join("w", "db", 1, NULL);
	struct task *t[4] = {submit("db"), submit(NULL), submit("db"), submit(NULL)};
	const char *const want[] = {"1@w ", "2@w ", "3@w ", "4@w "};

	for (int i = 0; i < 4; i++) {
		CHECK_STR(dispatched(), want[i]);
		finish(t[i]);
	}
	CHECK_INT(w->ndone, 4);
	core_free(&core);
}

/* What a worker has is what it said last; queued tasks follow it. */
static void test_rejoin(void)
{
	begin();
	join("w", NULL, 1, NULL);
	struct task *t = submit("db");
	CHECK_STR(dispatched(), "");
	join("w", "db", 1, NULL);
	CHECK_STR(dispatched(), "1@w ");
	finish(t);
	join("w", NULL, 1, NULL);
	t = submit("db");
	CHECK_STR(dispatched(), "");
	check_why(t, "no worker has db");
	struct worker *w = join("w", "db", 1, NULL);
	core_worker_drain(core, now, w, true);
	check_why(t, "each worker that can take it is away or draining");
	core_worker_leave(core, now, w, "gone");
	core_sweep(core);
	check_why(t, "no worker has db");
	core_free(&core);
}

/* A module's needs bind the workers that have the module. */
static void test_module(void)
{
	begin();
	join("w1", NULL, 1, "gpu");
	struct task *t = submit(NULL);
	CHECK_STR(dispatched(), "");
	check_why(t, "no worker has gpu");
	join("w2", "gpu", 1, "gpu");
	CHECK_STR(dispatched(), "1@w2 ");
	struct task *more = submit("db");
	CHECK_STR(dispatched(), "");
	check_why(more, "no worker has db");
	core_free(&core);
}

static void test_names(void)
{
	begin();
	struct task *t = submit(NULL);
	check_why(t, "no worker ever had a task \"a\"");
	struct worker *w = join("w", NULL, 1, NULL);
	check_why(t, NULL);
	core_worker_leave(core, now, w, "gone");
	core_sweep(core);
	check_why(t, "no worker has a task \"a\" now");
	core_free(&core);
}

static void test_limit(void)
{
	char needs[32];
	struct err e;
	bool again;

	begin();
	for (int i = 0; i < 10000; i++) {
		snprintf(needs, sizeof(needs), "n%d", i);
		submit(needs);
	}
	struct task_spec spec = {.name = "a",
		.owner = "alice",
		.needs = "one-more",
		.defer = true};
	memset(spec.id.b, 0xee, sizeof(spec.id.b));
	CHECK(!core_submit(core, now, &spec, &again, &e));
	CHECK_INT(e.code, ERR_BUSY);
	submit("n17");
	submit(NULL);
	core_free(&core);
}

/* Random joins, leaves and submissions with needs: nobody gets what it cannot do, and nothing waits that somebody free could do. */
static void check_nothing_waits(void)
{
	for (struct list *e = core_tasks(core)->next; e != core_tasks(core); e = e->next) {
		const struct task *t = container_of(e, struct task, all);
		for (struct list *k = core_workers(core)->next; k != core_workers(core);
			k = k->next) {
			const struct worker *w = container_of(k, struct worker, all);
			if (t->state == TASK_QUEUED && w->room &&
				needs_met(t->name->needs, w->has))
				TEST_FAIL("task %d waits, %s is free", (int)t->n, w->id);
		}
	}
}

static void test_random(void)
{
	static const char *const sets[] = {NULL, "a", "b", "a,b", "c"};
	struct worker *w[4] = {0};
	unsigned seed = 7;
	struct action a;

	begin();
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1103515245u + 12345u;
		unsigned r = seed >> 16, k = r % 4;
		char id[8];
		snprintf(id, sizeof(id), "w%u", k);
		if (r % 11 < 4) {
			submit(sets[(r / 16) % 5]);
		} else if (r % 11 == 4) {
			w[k] = join(id, sets[(r / 16) % 5], 1 + r % 3, NULL);
		} else if (r % 11 == 5 && w[k]) {
			core_worker_leave(core, now, w[k], "gone");
			w[k] = NULL;
		} else if (w[k] && w[k]->nheld) {
			finish(list_first(&w[k]->held, struct task, held));
		}
		core_schedule(core, now);
		while (core_next_action(core, &a))
			if (a.type == ACT_DISPATCH &&
				!needs_met(a.task->name->needs, a.worker->has))
				TEST_FAIL("%s got what needs %s", a.worker->id,
					a.task->name->needs);
		if (i % 16 == 0)
			check_nothing_waits();
		core_sweep(core);
	}
	core_free(&core);
}

static const struct test tests[] = {
	{"sets", test_sets},
	{"passed_over", test_passed_over},
	{"order", test_order},
	{"rejoin", test_rejoin},
	{"module", test_module},
	{"names", test_names},
	{"limit", test_limit},
	{"random", test_random},
};

TEST_MAIN(tests)
