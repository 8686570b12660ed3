/* drain, undrain: whether workers get new tasks. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "proto/msg.h"

static const struct opt opts[] = {
	{.name = NULL},
};

static void tell(struct cmd_ctx *ctx, const struct json_node *o)
{
	long long n = msg_int(o, "running", 0);
	char id[128];

	msg_str(o, "worker", id, sizeof(id));
	if (ctx->json)
		out_json(ctx->out, o);
	else if (msg_bool(o, "leaving"))
		out_line(ctx->out, "%s is ending and gets nothing new, %lld running", id, n);
	else if (msg_bool(o, "draining"))
		out_line(ctx->out, "%s %s, %lld running", id,
			msg_bool(o, "again") ? "was draining already" : "gets nothing new", n);
	else
		out_line(ctx->out, "%s %s, %lld running", id,
			msg_bool(o, "again") ? "was taking tasks already" : "takes tasks again",
			n);
}

static void on_drained(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	int *worst = ctx->state;
	char id[128], why[1100];
	struct err fault;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	for (const struct json_node *o = msg_list(m->head, "workers"); o; o = json_next(o)) {
		if (msg_bool(o, "ok")) {
			tell(ctx, o);
			continue;
		}
		msg_str(o, "worker", id, sizeof(id));
		msg_str(o, "why", why, sizeof(why));
		err_set(&fault, ERR_NO, "%s: %s", str_show(id), why);
		*worst = cmd_complain(ctx, &fault);
	}
	if (!more)
		cmd_done(ctx, *worst);
}

static void ask(struct cmd_ctx *ctx, bool on)
{
	struct client *c;
	struct mout o;
	struct err e;

	if (!opts_nargs(ctx->opts)) {
		err_set(&e, ERR_USAGE,
			"which worker? `fastworker %s WORKER`; `fastworker workers` shows them",
			ctx->cmd->name);
		cmd_fail(ctx, &e);
		return;
	}
	c = cmd_client(ctx);
	if (!c)
		return;
	ctx->state = xcalloc(1, sizeof(int));
	mout_init(&o);
	client_begin(c, &o, MSG_DRAIN);
	jout_array(&o.w, "workers");
	for (size_t i = 0; i < opts_nargs(ctx->opts); i++)
		jout_str(&o.w, NULL, opts_arg(ctx->opts, i));
	jout_end_array(&o.w);
	jout_bool(&o.w, "on", on);
	client_send(c, &o, on_drained, cmd_hold(ctx));
	mout_fini(&o);
}

static void exec_drain(struct cmd_ctx *ctx)
{
	ask(ctx, true);
}

static void exec_undrain(struct cmd_ctx *ctx)
{
	ask(ctx, false);
}

const struct cmd cmd_drain_entry = {
	.name = "drain",
	.group = "processes",
	.usage = "WORKER...",
	.help = "Gives workers nothing new; what runs there goes on",
	.about =
		"Until undrain, or until the worker's process ends: it remembers it itself, also when the control plane starts anew.\n"
		"Needs the role admin. 1: no such worker.",
	.examples =
		"fastworker drain w2\nfastworker drain w2 && fastworker wait $(fastworker tasks --json worker=w2 state=running | jq .n)",
	.complete = "worker",
	.nargs = -1,
	.opts = opts,
	.exec = exec_drain,
};

const struct cmd cmd_undrain_entry = {
	.name = "undrain",
	.group = "processes",
	.usage = "WORKER...",
	.help = "Gives drained workers tasks again",
	.about = "Needs the role admin. 1: no such worker.",
	.examples = "fastworker undrain w2",
	.complete = "worker",
	.nargs = -1,
	.opts = opts,
	.exec = exec_undrain,
};
