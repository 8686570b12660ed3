/* Resident shells. What goes to a shell lies in a file without a name, which it opens anew for each call; a newline in one pipe says that there is a call,
 * lines in another what becomes of it:
 *
 *     pid N     the subshell has begun
 *     exit S    the function has returned: S is its status and no signal's
 *     gone S    the subshell has ended, in the shell's words: above 128 without an `exit` before it, a signal ended it
 *
 * The subshell holds none of our descriptors while the function runs. */
#include "node/resident.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/spawn.h"
#include "node/tree.h"

#define MAX_SHELLS 8  /* of one runner; the one that was used longest ago goes */
#define MAX_LINE   64 /* that a shell says */
#define MAX_SIGNAL 64

struct shell {
	struct list all; /* most recently used last */
	char *path, *exe;
	struct loop *loop;
	pid_t pid;
	int call_fd;        /* the file */
	int go_fd, said_fd; /* our ends; -1 = closed */
	int out_fd, err_fd; /* likewise of its stdout and stderr, for all calls */
	struct loop_io *said_io;
	char line[MAX_LINE];
	size_t len;
	bool dead; /* freed at the end of the turn: one of its own callbacks may be up the stack */
	struct run *run; /* the call that is under way */
	int status;      /* that the function returned; -1 = none yet */
};

static struct list shells = LIST_INIT(shells); /* a process is one runner */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void free_now(void *arg)
{
	struct shell *s = arg;

	free(s->path);
	free(s->exe);
	free(s);
}

static void forget(struct shell *s)
{
	if (s->pid > 0) {
		tree_keep(s->pid, false);
		loop_child(s->loop, s->pid, NULL, NULL);
	}
	loop_io_del(&s->said_io);
	close_fd(&s->call_fd);
	close_fd(&s->go_fd);
	close_fd(&s->said_fd);
	close_fd(&s->out_fd);
	close_fd(&s->err_fd);
	list_del(&s->all);
	s->dead = true;
	loop_defer(s->loop, free_now, s);
}

/* How its shell ended is how the call did, which was to be it. */
static void lost(struct shell *s, int wait_status, const struct rusage *usage)
{
	struct run *run = s->run;
	pid_t pid = s->pid;

	forget(s);
	if (!run)
		return;
	run->resident = NULL;
	if (!run->pid)
		run->pid = pid;
	run_exited(run, wait_status, usage);
}

static void shell_gone(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	struct shell *s = arg;

	tree_keep(pid, false);
	s->pid = 0;
	lost(s, status, usage);
}

static void gone(struct shell *s, int status)
{
	static const struct rusage unknown;
	struct run *run = s->run;
	bool by_signal = s->status < 0 && status > 128 && status - 128 <= MAX_SIGNAL;

	s->run = NULL;
	run->resident = NULL;
	run_exited(run, by_signal ? status - 128 : (status & 255) << 8, &unknown);
}

/* False: that is none of the three lines. */
static bool hear(struct shell *s, const char *line)
{
	int64_t n;

	if (!s->run)
		return false;
	if (strncmp(line, "pid ", 4) == 0 && str_i64(line + 4, 2, INT32_MAX, &n))
		s->run->pid = (pid_t)n;
	else if (strncmp(line, "exit ", 5) == 0 && str_i64(line + 5, 0, 255, &n))
		s->status = (int)n;
	else if (strncmp(line, "gone ", 5) == 0 && str_i64(line + 5, 0, 255, &n) && s->run->pid)
		gone(s, (int)n);
	else
		return false;
	return true;
}

/* Killed, as nothing that it says can be trusted; its end is told to shell_gone(). */
static void distrust(struct shell *s)
{
	loop_io_del(&s->said_io);
	close_fd(&s->said_fd);
	kill(s->pid, SIGKILL);
}

