/* The model, rule by rule: who gets what next, cancelling, lost workers, leases, the cache, events. */
#include "base/mem.h"
#include "core/model.h"
#include "tests/unit/test.h"

#define LEASE_MS 1000
#define TTL_MS   5000

static struct core *core;
static struct now now;
static struct err err;
static unsigned last_id;

static void begin(size_t cache_size, size_t max_queued, size_t events)
{
	const struct core_conf conf = {.cache_size = cache_size,
		.cache_ttl_ms = TTL_MS,
		.max_queued = max_queued,
		.lease_ms = LEASE_MS,
		.events = events};

	core_free(&core);
	core = core_new(&conf);
	now = (struct now){1000000, 1700000000000};
	err = (struct err){.code = ERR_NONE};
}

static void end(void)
{
	core_free(&core);
}

static void pass(int64_t ms)
{
	now.mono_us += ms * 1000;
	now.wall_ms += ms;
	core_tick(core, now);
}

static struct uuid id_of(unsigned n)
{
	struct uuid id = {{0}};

	memcpy(id.b, &n, sizeof(n));
	return id;
}

static struct task_spec spec_of(const char *name, enum priority p)
{
	return (struct task_spec){.id = id_of(++last_id),
		.name = name,
		.owner = "alice",
		.priority = p};
}

static struct task *submit(const char *name, enum priority p)
{
	struct task_spec spec = spec_of(name, p);
	bool again;

	spec.defer = true;
	struct task *t = core_submit(core, now, &spec, &again, &err);
	CHECK(t && !again);
	return t;
}

static struct worker *try_join(const char *id, const char *instance, unsigned slots,
	const char *a, const char *b)
{
	const struct worker_task tasks[] = {{.name = a}, {.name = b}};
	const struct worker_spec spec = {.id = id,
		.host = "box",
		.instance = instance,
		.address = "10.0.0.1:5",
		.principal = "p",
		.pid = 7,
		.slots = slots,
		.local = strcmp(id, "local") == 0,
		.tasks = tasks,
		.ntasks = b   ? 2
			  : a ? 1
			      : 0};

	return core_worker_join(core, now, &spec, &err);
}

static struct worker *join(const char *id, unsigned slots, const char *a, const char *b)
{
	struct worker *w = try_join(id, "i1", slots, a, b);

	CHECK(w != NULL);
	return w;
}

/* Drains the actions; those of type `type` as "n@worker#attempt " or event words. */
static const char *actions(enum action_type type)
{
	static char text[4096];
	struct action a;
	size_t n = 0;

	text[0] = '\0';
	while (core_next_action(core, &a)) {
		if (a.type != type)
			continue;
		if (type == ACT_EVENT)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ",
				event_word(a.event->type));
		else
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%d@%s#%u ",
				(int)a.task->n, a.worker->id, a.attempt);
	}
	return text;
}

static const char *dispatched(void)
{
	core_schedule(core, now);
	return actions(ACT_DISPATCH);
}

static int finish(struct task *t, struct worker *w, uint32_t attempt, bool ok)
{
	const struct outcome o = {.ok = ok,
		.cause = CAUSE_EXIT,
		.exit_status = ok ? 0 : 3,
		.error = ok ? NULL : "bad"};

	return core_finished(core, now, w, &t->id, attempt, &o, &err);
}

static void strict_priority_then_fifo(void)
{
	begin(10, 100, 100);
	submit("a", PRIO_LOW);
	submit("a", PRIO_NORMAL);
	submit("b", PRIO_CRITICAL);
	submit("b", PRIO_NORMAL);
	submit("a", PRIO_CRITICAL);
	submit("a", PRIO_HIGH);
	CHECK_STR(dispatched(), "");
	join("w", 4, "a", "b");
	CHECK_STR(dispatched(), "3@w#1 5@w#1 6@w#1 2@w#1 ");
	CHECK_INT(core_oldest(core, PRIO_NORMAL), now.wall_ms);
	CHECK_INT(core_oldest(core, PRIO_HIGH), 0);
	finish(core_task_n(core, 3), core_worker(core, "w"), 1, true);
	finish(core_task_n(core, 5), core_worker(core, "w"), 1, true);
	CHECK_STR(dispatched(), "4@w#1 1@w#1 ");
	end();
}

