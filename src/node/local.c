/* The local worker: a child process that runs tasks when no subworker has a free slot. Started with the control plane, started again when it dies. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "node/server.h"
#include "node/spawn.h"

#define RESTART_FIRST_MS 100
#define RESTART_MAX_MS   10000
#define ARGS_MAX         48 /* words of the command line, but the modules */

struct local {
	struct server *server;
	pid_t pid; /* 0 = not running */
	int pipe;  /* its stdin: it ends when this closes, also when we are killed */
	bool stopping;
	bool registered; /* since it was started */
	int64_t backoff_ms;
	struct loop_timer timer; /* next start; while stopping: patience */
};

static void start(struct local *l);

/* Our own address as the child reaches it. */
static char *own_address(const struct server *s)
{
	struct address a = s->context.base;
	char text[300];

	a.port = s->conf.subworkers ? server_worker_port(s) : a.port + PORT_QUERY;
	return xstrdup(address_text(text, &a));
}

static void ended(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	struct local *l = arg;
	struct server *s = l->server;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

	l->pid = 0;
	l->registered = false;
	close(l->pipe);
	l->pipe = -1;
	loop_timer_clear(&l->timer);
	if (l->stopping) {
		server_end(s, s->exit_status);
	} else if (!s->ready) {
		/* It has said why on stderr: a broken module, a wrong key. */
		server_end(s, code ? code : 70);
	} else {
		log_error("local.died pid=%d status=%d restart_ms=%lld", pid, code,
			(long long)l->backoff_ms);
		loop_timer_in(&l->timer, l->backoff_ms);
		l->backoff_ms =
			l->backoff_ms * 2 < RESTART_MAX_MS ? l->backoff_ms * 2 : RESTART_MAX_MS;
	}
}

static size_t fill_args(const struct server *s, char **argv, const char *address,
	char *const ours[5])
{
	size_t n = 0;
	const char *const fixed[] = {s->conf.exe, "subworker", "--local", "--worker-id",
		ours[0], "--control-plane-address", address, "--server-key", s->key.public,
		"--allow", "exec", "--log-level", s->conf.log_level, "--concurrency", ours[1],
		"--state-dir", ours[2], "--log-limit", ours[3], "--log-keep", ours[4]};

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		argv[n++] = (char *)fixed[i];
	if (s->conf.has) {
		argv[n++] = (char *)"--has";
		argv[n++] = (char *)s->conf.has;
	}
	if (s->conf.nmodules)
		argv[n++] = (char *)"--task-modules";
	for (size_t i = 0; i < s->conf.nmodules; i++)
		argv[n++] = (char *)s->conf.modules[i];
	argv[n] = NULL;
	return n;
}

static pid_t spawn_child(struct local *l, int in, struct err *e)
{
	struct server *s = l->server;
	char **argv = xcalloc(ARGS_MAX + s->conf.nmodules, sizeof(*argv));
	char *address = own_address(s);
	char *ours[5] = {xasprintf("%s/local", s->conf.worker_id),
		xasprintf("%u", s->conf.concurrency), xasprintf("%s/local", s->conf.state_dir),
		xasprintf("%lld", (long long)s->conf.log_limit),
		xasprintf("%lld", (long long)s->conf.log_keep)};
	struct spawn sp = {.path = s->conf.exe,
		.argv = argv,
		.fd = {in, STDERR_FILENO, STDERR_FILENO},
		.session = true};
	pid_t pid;

	fill_args(s, argv, address, ours);
	pid = spawn_start(&sp, e);
	free(address);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		free(ours[i]);
	free(argv);
	return pid;
}

static void start(struct local *l)
{
	int ends[2];
	struct err e;

	if (pipe2(ends, O_CLOEXEC)) {
		err_errno(&e, ERR_BUSY, "cannot start the local worker");
		l->pid = -1;
	} else {
		l->pid = spawn_child(l, ends[0], &e);
		close(ends[0]);
		l->pipe = ends[1];
	}
	if (l->pid > 0) {
		loop_child(l->server->loop, l->pid, ended, l);
		return;
	}
	l->pid = 0;
	log_error("local.failed: %s", e.text);
	if (!l->server->ready)
		server_end(l->server, err_exit_code(e.code));
	else
		loop_timer_in(&l->timer, RESTART_MAX_MS);
}

static void on_timer(void *arg)
{
	struct local *l = arg;

	if (!l->stopping)
		start(l);
	else if (l->pid)
		kill(l->pid, SIGKILL);
}

struct local *local_new(struct server *s)
{
	struct local *l = xcalloc(1, sizeof(*l));

	l->server = s;
	l->pipe = -1;
	l->backoff_ms = RESTART_FIRST_MS;
	loop_timer_init(s->loop, &l->timer, on_timer, l);
	start(l);
	return l;
}

void local_free(struct local **l)
{
	if (!*l)
		return;
	loop_timer_clear(&(*l)->timer);
	if ((*l)->pipe >= 0)
		close((*l)->pipe);
	free(*l);
	*l = NULL;
}

void local_registered(struct local *l)
{
	if (!l)
		return;
	l->registered = true;
	l->backoff_ms = RESTART_FIRST_MS;
	server_ready(l->server);
}

/* One that is starting loads them just now, and does not listen to signals yet. */
void local_reload(struct local *l)
{
	if (l->pid && l->registered && !l->stopping)
		kill(l->pid, SIGHUP);
}

void local_stop(struct local *l, bool now)
{
	l->stopping = true;
	if (!l->pid) {
		server_end(l->server, l->server->exit_status);
		return;
	}
	/* A second TERM tells it not to wait for what runs. KILL comes when it does not end at all. */
	kill(l->pid, SIGTERM);
	loop_timer_in(&l->timer, now ? 12000 : l->server->conf.shutdown_ms + 12000);
}