static void said(void *arg, unsigned events)
{
	struct shell *s = arg;
	ssize_t n = read(s->said_fd, s->line + s->len, sizeof(s->line) - s->len);
	char *end;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		distrust(s);
		return;
	}
	s->len += (size_t)n;
	while ((end = memchr(s->line, '\n', s->len))) {
		size_t used = (size_t)(end - s->line) + 1;
		*end = '\0';
		if (!hear(s, s->line)) {
			distrust(s);
			return;
		}
		if (s->dead) /* the end of its call was the end of all */
			return;
		s->len -= used;
		memmove(s->line, s->line + used, s->len);
	}
	if (s->len == sizeof(s->line))
		distrust(s);
}

static int make_pipe(int ours[1], int *theirs, bool we_read, struct err *e)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) != 0)
		return err_errno(e, ERR_NO_WORKER, "cannot make a pipe to a resident shell");
	ours[0] = fd[we_read ? 0 : 1];
	*theirs = fd[we_read ? 1 : 0];
	fcntl(ours[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void close_all(int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close_fd(&fd[i]);
}

enum { CALL, GO, SAID, OUT, ERR, NTHEIRS };

static int make_channels(struct shell *s, int theirs[NTHEIRS], struct err *e)
{
	s->call_fd = memfd_create("call", MFD_CLOEXEC);
	if (s->call_fd < 0)
		return err_errno(e, ERR_NO_WORKER, "cannot make a file for a resident shell");
	theirs[CALL] = fcntl(s->call_fd, F_DUPFD_CLOEXEC, 3);
	return make_pipe(&s->go_fd, &theirs[GO], false, e) ||
			       make_pipe(&s->said_fd, &theirs[SAID], true, e) ||
			       make_pipe(&s->out_fd, &theirs[OUT], true, e) ||
			       make_pipe(&s->err_fd, &theirs[ERR], true, e)
		       ? -1
		       : 0;
}

static void command_line(const struct shell *s, struct words *argv)
{
	words_add(argv, s->exe);
	if (strstr(s->exe, "bash")) {
		words_add(argv, "--norc");
		words_add(argv, "--noprofile");
		words_add(argv, "-p");
	}
	words_add(argv, "-c");
	words_add(argv, resident_script);
	words_add(argv, "sh");
	words_add(argv, s->path);
}

/* FW_RUNNER marks it and its calls, whose own marks are not seen from outside: see slot.c. */
static int spawn(struct shell *s, const int theirs[NTHEIRS], struct err *e)
{
	struct words argv, env;
	const struct spawn sp = {
		.path = s->exe,
		.fd = {-1, theirs[OUT], theirs[ERR]},
		.more = theirs,
		.nmore = SAID + 1,
		.session = true,
		.no_new_privs = true,
		.die_with_parent = true,
	};
	struct spawn plan = sp;

	words_init(&argv);
	words_init(&env);
	command_line(s, &argv);
	args_add_allowed(&env);
	words_addf(&env, "FW_RUNNER=%d", (int)getpid());
	plan.argv = argv.list;
	plan.envp = env.list;
	s->pid = spawn_start(&plan, e);
	words_fini(&argv);
	words_fini(&env);
	return s->pid < 0 ? -1 : 0;
}

static int open_shell(struct shell *s, struct err *e)
{
	int theirs[NTHEIRS] = {-1, -1, -1, -1, -1};
	int rc = make_channels(s, theirs, e);

	if (rc == 0)
		rc = spawn(s, theirs, e);
	close_all(theirs, NTHEIRS);
	if (rc)
		return -1;
	tree_keep(s->pid, true);
	loop_child(s->loop, s->pid, shell_gone, s);
	s->said_io = loop_fd(s->loop, s->said_fd, LOOP_READ, 11, said, s);
	return 0;
}

static struct shell *find(const struct run *run)
{
	struct list *e, *tmp;

	list_each (e, tmp, &shells) {
		struct shell *s = container_of(e, struct shell, all);
		if (strcmp(s->path, run->path) == 0 && strcmp(s->exe, run->shell) == 0 &&
			s->said_fd >= 0)
			return s;
	}
	return NULL;
}

static void trim(void)
{
	size_t n = 0;
	struct list *e, *tmp;

	list_each (e, tmp, &shells)
		n++;
	if (n < MAX_SHELLS)
		return;
	struct shell *s = list_first(&shells, struct shell, all);
	kill(s->pid, SIGKILL);
	forget(s);
}

static struct shell *make(const struct run *run, struct err *e)
{
	struct shell *s;

	trim();
	s = xcalloc(1, sizeof(*s));
	s->path = xstrdup(run->path);
	s->exe = xstrdup(run->shell);
	s->loop = run->loop;
	s->call_fd = s->go_fd = s->said_fd = s->out_fd = s->err_fd = -1;
	list_push_back(&shells, &s->all);
	if (open_shell(s, e) == 0)
		return s;
	s->pid = 0;
	forget(s);
	return NULL;
}

static void add_value(struct buf *to, const char *value)
{
	size_t lines = 0;

	for (const char *at = value; (at = strchr(at, '\n')); at++)
		lines++;
	buf_addf(to, "%zu\n%s\n", lines, value);
}

static void add_values(struct buf *to, const struct words *w)
{
	char n[24];

	snprintf(n, sizeof(n), "%zu", w->n);
	add_value(to, n);
	for (size_t i = 0; i < w->n; i++)
		add_value(to, w->list[i]);
}

/* Over what the last call had there: it is over, and so are all who could read it. */
static int write_call(struct shell *s, const struct buf *call, struct err *e)
{
	size_t at = 0;

	if (ftruncate(s->call_fd, 0))
		return err_errno(e, ERR_NO_WORKER, "cannot empty a shell's file");
	while (at < call->len) {
		ssize_t n = pwrite(s->call_fd, call->data + at, call->len - at, (off_t)at);
		if (n <= 0 && errno != EINTR)
			return err_errno(e, ERR_NO_WORKER, "cannot write to a shell's file");
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int send_call(struct shell *s, const struct run *run, const struct words *env,
	const struct words *args, struct err *e)
{
	struct buf call = BUF_INIT;
	int rc;

	add_value(&call, run->function);
	add_values(&call, env);
	add_values(&call, args);
	rc = write_call(s, &call, e);
	buf_fini(&call);
	if (rc == 0 && write(s->go_fd, "\n", 1) < 0)
		rc = err_errno(e, ERR_NO_WORKER, "cannot write to a resident shell");
	return rc;
}

int resident_start(struct run *run, const struct words *env, const struct words *args,
	struct err *e)
{
	struct shell *s = find(run);

	/* One that died while it was idle. */
	if (s && send_call(s, run, env, args, e)) {
		forget(s);
		s = NULL;
	}
	if (!s) {
		s = make(run, e);
		if (!s || send_call(s, run, env, args, e))
			return -1;
	}
	list_del(&s->all);
	list_push_back(&shells, &s->all);
	run->out_fd = fcntl(s->out_fd, F_DUPFD_CLOEXEC, 3);
	run->err_fd = fcntl(s->err_fd, F_DUPFD_CLOEXEC, 3);
	s->run = run;
	s->status = -1;
	run->resident = s;
	return 0;
}

void resident_drop(struct run *run)
{
	struct shell *s = run->resident;

	if (!s)
		return;
	kill(s->pid, SIGKILL);
	if (run->pid)
		return;
	s->run = NULL;
	run->resident = NULL;
	forget(s);
}

void resident_end(void)
{
	struct list *e, *tmp;

	list_each (e, tmp, &shells) {
		struct shell *s = container_of(e, struct shell, all);
		if (s->pid > 0)
			kill(-s->pid, SIGKILL); /* it leads a session */
		forget(s);
	}
}