/* Load is held/slots; equal loads take turns. */
static void least_loaded(void)
{
	begin(10, 100, 100);
	join("big", 8, "a", NULL);
	join("small", 2, "a", NULL);
	for (int i = 0; i < 7; i++)
		submit("a", PRIO_NORMAL);
	CHECK_STR(dispatched(), "1@big#1 2@small#1 3@big#1 4@big#1 5@big#1 6@small#1 7@big#1 ");
	end();
}

static void local_last(void)
{
	begin(10, 100, 100);
	join("local", 2, "a", "b");
	join("w", 1, "a", NULL);
	submit("a", PRIO_NORMAL);
	submit("b", PRIO_NORMAL);
	submit("a", PRIO_NORMAL);
	CHECK_STR(dispatched(), "1@w#1 2@local#1 3@local#1 ");
	end();
}

static void unrunnable_head_is_passed_over(void)
{
	begin(10, 100, 100);
	submit("nobody", PRIO_CRITICAL);
	submit("b", PRIO_CRITICAL);
	submit("a", PRIO_LOW);
	join("w", 1, "a", NULL);
	join("v", 1, "b", NULL);
	CHECK_STR(dispatched(), "2@v#1 3@w#1 ");
	join("u", 1, "nobody", NULL);
	CHECK_STR(dispatched(), "1@u#1 ");
	end();
}

static void draining_gets_nothing(void)
{
	struct worker *w;

	begin(10, 100, 100);
	w = join("w", 1, "a", NULL);
	actions(ACT_EVENT);
	core_worker_drain(core, now, w, true);
	submit("a", PRIO_LOW);
	CHECK_STR(dispatched(), "");
	core_worker_drain(core, now, w, false);
	CHECK_STR(dispatched(), "1@w#1 ");
	end();
}

static void names(void)
{
	struct task_spec spec = spec_of("resizee", PRIO_LOW);
	bool again;

	begin(10, 1, 100);
	join("w", 0, "resize", "report");
	CHECK(!core_submit(core, now, &spec, &again, &err));
	CHECK_INT(err.code, ERR_NO_TASK);
	CHECK(strstr(err.text, "did you mean \"resize\"?"));
	spec.name = "zzzzzzzz";
	CHECK(!core_submit(core, now, &spec, &again, &err));
	CHECK(strstr(err.text, "--defer"));
	spec.defer = true;
	CHECK(core_submit(core, now, &spec, &again, &err) != NULL);
	CHECK(core_name_near(core, "zzzzzzz") == NULL);
	spec = spec_of("resize", PRIO_LOW);
	CHECK(!core_submit(core, now, &spec, &again, &err));
	CHECK_INT(err.code, ERR_BUSY);
	/* It is known also while nobody has it. */
	core_cancel(core, now, core_task_n(core, 1), "x", NULL, NULL);
	core_worker_leave(core, now, core_worker(core, "w"), "bye");
	CHECK(core_submit(core, now, &spec, &again, &err) != NULL);
	end();
}

static void submitted_once(void)
{
	struct task_spec spec = spec_of("a", PRIO_LOW);
	struct task *t;
	bool again;

	begin(10, 1, 100);
	spec.defer = true;
	t = core_submit(core, now, &spec, &again, &err);
	CHECK(t && !again);
	CHECK(core_submit(core, now, &spec, &again, &err) == t && again);
	join("w", 1, "a", NULL);
	CHECK_STR(dispatched(), "1@w#1 ");
	finish(t, core_worker(core, "w"), 1, true);
	CHECK(core_submit(core, now, &spec, &again, &err) == t && again);
	spec.owner = "bob";
	CHECK(!core_submit(core, now, &spec, &again, &err) && !again);
	CHECK_INT(err.code, ERR_DENIED);
	CHECK(core_last(core, "alice") == t && core_last(core, "bob") == NULL);
	end();
}

