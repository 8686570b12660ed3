/* Commands that people do not type: the runner process of a worker, and the tables of PROTOCOL.md. */
#include "base/buf.h"
#include "cmd/cmd.h"
#include "node/runner.h"
#include "proto/msg.h"

static void exec_runner(struct cmd_ctx *ctx)
{
	cmd_done(ctx, runner_main());
}

const struct cmd cmd_runner_entry = {
	.name = "__runner",
	.group = "more",
	.usage = "",
	.help = "A runner: a worker starts it, one for each slot",
	.flags = CMD_HIDDEN | CMD_PROCESS,
	.exec = exec_runner,
};

static void exec_protocol(struct cmd_ctx *ctx)
{
	struct buf text = BUF_INIT;

	msg_document(&text);
	out_bytes(ctx->out, text.data, text.len);
	buf_fini(&text);
	cmd_done(ctx, 0);
}

const struct cmd cmd_protocol_entry = {
	.name = "__protocol",
	.group = "more",
	.usage = "",
	.help = "The tables of PROTOCOL.md",
	.flags = CMD_HIDDEN,
	.exec = exec_protocol,
};
