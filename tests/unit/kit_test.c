/* What a worker brings: modules with digests, broken ones told once; and digests themselves. */
#include "base/digest.h"
#include <stdlib.h>

#include "base/mem.h"
#include "core/model.h"
#include "tests/unit/test.h"

static void test_digest(void)
{
	struct digest d;
	char text[DIGEST_TEXT];

	/* The published values of FNV-1a, 64 bits. */
	digest_init(&d);
	CHECK_STR(digest_text(&d, text), "cbf29ce484222325");
	digest_add(&d, "foobar", 6);
	CHECK_STR(digest_text(&d, text), "85944171f73967e8");
	digest_init(&d);
	digest_add(&d, "foo", 3);
	digest_add(&d, "bar", 3);
	CHECK_STR(digest_text(&d, text), "85944171f73967e8");
	digest_number(&d, 1);
	CHECK(strcmp(digest_text(&d, text), "85944171f73967e8") != 0);
}

static const struct now now = {1000000, 1700000000000};

static struct worker *join(struct core *core, const char *broken, const char *task)
{
	struct worker_module modules[] = {
		{.name = (char *)"m", .digest = (char *)"d1", .broken = xstrdup(broken)}};
	const struct worker_task tasks[] = {{.name = task}};
	const struct worker_spec spec = {.id = "w",
		.host = "box",
		.instance = "i",
		.address = "a",
		.principal = "p",
		.slots = 1,
		.modules = modules,
		.nmodules = 1,
		.tasks = tasks,
		.ntasks = 1};
	struct worker *w = core_worker_join(core, now, &spec, NULL);

	CHECK(w);
	free(modules[0].broken);
	return w;
}

static void test_broken_is_told_once(void)
{
	const struct core_conf conf = {.cache_size = 10,
		.lease_ms = 1000,
		.max_queued = 10,
		.events = 100};
	struct core *core = core_new(&conf);
	uint64_t seq;
	bool gap;

	struct worker *w = join(core, NULL, "a");
	seq = core_event_last(core);
	for (int i = 0; i < 3; i++)
		CHECK(join(core, "m.sh:3: wrong", "a") == w);
	int n = 0;
	for (const struct event *ev; (ev = core_event_after(core, seq, &gap)); seq = ev->seq)
		if (ev->type == EVENT_WORKER_MODULE_BROKEN) {
			CHECK_STR(ev->text, "m.sh:3: wrong");
			CHECK_STR(ev->worker, "w");
			n++;
		}
	CHECK_INT(n, 1);
	CHECK_STR(w->modules[0].digest, "d1");
	join(core, "m.sh:4: wrong", "a");
	join(core, NULL, "a");
	join(core, "m.sh:4: wrong", "a");
	n = 0;
	for (const struct event *ev; (ev = core_event_after(core, seq, &gap)); seq = ev->seq)
		n += ev->type == EVENT_WORKER_MODULE_BROKEN;
	CHECK_INT(n, 2);
	core_free(&core);
}

/* A name that its last worker has no more is refused, and is there again when a worker has it. */
static void test_withdrawn(void)
{
	const struct core_conf conf = {.cache_size = 10,
		.lease_ms = 1000,
		.max_queued = 10,
		.events = 100};
	struct core *core = core_new(&conf);
	struct task_spec spec = {.name = "a", .owner = "o", .priority = PRIO_NORMAL};
	struct err e;
	bool again;

	join(core, NULL, "a");
	join(core, NULL, "b");
	CHECK(!core_submit(core, now, &spec, &again, &e));
	CHECK_INT(e.code, ERR_NO_TASK);
	struct worker *w = join(core, NULL, "a");
	CHECK(core_submit(core, now, &spec, &again, &e));
	/* Away is not withdrawn: what is submitted then waits. */
	core_worker_leave(core, now, w, "gone");
	core_sweep(core);
	spec.id.b[0] = 1;
	CHECK(core_submit(core, now, &spec, &again, &e));
	core_free(&core);
}

static const struct test tests[] = {
	{"digest", test_digest},
	{"broken_is_told_once", test_broken_is_told_once},
	{"withdrawn", test_withdrawn},
};

TEST_MAIN(tests)
