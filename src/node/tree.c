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

#include "base/mem.h"

struct pids {
	pid_t *pid;
	size_t n, cap;
};

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

size_t tree_signal(int signo)
{
	struct pids p = {0};
	add_children_of(&p, getpid());
	for (size_t i = 0; i < p.n; i++) {
		/* First its children are read: once it is dead they are ours, and no longer below it. */
		add_children_of(&p, p.pid[i]);
		kill(p.pid[i], signo);
	}
	free(p.pid);
	return p.n;
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

size_t tree_end(int64_t wait_ms)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child,
		SIGCHLD); /* blocked by the loop, so it can be waited for; the loop reaps nothing it misses */
	const struct timespec soon = {.tv_nsec = 5 * 1000 * 1000};
	size_t killed = 0;
	int64_t until = now_ms() + wait_ms;
	while (!reap() && now_ms() < until) {
		killed += tree_signal(SIGKILL);
		sigtimedwait(&child, NULL, &soon);
	}
	return killed;
}