static void finished(void)
{
	struct bytes *result = bytes_new("hi", 2);
	struct outcome o = {.ok = true,
		.exit_status = 0,
		.result = result,
		.result_type = RESULT_JSON};
	struct worker *w;
	struct task *a, *b;
	struct core_counts n;

	begin(10, 10, 100);
	w = join("w", 2, "a", NULL);
	a = submit("a", PRIO_LOW);
	b = submit("a", PRIO_LOW);
	dispatched();
	CHECK_INT(core_started(core, now, w, &a->id, 1, &err), 0);
	CHECK_INT(core_started(core, now, w, &a->id, 1, &err), 0);
	CHECK_INT(a->state, TASK_RUNNING);
	CHECK_INT(core_finished(core, now, w, &a->id, 1, &o, &err), 0);
	CHECK(a->result == result && a->result_type == RESULT_JSON && result->refs == 2);
	CHECK_STR(actions(ACT_EVENT), "task.started task.success ");
	CHECK_INT(finish(b, w, 1, false), 0);
	CHECK_STR(actions(ACT_EVENT), "task.started task.failure ");
	CHECK(b->cause == CAUSE_EXIT && b->exit_status == 3 && !b->worker);
	CHECK_STR(b->error, "bad");
	core_counts(core, &n);
	CHECK(n.succeeded == 1 && n.failed == 1 && n.cached == 2 && n.submitted == 2 &&
		n.busy == 0);
	CHECK(w->ndone == 1 && w->nfailed == 1 && w->nheld == 0);
	bytes_unref(&result);
	end();
}

static void cancel_in_each_state(void)
{
	struct worker *w;
	struct task *t[4];

	begin(10, 10, 100);
	w = join("w", 2, "a", NULL);
	for (int i = 0; i < 4; i++)
		t[i] = submit("a", PRIO_LOW);
	dispatched();
	core_started(core, now, w, &t[1]->id, 1, NULL);
	actions(ACT_EVENT);
	for (int i = 0; i < 3; i++)
		CHECK_INT(core_cancel(core, now, t[i], "bob", "why", &err), 0);
	CHECK_STR(actions(ACT_STOP), "1@w#1 2@w#1 ");
	for (int i = 0; i < 3; i++)
		CHECK(t[i]->state == TASK_CANCELLED && t[i]->cause == CAUSE_CANCELLED &&
			t[i]->completed_at);
	CHECK_STR(t[0]->cancel_by, "bob");
	CHECK_STR(t[2]->cancel_reason, "why");
	CHECK_INT(core_cancel(core, now, t[0], "bob", NULL, &err), -1);
	CHECK_INT(err.code, ERR_NO);
	/* The slots stay filled until the worker says so. */
	CHECK_STR(dispatched(), "");
	CHECK(w->nheld == 0 && w->nghosts == 2);
	CHECK_INT(core_started(core, now, w, &t[0]->id, 1, &err), 0);
	CHECK_INT(finish(t[0], w, 1, true), 0);
	CHECK(t[0]->state == TASK_CANCELLED && !t[0]->worker && w->nghosts == 1 &&
		w->nstale == 0);
	CHECK_STR(dispatched(), "4@w#1 ");
	finish(t[3], w, 1, true);
	CHECK_INT(core_cancel(core, now, t[3], "bob", NULL, &err), -1);
	CHECK_INT(t[3]->state, TASK_SUCCESS);
	end();
}

