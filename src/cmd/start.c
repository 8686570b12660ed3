/* start and stop: a control plane in the background. */
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
#include "base/str.h"
#include "cmd/processes.h"
#include "node/platform.h"
#include "node/spawn.h"

#define STOP_PATIENCE_MS 60000

struct starting {
	struct cmd_ctx *ctx;
	char *log_path;
	off_t log_from; /* what stood in the log before */
	int out;        /* the child's stdout: one line when it is ready */
	struct loop_io *io;
	struct buf line;
	pid_t pid;
};

static void release_start(struct cmd_ctx *ctx)
{
	struct starting *st = ctx->state;

	if (!st)
		return;
	loop_io_del(&st->io);
	if (st->out >= 0)
		close(st->out);
	buf_fini(&st->line);
	free(st->log_path);
	free(st);
}

/* What the child said before it ended. */
static void show_log(struct starting *st)
{
	char text[8192];
	int fd = open(st->log_path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text) - 1, st->log_from) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		/* Records of the log are for the log: the reason is a line for people. */
		if (*line && strncmp(line, "ts=", 3) != 0)
			out_note(st->ctx->out, "%s", line);
	}
}

static void ended(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	struct starting *st = arg;

	show_log(st);
	cmd_done(st->ctx, WIFEXITED(status) ? WEXITSTATUS(status) : 70);
}

static void on_output(void *arg, unsigned events)
{
	struct starting *st = arg;
	struct cmd_ctx *ctx = st->ctx;
	char text[1024];
	ssize_t n = read(st->out, text, sizeof(text));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		buf_add(&st->line, text, (size_t)n);
	if (n <= 0) {
		/* Its end comes as a signal: that tells the status. */
		loop_io_del(&st->io);
	} else if (strchr(buf_str(&st->line), '\n')) {
		loop_child(ctx->session->loop, st->pid, NULL, NULL);
		out_bytes(ctx->out, st->line.data, st->line.len);
		if (!ctx->out->json)
			out_note(ctx->out, "its log: %s", st->log_path);
		cmd_done(ctx, 0);
	}
}

/* The words of this command line, given on to `control-plane`. */
static char **child_args(struct cmd_ctx *ctx)
{
	size_t n = 0;
	char **argv = xcalloc(ctx->nwords + 3, sizeof(*argv));

	argv[n++] = (char *)ctx->session->exe; /* it may look itself up by this name */
	argv[n++] = (char *)"control-plane";
	for (size_t i = 0; i < ctx->nwords; i++)
		argv[n++] = ctx->words[i];
	return argv;
}

