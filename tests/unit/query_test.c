/* Filters and pages of tasks. */
#include "base/mem.h"
#include "core/query.h"
#include "tests/unit/test.h"

static struct core *core;
static const struct now now = {1000000, 1700000000000};

static void submit(unsigned n, const char *name, const char *owner, enum priority p)
{
	struct task_spec spec = {.name = name, .owner = owner, .priority = p, .defer = true};
	bool again;

	spec.id.b[0] = (uint8_t)n;
	CHECK(core_submit(core, now, &spec, &again, NULL) != NULL);
}

/* 1 Resize alice critical assigned to node-1 | 2 report bob low queued | 3 resize bob low cancelled | 4 report alice normal queued */
static void begin(void)
{
	const struct core_conf conf = {.cache_size = 9,
		.cache_ttl_ms = 9,
		.max_queued = 99,
		.lease_ms = 9,
		.events = 9};
	const struct worker_task task = {.name = "Resize"};
	const struct worker_spec w = {.id = "node-1",
		.host = "h",
		.instance = "i",
		.slots = 1,
		.tasks = &task,
		.ntasks = 1};

	core = core_new(&conf);
	submit(1, "Resize", "alice", PRIO_CRITICAL);
	submit(2, "report", "bob", PRIO_LOW);
	submit(3, "resize", "bob", PRIO_LOW);
	submit(4, "report", "alice", PRIO_NORMAL);
	CHECK(core_worker_join(core, now, &w, NULL) != NULL);
	core_schedule(core, now);
	CHECK_INT(core_cancel(core, now, core_task_n(core, 3), "bob", NULL, NULL), 0);
}

/* The numbers of the tasks that match, oldest first: "1 3 ". */
static const char *matches(const char *text)
{
	static char out[64];
	struct err e = {.code = ERR_NONE};
	struct filter *f = filter_parse(text, &e);
	size_t n = 0;

	if (!f)
		TEST_FAIL("%s: %s", text, e.text);
	out[0] = '\0';
	for (unsigned i = 1; i <= 4; i++)
		if (filter_match(f, core_task_n(core, i)))
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%u ", i);
	filter_free(&f);
	return out;
}

static void filters(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", "1 2 3 4 "},
		{"  ", "1 2 3 4 "},
		{"state=queued", "2 4 "},
		{"STATE=Queued,ASSIGNED", "1 2 4 "},
		{"state!=queued,assigned", "3 "},
		{"state=c*", "3 "},
		{"state~ed", "1 2 3 4 "},
		{"task=resize", "1 3 "},
		{"task=Re?ort", "2 4 "},
		{"task~SIZ", "1 3 "},
		{"task~*", ""},
		{"task=re", ""},
		{"worker=node-*", "1 "},
		{"worker!=node-1", "2 3 4 "},
		{"priority=low", "2 3 "},
		{"owner=bob state=queued", "2 "},
		{" owner=bob\tpriority!=low ", ""},
		{"id=03*", "3 "},
		{"n=2,4", "2 4 "},
		{"n=1?", ""},
		{"task=a=b", ""},
	};

	begin();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(matches(cases[i].text), cases[i].want);
	CHECK(filter_match(NULL, core_task_n(core, 1)));
	core_free(&core);
}

static void bad_filters(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"resize", "FIELD=VALUE"},
		{"state=queued resize", "\"resize\" is no filter"},
		{"colour=red",
			"no field \"colour\"; fields are state, task, worker, priority, owner, id, n"},
		{"=x", "no field \"\""},
		{"state=queud", "\"queud\" is no state; there are pending, scheduled, queued"},
		{"state=x*", "is no state"},
		{"state!=queued,nope", "\"nope\" is no state"},
		{"priority=urgent", "critical, high, normal, low"},
		{"task=", "a value is missing behind \"task\""},
		{"task=a,,b", "a value is missing"},
		{"task~a,", "a value is missing"},
		{"task\x1b[2J", "\\x1b"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = {.code = ERR_NONE};
		struct filter *f = filter_parse(cases[i].text, &e);
		if (f || e.code != ERR_USAGE || !strstr(e.text, cases[i].says))
			TEST_FAIL("%s: \"%s\" does not say %s", cases[i].text, e.text,
				cases[i].says);
		filter_free(&f);
	}
}

/* Asks for one page; "n n > next / total". */
static const char *page(struct query q)
{
	static char out[128];
	struct task *rows[8];
	struct query_page p;
	size_t n = 0;

	core_query(core, &q, true, rows, &p);
	for (size_t i = 0; i < p.n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%d ", (int)rows[i]->n);
	snprintf(out + n, sizeof(out) - n, "> %d / %d", (int)p.next, (int)p.total);
	return out;
}

static void pages(void)
{
	struct filter *f = filter_parse("state=queued,cancelled", NULL);

	begin();
	CHECK_STR(page((struct query){.limit = 8}), "4 3 2 1 > 0 / 4");
	CHECK_STR(page((struct query){.limit = 4}), "4 3 2 1 > 0 / 4");
	CHECK_STR(page((struct query){.limit = 3}), "4 3 2 > 2 / 4");
	CHECK_STR(page((struct query){.limit = 3, .cursor = 2}), "1 > 0 / 4");
	CHECK_STR(page((struct query){.limit = 2, .oldest_first = true}), "1 2 > 2 / 4");
	CHECK_STR(page((struct query){.limit = 2, .oldest_first = true, .cursor = 2}),
		"3 4 > 0 / 4");
	CHECK_STR(page((struct query){.limit = 2, .offset = 1}), "3 2 > 2 / 4");
	CHECK_STR(page((struct query){.limit = 8, .offset = 4}), "> 0 / 4");
	CHECK_STR(page((struct query){.limit = 8, .owner = "bob"}), "3 2 > 0 / 2");
	CHECK_STR(page((struct query){.limit = 2, .filter = f}), "4 3 > 3 / 3");
	CHECK_STR(page((struct query){.limit = 2, .filter = f, .owner = "alice"}), "4 > 0 / 1");
	CHECK_STR(page((struct query){.limit = 0}), "> 0 / 4");
	filter_free(&f);
	core_free(&core);
}

static void cursor_of_a_dropped_task(void)
{
	begin();
	core_tick(core, (struct now){now.mono_us + 1000000, now.wall_ms});
	CHECK(core_task_n(core, 3) == NULL);
	CHECK_STR(page((struct query){.limit = 8, .cursor = 3}), "2 1 > 0 / 3");
	CHECK_STR(page((struct query){.limit = 8, .cursor = 3, .oldest_first = true}),
		"4 > 0 / 3");
	core_free(&core);
}

static const struct test tests[] = {
	{"filters", filters},
	{"bad_filters", bad_filters},
	{"pages", pages},
	{"cursor_of_a_dropped_task", cursor_of_a_dropped_task},
};

TEST_MAIN(tests)