static void stale_attempts(void)
{
	struct worker *w, *v;
	struct task *t;
	struct uuid nobody = id_of(99999);
	const struct outcome o = {.ok = true};
	struct core_counts n;

	begin(10, 10, 100);
	w = join("w", 1, "a", NULL);
	v = join("v", 1, "a", NULL);
	t = submit("a", PRIO_LOW);
	CHECK_STR(dispatched(), "1@w#1 ");
	CHECK_INT(finish(t, v, 1, true), -1);
	CHECK_INT(finish(t, w, 2, true), -1);
	CHECK_INT(core_started(core, now, w, &t->id, 0, &err), -1);
	CHECK_INT(err.code, ERR_NO);
	CHECK_INT(core_finished(core, now, w, &nobody, 1, &o, &err), -1);
	CHECK_INT(t->state, TASK_ASSIGNED);
	CHECK_INT(finish(t, w, 1, true), 0);
	CHECK_INT(finish(t, w, 1, false), -1);
	CHECK_INT(t->state, TASK_SUCCESS);
	core_counts(core, &n);
	CHECK(w->nstale == 4 && v->nstale == 1 && n.stale == 5);
	end();
}

/* Who is lost with its worker three times while it runs is set aside; what only waited there, or was given up, is not. */
static void poison(void)
{
	struct task *bad, *waits;
	struct worker *w;

	begin(10, 10, 100);
	bad = submit("a", PRIO_LOW);
	waits = submit("a", PRIO_LOW);
	for (unsigned i = 1; i <= 3; i++) {
		w = join("w", 2, "a", NULL);
		dispatched();
		CHECK_INT(core_started(core, now, w, &bad->id, bad->attempt, NULL), 0);
		core_worker_lost(core, now, w, "its host burns");
		CHECK_INT(bad->nlost, i);
		CHECK_INT(bad->state, i < 3 ? TASK_QUEUED : TASK_FAILURE);
		core_sweep(core);
	}
	CHECK(bad->cause == CAUSE_POISON && bad->attempt == 3 && bad->completed_at);
	CHECK(strstr(bad->error, "its host burns") && strstr(bad->error, "3 times"));
	CHECK(waits->state == TASK_QUEUED && waits->nlost == 0);
	for (int i = 0; i < 4; i++) {
		w = join("w", 1, "a", NULL);
		dispatched();
		CHECK_INT(core_started(core, now, w, &waits->id, waits->attempt, NULL), 0);
		core_worker_leave(core, now, w, "it left");
		core_sweep(core);
	}
	CHECK(waits->state == TASK_QUEUED && waits->nlost == 0);
	end();
}

/* A cancelled attempt's end is told once, with what it used. */
static void report(void)
{
	const struct outcome o = {.cancelled = true,
		.cause = CAUSE_CANCELLED,
		.exit_status = -1,
		.error = "ended on TERM after 0.1 s",
		.used = {.run_ms = 100, .rss_kb = 7}};
	struct worker *w;
	struct task *t;

	begin(10, 10, 100);
	w = join("w", 1, "a", NULL);
	t = submit("a", PRIO_LOW);
	dispatched();
	core_cancel(core, now, t, "bob", NULL, NULL);
	CHECK(!t->report);
	actions(ACT_EVENT);
	CHECK_INT(core_finished(core, now, w, &t->id, 1, &o, &err), 0);
	CHECK_STR(actions(ACT_EVENT), "task.stopped ");
	CHECK_STR(t->report, "ended on TERM after 0.1 s");
	CHECK(t->used.rss_kb == 7 && t->used.run_ms == 100);
	CHECK_INT(core_finished(core, now, w, &t->id, 1, &o, &err), 0);
	CHECK_STR(actions(ACT_EVENT), "");
	end();
}

/* What a worker loses goes back to its old place by number. */
static void lost_worker(void)
{
	struct worker *w;

	begin(10, 10, 100);
	w = join("w", 2, "a", NULL);
	for (int i = 0; i < 4; i++)
		submit("a", PRIO_LOW);
	CHECK_STR(dispatched(), "1@w#1 2@w#1 ");
	core_cancel(core, now, core_task_n(core, 2), "bob", NULL, NULL);
	actions(ACT_EVENT);
	core_worker_leave(core, now, w, "its host burns");
	CHECK_STR(actions(ACT_EVENT), "worker.removed task.lost task.queued task.stopped ");
	CHECK(!core_task_n(core, 2)->worker && !core_worker(core, "w"));
	CHECK_INT(finish(core_task_n(core, 1), w, 1, true), -1);
	core_sweep(core);
	join("v", 9, "a", NULL);
	CHECK_STR(dispatched(), "1@v#2 3@v#1 4@v#1 ");
	CHECK_STR(core_task_n(core, 1)->worker_id, "v");
	end();
}

