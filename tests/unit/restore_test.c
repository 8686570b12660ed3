/* Bringing tasks back into the model: waiting, running, final; and which changes a store is told of. */
#include "base/mem.h"
#include "core/model.h"
#include "test.h"

static const struct core_conf conf = {.cache_size = 3,
	.cache_ttl_ms = 1000000,
	.max_queued = 100,
	.lease_ms = 30000,
	.events = 100};

static struct now at(int64_t ms)
{
	return (struct now){.mono_us = ms * 1000, .wall_ms = 1000000 + ms};
}

static struct task kept(uint64_t n, enum task_state state)
{
	struct task t = {.n = n,
		.state = state,
		.owner = (char *)"ada",
		.timeout_ms = -1,
		.exit_status = -1,
		.priority = PRIO_NORMAL};

	t.id.b[15] = (unsigned char)n;
	t.args = bytes_new("[]", 2);
	t.kwargs = bytes_new("{}", 2);
	return t;
}

static struct task *restore(struct core *c, struct task *t, const char *instance, bool unused)
{
	struct task *back = core_restore(c, at(0),
		&(struct task_kept){.task = t, .name = "add", .unused = unused}, instance);

	bytes_unref(&t->args);
	bytes_unref(&t->kwargs);
	return back;
}

static void drain(struct core *c)
{
	struct action a;

	while (core_next_action(c, &a))
		;
	core_sweep(c);
}

static struct worker *join(struct core *c, struct now now, const char *instance, struct err *e)
{
	const struct worker_task tasks[] = {{.name = "add"}};
	const struct worker_spec spec = {.id = "w1",
		.host = "h",
		.instance = instance,
		.address = "a",
		.principal = "p",
		.pid = 1,
		.slots = 2,
		.tasks = tasks,
		.ntasks = 1};

	return core_worker_join(c, now, &spec, e);
}

static void test_waiting(void)
{
	struct core *c = core_new(&conf);
	struct task a = kept(5, TASK_QUEUED), b = kept(4, TASK_QUEUED),
		    again = kept(5, TASK_QUEUED);
	struct worker *w;
	struct err e;

	CHECK(restore(c, &a, NULL, false) != NULL);
	CHECK(restore(c, &b, NULL, false) != NULL);
	CHECK(restore(c, &again, NULL, false) == NULL);
	w = join(c, at(1), "i", &e);
	w->slots = 1;
	core_worker_drain(c, at(1), w, true);
	core_worker_drain(c, at(1), w, false);
	core_schedule(c, at(1));
	CHECK_INT(core_task_n(c, 4)->state,
		TASK_ASSIGNED); /* by number, in whatever order they came back */
	CHECK_INT(core_task_n(c, 5)->state, TASK_QUEUED);
	drain(c);
	core_free(&c);
}

static void test_same_process_keeps_it(void)
{
	struct core *c = core_new(&conf);
	struct task a = kept(1, TASK_RUNNING);
	struct task *t;
	struct err e;

	a.attempt = 3;
	a.worker_id = (char *)"w1";
	t = restore(c, &a, "mine", false);
	CHECK_INT(t->state, TASK_RUNNING);
	core_schedule(c, at(1));
	CHECK_INT(t->attempt, 3);
	CHECK(join(c, at(2), "mine", &e) == t->worker);
	CHECK_INT(core_finished(c, at(3), t->worker, &t->id, 3,
			  &(struct outcome){.ok = true, .exit_status = -1}, &e),
		0);
	CHECK_INT(t->state, TASK_SUCCESS);
	drain(c);
	core_free(&c);
}

static void test_another_process_does_not(void)
{
	struct core *c = core_new(&conf);
	struct task a = kept(1, TASK_RUNNING);
	struct task *t;
	struct err e;

	a.attempt = 3;
	a.worker_id = (char *)"w1";
	t = restore(c, &a, "mine", false);
	CHECK(join(c, at(2), "other", &e) != NULL);
	CHECK_INT(t->state, TASK_QUEUED);
	core_schedule(c, at(2));
	CHECK_INT(t->attempt, 4);
	drain(c);
	core_free(&c);
}

static void test_one_lease(void)
{
	struct core *c = core_new(&conf);
	struct task a = kept(1, TASK_RUNNING);
	struct task *t;

	a.worker_id = (char *)"w1";
	t = restore(c, &a, "mine", false);
	CHECK_INT(core_next_due(c), 30000 * 1000);
	core_tick(c, at(29999));
	CHECK_INT(t->state, TASK_RUNNING);
	core_tick(c, at(30000));
	CHECK_INT(t->state, TASK_QUEUED);
	CHECK(core_worker(c, "w1") == NULL);
	drain(c);
	core_free(&c);
}

static void test_final(void)
{
	struct core *c = core_new(&conf);

	for (uint64_t n = 9; n >= 7; n--) {
		struct task a = kept(n, TASK_SUCCESS);
		CHECK(restore(c, &a, NULL, true) != NULL);
	}
	struct task asked = kept(2, TASK_SUCCESS);
	CHECK(restore(c, &asked, NULL, false) != NULL);
	drain(c);
	/* One too many: the oldest that nobody asked for goes. */
	CHECK(core_task_n(c, 7) == NULL);
	CHECK(core_task_n(c, 2) != NULL);
	CHECK(core_task_n(c, 9) != NULL);
	core_free(&c);
}

static void test_changed(void)
{
	struct core *c = core_new(&conf);
	struct worker *w;
	struct err e;
	bool again;
	struct bytes *args = bytes_new("[]", 2);
	const struct task_spec spec = {.name = "add",
		.owner = "ada",
		.id = {{1}},
		.priority = PRIO_LOW,
		.args = args,
		.kwargs = args,
		.timeout_ms = -1,
		.defer = true};

	CHECK(list_empty(core_changed(c)));
	struct task *t = core_submit(c, at(1), &spec, &again, &e);
	CHECK(core_changed(c)->next == &t->changed);
	core_saved(c);
	CHECK(list_empty(core_changed(c)));
	w = join(c, at(1), "i", &e);
	core_schedule(c, at(2));
	CHECK(list_linked(
		&t->changed)); /* the attempt's number counts before anybody hears of it */
	core_saved(c);
	core_started(c, at(3), w, &t->id, 1, &e);
	CHECK(list_empty(core_changed(c))); /* its worker would say that again */
	/* Sent again, it changes nothing. */
	CHECK(core_submit(c, at(4), &spec, &again, &e) == t && again);
	CHECK(list_empty(core_changed(c)));
	bytes_unref(&args);
	drain(c);
	core_free(&c);
}

static const struct test tests[] = {
	{"restore: what waited waits, in the order of its numbers", test_waiting},
	{"restore: the process that ran it goes on with it", test_same_process_keeps_it},
	{"restore: another process of that name does not", test_another_process_does_not},
	{"restore: a worker has one lease to come back", test_one_lease},
	{"restore: final ones, the newest kept", test_final},
	{"restore: what changed is told once", test_changed},
};

TEST_MAIN(tests)
