/* What is said of a task's end: the cause, and one line for people. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/platform.h"
#include "node/run.h"

#define MAX_LINES 3   /* of stderr, in the error */
#define MAX_LINE  300 /* bytes of each */
#define LARGE     4 /* a process with this part of the machine's memory may be what was too much */

struct line {
	const char *at;
	size_t n;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* The last line of text[0..*n) that is not blank, without blanks around it; *n becomes where it begins. */
static bool last_line(const char *text, size_t *n, struct line *line)
{
	while (*n > 0 && blank(text[*n - 1]))
		(*n)--;
	size_t end = *n;
	while (*n > 0 && text[*n - 1] != '\n')
		(*n)--;
	size_t from = *n;
	while (from < end && blank(text[from]))
		from++;
	*line = (struct line){text + from, end - from};
	return end > 0;
}

/* Cut where a character begins, so that the cut makes no broken one. */
static size_t cut(const struct line *l)
{
	size_t n = l->n;
	if (n <= MAX_LINE)
		return n;
	n = MAX_LINE;
	while (n > MAX_LINE - 4 && ((unsigned char)l->at[n] & 0xC0) == 0x80)
		n--;
	return n;
}

/* bash names the file that it read: the user knows it by another name. */
static void name_module(struct buf *err, const struct run *run)
{
	struct buf named = BUF_INIT;
	const char *from = buf_str(err), *at;
	if (!run->source || !strstr(from, run->source))
		return;
	while ((at = strstr(from, run->source))) {
		buf_add(&named, from, (size_t)(at - from));
		buf_adds(&named, run->path);
		from = at + strlen(run->source);
	}
	buf_adds(&named, from);
	buf_fini(err);
	*err = named;
}

static void add_last_lines(struct buf *to, const struct buf *err)
{
	struct line lines[MAX_LINES];
	size_t n = err->len, found = 0;
	while (found < MAX_LINES && last_line(buf_str(err), &n, &lines[found]))
		found++;
	for (size_t i = found; i-- > 0;) {
		size_t len = cut(&lines[i]);
		buf_adds(to, i == found - 1 ? ": " : " / ");
		str_safe(to, lines[i].at, len, false);
		if (len < lines[i].n)
			buf_adds(to, "...");
	}
}

static void add_seconds(struct buf *to, int64_t ms)
{
	if (ms % 1000 == 0)
		buf_addf(to, "%lld s", (long long)(ms / 1000));
	else
		buf_addf(to, "%lld ms", (long long)ms);
}

static void add_tenths(struct buf *to, int64_t us)
{
	buf_addf(to, "%lld.%lld s", (long long)(us / 1000000), (long long)(us / 100000 % 10));
}

/* The report of a cancelled one: what was needed to end it. */
static void add_how_stopped(struct buf *to, const struct run *run)
{
	size_t n = run->ended.n;
	if (run->kind == TASK_KIND_BUILTIN) {
		buf_adds(to, "ended");
	} else if (run->pid == 0) {
		buf_adds(to, "it had not started");
	} else if (!run->killed) {
		buf_adds(to, "ended on TERM after ");
		add_tenths(to, run->ended_us - run->stop_us);
	} else {
		buf_adds(to, "killed after ");
		add_tenths(to, run->ended_us - run->stop_us);
		if (n) /* not known everywhere */
			buf_addf(to, ", %zu process%s", n, n == 1 ? "" : "es");
	}
}

static void judge_stop(struct run *run, struct buf *text)
{
	switch (run->stop) {
	case CAUSE_TIMEOUT:
		buf_adds(text, "ran longer than ");
		add_seconds(text, run->timeout_ms);
		buf_adds(text, " (time-out); set --timeout");
		break;
	case CAUSE_LIMIT:
		buf_adds(text,
			"wrote more than 64 MiB to stdout; write large results to a file and print its name");
		break;
	case CAUSE_CANCELLED:
		add_how_stopped(text, run);
		break;
	default:
		BUG("a run was stopped for cause %d", (int)run->stop);
	}
	run->end.cause = run->stop;
}

/* One process that fills so much of the memory is what the system would choose. */
static bool large(const struct run *run)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 && run->end.rss_kb >= (int64_t)pages / 1024 * page / LARGE;
}

/* A KILL that we did not send. The system's count says for sure that it was for memory, when it can be read. */
static void judge_memory(struct run *run, struct buf *text)
{
	run->oom |= run->oom_kills >= 0 && platform_oom_kills() > run->oom_kills;
	bool killed = run->end.signo == SIGKILL || run->end.status == 128 + SIGKILL;
	if (run->oom && killed) {
		run->end.cause = CAUSE_OOM;
		buf_adds(text, "; memory ran out and the system killed it (OOM)");
	} else if (run->oom) {
		buf_adds(text,
			"; memory ran out while it ran, and the system killed a process (OOM)");
	} else if (killed && (run->oom_kills < 0 || large(run))) {
		buf_adds(text, "; perhaps out of memory");
	} else {
		return;
	}
	buf_addf(text, ", its largest process had %lld MiB",
		(long long)(run->end.rss_kb / 1024));
}

static void judge_exit(struct run *run, struct buf *text)
{
	if (WIFSIGNALED(run->wait_status)) {
		run->end.cause = CAUSE_SIGNAL;
		run->end.signo = WTERMSIG(run->wait_status);
		if (run->end.signo == SIGXCPU && run->limits.cpu_s) {
			run->end.cause = CAUSE_LIMIT;
			buf_addf(text, "used more than %lld s of processor time (cpu=), ",
				(long long)run->limits.cpu_s);
		}
		buf_addf(text, "killed by signal %d (%s)", run->end.signo,
			strsignal(run->end.signo));
	} else {
		run->end.status = WEXITSTATUS(run->wait_status);
		run->end.ok = run->end.status == 0;
		run->end.cause = run->end.ok ? CAUSE_NONE : CAUSE_EXIT;
		buf_addf(text, "exit status %d", run->end.status);
	}
	if (run->end.ok)
		return;
	judge_memory(run, text);
	if (run->limits.memory)
		buf_addf(text, "; its memory is limited to %lld MiB (memory=)",
			(long long)(run->limits.memory >> 20));
	name_module(&run->err, run);
	add_last_lines(text, &run->err);
}

static void add_left(struct run *run, struct buf *text)
{
	if (!run->end.nleft)
		return;
	buf_addf(text, "; it left %zu process%s behind (%s), which %s killed", run->end.nleft,
		run->end.nleft == 1 ? "" : "es", buf_str(&run->end.left),
		run->end.nleft == 1 ? "was" : "were");
}

void run_judge(struct run *run)
{
	struct buf text = BUF_INIT;
	run->end.type = RESULT_BYTES;
	if (run->stop != CAUSE_NONE)
		judge_stop(run, &text);
	else
		judge_exit(run, &text);
	add_left(run, &text);
	if (!run->end.ok)
		run->end.error = buf_steal(&text);
	buf_fini(&text);
	run->end.result = run->out; /* moved, not copied: it may be large */
	buf_init(&run->out);
}