/* A worker that ends a task which nobody cancelled gives it up. */
/* What runs at most once: lost is its end, taken back before it began is not. */
static void at_most_once(void)
{
	struct worker *w;
	struct task *t, *u;
	struct task_spec spec;
	bool again;

	begin(10, 10, 100);
	w = join("w", 2, "a", NULL);
	spec = spec_of("a", PRIO_LOW);
	spec.fed = true;
	t = core_submit(core, now, &spec, &again, &err);
	spec = spec_of("a", PRIO_LOW);
	spec.once = true;
	u = core_submit(core, now, &spec, &again, &err);
	CHECK(t->once && t->fed && u->once && !u->fed);
	CHECK_STR(dispatched(), "1@w#1 2@w#1 ");
	CHECK_INT(core_returned(core, now, w, &u->id, 1, &err), 0);
	CHECK_INT(u->state, TASK_QUEUED);
	CHECK_STR(dispatched(), "2@w#2 ");
	actions(ACT_EVENT);
	core_fed(core, t);
	CHECK(!t->fed && t->once);
	CHECK_INT(core_started(core, now, w, &t->id, 1, &err), 0);
	core_worker_leave(core, now, w, "its host burns");
	CHECK_INT(t->state, TASK_FAILURE);
	CHECK_INT(u->state, TASK_FAILURE);
	CHECK_INT(u->cause, CAUSE_LOST);
	CHECK(strstr(u->error, "its host burns") && strstr(u->error, "at most once"));
	CHECK(!t->worker && t->completed_at);
	core_sweep(core);
	join("v", 9, "a", NULL);
	CHECK_STR(dispatched(), "");
	end();
}

/* Only the attempt that runs may say how far it is; a lost one's words are forgotten. */
static void progress(void)
{
	char longer[200];
	struct worker *w, *v;
	struct task *t;

	begin(10, 10, 100);
	w = join("w", 1, "a", NULL);
	t = submit("a", PRIO_LOW);
	CHECK_INT(t->progress, -1);
	CHECK_STR(dispatched(), "1@w#1 ");
	CHECK_INT(core_progress(core, now, w, &t->id, 1, 250000, NULL, NULL), 0);
	CHECK_INT(t->state, TASK_RUNNING);
	CHECK_STR(actions(ACT_EVENT), "task.started task.progress ");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK_INT(core_progress(core, now, w, &t->id, 1, -1, longer, NULL), 0);
	CHECK_INT(t->progress, 250000);
	CHECK_INT(strlen(t->progress_text), PROGRESS_TEXT - 1);
	core_worker_leave(core, now, w, "gone");
	CHECK_INT(t->progress, -1);
	CHECK(!t->progress_text);
	core_sweep(core);
	v = join("v", 1, "a", NULL);
	CHECK_STR(dispatched(), "1@v#2 ");
	CHECK_INT(core_progress(core, now, v, &t->id, 1, 500000, "late", NULL), -1);
	CHECK_INT(t->progress, -1);
	CHECK_INT(core_progress(core, now, v, &t->id, 2, 500000, "in time", NULL), 0);
	CHECK_INT(finish(t, v, 2, true), 0);
	CHECK_INT(core_progress(core, now, v, &t->id, 2, 600000, NULL, NULL), -1);
	CHECK_INT(t->progress, 500000);
	CHECK_STR(t->progress_text, "in time");
	end();
}

