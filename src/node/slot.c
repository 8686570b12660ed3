/* A slot: the worker's side of one runner. What the runner says becomes calls of the worker's ops; a runner that is gone becomes a lost task.
 *
 * The two are joined by a socket pair, not by pipes, because a write to a runner that just died must be an error and no SIGPIPE in a process
 * that has other things to do. A task is called lost when both is known: the socket is at its end, so nothing the runner said is missed, and
 * the process is reaped, so the message can say how it died. */
#include "node/slot_in.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/module_task.h"
#include "node/scratch.h"
#include "node/spawn.h"
#include "node/tree.h"

#define KEEP_OUT (64 * 1024) /* a larger buffer is given back when it is empty */
#define PATIENCE_MS                                                                            \
	15000 /* for a runner to go after its socket was closed: its own limit is 10 s */

static void destroy(struct slot *s)
{
	free(s->line);
	free(s->scratch);
	free(s->exe);
	free(s);
}

/* Each function that the loop calls lies between these two, as ops may free the slot. */
static void enter(struct slot *s)
{
	s->inside = true;
}

static void leave(struct slot *s)
{
	s->inside = false;
	if (s->freed && !s->flushed)
		destroy(s);
}

static void close_socket(struct slot *s)
{
	loop_io_del(&s->io);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	runner_reader_fini(&s->in);
	buf_fini(&s->out);
	s->sent = 0;
	s->peer_version = 0;
}

static void forget_child(struct slot *s)
{
	if (s->pid)
		loop_child(s->loop, s->pid, NULL, NULL);
	s->pid = 0;
	loop_timer_clear(&s->late);
	loop_timer_clear(&s->watch);
}

/* The runner is gone, or none can be started: what was first in its line ended with it, the others have not begun. Callbacks may fill the line anew. */
static void fail_line(struct slot *s, enum cause cause, const char *text)
{
	struct flight *line = s->line;
	size_t n = s->n;
	const struct outcome o = {.cause = cause,
		.cancelled = cause == CAUSE_CANCELLED,
		.exit_status = -1,
		.error = text,
		.outs = -1,
		.errs = -1,
		.again = cause == CAUSE_LOST && line[0].kind == TASK_KIND_BUILTIN};
	s->line = NULL;
	s->n = s->cap = 0;
	s->ops->done(s->arg, s, &line[0].id, line[0].attempt, &o);
	for (size_t i = 1; i < n && !s->freed; i++)
		s->ops->returned(s->arg, s, &line[i].id, line[i].attempt);
	free(line);
}

/* True when the runner is gone in both ways; a task that it ran is lost then. */
static bool check_lost(struct slot *s)
{
	char how[64];
	if (s->pid || s->fd >= 0)
		return false;
	loop_timer_clear(&s->late);
	loop_timer_clear(&s->watch);
	if (!s->n) {
		slot_remove_scratch(s);
		return true;
	}
	if (WIFSIGNALED(s->status))
		snprintf(how, sizeof(how), "was killed by signal %d (%s)", WTERMSIG(s->status),
			strsignal(WTERMSIG(s->status)));
	else
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(s->status));
	slot_clear_away(s);
	char *text = xasprintf("the runner of this task %s%s%s", how,
		s->trouble.text[0] ? ": " : "", s->trouble.text);
	fail_line(s, slot_cause(s), text);
	free(text);
	return true;
}

static void child_gone(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	struct slot *s = arg;
	(void)pid;
	(void)usage;
	enter(s);
	s->gone = s->pid;
	s->pid = 0;
	s->status = status;
	check_lost(s);
	leave(s);
}

/* The socket is at its end, or what comes from it makes no sense. A runner ends itself and its tree when our end is closed. */
static void hang_up(struct slot *s)
{
	close_socket(s);
	if (!s->n)
		forget_child(s);
	else if (!check_lost(s))
		loop_timer_in(&s->late, PATIENCE_MS);
}

static void too_late(void *arg)
{
	struct slot *s = arg;
	struct err trouble = s->trouble; /* a callback that runs the next task clears it */
	enter(s);
	if (s->pid)
		kill(s->pid, SIGKILL);
	else if (s->n)
		fail_line(s, CAUSE_START, trouble.text);
	leave(s);
}

