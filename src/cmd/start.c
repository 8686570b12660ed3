/* start and stop: a control plane in the background. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/launch.h"
#include "cmd/processes.h"
#include "node/platform.h"

#define STOP_PATIENCE_MS 60000

static void release_start(struct cmd_ctx *ctx)
{
	struct launch *l = ctx->state;

	launch_free(&l);
}

static void started(void *arg, int status, const char *line)
{
	struct cmd_ctx *ctx = arg;

	if (status) {
		if (*line)
			out_note(ctx->out, "%s", line);
	} else if (line) {
		out_bytes(ctx->out, line, strlen(line));
		if (!ctx->out->json)
			out_note(ctx->out, "its log: %s", launch_log(ctx->state));
	}
	cmd_done(ctx, status);
}

/* The words of this command line are given on to `control-plane`. */
static void exec_start(struct cmd_ctx *ctx)
{
	struct err e;

	ctx->state = launch_new(ctx->session, ctx->words, ctx->nwords, started, ctx, &e);
	if (!ctx->state)
		cmd_fail(ctx, &e);
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