static void given_up(void)
{
	const struct outcome o = {.cancelled = true,
		.cause = CAUSE_CANCELLED,
		.exit_status = -1};
	struct worker *w;
	struct task *t;

	begin(10, 10, 100);
	w = join("w", 1, "a", NULL);
	t = submit("a", PRIO_LOW);
	dispatched();
	CHECK_INT(core_finished(core, now, w, &t->id, 1, &o, &err), 0);
	CHECK_INT(t->state, TASK_QUEUED);
	CHECK_STR(dispatched(), "1@w#2 ");
	end();
}

static void rejoin_and_second_holder(void)
{
	struct worker *w, *v;
	struct task *t;

	begin(10, 10, 100);
	w = join("w2", 2, "a", NULL);
	t = submit("a", PRIO_LOW);
	submit("a", PRIO_LOW);
	dispatched();
	core_cancel(core, now, core_task_n(core, 2), "bob", NULL, NULL);
	CHECK(try_join("w2", "i1", 1, "b", NULL) == w);
	CHECK(w->nheld == 1 && w->nghosts == 0 && t->worker == w && w->slots == 1 &&
		w->nnames == 1);
	submit("a", PRIO_LOW);
	CHECK_STR(dispatched(), "");
	CHECK(!try_join("w2", "i2", 1, "a", NULL));
	CHECK_INT(err.code, ERR_NO);
	CHECK_STR(err.text,
		"worker id \"w2\" is taken by box pid 7 (active); choose another with --worker-id");
	pass(LEASE_MS);
	CHECK_INT(w->state, PEER_INACTIVE);
	actions(ACT_EVENT);
	v = try_join("w2", "i2", 2, "a", NULL);
	CHECK(v && v != w && w->state == PEER_REMOVED && core_worker(core, "w2") == v);
	CHECK_STR(actions(ACT_EVENT), "worker.removed worker.registered worker.active ");
	core_sweep(core);
	CHECK_STR(dispatched(), "1@w2#2 3@w2#1 ");
	end();
}

static void leases(void)
{
	struct worker *w;
	struct task *t;

	begin(10, 10, 100);
	CHECK_INT(core_next_due(core), -1);
	w = join("w", 1, "a", NULL);
	t = submit("a", PRIO_LOW);
	dispatched();
	CHECK_INT(core_next_due(core), now.mono_us + LEASE_MS * 1000);
	pass(LEASE_MS - 1);
	CHECK_INT(w->state, PEER_ACTIVE);
	core_worker_heard(core, now, w);
	CHECK_INT(core_next_due(core), now.mono_us + LEASE_MS * 1000);
	pass(LEASE_MS);
	CHECK(w->state == PEER_INACTIVE && t->state == TASK_QUEUED);
	CHECK_STR(actions(ACT_EVENT), "worker.inactive task.lost task.queued ");
	CHECK_INT(core_next_due(core), now.mono_us + LEASE_MS * 1000);
	CHECK_STR(dispatched(), "");
	/* Back again: the slot is free only when the lost attempt has ended. */
	core_worker_heard(core, now, w);
	CHECK_STR(actions(ACT_STOP), "1@w#1 ");
	CHECK(w->state == PEER_ACTIVE && w->nghosts == 1);
	CHECK_STR(dispatched(), "");
	CHECK_INT(finish(t, w, 1, true), -1);
	CHECK_STR(dispatched(), "1@w#2 ");
	pass(LEASE_MS);
	pass(LEASE_MS - 1);
	CHECK(core_worker(core, "w") == w);
	actions(ACT_EVENT);
	pass(1);
	CHECK_STR(actions(ACT_EVENT), "worker.removed ");
	CHECK(!core_worker(core, "w") && list_empty(core_workers(core)));
	core_sweep(core);
	CHECK_INT(core_next_due(core), -1);
	end();
}

static void end_now(struct task *t)
{
	core_cancel(core, now, t, "x", NULL, NULL);
}

