/* Groups: numbers, owners, members in order, what cancelling and forgetting leave. */
#include "base/mem.h"
#include "core/model.h"
#include "core/query.h"
#include "test.h"

static const struct core_conf conf = {.cache_size = 2,
	.cache_ttl_ms = 1000000,
	.max_queued = 5000,
	.lease_ms = 30000,
	.events = 100};

static struct now at(int64_t ms)
{
	return (struct now){.mono_us = ms * 1000, .wall_ms = 1000000 + ms};
}

static struct uuid id_of(unsigned kind, unsigned n)
{
	struct uuid id = {{0}};

	id.b[0] = (unsigned char)kind;
	id.b[14] = (unsigned char)(n >> 8);
	id.b[15] = (unsigned char)n;
	return id;
}

static struct task *submit(struct core *c, unsigned n, const char *owner,
	const struct uuid *group, struct err *e)
{
	struct bytes *args = bytes_new("[]", 2), *kwargs = bytes_new("{}", 2);
	struct task_spec spec = {.id = id_of(1, n),
		.name = "add",
		.owner = owner,
		.priority = PRIO_NORMAL,
		.args = args,
		.kwargs = kwargs,
		.timeout_ms = -1,
		.defer = true,
		.group = group};
	bool again;
	struct task *t = core_submit(c, at(n), &spec, &again, e);

	bytes_unref(&args);
	bytes_unref(&kwargs);
	return t;
}

static void drain(struct core *c)
{
	struct action a;

	while (core_next_action(c, &a))
		;
	core_sweep(c);
}

struct seen {
	struct core *core;
	uint64_t n[16];
	size_t count;
};

static void see(void *arg, struct task *t)
{
	struct seen *s = arg;

	s->n[s->count++] = t->n;
}

static void see_and_cancel(void *arg, struct task *t)
{
	struct seen *s = arg;
	struct err e;

	see(arg, t);
	CHECK_INT(core_cancel(s->core, at(9), t, "ada", NULL, &e), 0);
}

static void test_numbers(void)
{
	struct core *c = core_new(&conf);
	struct uuid one = id_of(2, 1), two = id_of(2, 2);
	struct err e = {0};
	struct filter *f;
	struct task *a = submit(c, 1, "ada", &one, &e), *b = submit(c, 2, "ada", &two, &e),
		    *d = submit(c, 3, "ada", &one, &e), *none = submit(c, 4, "ada", NULL, &e);

	CHECK_INT(a->group->n, 1);
	CHECK_INT(b->group->n, 2);
	CHECK(d->group == a->group && !none->group);
	CHECK(core_group_n(c, 2) == b->group && !core_group_n(c, 3));
	CHECK_INT(a->group->ntasks, 2);
	f = filter_parse("batch=1", &e);
	CHECK(f && filter_match(f, a) && filter_match(f, d) && !filter_match(f, b) &&
		!filter_match(f, none));
	filter_free(&f);
	core_free(&c);
}

static void test_owner(void)
{
	struct core *c = core_new(&conf);
	struct uuid g = id_of(2, 1);
	struct err e = {0};

	CHECK(submit(c, 1, "ada", &g, &e) != NULL);
	CHECK(submit(c, 2, "bob", &g, &e) == NULL);
	CHECK_INT(e.code, ERR_DENIED);
	CHECK_INT(core_group_n(c, 1)->ntasks, 1);
	core_free(&c);
}

/* Only two finished tasks are kept: the walk goes on while it makes tasks go. */
static void test_cancelled(void)
{
	struct core *c = core_new(&conf);
	struct uuid g = id_of(2, 1);
	struct seen s = {.core = c};
	struct err e = {0};

	for (unsigned i = 1; i <= 10; i++)
		submit(c, i, "ada", &g, &e);
	core_group_cancel(core_group_id(c, &g));
	core_group_each(c, core_group_id(c, &g), see_and_cancel, &s);
	CHECK_INT(s.count, 10);
	CHECK_INT(s.n[0], 1);
	CHECK_INT(s.n[9], 10);
	drain(c);
	CHECK_INT(core_group_id(c, &g)->ntasks, 2);
	CHECK(submit(c, 11, "ada", &g, &e) == NULL);
	CHECK_INT(e.code, ERR_NO);
	CHECK(strstr(e.text, "b1 was cancelled") != NULL);
	core_free(&c);
}

/* Groups without tasks are kept for a while, not for ever. */
static void test_forgotten(void)
{
	struct core *c = core_new(&conf);
	struct err e = {0};

	for (unsigned i = 1; i <= 1100; i++) {
		struct uuid g = id_of(2, i);
		struct task *t = submit(c, i, "ada", &g, &e);
		core_cancel(c, at(i), t, "ada", NULL, &e);
		drain(c);
	}
	CHECK(core_group_n(c, 1) == NULL);
	CHECK(core_group_n(c, 1100) != NULL);
	CHECK(core_group_n(c, 500) != NULL && core_group_n(c, 500)->ntasks == 0);
	core_free(&c);
}

static struct task *restore(struct core *c, uint64_t n, uint64_t group)
{
	struct task t = {.n = n,
			    .state = TASK_QUEUED,
			    .owner = (char *)"ada",
			    .id = id_of(1, (unsigned)n)},
		    *back;

	t.args = bytes_new("[]", 2);
	t.kwargs = bytes_new("{}", 2);
	back = core_restore(c, at(0),
		&(struct task_kept){.task = &t, .name = "add", .group = group}, NULL);
	bytes_unref(&t.args);
	bytes_unref(&t.kwargs);
	return back;
}

static void test_restored(void)
{
	struct core *c = core_new(&conf);
	struct uuid g = id_of(2, 1), new = id_of(2, 2);
	const struct group kept = {.id = g, .n = 7, .owner = (char *)"ada", .saved = true};
	struct seen s = {.core = c};
	struct err e = {0};

	CHECK(core_restore_group(c, &kept) != NULL);
	CHECK(core_restore_group(c, &kept) == NULL);
	CHECK(restore(c, 5, 7)->group == core_group_n(c, 7));
	CHECK(restore(c, 3, 7) && restore(c, 4, 7) && restore(c, 9, 7));
	CHECK(restore(c, 10, 6)->group == NULL);
	core_group_each(c, core_group_n(c, 7), see, &s);
	CHECK_INT(s.count, 4);
	for (int i = 0; i < 3; i++)
		CHECK_INT(s.n[i], 3 + i);
	CHECK_INT(s.n[3], 9);
	/* It goes on as before, and new ones are numbered behind it. */
	CHECK_INT(submit(c, 20, "ada", &g, &e)->group->n, 7);
	CHECK_INT(submit(c, 21, "ada", &new, &e)->group->n, 8);
	core_free(&c);
}

static const struct test tests[] = {
	{"numbers", test_numbers},
	{"owner", test_owner},
	{"cancelled", test_cancelled},
	{"forgotten", test_forgotten},
	{"restored", test_restored},
};

TEST_MAIN(tests)
