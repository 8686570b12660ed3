/* Starting processes by vfork and exec: the child gets a clean slate without a copy of our memory being made.
 *
 * The child shares our memory until it runs the new program, so it does nothing but system calls, and says what failed by writing it
 * into the plan that it was handed. All signals are blocked meanwhile: no handler of ours may run in the child. */
#include "node/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/platform.h"

enum step {
	STEP_SESSION,
	STEP_PRIVILEGES,
	STEP_PARENT,
	STEP_LIMITS,
	STEP_DESCRIPTORS,
	STEP_CWD,
	STEP_EXEC,
};

static const char *const step_words[] = {
	[STEP_SESSION] = "making its session",
	[STEP_PRIVILEGES] = "setting no_new_privs",
	[STEP_PARENT] = "tying it to this process",
	[STEP_LIMITS] = "limiting what it may use",
	[STEP_DESCRIPTORS] = "preparing its descriptors",
	[STEP_CWD] = "entering its working folder",
	[STEP_EXEC] = "running it",
};

struct plan {
	const struct spawn *spawn;
	const char *path;
	char *const *envp;
	pid_t parent;
	volatile enum step step; /* written by the child */
	volatile int error;      /* likewise: errno; 0 = the program runs */
};

static void default_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL); /* KILL, STOP and libc's own refuse, as they should */
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* First all sources are copied above all targets, so that putting one in place overwrites no other. */
static int place_descriptors(const struct spawn *s)
{
	int from[3 + SPAWN_MORE], n = 3 + (int)s->nmore;
	for (int i = 0; i < n; i++) {
		int fd = i < 3 ? s->fd[i] : s->more[i - 3];
		from[i] = fcntl(fd < 0 ? open("/dev/null", O_RDWR) : fd, F_DUPFD, n);
		if (from[i] < 0)
			return -1;
	}
	for (int i = 0; i < n; i++) {
		if (dup2(from[i], i) < 0)
			return -1;
	}
	platform_close_from(n);
	return 0;
}

/* Never above what we may have ourselves. */
static int limit(int what, int64_t soft, int64_t hard)
{
	struct rlimit r;
	if (getrlimit(what, &r) != 0)
		return -1;
	if (r.rlim_max == RLIM_INFINITY || (rlim_t)hard < r.rlim_max)
		r.rlim_max = (rlim_t)hard;
	r.rlim_cur = (rlim_t)soft < r.rlim_max ? (rlim_t)soft : r.rlim_max;
	return setrlimit(what, &r);
}

/* XCPU comes a second before KILL, so that it can be told what it was. */
static int limit_all(const struct task_limits *l)
{
	if (limit(RLIMIT_CORE, 0, 0) != 0)
		return -1;
	if (l->files && limit(RLIMIT_NOFILE, l->files, l->files) != 0)
		return -1;
	if (l->cpu_s && limit(RLIMIT_CPU, l->cpu_s, l->cpu_s + 1) != 0)
		return -1;
	return l->memory ? limit(RLIMIT_AS, l->memory, l->memory) : 0;
}

static int child_step(const struct plan *p, enum step step)
{
	const struct spawn *s = p->spawn;
	switch (step) {
	case STEP_SESSION:
		return s->session && setsid() < 0 ? -1 : 0;
	case STEP_PRIVILEGES:
		return s->no_new_privs ? platform_no_new_privs() : 0;
	case STEP_PARENT:
		return s->die_with_parent ? platform_die_with(p->parent) : 0;
	case STEP_LIMITS:
		return s->limits ? limit_all(s->limits) : 0;
	case STEP_DESCRIPTORS:
		return place_descriptors(s);
	case STEP_CWD:
		if (s->umask)
			umask(*s->umask);
		return s->cwd ? chdir(s->cwd) : 0;
	case STEP_EXEC:
		break;
	}
	default_signals();
	return execve(p->path, s->argv, p->envp);
}

static _Noreturn void child(struct plan *p)
{
	for (enum step step = STEP_SESSION; step <= STEP_EXEC; step++) {
		if (child_step(p, step) == 0)
			continue;
		p->step = step;
		p->error = errno;
		break;
	}
	_exit(127);
}

/* In a function of its own, so that no variable of the caller lives in a register across vfork(). */
static pid_t start(struct plan *p)
{
	sigset_t all, old;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid_t pid = vfork();
	if (pid == 0)
		child(p);
	int error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return pid;
}

/* In the environment that the program will have. */
static const char *path_of(char *const *envp)
{
	for (; *envp; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return NULL;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Only absolute folders: another one would be looked for where we are, and not where the program will be. NULL: it is in none; never the bare name,
 * which would be a file of the folder that it runs in. */
static char *look_up(const char *name, char *const *envp)
{
	const char *path = path_of(envp);
	if (strchr(name, '/'))
		return xstrdup(name);
	while (path && *path) {
		size_t n = strcspn(path, ":");
		char *full = xasprintf("%.*s/%s", (int)n, path, name);
		if (full[0] == '/' && n > 0 && is_program(full))
			return full;
		free(full);
		path += n + (path[n] == ':');
	}
	return NULL;
}

/* As the child saw it: a relative path begins in its folder. */
static bool there(const struct plan *p)
{
	char *full = p->path[0] != '/' && p->spawn->cwd
			     ? xasprintf("%s/%s", p->spawn->cwd, p->path)
			     : xstrdup(p->path);
	bool found = access(full, F_OK) == 0;
	free(full);
	return found;
}

static int say_why(const struct plan *p, struct err *e)
{
	errno = p->error;
	if (p->step == STEP_CWD)
		return err_errno(e, ERR_NO_WORKER, "cannot run %s in the folder %s", p->path,
			p->spawn->cwd);
	if (p->step != STEP_EXEC)
		return err_errno(e, ERR_NO_WORKER, "cannot run %s: %s", p->path,
			step_words[p->step]);
	if (p->error == ENOENT && there(p))
		return err_set(e, ERR_NO_WORKER,
			"cannot run %s: the interpreter named in its first line does not exist",
			p->path);
	if (p->error == ENOENT)
		return err_errno(e, ERR_NO_TASK, "cannot run %s", p->path);
	if (p->error == ENOEXEC)
		return err_set(e, ERR_NO_WORKER,
			"cannot run %s: it is no program; begin a script with a line like #!/bin/sh",
			p->path);
	if (p->error == E2BIG)
		return err_set(e, ERR_NO_WORKER,
			"cannot run %s: its arguments are too large; put them into a file and pass its name",
			p->path);
	return err_errno(e, ERR_NO_WORKER, "cannot run %s", p->path);
}

pid_t spawn_start(const struct spawn *s, struct err *e)
{
	char *const *envp = s->envp ? s->envp : environ;
	char *path = look_up(s->path, envp);
	if (!path)
		return err_set(e, ERR_NO_TASK,
			"cannot run %s: there is no such program in PATH", s->path);
	struct plan plan = {
		.spawn = s,
		.path = path,
		.envp = envp,
		.parent = getpid(),
	};
	pid_t pid = start(&plan);
	if (pid < 0)
		err_errno(e, ERR_NO_WORKER, "cannot run %s: no new process", path);
	else if (plan.error != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		pid = say_why(&plan, e);
	}
	free(path);
	return pid;
}

char *spawn_self(void)
{
	char *path = platform_exe();
	if (!path)
		BUG("the path of this program is not known: is /proc mounted?");
	return path;
}
