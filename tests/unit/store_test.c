/* The store: what was committed is there again, what was not is not; and whose file is refused. */
#include "store/store.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "test.h"

static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/fw-store-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
}

static void remove_folder(void)
{
	const char *const names[] = {"store.db", "store.db-wal", "store.db-shm", "lock"};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	CHECK_INT(rmdir(folder), 0);
}

static struct store *open_store(struct err *e)
{
	return store_open(&(struct store_conf){.folder = folder}, e);
}

static struct store *must_open(void)
{
	struct err e = {0};
	struct store *s = open_store(&e);

	if (!s)
		TEST_FAIL("%s", e.text);
	return s;
}

static void fill(struct task *t, uint64_t n)
{
	*t = (struct task){.n = n,
		.priority = PRIO_HIGH,
		.state = TASK_QUEUED,
		.timeout_ms = -1,
		.created_at = 1000 + (int64_t)n,
		.exit_status = -1};
	t->id.b[0] = (unsigned char)n;
	t->owner = xstrdup("ada");
	t->args = bytes_new("[1,\"\\u0000\"]", 12);
	t->kwargs = bytes_new("{}", 2);
}

static void clear(struct task *t)
{
	free(t->owner);
	free(t->worker_id);
	free(t->error);
	bytes_unref(&t->args);
	bytes_unref(&t->kwargs);
	bytes_unref(&t->result);
	bytes_unref(&t->tail);
	free(t->log_error);
}

static void save(struct store *s, struct task *t)
{
	struct err e = {0};

	if (store_save(s, &(struct stored){.task = t, .name = "resize"}, &e))
		TEST_FAIL("%s", e.text);
	t->saved = true; /* as after its commit */
}

static void commit(struct store *s)
{
	struct err e = {0};

	if (store_commit(s, &e))
		TEST_FAIL("%s", e.text);
	CHECK(!store_pending(s));
}

struct seen {
	int n;
	uint64_t numbers[8];
};

static void see(void *arg, const struct stored *t)
{
	struct seen *seen = arg;

	CHECK_STR(t->name, "resize");
	CHECK_STR(t->task->owner, "ada");
	CHECK(seen->n < 8);
	seen->numbers[seen->n++] = t->task->n;
}

static int count_open(struct store *s)
{
	struct seen seen = {0};
	struct err e = {0};

	if (store_load(s, see, &seen, &e))
		TEST_FAIL("%s", e.text);
	return seen.n;
}

static void check_whole(void *arg, const struct stored *t)
{
	const struct task *k = t->task;

	CHECK_INT(k->n, 7);
	CHECK_INT(k->priority, PRIO_HIGH);
	CHECK_INT(k->state, TASK_FAILURE);
	CHECK_INT(k->attempt, 3);
	CHECK_INT(k->timeout_ms, 250);
	CHECK_INT(k->created_at, 1007);
	CHECK_INT(k->started_at, 2000);
	CHECK_INT(k->completed_at, 3000);
	CHECK_STR(k->worker_id, "w1");
	CHECK_INT(k->cause, CAUSE_SIGNAL);
	CHECK_INT(k->exit_status, -1);
	CHECK_INT(k->exit_signal, 9);
	CHECK_STR(k->error, "killed by signal 9");
	CHECK(k->cancel_by == NULL);
	CHECK_INT(k->args->len, 12);
	CHECK(memcmp(k->args->data, "[1,\"\\u0000\"]", 12) == 0);
	CHECK_INT(k->result->len, 3);
	CHECK(memcmp(k->result->data, "a\0b", 3) == 0);
	CHECK_INT(k->result_type, RESULT_BYTES);
	CHECK(k->stream);
	CHECK_INT(k->outs, 3);
	CHECK_INT(k->errs, 1LL << 40);
	CHECK_STR(k->log_error, "no room");
	CHECK_STR(k->tail->data, "@1 2 3\nabc");
	*(int *)arg += 1;
}

