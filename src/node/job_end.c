/* What is said of a task's end: the cause, and one line for people. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/job.h"

#define MAX_LINES 3   /* of stderr, in the error */
#define MAX_LINE  300 /* bytes of each */

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

/* Says what was needed to end it. */
static void add_how_stopped(struct buf *to, const struct job *j)
{
	if (j->pid == 0 || j->kind == TASK_KIND_BUILTIN)
		return;
	if (!j->killed)
		buf_adds(to, "; it ended on TERM");
	else if (j->stop_grace_ms > 0) {
		buf_adds(to, "; it was killed because TERM did not end it within ");
		add_seconds(to, j->stop_grace_ms);
	} else
		buf_adds(to, "; it was killed");
}

static void judge_stop(struct job *j, struct buf *text)
{
	switch (j->stop) {
	case CAUSE_TIMEOUT:
		buf_adds(text, "ran longer than ");
		add_seconds(text, j->timeout_ms);
		buf_adds(text, " (time-out); set --timeout");
		break;
	case CAUSE_LIMIT:
		buf_adds(text,
			"wrote more than 64 MiB to stdout; write large results to a file and print its name");
		break;
	case CAUSE_CANCELLED:
		buf_adds(text, "cancelled");
		add_how_stopped(text, j);
		break;
	default:
		BUG("a job was stopped for cause %d", (int)j->stop);
	}
	j->end.cause = j->stop;
}

static void judge_exit(struct job *j, struct buf *text)
{
	if (WIFSIGNALED(j->wait_status)) {
		j->end.cause = CAUSE_SIGNAL;
		j->end.signo = WTERMSIG(j->wait_status);
		buf_addf(text, "killed by signal %d (%s)", j->end.signo,
			strsignal(j->end.signo));
	} else {
		j->end.status = WEXITSTATUS(j->wait_status);
		j->end.ok = j->end.status == 0;
		j->end.cause = j->end.ok ? CAUSE_NONE : CAUSE_EXIT;
		buf_addf(text, "exit status %d", j->end.status);
	}
	if (!j->end.ok)
		add_last_lines(text, &j->err);
}

void job_judge(struct job *j)
{
	struct buf text = BUF_INIT;
	j->end.type = RESULT_BYTES;
	if (j->stop != CAUSE_NONE)
		judge_stop(j, &text);
	else
		judge_exit(j, &text);
	if (!j->end.ok)
		j->end.error = buf_steal(&text);
	buf_fini(&text);
	j->end.result = j->out; /* moved, not copied: it may be large */
	buf_init(&j->out);
}