static int open_log(struct starting *st, struct err *e)
{
	struct session *s = st->ctx->session;
	struct stat info;
	int fd;

	if (paths_make_dir(s->paths.state, 0700, e))
		return -1;
	st->log_path =
		xasprintf("%s/%s.log", s->paths.state, s->profile ? s->profile : "default");
	fd = open(st->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(e, ERR_IO, "%s", st->log_path);
	st->log_from = fstat(fd, &info) == 0 ? info.st_size : 0;
	return fd;
}

static int launch(struct starting *st, struct err *e)
{
	char **argv = child_args(st->ctx);
	int ends[2] = {-1, -1}, log = open_log(st, e);
	struct spawn sp = {.path = st->ctx->session->exe, .argv = argv, .session = true};

	if (log >= 0 && pipe2(ends, O_CLOEXEC)) {
		err_errno(e, ERR_BUSY, "cannot make a pipe");
	} else if (log >= 0) {
		sp.fd[0] = -1;
		sp.fd[1] = ends[1];
		sp.fd[2] = log;
		st->pid = spawn_start(&sp, e);
		close(ends[1]);
		st->out = ends[0];
	}
	if (log >= 0)
		close(log);
	free(argv);
	return st->pid > 0 ? 0 : -1;
}

static void exec_start(struct cmd_ctx *ctx)
{
	struct starting *st = xcalloc(1, sizeof(*st));
	struct err e;

	ctx->state = st;
	st->ctx = ctx;
	st->out = -1;
	if (launch(st, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	loop_child(ctx->session->loop, st->pid, ended, st);
	st->io = loop_fd(ctx->session->loop, st->out, LOOP_READ, 10, on_output, st);
}

const struct cmd cmd_start_entry = {
	.name = "start",
	.group = "processes",
	.usage = "[OPTIONS]",
	.help = "Starts a control plane in the background; returns when it is ready",
	.about = "Takes the options of control-plane. Its log is in the state folder.",
	.examples =
		"fastworker start -t tasks.sh\nfastworker start -P test --base-address auto -t tasks.sh",
	.opts = control_plane_opts,
	.exec = exec_start,
	.release = release_start,
};

/* Waiting for the end of the process that said 'stopping'. */
struct stopping {
	struct cmd_ctx *ctx;
	int pidfd;
	struct loop_io *io;
	struct loop_timer patience;
};

static void release_stop(struct cmd_ctx *ctx)
{
	struct stopping *st = ctx->state;

	if (!st)
		return;
	loop_io_del(&st->io);
	loop_timer_clear(&st->patience);
	if (st->pidfd >= 0)
		close(st->pidfd);
	free(st);
}

static void stopped(struct cmd_ctx *ctx)
{
	if (ctx->json)
		out_raw_line(ctx->out, "{\"schema\":1,\"stopped\":true}");
	else
		out_line(ctx->out, "stopped");
	cmd_done(ctx, 0);
}

static void on_gone(void *arg, unsigned events)
{
	struct stopping *st = arg;

	stopped(st->ctx);
}

static void on_patience(void *arg)
{
	struct stopping *st = arg;
	struct err e;

	err_set(&e, ERR_TIMEOUT, "it was told to stop and still runs after %d s; see its log",
		STOP_PATIENCE_MS / 1000);
	cmd_fail(st->ctx, &e);
}

static void on_stopping(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct stopping *st = ctx->state;
	struct loop *l = ctx->session->loop;

	if (!cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(st->ctx, e);
		return;
	}
	if (msg_int(m->head, "running", 0) && !ctx->json)
		out_note(ctx->out, "waiting for %lld running tasks, at most 30 s",
			(long long)msg_int(m->head, "running", 0));
	if (msg_int(m->head, "queued", 0) && !ctx->json)
		out_note(ctx->out, "%lld queued tasks %s",
			(long long)msg_int(m->head, "queued", 0),
			msg_bool(m->head, "kept") ? "are kept: the next start goes on with them"
						  : "are lost");
	st->pidfd = platform_pidfd((pid_t)msg_int(m->head, "pid", 0));
	if (st->pidfd < 0) {
		/* It is gone already, or on another host. */
		stopped(ctx);
		return;
	}
	st->io = loop_fd(l, st->pidfd, LOOP_READ, 10, on_gone, st);
	loop_timer_in(&st->patience, STOP_PATIENCE_MS);
}

static void exec_stop(struct cmd_ctx *ctx)
{
	struct client *c = cmd_client(ctx);
	struct stopping *st;
	struct mout o;

	if (!c)
		return;
	st = xcalloc(1, sizeof(*st));
	st->ctx = ctx;
	st->pidfd = -1;
	loop_timer_init(ctx->session->loop, &st->patience, on_patience, st);
	ctx->state = st;
	mout_init(&o);
	client_begin(c, &o, MSG_SHUTDOWN);
	client_send(c, &o, on_stopping, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_stop_entry = {
	.name = "stop",
	.group = "processes",
	.usage = "[-P NAME]",
	.help = "Stops the control plane; running tasks of its local worker get 30 s",
	.exec = exec_stop,
	.release = release_stop,
	.flags = CMD_DESTROYS,
};
