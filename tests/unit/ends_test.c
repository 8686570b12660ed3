/* What is said of a task's end, from what is known of it. */
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/platform.h"
#include "node/run.h"
#include "tests/unit/test.h"

/* As wait(2) gives them. */
#define EXITED(n)   ((n) << 8)
#define SIGNALED(n) (n)

static struct clock clock_;
static struct loop *loop;

/* The cause and the text, "" = none; the caller frees nothing until the next call. */
static const char *judge(struct run *run, enum cause cause)
{
	static char text[2000];

	run_judge(run);
	CHECK_STR(cause_word(run->end.cause), cause_word(cause));
	snprintf(text, sizeof(text), "%s", run->end.error ? run->end.error : "");
	run->over = true;
	run_free(&run);
	return text;
}

static struct run *ended(int wait_status, const char *err)
{
	struct run *run = run_new(loop);

	run->kind = TASK_KIND_SHELL;
	run->pid = 1000000;
	run->wait_status = wait_status;
	run->oom_kills = INT64_MAX; /* known, and not more afterwards */
	buf_adds(&run->err, err);
	return run;
}

static void exits(void)
{
	struct run *run;

	CHECK_STR(judge(ended(EXITED(0), "noise\n"), CAUSE_NONE), "");
	CHECK_STR(judge(ended(EXITED(3), "one\ntwo\n"), CAUSE_EXIT),
		"exit status 3: one / two");
	CHECK_STR(judge(ended(SIGNALED(SIGSEGV), ""), CAUSE_SIGNAL),
		"killed by signal 11 (Segmentation fault)");
	run = ended(EXITED(1), "");
	run->end.nleft = 2;
	buf_adds(&run->end.left, "sleep, cat");
	CHECK_STR(judge(run, CAUSE_EXIT),
		"exit status 1; it left 2 processes behind (sleep, cat), which were killed");
}

static void memory(void)
{
	struct run *run = ended(SIGNALED(SIGKILL), "");

	/* The system counted no kill for memory, and it was small. */
	CHECK_STR(judge(run, CAUSE_SIGNAL), "killed by signal 9 (Killed)");
	run = ended(SIGNALED(SIGKILL), "");
	run->oom = true;
	run->end.rss_kb = 20 * 1024;
	CHECK_STR(judge(run, CAUSE_OOM),
		"killed by signal 9 (Killed); memory ran out and the system killed it (OOM), its largest process had 20 MiB");
	/* A shell whose program was killed. */
	run = ended(EXITED(137), "Killed\n");
	run->oom = true;
	CHECK(strncmp(judge(run, CAUSE_OOM), "exit status 137; memory ran out and the system",
		      46) == 0);
	/* Another process of it was killed, and it said so in its own way. */
	run = ended(EXITED(2), "");
	run->oom = true;
	CHECK(strstr(judge(run, CAUSE_EXIT), "memory ran out while it ran"));
	/* Nobody counts here: a guess, and called one. */
	run = ended(SIGNALED(SIGKILL), "");
	run->oom_kills = -1;
	CHECK(strstr(judge(run, CAUSE_SIGNAL), "; perhaps out of memory"));
	/* Something else than the kernel may watch over memory. */
	run = ended(SIGNALED(SIGKILL), "");
	run->end.rss_kb = (int64_t)sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 2;
	CHECK(strstr(judge(run, CAUSE_SIGNAL), "; perhaps out of memory"));
	run = ended(SIGNALED(SIGTERM), "");
	run->oom_kills = -1;
	CHECK_STR(judge(run, CAUSE_SIGNAL), "killed by signal 15 (Terminated)");
}

static void stops(void)
{
	struct run *run = ended(SIGNALED(SIGTERM), "");

	run->stop = CAUSE_CANCELLED;
	run->stop_us = 1000000;
	run->ended_us = 1130000;
	CHECK_STR(judge(run, CAUSE_CANCELLED), "ended on TERM after 0.1 s");
	run = ended(SIGNALED(SIGKILL), "");
	run->stop = CAUSE_CANCELLED;
	run->killed = true;
	run->stop_us = 1000000;
	run->ended_us = 3300000;
	run->ended.n = 1;
	CHECK_STR(judge(run, CAUSE_CANCELLED), "killed after 2.3 s, 1 process");
	run = ended(SIGNALED(SIGKILL), "");
	run->stop = CAUSE_TIMEOUT;
	run->timeout_ms = 2500;
	CHECK_STR(judge(run, CAUSE_TIMEOUT),
		"ran longer than 2500 ms (time-out); set --timeout");
}

/* The kernel's own count, where there is one, can be read, and it does not grow by itself. */
static void counts(void)
{
	int64_t n = platform_oom_kills();

	CHECK(n >= -1);
	CHECK(platform_oom_kills() >= n);
	CHECK(!platform_lacks() == platform_sees_trees());
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {{"exits", exits}, {"memory", memory},
		{"stops", stops}, {"counts", counts}};

	clock_system(&clock_);
	loop = loop_new(&clock_);
	int rc = test_main(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	loop_free(&loop);
	return rc;
}
