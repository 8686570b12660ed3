/* Finding and ending every descendant of this process.
 *
 * A process that keeps its orphans inherits those of its whole tree, so each living descendant hangs below us by an unbroken chain of parents, whether it made
 * its own session, forked twice or both; and when we have no child, there is no descendant. A process that forks while we look may escape one look
 * (the kernel promises a complete list only for stopped processes), never the repetition: a killed process forks no more.
 *
 * One that forks and exits as fast as it can is gone when we come to its name. Its process group is not: a signal to a group reaches all members at once,
 * also those whose fork is under way. So each kill goes to the group, too. One that also makes a new session each time is caught by repetition, which needs
 * no more than one look that is faster than its fork. */
#include "node/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/platform.h"

#define MAX_PASSES 20   /* over strays, 1 ms apart */
#define MAX_BELOW  200  /* over what is below another process, likewise */
#define MAX_NAMES  5    /* of processes, for people */
#define MAX_ASKED  4096 /* that are remembered */

struct pids {
	pid_t *pid;
	size_t n, cap;
};

struct asked_one {
	pid_t pid;
	unsigned long program;
};

void asked_fini(struct asked *a)
{
	free(a->list);
	*a = (struct asked){0};
}

int tree_own(void)
{
	if (platform_keep_orphans(true) != 0)
		return -1;
	return platform_no_new_privs();
}

static pid_t kept[16]; /* a process is one runner */
static size_t nkept;

static bool is_kept(pid_t pid)
{
	for (size_t i = 0; i < nkept; i++)
		if (kept[i] == pid)
			return true;
	return false;
}

void tree_keep(pid_t pid, bool on)
{
	size_t n = 0;

	for (size_t i = 0; i < nkept; i++)
		if (kept[i] != pid)
			kept[n++] = kept[i];
	nkept = n;
	if (on && nkept == ARRAY_LEN(kept))
		BUG("too many processes are kept");
	if (on)
		kept[nkept++] = pid;
}

static void note_other(void *arg, pid_t pid)
{
	*(bool *)arg |= !is_kept(pid);
}

/* A child of ours or of a kept one: what is deeper hangs below such a one. */
static bool any_unkept(void)
{
	bool any = false;
	platform_children(getpid(), note_other, &any);
	for (size_t i = 0; i < nkept && !any; i++)
		platform_children(kept[i], note_other, &any);
	return any;
}

static bool group_lives(pid_t leader)
{
	return !platform_sees_trees() && leader > 0 && kill(-leader, 0) == 0;
}

bool tree_any(pid_t leader)
{
	siginfo_t si;
	if (nkept)
		return any_unkept();
	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 || group_lives(leader);
}

static void add(void *arg, pid_t pid)
{
	struct pids *p = arg;
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->pid = xreallocarray(p->pid, p->cap, sizeof(*p->pid));
	}
	p->pid[p->n++] = pid;
}

/* True when it is new to the list, or runs another program than it did. */
static bool remember(struct asked *a, pid_t pid, unsigned long program)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->list[i].pid != pid)
			continue;
		bool other = a->list[i].program != program;
		a->list[i].program = program;
		return other;
	}
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 16;
		a->list = xreallocarray(a->list, a->cap, sizeof(*a->list));
	}
	if (a->n < MAX_ASKED)
		a->list[a->n++] = (struct asked_one){pid, program};
	return true;
}

/* Calls fn for everything below the process. What is below a dead process is found below its keeper at the next look. */
static void each_below(pid_t root, platform_pid_fn *fn, void *arg)
{
	struct pids p = {0};
	platform_children(root, add, &p);
	for (size_t i = 0; i < p.n; i++) {
		platform_children(p.pid[i], add, &p);
		if (!is_kept(p.pid[i]))
			fn(arg, p.pid[i]);
	}
	free(p.pid);
}

struct living {
	size_t n, names;
	struct buf *to;
};

