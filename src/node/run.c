/* Running one task: its process, its pipes, its time, its end.
 *
 *     run_start --> main process runs --exit--> others left? --no--> over
 *                        |                          | yes
 *                        | run_stop: TERM           | stopping: they have the rest of the grace time
 *                        v                          v
 *                      grace ------- over -----> KILL to all, reap, over
 *
 * Without a stop nothing is given to what a task leaves behind: it is killed when the main process ends. */
#include "node/run.h"

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
#include "node/inside.h"
#include "node/platform.h"
#include "node/program.h"
#include "node/resident.h"
#include "node/runner_msg.h"
#include "node/scratch.h"
#include "node/spawn.h"
#include "node/tree.h"

#define FIRST_LOOK_MS 10 /* after TERM, for processes that were being made; doubled each time */
#define TREE_WAIT_MS  5000 /* for a killed process that the kernel holds */

/* The one text that a shell is given. Module, function and arguments are words of its own command line. */
static const char script[] = ". \"$1\"; f=$2; shift 2; \"$f\" \"$@\"";

static void timeout_over(void *arg);
static void grace_over(void *arg);
static void look_again(void *arg);

struct run *run_new(struct loop *l)
{
	struct run *run = xcalloc(1, sizeof(*run));
	run->loop = l;
	run->out_fd = run->err_fd = run->in.fd = -1;
	logfile_init(&run->log, NULL, 0, NULL);
	run->end.status = -1;
	loop_timer_init(l, &run->timeout, timeout_over, run);
	loop_timer_init(l, &run->grace, grace_over, run);
	loop_timer_init(l, &run->look, look_again, run);
	loop_timer_init(l, &run->nap, NULL, run);
	return run;
}

static void release(struct run *run)
{
	loop_timer_clear(&run->timeout);
	loop_timer_clear(&run->grace);
	loop_timer_clear(&run->look);
	loop_timer_clear(&run->nap);
	run_output_close(run);
	run_input_close(run);
}

void run_free(struct run **run)
{
	struct run *x = *run;
	if (!x)
		return;
	release(x);
	list_del(&x->queued);
	free(x->name);
	free(x->path);
	free(x->source);
	free(x->function);
	free(x->shell);
	free(x->end.error);
	buf_fini(&x->args);
	buf_fini(&x->kwargs);
	buf_fini(&x->place);
	buf_fini(&x->out);
	buf_fini(&x->err);
	logfile_fini(&x->log);
	asked_fini(&x->asked);
	asked_fini(&x->ended);
	buf_fini(&x->end.left);
	buf_fini(&x->end.result);
	free(x);
	*run = NULL;
}

static void note_time(struct run *run)
{
	int64_t us = loop_now_us(run->loop) - run->started_us;
	run->end.wall_us = us > 0 ? us : 1; /* it began and ended in one turn */
	run->end.wall_ms = us / 1000;
}

void run_finish_json(struct run *run, const char *json, size_t n)
{
	release(run);
	buf_reset(&run->end.result);
	buf_add(&run->end.result, json, n);
	run->end.type = RESULT_JSON;
	note_time(run);
	run->end.ok = true;
	run->over = true;
}

void run_fail(struct run *run, enum cause cause, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	free(run->end.error);
	run->end.error = xvasprintf(fmt, ap);
	va_end(ap);
	release(run);
	run->end.cause = cause;
	run->end.ok = false;
	run->over = true;
}

static void end_log(struct run *run)
{
	char *footer = run_log_footer(run);
	logfile_close(&run->log, loop_wall_ms(run->loop), footer);
	free(footer);
}

/* A call in a resident shell is in the shell's group. */
static pid_t leader(const struct run *run)
{
	return run->kind == TASK_KIND_RESIDENT ? 0 : run->pid;
}

/* The main process has ended: so does everything else. */
static void settle(struct run *run)
{
	if (tree_any(leader(run))) {
		if (run->stop == CAUSE_NONE)
			run->end.nleft = tree_living(&run->end.left);
		if (run->kind == TASK_KIND_RESIDENT) /* they may be in the shell's group */
			resident_end();
		tree_end(&run->ended, leader(run), TREE_WAIT_MS);
	}
	run->ended_us = loop_clock(run->loop)->mono_us(loop_clock(run->loop));
	run_output_drain(run);
	release(run);
	scratch_empty();
	run_judge(run);
	end_log(run);
	run->over = true;
}

