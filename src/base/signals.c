/* Signals and ended children as input of the loop: one signalfd, and wait4(2) when SIGCHLD came. */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"

/* Behind the usual 10: the last words of a child are read before its end is told, when both come in one turn. */
#define ORDER_SIGNALS 1000

struct child {
	loop_child_fn *fn;
	void *arg;
};

struct signal_handler {
	loop_signal_fn *fn;
	void *arg;
};

struct signals {
	struct loop *loop;
	int fd;
	sigset_t set; /* what fd gives */
	struct signal_handler handlers[_NSIG];
	bool want_children;   /* SIGCHLD is ours */
	struct map *children; /* pid_t -> struct child, owned */
	struct child orphans;
};

static void set_signals(struct signals *s, int signo, bool on)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, signo);
	if (on)
		sigaddset(&s->set, signo);
	else
		sigdelset(&s->set, signo);
	if (sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &one, NULL) < 0 ||
		signalfd(s->fd, &s->set, 0) < 0)
		BUG("signal %d: %s", signo, strerror(errno));
}

void loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg)
{
	struct signals *s = loop_signals(l);

	if (signo <= 0 || signo >= _NSIG)
		BUG("no signal %d", signo);
	s->handlers[signo] = (struct signal_handler){fn, arg};
	set_signals(s, signo, fn || (signo == SIGCHLD && s->want_children));
}

/* The pid is free for use again: forget it before its owner is told, who may start the next one. */
static void child_ended(struct signals *s, pid_t pid, int status, const struct rusage *usage)
{
	struct child *known = map_del(s->children, &pid, sizeof(pid));
	struct child c = known ? *known : s->orphans;

	free(known);
	if (c.fn)
		c.fn(c.arg, pid, status, usage);
}

static void reap(void *arg)
{
	struct signals *s = arg;
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		child_ended(s, pid, status, &usage);
}

/* Children may have ended before SIGCHLD was blocked: look once without being told. */
static void want_children(struct signals *s)
{
	if (s->want_children)
		return;
	s->want_children = true;
	set_signals(s, SIGCHLD, true);
	loop_defer(s->loop, reap, s);
}

void loop_child(struct loop *l, pid_t pid, loop_child_fn *fn, void *arg)
{
	struct signals *s = loop_signals(l);
	struct child c = {fn, arg};

	free(map_put(s->children, &pid, sizeof(pid), xmemdup(&c, sizeof(c))));
	want_children(s);
}

void loop_orphans(struct loop *l, loop_child_fn *fn, void *arg)
{
	struct signals *s = loop_signals(l);

	s->orphans = (struct child){fn, arg};
	want_children(s);
}

/* One signal may stand for many of its kind: reap() therefore looks for all children. */
static void read_signals(void *arg, unsigned events)
{
	struct signals *s = arg;
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof(info)) == sizeof(info)) {
		int signo = (int)info.ssi_signo;
		struct signal_handler h;
		if (signo == SIGCHLD && s->want_children)
			reap(s);
		h = s->handlers[signo]; /* only now: reaping calls others, who may change it */
		if (h.fn)
			h.fn(h.arg, signo);
	}
}

struct signals *signals_new(struct loop *l)
{
	struct signals *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->children = map_new();
	sigemptyset(&s->set);
	s->fd = signalfd(-1, &s->set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->fd < 0)
		BUG("signalfd: %s", strerror(errno));
	loop_fd(l, s->fd, LOOP_READ, ORDER_SIGNALS, read_signals, s);
	return s;
}

void signals_free(struct signals **sp)
{
	struct signals *s = *sp;
	size_t pos = 0;
	void *child;

	while (map_each(s->children, &pos, NULL, &child))
		free(child);
	map_free(&s->children);
	close(s->fd);
	free(s);
	*sp = NULL;
}