static void cache_drops_least_recently_used(void)
{
	char watcher;

	begin(2, 10, 100);
	for (int i = 1; i <= 5; i++)
		submit("a", PRIO_LOW);
	end_now(core_task_n(core, 1));
	end_now(core_task_n(core, 2));
	core_touch(core, core_task_n(core, 1));
	end_now(core_task_n(core, 3));
	CHECK(core_task_n(core, 1) && !core_task_n(core, 2) && core_task_n(core, 3));
	core_task_n(core, 1)->watch = &watcher;
	core_task_n(core, 3)->watch = &watcher;
	end_now(core_task_n(core, 4));
	CHECK(core_task_n(core, 1) && core_task_n(core, 3) && !core_task_n(core, 4));
	core_task_n(core, 5)->watch = &watcher;
	end_now(core_task_n(core, 5));
	actions(ACT_EVENT);
	core_sweep(core);
	CHECK(core_task_n(core, 1) && core_task_n(core, 3) && core_task_n(core, 5));
	core_task_n(core, 1)->watch = NULL;
	core_sweep(core);
	CHECK(!core_task_n(core, 1) && core_task_n(core, 3) && core_task_n(core, 5));
	end();
}

static void cache_expires(void)
{
	char watcher;

	begin(10, 10, 100);
	submit("a", PRIO_LOW);
	submit("a", PRIO_LOW);
	end_now(core_task_n(core, 1));
	pass(1000);
	core_task_n(core, 2)->watch = &watcher;
	end_now(core_task_n(core, 2));
	core_touch(core, core_task_n(core, 1));
	CHECK_INT(core_next_due(core), now.mono_us + (TTL_MS - 1000) * 1000);
	pass(TTL_MS - 1001);
	CHECK(core_task_n(core, 1) != NULL);
	pass(1);
	CHECK(!core_task_n(core, 1) && core_task_n(core, 2));
	pass(1000);
	CHECK(core_task_n(core, 2) && core_next_due(core) > now.mono_us);
	core_task_n(core, 2)->watch = NULL;
	pass(TTL_MS);
	CHECK(!core_task_n(core, 2) && core_next_due(core) == -1);
	actions(ACT_EVENT);
	core_sweep(core);
	end();
}

static void cancelled_with_a_busy_slot_is_kept(void)
{
	struct worker *w;
	struct task *t;

	begin(0, 10, 100);
	w = join("w", 1, "a", NULL);
	t = submit("a", PRIO_LOW);
	dispatched();
	end_now(t);
	core_sweep(core);
	CHECK(core_task_n(core, 1) == t);
	/* Silence does not free it, and the worker is not told to stop it twice. */
	actions(ACT_EVENT);
	pass(LEASE_MS);
	core_worker_heard(core, now, w);
	CHECK_STR(actions(ACT_STOP), "");
	CHECK(core_task_n(core, 1) == t && w->nghosts == 1);
	CHECK_INT(finish(t, w, 1, false), 0);
	CHECK(core_task_n(core, 1) == NULL);
	actions(ACT_EVENT);
	core_sweep(core);
	end();
}

/* Two attempts of one task on the same worker, one lost, one cancelled: each frees its own slot, whichever ends first. */
static void two_ghosts_of_one_task(void)
{
	for (int lost_first = 0; lost_first < 2; lost_first++) {
		struct worker *w;
		struct task *t;

		begin(0, 10, 100);
		w = join("w", 2, "a", NULL);
		t = submit("a", PRIO_LOW);
		dispatched();
		pass(LEASE_MS);
		core_worker_heard(core, now, w);
		CHECK_STR(dispatched(), "1@w#2 ");
		end_now(t);
		CHECK_INT(w->nghosts, 2);
		if (lost_first)
			CHECK_INT(finish(t, w, 1, true), -1);
		CHECK(w->nghosts == 2 - (unsigned)lost_first && core_task_n(core, 1) == t);
		CHECK_INT(finish(t, w, 2, true), 0);
		CHECK(w->nghosts == 1 - (unsigned)lost_first && !core_task_n(core, 1));
		end();
	}
}