void run_exited(struct run *run, int status, const struct rusage *usage)
{
	if (run->over)
		return;
	run->exited = true;
	run->wait_status = status;
	note_time(run);
	run->end.user_ms = usage->ru_utime.tv_sec * 1000LL + usage->ru_utime.tv_usec / 1000;
	run->end.sys_ms = usage->ru_stime.tv_sec * 1000LL + usage->ru_stime.tv_usec / 1000;
	run->end.rss_kb = usage->ru_maxrss;
	/* A shell dies of TERM at once, the program that it waited for may be saving its work. */
	if (!loop_timer_set(&run->grace) || !tree_any(leader(run)))
		settle(run);
}

static void exited(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	(void)pid;
	run_exited(arg, status, usage);
}

void run_orphan_gone(struct run *run)
{
	if (run->exited && !run->over && !tree_any(leader(run)))
		settle(run);
}

void run_signal(struct run *run, int signo)
{
	if (run->pid && !run->exited && !run->over && run->kind != TASK_KIND_BUILTIN)
		kill(run->kind == TASK_KIND_RESIDENT ? run->pid : -run->pid, signo);
}

static void timeout_over(void *arg)
{
	struct run *run = arg;
	run_stop(run, CAUSE_TIMEOUT, run->grace_ms);
}

static void grace_over(void *arg)
{
	struct run *run = arg;
	run->killed = true;
	if (run->exited)
		settle(run);
	else
		tree_kill(&run->ended, leader(run)); /* run_exited() does the rest */
	if (!run->exited)
		resident_drop(run);
}

/* Rarely needed, so ever more rarely done. */
static void look_again(void *arg)
{
	struct run *run = arg;
	/* Where orphans are not given to us, nobody tells that the last one is gone. */
	run_orphan_gone(run);
	if (run->over)
		return;
	tree_ask(&run->asked, leader(run));
	loop_timer_in(&run->look, run->look_ms *= 2);
}

static void shorten_grace(struct run *run, int64_t grace_ms)
{
	int64_t at = loop_now_us(run->loop) + grace_ms * 1000;
	if (!loop_timer_set(&run->grace) || at >= run->grace.at_us)
		return;
	loop_timer_at_us(&run->grace, at);
}

void run_stop(struct run *run, enum cause why, int64_t grace_ms)
{
	if (run->over || (run->exited && run->stop == CAUSE_NONE))
		return;
	if (run->stop != CAUSE_NONE) {
		shorten_grace(run, grace_ms);
		return;
	}
	run->stop = why;
	run->stop_us = loop_now_us(run->loop);
	loop_timer_clear(&run->timeout);
	if (run->pid == 0 || run->kind == TASK_KIND_BUILTIN) {
		resident_drop(run);
		release(run);
		run_judge(run);
		run->over = true;
	} else if (grace_ms > 0) {
		loop_timer_in(&run->grace, grace_ms);
		run->look_ms = FIRST_LOOK_MS;
		look_again(run);
	} else {
		grace_over(run);
	}
}

static void command_line(const struct run *run, struct words *argv)
{
	if (run->kind == TASK_KIND_PROGRAM)
		return; /* its arguments are all of it */
	if (run->kind == TASK_KIND_EXEC) {
		words_add(argv, run->path);
		return;
	}
	words_add(argv, run->shell);
	if (strstr(run->shell, "bash")) {
		/* bash takes functions from the environment unless -p; it wants its long options first. */
		words_add(argv, "--norc");
		words_add(argv, "--noprofile");
		words_add(argv, "-p");
	}
	words_add(argv, "-c");
	words_add(argv, script);
	words_add(argv, run->path); /* $0: what a shell puts before its complaints */
	/* The text that was loaded; the file itself if somebody has tidied up the copy. */
	words_add(argv,
		run->source && access(run->source, R_OK) == 0 ? run->source : run->path);
	words_add(argv, run->function);
}

static int check_words(const struct words *argv, struct err *e)
{
	if (argv->n > 0 && *argv->list[0])
		return 0;
	return err_set(e, ERR_DATA, "which program? its name is empty");
}

static int environment(const struct run *run, struct words *env, struct place *place,
	struct err *e)
{
	char id[UUID_TEXT];
	const char *tmp = scratch_path(e);
	if (!tmp)
		return -1;
	if (run->kind != TASK_KIND_RESIDENT) /* its shell has them */
		args_add_allowed(env);
	if (run->place.len &&
		program_place(buf_str(&run->place), run->place.len, place, env, e))
		return -1;
	words_set_value(env, "TMPDIR", tmp);
	words_addf(env, "FW_TASK=%s", run->name);
	words_addf(env, "FW_TASK_ID=%s", uuid_text(id, &run->id));
	words_addf(env, "FW_ATTEMPT=%lld", (long long)run->attempt);
	if (run->inside && inside_start(run->inside, &run->id, run->attempt, env, e) < 0)
		return -1;
	const char *file = NULL;
	if (run->inside && args_need_file(run->kwargs.len)) {
		file = inside_file(run->inside, "kwargs.json", buf_str(&run->kwargs),
			run->kwargs.len, e);
		if (!file)
			return -1;
	}
	return args_add_kwargs(env, buf_str(&run->kwargs), run->kwargs.len, file, e);
}

