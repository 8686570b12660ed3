/* Running one task: its process, its pipes, its time, its end.
 *
 *     job_start --> main process runs --exit--> others left? --no--> over
 *                        |                          | yes
 *                        | job_stop: TERM           | stopping: they have the rest of the grace time
 *                        v                          v
 *                      grace ------- over -----> KILL to all, reap, over
 *
 * Without a stop nothing is given to what a task leaves behind: it is killed when the main process ends. */
#include "node/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/args.h"
#include "node/builtin.h"
#include "node/runner_msg.h"
#include "node/scratch.h"
#include "node/spawn.h"
#include "node/tree.h"

#define READ_SIZE    65536
#define MAX_STDERR   65536 /* bytes of stderr that are kept */
#define MAX_DRAIN    64    /* reads of stderr after the end; stdout has its limit */
#define TREE_WAIT_MS 5000  /* for a killed process that the kernel holds */

/* The one text that a shell is given. Module, function and arguments are words of its own command line. */
static const char script[] = ". \"$1\"; f=$2; shift 2; \"$f\" \"$@\"";

static void timeout_over(void *arg);
static void grace_over(void *arg);

struct job *job_new(struct loop *l)
{
	struct job *j = xcalloc(1, sizeof(*j));
	j->loop = l;
	j->out_fd = j->err_fd = -1;
	j->end.status = -1;
	loop_timer_init(l, &j->timeout, timeout_over, j);
	loop_timer_init(l, &j->grace, grace_over, j);
	loop_timer_init(l, &j->nap, NULL, j);
	return j;
}

static void close_pipe(struct loop_io **io, int *fd)
{
	loop_io_del(io);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void release(struct job *j)
{
	loop_timer_clear(&j->timeout);
	loop_timer_clear(&j->grace);
	loop_timer_clear(&j->nap);
	close_pipe(&j->out_io, &j->out_fd);
	close_pipe(&j->err_io, &j->err_fd);
}

void job_free(struct job **j)
{
	struct job *x = *j;
	if (!x)
		return;
	release(x);
	list_del(&x->queued);
	free(x->name);
	free(x->path);
	free(x->function);
	free(x->shell);
	free(x->end.error);
	buf_fini(&x->args);
	buf_fini(&x->kwargs);
	buf_fini(&x->out);
	buf_fini(&x->err);
	buf_fini(&x->end.result);
	free(x);
	*j = NULL;
}

void job_finish_json(struct job *j, const char *json, size_t n)
{
	release(j);
	buf_reset(&j->end.result);
	buf_add(&j->end.result, json, n);
	j->end.type = RESULT_JSON;
	j->end.wall_ms = (loop_now_us(j->loop) - j->started_us) / 1000;
	j->end.ok = true;
	j->over = true;
}

void job_fail(struct job *j, enum cause cause, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	free(j->end.error);
	j->end.error = xvasprintf(fmt, ap);
	va_end(ap);
	release(j);
	j->end.cause = cause;
	j->end.ok = false;
	j->over = true;
}

/* One read. False at the end of the file or when nothing is there now. */
static bool read_some(struct buf *to, int fd, bool *eof)
{
	buf_reserve(to, READ_SIZE);
	ssize_t n = read(fd, to->data + to->len, READ_SIZE);
	*eof = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n <= 0)
		return false;
	to->len += (size_t)n;
	to->data[to->len] = '\0';
	return true;
}

static void over_limit(struct job *j)
{
	if (!j->exited)
		job_stop(j, CAUSE_LIMIT, 0);
	else if (j->stop == CAUSE_NONE) /* it ended before we had read it all */
		j->stop = CAUSE_LIMIT;
}

static bool read_out(struct job *j)
{
	bool eof, more = read_some(&j->out, j->out_fd, &eof);
	if (eof)
		close_pipe(&j->out_io, &j->out_fd);
	if (j->out.len > RUNNER_MAX_BODY) {
		buf_fini(&j->out); /* half a result is none */
		close_pipe(&j->out_io, &j->out_fd);
		over_limit(j);
		return false;
	}
	return more;
}

static bool read_err(struct job *j)
{
	bool eof, more = read_some(&j->err, j->err_fd, &eof);
	if (eof)
		close_pipe(&j->err_io, &j->err_fd);
	if (j->err.len > 4 * MAX_STDERR) /* not at each read: moving costs */
		buf_consume(&j->err, j->err.len - MAX_STDERR);
	return more;
}

static void out_ready(void *arg, unsigned events)
{
	(void)events;
	read_out(arg);
}

static void err_ready(void *arg, unsigned events)
{
	(void)events;
	read_err(arg);
}

/* What is in the pipes still; no end of file is waited for, somebody outside the tree may hold one. */
static void drain(struct job *j)
{
	while (j->out_fd >= 0 && read_out(j))
		;
	for (int i = 0; i < MAX_DRAIN && j->err_fd >= 0 && read_err(j); i++)
		;
	if (j->err.len > MAX_STDERR)
		buf_consume(&j->err, j->err.len - MAX_STDERR);
}

/* The main process has ended: so does everything else. */
static void settle(struct job *j)
{
	if (tree_any()) {
		kill(-j->pid,
			SIGKILL); /* its session's group at once, before anybody in it can fork */
		tree_end(TREE_WAIT_MS);
	}
	drain(j);
	release(j);
	scratch_empty();
	job_judge(j);
	j->over = true;
}