/* The ring of actions grows while its first one is not at the start of it. */
static void actions_stay_in_order(void)
{
	struct action a;
	uint64_t seq = 0;

	begin(10, 1000, 10);
	for (int i = 0; i < 300; i++) {
		submit("a", PRIO_LOW);
		if (i % 3 == 0)
			CHECK(core_next_action(core, &a) && a.event->seq == ++seq);
	}
	while (core_next_action(core, &a))
		CHECK_INT(a.event->seq, ++seq);
	CHECK_INT(seq, 300);
	end();
}

static void events(void)
{
	const struct event *ev;
	bool gap = true;

	begin(10, 10, 4);
	CHECK_INT(core_event_last(core), 0);
	CHECK(!core_event_after(core, 0, &gap) && !gap);
	submit("a", PRIO_HIGH);
	join("w", 1, "a", NULL);
	ev = core_event_after(core, 0, &gap);
	CHECK(ev->seq == 1 && !gap && ev->type == EVENT_TASK_QUEUED && ev->n == 1);
	CHECK_STR(ev->owner, "alice");
	CHECK_STR(ev->name, "a");
	ev = core_event_after(core, 2, &gap);
	CHECK(ev->seq == 3 && !gap && ev->type == EVENT_WORKER_ACTIVE && !ev->name);
	CHECK_STR(ev->worker, "w");
	for (int i = 0; i < 4; i++)
		submit("a", PRIO_HIGH);
	CHECK_INT(core_event_last(core), 7);
	CHECK(core_event_after(core, 0, &gap)->seq == 4 && gap);
	CHECK(core_event_after(core, 2, &gap)->seq == 4 && gap);
	CHECK(core_event_after(core, 3, &gap)->seq == 4 && !gap);
	CHECK(core_event_after(core, 6, &gap)->seq == 7 && !gap);
	CHECK(!core_event_after(core, 7, &gap) && !gap);
	end();
}

/* A reason that does not fit is cut, but never within a character. */
static void event_text_is_cut(void)
{
	char reason[200] = "x";
	bool gap;

	begin(10, 10, 4);
	submit("a", PRIO_HIGH);
	for (size_t i = 0; i < 90; i++)
		memcpy(reason + 1 + 2 * i, "\xc3\xa4", 3);
	core_cancel(core, now, core_task_n(core, 1), "x", reason, NULL);
	CHECK_INT(strlen(core_event_after(core, 1, &gap)->text), 119);
	core_free(&core);
	begin(10, 10, 4);
	submit("a", PRIO_HIGH);
	core_cancel(core, now, core_task_n(core, 1), "x", reason + 1, NULL);
	CHECK_INT(strlen(core_event_after(core, 1, &gap)->text), 118);
	end();
}

static const struct test tests[] = {
	{"strict_priority_then_fifo", strict_priority_then_fifo},
	{"least_loaded", least_loaded},
	{"local_last", local_last},
	{"unrunnable_head_is_passed_over", unrunnable_head_is_passed_over},
	{"draining_gets_nothing", draining_gets_nothing},
	{"names", names},
	{"submitted_once", submitted_once},
	{"finished", finished},
	{"cancel_in_each_state", cancel_in_each_state},
	{"stale_attempts", stale_attempts},
	{"lost_worker", lost_worker},
	{"progress", progress},
	{"at_most_once", at_most_once},
	{"poison", poison},
	{"report", report},
	{"given_up", given_up},
	{"rejoin_and_second_holder", rejoin_and_second_holder},
	{"leases", leases},
	{"cache_drops_least_recently_used", cache_drops_least_recently_used},
	{"cache_expires", cache_expires},
	{"cancelled_with_a_busy_slot_is_kept", cancelled_with_a_busy_slot_is_kept},
	{"two_ghosts_of_one_task", two_ghosts_of_one_task},
	{"actions_stay_in_order", actions_stay_in_order},
	{"events", events},
	{"event_text_is_cut", event_text_is_cut},
};

TEST_MAIN(tests)