static void flush(struct slot *s)
{
	while (s->sent < s->out.len) {
		ssize_t n = send(s->fd, s->out.data + s->sent, s->out.len - s->sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) /* no room; or it is gone, and reading will tell */
			break;
		s->sent += (size_t)n;
	}
	bool all = s->sent == s->out.len;
	loop_io_want(s->io, all ? LOOP_READ : LOOP_READ | LOOP_WRITE);
	if (!all)
		return;
	s->sent = 0;
	if (s->out.cap > KEEP_OUT)
		buf_fini(&s->out);
	else
		buf_reset(&s->out);
}

static void receive(struct slot *s)
{
	char chunk[65536];
	ssize_t n = recv(s->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (n > 0) {
		runner_feed(&s->in, chunk, (size_t)n);
		if (slot_read(s) == 0)
			return;
		log_error("runner-broken pid=%d error=\"%s\"", (int)s->pid, s->trouble.text);
		hang_up(s);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		hang_up(s);
	}
}

static void ready(void *arg, unsigned events)
{
	struct slot *s = arg;
	enter(s);
	if (events & LOOP_WRITE)
		flush(s);
	if (events & (LOOP_READ | LOOP_ERROR))
		receive(s);
	leave(s);
}

static void say_hello(struct slot *s)
{
	struct json_out w;
	runner_begin(&w, &s->out, "hello");
	jout_i64(&w, "v", RUNNER_VERSION);
	jout_str(&w, "scratch", s->scratch);
	runner_end(&w, NULL, 0);
}

/* In its own session, so that a Ctrl-C in the worker's terminal is the worker's to handle. */
static int start_runner(struct slot *s, struct err *e)
{
	static char word[] = "__runner";
	char *const argv[] = {s->exe, word, NULL};
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_errno(e, ERR_NO_WORKER, "cannot start a runner: no socket pair");
	const struct spawn spawn = {
		.path = s->exe,
		.argv = argv,
		.fd = {pair[1], pair[1], STDERR_FILENO},
		.session = true,
		.no_new_privs = true,
	};
	pid_t pid = spawn_start(&spawn, e);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_prefix(e, "cannot start a runner");
	}
	s->pid = pid;
	s->fd = pair[0];
	s->wedged = false;
	slot_remove_scratch(s);
	s->scratch = scratch_name();
	loop_child(s->loop, pid, child_gone, s);
	s->io = loop_fd(s->loop, s->fd, LOOP_READ, 10, ready, s);
	say_hello(s);
	return 0;
}