static void exited(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	struct job *j = arg;
	(void)pid;
	j->exited = true;
	j->wait_status = status;
	j->end.wall_ms = (loop_now_us(j->loop) - j->started_us) / 1000;
	j->end.user_ms = usage->ru_utime.tv_sec * 1000LL + usage->ru_utime.tv_usec / 1000;
	j->end.sys_ms = usage->ru_stime.tv_sec * 1000LL + usage->ru_stime.tv_usec / 1000;
	j->end.rss_kb = usage->ru_maxrss;
	/* A shell dies of TERM at once, the program that it waited for may be saving its work. */
	if (!loop_timer_set(&j->grace) || !tree_any())
		settle(j);
}

void job_orphan_gone(struct job *j)
{
	if (j->exited && !j->over && !tree_any())
		settle(j);
}

static void timeout_over(void *arg)
{
	struct job *j = arg;
	job_stop(j, CAUSE_TIMEOUT, j->grace_ms);
}

static void grace_over(void *arg)
{
	struct job *j = arg;
	j->killed = true;
	if (j->exited)
		settle(j);
	else
		tree_signal(SIGKILL); /* exited() does the rest */
}

static void shorten_grace(struct job *j, int64_t grace_ms)
{
	int64_t at = loop_now_us(j->loop) + grace_ms * 1000;
	if (!loop_timer_set(&j->grace) || at >= j->grace.at_us)
		return;
	j->stop_grace_ms = (at - j->stop_us) / 1000;
	loop_timer_at_us(&j->grace, at);
}

void job_stop(struct job *j, enum cause why, int64_t grace_ms)
{
	if (j->over || (j->exited && j->stop == CAUSE_NONE))
		return;
	if (j->stop != CAUSE_NONE) {
		shorten_grace(j, grace_ms);
		return;
	}
	j->stop = why;
	j->stop_us = loop_now_us(j->loop);
	j->stop_grace_ms = grace_ms;
	loop_timer_clear(&j->timeout);
	if (j->pid == 0 || j->kind == TASK_KIND_BUILTIN) {
		release(j);
		job_judge(j);
		j->over = true;
	} else if (grace_ms > 0) {
		loop_timer_in(&j->grace, grace_ms);
		tree_signal(SIGTERM);
		tree_signal(SIGCONT); /* a stopped one could not even hear it */
	} else {
		grace_over(j);
	}
}

static void command_line(const struct job *j, struct words *argv)
{
	if (j->kind == TASK_KIND_EXEC) {
		words_add(argv, j->path);
		return;
	}
	words_add(argv, j->shell);
	if (strstr(j->shell, "bash")) {
		/* bash takes functions from the environment unless -p; it wants its long options first. */
		words_add(argv, "--norc");
		words_add(argv, "--noprofile");
		words_add(argv, "-p");
	}
	words_add(argv, "-c");
	words_add(argv, script);
	words_add(argv, "sh");
	words_add(argv, j->path);
	words_add(argv, j->function);
}

static int environment(const struct job *j, struct words *env, struct err *e)
{
	char id[UUID_TEXT];
	const char *tmp = scratch_path(e);
	if (!tmp)
		return -1;
	args_add_allowed(env);
	words_addf(env, "TMPDIR=%s", tmp);
	words_addf(env, "FW_TASK=%s", j->name);
	words_addf(env, "FW_TASK_ID=%s", uuid_text(id, &j->id));
	words_addf(env, "FW_ATTEMPT=%lld", (long long)j->attempt);
	return args_add_kwargs(env, buf_str(&j->kwargs), j->kwargs.len, e);
}

/* Our end of a pipe does not block; the task's does, as programs expect. */
static int make_pipe(int fd[2], struct err *e)
{
	if (pipe2(fd, O_CLOEXEC) != 0)
		return err_errno(e, ERR_NO_WORKER, "cannot make a pipe for the task's output");
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int start_process(struct job *j, struct words *argv, struct words *env, struct err *e)
{
	int out[2], err[2];
	if (make_pipe(out, e) < 0)
		return -1;
	j->out_fd = out[0];
	if (make_pipe(err, e) < 0) {
		close(out[1]);
		return -1;
	}
	j->err_fd = err[0];
	const struct spawn s = {
		.path = argv->list[0],
		.argv = argv->list,
		.envp = env->list,
		.fd = {-1, out[1], err[1]},
		.session = true,
		.no_new_privs = true,
		.die_with_parent = true,
	};
	pid_t pid = spawn_start(&s, e);
	close(out[1]);
	close(err[1]);
	if (pid < 0)
		return -1;
	j->pid = pid;
	return 0;
}

static void watch(struct job *j)
{
	loop_child(j->loop, j->pid, exited, j);
	j->out_io = loop_fd(j->loop, j->out_fd, LOOP_READ, 10, out_ready, j);
	j->err_io = loop_fd(j->loop, j->err_fd, LOOP_READ, 10, err_ready, j);
}

static void start_program(struct job *j)
{
	struct words argv, env;
	struct err e;
	words_init(&argv);
	words_init(&env);
	command_line(j, &argv);
	if (args_add(&argv, buf_str(&j->args), j->args.len, &e) < 0 ||
		environment(j, &env, &e) < 0 || start_process(j, &argv, &env, &e) < 0)
		job_fail(j, CAUSE_START, "%s", e.text);
	else
		watch(j);
	words_fini(&argv);
	words_fini(&env);
	buf_fini(&j->args);
	buf_fini(&j->kwargs);
}

void job_start(struct job *j)
{
	j->started_us = loop_now_us(j->loop);
	if (j->timeout_ms > 0)
		loop_timer_in(&j->timeout, j->timeout_ms);
	if (j->kind == TASK_KIND_BUILTIN)
		builtin_start(j);
	else
		start_program(j);
}