static void test_whole_task(void)
{
	struct task t;
	struct store *s;
	struct err e = {0};
	uint64_t n;
	int found = 0;

	make_folder();
	s = must_open();
	fill(&t, 7);
	save(s, &t);
	commit(s);
	t.state = TASK_FAILURE;
	t.attempt = 3;
	t.timeout_ms = 250;
	t.started_at = 2000;
	t.completed_at = 3000;
	t.worker_id = xstrdup("w1");
	t.cause = CAUSE_SIGNAL;
	t.exit_signal = 9;
	t.error = xstrdup("killed by signal 9");
	t.result = bytes_new("a\0b", 3);
	t.stream = true;
	t.outs = 3;
	t.errs = 1LL << 40;
	t.log_error = xstrdup("no room");
	t.tail = bytes_new("@1 2 3\nabc", 10);
	save(s, &t);
	commit(s);
	store_close(&s);
	s = must_open();
	CHECK_INT(count_open(s), 0);
	CHECK_INT(store_find(s, &t.id, check_whole, &found, &e), 1);
	CHECK_INT(store_find_n(s, 7, check_whole, &found, &e), 1);
	CHECK_INT(found, 2);
	CHECK_INT(store_find_n(s, 8, check_whole, &found, &e), 0);
	CHECK_INT(store_last_n(s, &n, &e), 0);
	CHECK_INT(n, 7);
	CHECK_INT(store_incarnation(s), 2);
	store_close(&s);
	clear(&t);
	remove_folder();
}

/* Three tasks: committed, not committed, and a change that was not committed. */
static void crash_in_the_middle(void)
{
	struct task a, b;
	struct store *s = must_open();

	fill(&a, 1);
	fill(&b, 2);
	save(s, &a);
	commit(s);
	a.state = TASK_SUCCESS;
	a.completed_at = 1;
	save(s, &a);
	save(s, &b);
	CHECK(store_pending(s));
	kill(getpid(), SIGKILL);
}

static void test_killed(void)
{
	struct store *s;
	struct task t;
	pid_t pid;

	make_folder();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		crash_in_the_middle();
		_exit(1);
	}
	int status;
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	s = must_open();
	CHECK_INT(count_open(s), 1);
	CHECK_INT(store_incarnation(s), 2);
	/* The number of the one that was lost is free again: nobody was ever told it. */
	fill(&t, 2);
	save(s, &t);
	commit(s);
	CHECK_INT(count_open(s), 2);
	clear(&t);
	store_close(&s);
	remove_folder();
}

static void test_second_process(void)
{
	struct store *s;
	struct err e = {0};
	char holder[64];

	make_folder();
	s = must_open();
	snprintf(holder, sizeof(holder), "pid %d", (int)getpid());
	CHECK(open_store(&e) == NULL);
	CHECK_INT(e.code, ERR_CONFIG);
	CHECK(strstr(e.text, holder) != NULL);
	CHECK(strstr(e.text, "--state-dir") != NULL);
	store_close(&s);
	s = must_open();
	store_close(&s);
	remove_folder();
}

static void run_sql(const char *sql)
{
	char command[512];

	snprintf(command, sizeof(command),
		"python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])\" %s/store.db '%s'",
		folder, sql);
	CHECK_INT(system(command), 0);
}

static void expect_refusal(enum err_code code, const char *word)
{
	struct err e = {0};

	CHECK(open_store(&e) == NULL);
	CHECK_INT(e.code, code);
	if (!strstr(e.text, word))
		TEST_FAIL("no \"%s\" in: %s", word, e.text);
}

static void test_newer_file(void)
{
	struct store *s;

	make_folder();
	s = must_open();
	store_close(&s);
	run_sql("PRAGMA user_version = 99");
	expect_refusal(ERR_CONFIG, "newer fastworker");
	remove_folder();
}