/* Our end of a pipe does not block; the task's does, as programs expect. */
static int make_pipe(int fd[2], struct err *e)
{
	if (pipe2(fd, O_CLOEXEC) != 0)
		return err_errno(e, ERR_NO_WORKER, "cannot make a pipe for the task's output");
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int spawn_it(struct run *run, const struct words *argv, const struct words *env,
	const struct place *place, const int fd[3], struct err *e)
{
	const mode_t mask = (mode_t)place->umask;
	const struct spawn s = {
		.cwd = place->cwd,
		.umask = place->umask >= 0 ? &mask : NULL,
		.path = argv->list[0],
		.argv = argv->list,
		.envp = env->list,
		.fd = {fd[0], fd[1], fd[2]},
		.session = true,
		.no_new_privs = true,
		.die_with_parent = true,
		.limits = &run->limits,
	};
	pid_t pid = spawn_start(&s, e);
	run->pid = pid > 0 ? pid : 0;
	return pid < 0 ? -1 : 0;
}

static int start_process(struct run *run, struct words *argv, struct words *env,
	const struct place *place, struct err *e)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, in = -1, rc = -1;
	if (make_pipe(out, e) < 0)
		goto done;
	run->out_fd = out[0];
	if (make_pipe(err, e) < 0)
		goto done;
	run->err_fd = err[0];
	if (run_input_open(run, &in, e) < 0)
		goto done;
	rc = spawn_it(run, argv, env, place, (const int[]){in, out[1], err[1]}, e);
done:
	for (size_t i = 0; i < 3; i++) {
		int fd = (const int[]){in, out[1], err[1]}[i];
		if (fd >= 0)
			close(fd);
	}
	return rc;
}

static void watch(struct run *run)
{
	loop_child(run->loop, run->pid, exited, run);
	run_output_watch(run);
	run_input_watch(run);
}

/* As a shell says it of a program: 127 when there is none, 126 when it cannot be run. */
static void cannot_start(struct run *run, const struct err *e)
{
	char host[256] = "";
	if (run->kind != TASK_KIND_PROGRAM) {
		run_fail(run, CAUSE_START, "%s", e->text);
		return;
	}
	/* The caller sits at another host, perhaps, where there is such a program or folder. */
	gethostname(host, sizeof(host) - 1);
	run->end.status = e->code == ERR_NO_TASK ? 127 : 126;
	run_fail(run, CAUSE_START, "host %s: %s", host, e->text);
}

static void start_program(struct run *run)
{
	struct words argv, env;
	struct place place = {.umask = -1};
	struct err e;
	run->log.header = run_log_header(run); /* before the arguments go */
	run->oom_kills = platform_oom_kills();
	words_init(&argv);
	words_init(&env);
	command_line(run, &argv);
	if (args_add(&argv, buf_str(&run->args), run->args.len, &e) < 0 ||
		check_words(&argv, &e) < 0 || environment(run, &env, &place, &e) < 0 ||
		start_process(run, &argv, &env, &place, &e) < 0)
		cannot_start(run, &e);
	else
		watch(run);
	words_fini(&argv);
	words_fini(&env);
	program_place_fini(&place);
	buf_fini(&run->args);
	buf_fini(&run->kwargs);
	buf_fini(&run->place);
}

/* `started` follows when the shell has made its subshell. */
static void start_resident(struct run *run)
{
	struct words args, env;
	struct err e;
	run->log.header = run_log_header(run);
	run->oom_kills = platform_oom_kills();
	words_init(&args);
	words_init(&env);
	if (args_add(&args, buf_str(&run->args), run->args.len, &e) < 0 ||
		environment(run, &env, &(struct place){.umask = -1}, &e) < 0 ||
		resident_start(run, &env, &args, &e) < 0)
		run_fail(run, CAUSE_START, "%s", e.text);
	else
		run_output_watch(run);
	words_fini(&args);
	words_fini(&env);
	buf_fini(&run->args);
	buf_fini(&run->kwargs);
}

void run_start(struct run *run)
{
	run->started_us = loop_now_us(run->loop);
	platform_keep_orphans(
		!run->limits.daemon); /* what a daemon's task leaves is not ours */
	if (run->kind == TASK_KIND_BUILTIN)
		builtin_start(run);
	else if (run->kind == TASK_KIND_RESIDENT)
		start_resident(run);
	else
		start_program(run);
	if (run->timeout_ms > 0 && !run->over)
		loop_timer_in(&run->timeout, run->timeout_ms);
}