static bool named(const struct buf *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = buf_str(list); (at = strstr(at, name)); at += n) {
		bool begins = at == buf_str(list) || at[-1] == ' ';
		if (begins && (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

static void count_living(void *arg, pid_t pid)
{
	struct living *l = arg;
	struct platform_process p;
	if (!platform_look(pid, &p) || p.dead)
		return;
	l->n++;
	if (!l->to || l->names > MAX_NAMES || named(l->to, p.name))
		return;
	if (l->names++ < MAX_NAMES)
		buf_addf(l->to, "%s%s", l->to->len ? ", " : "", p.name);
	else
		buf_adds(l->to, ", ...");
}

size_t tree_living(struct buf *names)
{
	struct living l = {.to = names};
	each_below(getpid(), count_living, &l);
	return l.n;
}

static void ask(void *arg, pid_t pid)
{
	struct platform_process p;
	if (!platform_look(pid, &p) || !remember(arg, pid, p.program))
		return;
	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
}

void tree_ask(struct asked *asked, pid_t leader)
{
	each_below(getpid(), ask, asked);
	if (platform_sees_trees() || leader <= 0 || !remember(asked, leader, 0))
		return;
	kill(-leader, SIGTERM);
	kill(-leader, SIGCONT);
}

/* Before the killing: a group dies at once, and what is dead is not counted. */
static void note(void *arg, pid_t pid)
{
	struct platform_process p;
	if (platform_look(pid, &p) && !p.dead)
		remember(arg, pid, 0);
}

/* First itself, at once; then its group, which may be ours when it was forked just now. */
static void end(void *arg, pid_t pid)
{
	struct platform_process p;
	(void)arg;
	if (is_kept(pid))
		return;
	kill(pid, SIGKILL);
	if (platform_look(pid, &p) && p.group > 1 && p.group != getpgrp() && !is_kept(p.group))
		kill(-p.group, SIGKILL);
}

void tree_kill(struct asked *killed, pid_t leader)
{
	if (killed)
		each_below(getpid(), note, killed);
	if (leader > 0)
		kill(-leader, SIGKILL);
	platform_children(getpid(), end,
		NULL); /* as they are read, with no look at others between */
	each_below(getpid(), end, NULL);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void reap_other(void *arg, pid_t pid)
{
	(void)arg;
	if (!is_kept(pid))
		waitpid(pid, NULL, WNOHANG);
}

/* Reaps what is dead, but for those that are kept, whose end the loop is to see; true when nothing is left. */
static bool reap(pid_t leader)
{
	pid_t pid;
	if (nkept) {
		platform_children(getpid(), reap_other, NULL);
		return !any_unkept();
	}
	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0 && !group_lives(leader);
}

void tree_end(struct asked *killed, pid_t leader, int64_t wait_ms)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child,
		SIGCHLD); /* blocked by the loop, so it can be waited for; the loop reaps nothing it misses */
	const struct timespec soon = {.tv_nsec = 5 * 1000 * 1000};
	int64_t until = now_ms() + wait_ms;
	while (!reap(leader) && now_ms() < until) {
		tree_kill(killed, leader);
		sigtimedwait(&child, NULL, &soon);
	}
}

size_t tree_end_below(pid_t root)
{
	const struct timespec soon = {.tv_nsec = 1000 * 1000};
	struct asked killed = {0};
	struct living l = {.n = 1};
	for (int i = 0; i < MAX_BELOW && l.n > 0; i++) {
		each_below(root, note, &killed);
		each_below(root, end, NULL);
		nanosleep(&soon, NULL);
		l = (struct living){0};
		each_below(root, count_living, &l);
	}
	size_t n = killed.n;
	asked_fini(&killed);
	return n;
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

struct strays {
	const char *const *marks;
	size_t n;
	bool again; /* another look is needed */
};

static void kill_stray(void *arg, pid_t pid)
{
	struct strays *s = arg;
	struct buf env = BUF_INIT;
	int found = pid == getpid() ? 0 : platform_environment(pid, &env);
	for (size_t i = 0; i < s->n && found > 0; i++)
		found = has(&env, s->marks[i]);
	if (found > 0)
		kill(pid, SIGKILL);
	s->again |= found != 0;
	buf_fini(&env);
}

void tree_kill_strays(const char *const *marks, size_t n)
{
	const struct timespec soon = {.tv_nsec = 1000 * 1000};
	struct strays s = {.marks = marks, .n = n, .again = true};
	for (int i = 0; i < MAX_PASSES && s.again; i++) {
		s.again = false;
		platform_processes(kill_stray, &s);
		if (s.again)
			nanosleep(&soon, NULL);
	}
}