static void test_foreign_file(void)
{
	make_folder();
	run_sql("CREATE TABLE songs (title)");
	expect_refusal(ERR_CONFIG, "not of fastworker");
	remove_folder();
}

static void test_no_database(void)
{
	char path[128];
	struct err e;

	make_folder();
	snprintf(path, sizeof(path), "%s/store.db", folder);
	CHECK_INT(paths_write(path, 0600, "not a database, but long enough to be one", 41,
			  false, NULL, &e),
		0);
	expect_refusal(ERR_IO, "not a database");
	remove_folder();
}

static void test_open_folder(void)
{
	make_folder();
	CHECK_INT(chmod(folder, 0750), 0);
	expect_refusal(ERR_CONFIG, "chmod 700");
	remove_folder();
}

static void test_hand_edited(void)
{
	struct store *s;
	struct task t;
	struct err e = {0};

	make_folder();
	s = must_open();
	fill(&t, 1);
	save(s, &t);
	commit(s);
	store_close(&s);
	run_sql("UPDATE task SET priority = 77");
	s = must_open();
	CHECK_INT(store_load(s, see, &(struct seen){0}, &e), -1);
	CHECK_INT(e.code, ERR_IO);
	CHECK(strstr(e.text, "task 1") != NULL);
	store_close(&s);
	clear(&t);
	remove_folder();
}

struct found {
	int n;
	uint64_t number, task_group;
	bool cancelled;
};

static void see_group(void *arg, const struct group *g)
{
	struct found *f = arg;

	CHECK_STR(g->owner, "ada");
	CHECK(g->saved);
	f->n++;
	f->number = g->n;
	f->cancelled = g->cancelled;
}

static void see_grouped(void *arg, const struct stored *t)
{
	struct found *f = arg;

	f->task_group = t->group;
}

static void test_groups(void)
{
	struct err e = {0};
	struct store *s;
	struct task t;
	struct group g = {.n = 3, .owner = (char *)"ada", .id = {{1, 2}}}, h = g;
	struct found f = {0};

	make_folder();
	s = must_open();
	fill(&t, 1);
	h.n = 4;
	h.id.b[0] = 9;
	CHECK_INT(store_save_group(s, &g, &e), 0);
	CHECK_INT(store_save_group(s, &h, &e), 0);
	CHECK_INT(store_save(s, &(struct stored){.task = &t, .name = "resize", .group = 3}, &e),
		0);
	g.cancelled = true;
	CHECK_INT(store_save_group(s, &g, &e), 0);
	commit(s);
	store_close(&s);
	s = must_open();
	CHECK_INT(store_groups(s, 10, see_group, &f, &e), 0);
	CHECK_INT(f.n, 2);
	CHECK_INT(f.number, 4);
	CHECK_INT(store_groups(s, 1, see_group, &f, &e), 0);
	CHECK_INT(f.n, 3);
	CHECK_INT(f.number, 4);
	CHECK_INT(store_group_n(s, 3, see_group, &f, &e), 1);
	CHECK(f.number == 3 && f.cancelled);
	CHECK_INT(store_group_id(s, &h.id, see_group, &f, &e), 1);
	CHECK(f.number == 4 && !f.cancelled);
	CHECK_INT(store_group_n(s, 5, see_group, &f, &e), 0);
	CHECK_INT(store_find_n(s, 1, see_grouped, &f, &e), 1);
	CHECK_INT(f.task_group, 3);
	store_close(&s);
	clear(&t);
	remove_folder();
}

static const struct test tests[] = {
	{"store: a whole task comes back as it was", test_whole_task},
	{"store: killed in a transaction", test_killed},
	{"store: a second process is refused and told who has it", test_second_process},
	{"store: a file of a newer version", test_newer_file},
	{"store: a database of somebody else", test_foreign_file},
	{"store: no database at all", test_no_database},
	{"store: a folder that others can read", test_open_folder},
	{"store: values that no task can have", test_hand_edited},
	{"groups", test_groups},
};

TEST_MAIN(tests)