/* An idle runner that was killed has left an end of file that nobody read yet: no task is given to it. */
static bool runner_alive(const struct slot *s)
{
	char c;
	if (s->fd < 0)
		return false;
	ssize_t n = recv(s->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static int ensure_runner(struct slot *s, struct err *e)
{
	if (runner_alive(s))
		return 0;
	close_socket(s);
	forget_child(s);
	return start_runner(s, e);
}

struct slot *slot_new(struct loop *l, const char *exe, const struct slot_ops *ops, void *arg)
{
	struct slot *s = xcalloc(1, sizeof(*s));
	s->loop = l;
	s->exe = xstrdup(exe);
	s->ops = ops;
	s->arg = arg;
	s->fd = -1;
	loop_timer_init(l, &s->late, too_late, s);
	loop_timer_init(l, &s->watch, slot_watch, s);
	return s;
}

void slot_free(struct slot **sp)
{
	struct slot *s = *sp;
	if (!s)
		return;
	*sp = NULL;
	if (slot_stopped(s)) { /* it will not see that the socket is closed */
		slot_end_wedged(s);
		slot_remove_scratch(s);
	}
	close_socket(s);
	forget_child(s);
	s->n = 0;
	s->freed = true;
	if (!s->inside && !s->flushed)
		destroy(s);
}

bool slot_busy(const struct slot *s)
{
	return s->n > 0;
}

static void begin(struct slot *s, struct json_out *w, const char *name, const struct uuid *of,
	uint32_t attempt)
{
	char id[UUID_TEXT];
	runner_begin(w, &s->out, name);
	jout_str(w, "id", uuid_text(id, of));
	jout_i64(w, "attempt", attempt);
}

static void say_task(struct slot *s, const struct slot_task *t)
{
	const struct module_task *mt = t->task;
	const struct buf args = {.data = (char *)(uintptr_t)t->args,
		.len = t->args_len}; /* read only */
	const struct buf kwargs = {.data = (char *)(uintptr_t)t->kwargs, .len = t->kwargs_len};
	const struct buf place = {.data = (char *)(uintptr_t)t->place, .len = t->place_len};
	const struct buf *const bodies[] = {&args, &kwargs, &place};
	struct json_out w;
	begin(s, &w, "task", &t->id, t->attempt);
	jout_str(&w, "name", mt->name);
	jout_str(&w, "kind", task_kind_word(mt->kind));
	if (mt->path)
		jout_str(&w, "path", mt->path);
	if (mt->source)
		jout_str(&w, "source", mt->source);
	if (mt->function) {
		jout_str(&w, "function", mt->function);
		jout_str(&w, "shell", mt->shell);
	}
	if (t->log) {
		jout_i64(&w, "n", (int64_t)t->n);
		jout_str(&w, "log", t->log);
		jout_i64(&w, "log_limit", t->log_limit);
	}
	if (t->fed)
		jout_bool(&w, "stdin", true);
	if (t->stream)
		jout_bool(&w, "stream", true);
	if (t->hold)
		jout_bool(&w, "hold", true);
	jout_i64(&w, "timeout_ms", t->timeout_ms);
	jout_i64(&w, "grace_ms", t->grace_ms);
	task_limits_write(&mt->limits, &w);
	runner_end(&w, bodies, t->place ? 3 : 2);
}

/* Everything that a turn of the loop brought forth leaves in one write. */
static void flush_later(void *arg)
{
	struct slot *s = arg;
	s->flushed = false;
	if (s->freed && !s->inside)
		destroy(s);
	else if (!s->freed && s->fd >= 0)
		flush(s);
}

static void flush_soon(struct slot *s)
{
	if (s->flushed)
		return;
	s->flushed = true;
	loop_defer(s->loop, flush_later, s);
}

void slot_run(struct slot *s, const struct slot_task *t)
{
	bool first = s->n == 0;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 4;
		s->line = xreallocarray(s->line, s->cap, sizeof(*s->line));
	}
	s->line[s->n++] = (struct flight){.id = t->id,
		.attempt = t->attempt,
		.kind = t->task->kind,
		.timeout_ms = t->timeout_ms,
		.grace_ms = t->grace_ms};
	if (first) {
		s->trouble = (struct err){0};
		if (ensure_runner(s, &s->trouble) < 0) {
			loop_timer_in(&s->late, 0); /* never a callback from here */
			return;
		}
	}
	if (s->fd < 0) /* it just died: this one comes back with the others */
		return;
	say_task(s, t);
	flush_soon(s);
}

void slot_cancel(struct slot *s, const struct uuid *id, uint32_t attempt, int64_t grace_ms)
{
	struct json_out w;
	struct flight *f = slot_find(s, id, attempt);
	if (s->fd < 0 || !f)
		return;
	f->cancelled = true;
	slot_expect(s, f, grace_ms);
	begin(s, &w, "cancel", id, attempt);
	jout_i64(&w, "grace_ms", grace_ms);
	runner_end(&w, NULL, 0);
	flush_soon(s);
}

void slot_signal(struct slot *s, const struct uuid *id, uint32_t attempt, int signo)
{
	const struct flight *f = slot_find(s, id, attempt);
	struct json_out w;
	if (s->fd < 0 || !f)
		return;
	begin(s, &w, "signal", id, attempt);
	jout_i64(&w, "signal", signo);
	runner_end(&w, NULL, 0);
	flush_soon(s);
}

void slot_recall(struct slot *s, const struct uuid *id, uint32_t attempt)
{
	const struct flight *f = slot_find(s, id, attempt);
	struct json_out w;
	if (s->fd < 0 || !f || f->started)
		return;
	begin(s, &w, "recall", id, attempt);
	runner_end(&w, NULL, 0);
	flush_soon(s);
}

void slot_credit(struct slot *s, const struct uuid *id, uint32_t attempt, int64_t upto)
{
	struct json_out w;
	if (s->fd < 0 || !slot_find(s, id, attempt))
		return;
	begin(s, &w, "credit", id, attempt);
	jout_i64(&w, "upto", upto);
	runner_end(&w, NULL, 0);
	flush_soon(s);
}

void slot_feed(struct slot *s, const struct uuid *id, uint32_t attempt,
	const struct slot_part *part)
{
	const struct buf data = {.data = (char *)(uintptr_t)part->data,
		.len = part->len}; /* read only */
	const struct buf *const bodies[] = {&data};
	struct json_out w;
	if (s->fd < 0 || !slot_find(s, id, attempt))
		return;
	begin(s, &w, "stdin", id, attempt);
	jout_i64(&w, "offset", part->offset);
	if (part->eof)
		jout_bool(&w, "eof", true);
	runner_end(&w, bodies, 1);
	flush_soon(s);
}
