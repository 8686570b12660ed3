/* Finding and ending every descendant of this process, through /proc.
 *
 * A subreaper inherits the orphans of its whole tree, so each living descendant hangs below us by an unbroken chain of parents, whether it made its own
 * session, forked twice or both; and when we have no child, there is no descendant. A process that forks while we look may escape one look
 * (the kernel promises a complete list only for stopped processes), never the repetition: a killed process forks no more. */
#include "node/tree.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define MAX_PASSES 20 /* over strays, 1 ms apart */

struct pids {
	pid_t *pid;
	size_t n, cap;
};

/* A process and the program in it: the address of its stack is another after each exec, and the same after a fork. */
struct asked_one {
	pid_t pid;
	unsigned long stack;
};

void asked_fini(struct asked *a)
{
	free(a->list);
	*a = (struct asked){0};
}

int tree_own(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool tree_any(void)
{
	siginfo_t si;
	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void add(struct pids *p, pid_t pid)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->pid = xreallocarray(p->pid, p->cap, sizeof(*p->pid));
	}
	p->pid[p->n++] = pid;
}

/* A file of numbers with a space behind each; gone when the process is. */
static void add_children(struct pids *p, const char *path)
{
	FILE *f = fopen(path, "re");
	int pid;
	while (f && fscanf(f, "%d", &pid) == 1)
		add(p, pid);
	if (f)
		fclose(f);
}

/* Each thread has its own children. */
static void add_children_of(struct pids *p, pid_t pid)
{
	char path[sizeof("/proc//task//children") + 32 + 256];
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *threads = opendir(path);
	const struct dirent *d;
	while (threads && (d = readdir(threads))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid, d->d_name);
		add_children(p, path);
	}
	if (threads)
		closedir(threads);
}

static unsigned long stack_of(pid_t pid)
{
	char path[64], line[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
	if (f)
		fclose(f);
	line[n] = '\0';
	char *save = NULL,
	     *behind = strrchr(line, ')'); /* the name before it may hold anything */
	char *field = behind ? strtok_r(behind + 1, " ", &save) : NULL;
	for (int i = 3; field && i < 28;
		i++) /* proc(5): the state is field 3, the stack's begin 28 */
		field = strtok_r(NULL, " ", &save);
	return field ? strtoul(field, NULL, 10) : 0;
}

/* True when it is new to the list, or runs another program than it did. */
static bool remember(struct asked *a, pid_t pid)
{
	unsigned long stack = stack_of(pid);
	for (size_t i = 0; i < a->n; i++) {
		if (a->list[i].pid != pid)
			continue;
		bool other = a->list[i].stack != stack;
		a->list[i].stack = stack;
		return other;
	}
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 16;
		a->list = xreallocarray(a->list, a->cap, sizeof(*a->list));
	}
	a->list[a->n++] = (struct asked_one){pid, stack};
	return true;
}

static void ask(pid_t pid, void *arg)
{
	if (!remember(arg, pid))
		return;
	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
}

static void end(pid_t pid, void *arg)
{
	(void)arg;
	kill(pid, SIGKILL);
}

static void each_descendant(void (*fn)(pid_t pid, void *arg), void *arg)
{
	struct pids p = {0};
	add_children_of(&p, getpid());
	for (size_t i = 0; i < p.n; i++) {
		/* First its children are read: once it is dead they are ours, and no longer below it. */
		add_children_of(&p, p.pid[i]);
		fn(p.pid[i], arg);
	}
	free(p.pid);
}

void tree_ask(struct asked *asked)
{
	each_descendant(ask, asked);
}

void tree_kill(void)
{
	each_descendant(end, NULL);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Reaps what is dead; true when nothing is left. */
static bool reap(void)
{
	pid_t pid;
	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0;
}

void tree_end(int64_t wait_ms)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child,
		SIGCHLD); /* blocked by the loop, so it can be waited for; the loop reaps nothing it misses */
	const struct timespec soon = {.tv_nsec = 5 * 1000 * 1000};
	int64_t until = now_ms() + wait_ms;
	while (!reap() && now_ms() < until) {
		tree_kill();
		sigtimedwait(&child, NULL, &soon);
	}
}

/* Is one of the strings in an environment, which has a NUL behind each? */
static bool has(const struct buf *env, const char *mark)
{
	size_t n = strlen(mark) + 1;
	const char *end_of = buf_str(env) + env->len;
	for (const char *s = buf_str(env); s < end_of; s += strlen(s) + 1) {
		if ((size_t)(end_of - s) >= n && memcmp(s, mark, n) == 0)
			return true;
	}
	return false;
}

/* 1: it has all the marks; 0: it does not, or is another user's; -1: it is in the middle of an exec, and has no environment. */
static int look_at(const char *pid, const char *const *marks, size_t n)
{
	char path[sizeof("/proc//environ") + 256], chunk[4096];
	struct buf env = BUF_INIT;
	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	FILE *f = fopen(path, "re");
	for (size_t k; f && (k = fread(chunk, 1, sizeof(chunk), f)) > 0;)
		buf_add(&env, chunk, k);
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	int found = env.len > 0 ? 1 : -(readlink(path, chunk, sizeof(chunk)) > 0);
	for (size_t i = 0; i < n && found > 0; i++)
		found = has(&env, marks[i]);
	buf_fini(&env);
	return found;
}

/* True when another look is needed. */
static bool kill_strays(const char *const *marks, size_t n)
{
	bool again = false;
	DIR *proc = opendir("/proc");
	const struct dirent *d;
	while (proc && (d = readdir(proc))) {
		pid_t pid = (pid_t)strtol(d->d_name, NULL, 10);
		int found = pid > 1 && pid != getpid() ? look_at(d->d_name, marks, n) : 0;
		if (found > 0)
			kill(pid, SIGKILL);
		again |= found != 0;
	}
	if (proc)
		closedir(proc);
	return again;
}

void tree_kill_strays(const char *const *marks, size_t n)
{
	const struct timespec soon = {.tv_nsec = 1000 * 1000};
	for (int i = 0; i < MAX_PASSES && kill_strays(marks, n); i++)
		nanosleep(&soon, NULL);
}
