/* cancel: ends tasks, and tells what that took. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "proto/msg.h"

#define GRACE_MS 10000 /* as in the option's help */
#define EXTRA_MS 1000  /* after the grace time, for the report to come */

static const struct opt opts[] = {
	{.name = "task-id",
		.type = OPT_STRING,
		.arg = "ID",
		.help = "The task, in FastWorker's spelling",
		.complete = "id"},
	{.name = "grace",
		.type = OPT_DURATION,
		.arg = "TIME",
		.help = "Between SIGTERM and SIGKILL (10s); 0 kills at once"},
	{.name = "reason",
		.type = OPT_STRING,
		.arg = "TEXT",
		.help = "Why; it is kept with the task"},
	{.name = "no-wait",
		.letter = 'n',
		.type = OPT_FLAG,
		.help = "Do not wait until the processes have ended"},
	{.name = "yes",
		.letter = 'y',
		.type = OPT_FLAG,
		.help = "For scripts that say so; it does not ask",
		.hidden = true},
	{.name = NULL},
};

struct cancelling {
	int status;   /* the worst so far */
	bool waiting; /* some were cancelled, and their processes still end */
};

static void tell(struct cmd_ctx *ctx, struct cancelling *c, const struct json_node *o)
{
	char selector[128], why[1100], was[64], report[1100];
	long long n = msg_int(o, "n", 0);
	struct err e;

	msg_str(o, "selector", selector, sizeof(selector));
	msg_str(o, "was", was, sizeof(was));
	msg_str(o, "report", report, sizeof(report));
	if (!msg_bool(o, "ok")) {
		msg_str(o, "why", why, sizeof(why));
		err_set(&e, ERR_NO, "%s: %s", str_show(selector), why);
		int status = cmd_complain(ctx, &e);
		c->status = status > c->status ? status : c->status;
	} else if (ctx->json) {
		out_json(ctx->out, o);
	} else if (msg_bool(o, "again")) {
		out_line(ctx->out, "%lld was cancelled before: %s", n,
			*report ? report : "its processes still end");
	} else {
		out_line(ctx->out, "%lld cancelled (was %s)%s%s", n, was, *report ? ": " : "",
			*report                 ? report
			: msg_bool(o, "ending") ? ": its processes still end"
						: "");
	}
}

static void on_cancelled(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct cancelling *c = ctx->state;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	c->waiting = more;
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		tell(ctx, c, o);
	out_flush(ctx->out);
	if (!more)
		cmd_done(ctx, c->status);
}

static void interrupt(struct cmd_ctx *ctx)
{
	const struct cancelling *c = ctx->state;

	if (c && c->waiting)
		out_note(ctx->out, "the tasks are cancelled; their processes still end");
}

static void ask(struct cmd_ctx *ctx, struct client *c)
{
	const char *reason = opts_str(ctx->opts, "reason"),
		   *named = opts_str(ctx->opts, "task-id");
	bool given = opts_given(ctx->opts, "grace");
	int64_t grace_ms = given ? opts_ms(ctx->opts, "grace") : GRACE_MS;
	struct mout o;

	mout_init(&o);
	client_begin(c, &o, MSG_CANCEL);
	jout_array(&o.w, "ids");
	if (named)
		jout_str(&o.w, NULL, named);
	for (size_t i = 0; i < opts_nargs(ctx->opts); i++)
		jout_str(&o.w, NULL, opts_arg(ctx->opts, i));
	jout_end_array(&o.w);
	if (reason)
		jout_str(&o.w, "reason", reason);
	if (given)
		jout_i64(&o.w, "grace_ms", grace_ms);
	if (!opts_flag(ctx->opts, "no-wait"))
		jout_i64(&o.w, "wait_ms", grace_ms + EXTRA_MS);
	client_send(c, &o, on_cancelled, cmd_hold(ctx));
	mout_fini(&o);
}

static void exec(struct cmd_ctx *ctx)
{
	struct client *c;
	struct err e;

	if (!opts_str(ctx->opts, "task-id") && !opts_nargs(ctx->opts)) {
		err_set(&e, ERR_USAGE,
			"which task? `fastworker cancel ID`; `fastworker tasks` shows them");
		cmd_fail(ctx, &e);
		return;
	}
	c = cmd_client(ctx);
	if (!c)
		return;
	ctx->state = xcalloc(1, sizeof(struct cancelling));
	ask(ctx, c);
}

const struct cmd cmd_cancel_entry = {
	.name = "cancel",
	.group = "tasks",
	.usage = "[--grace TIME] [--reason TEXT] [-n] ID...",
	.help = "Cancels tasks: recorded at once, what runs is ended with all its processes",
	.about =
		"ID: a UUID, a number, `last`, a range 3-7, a group b3, which takes no more tasks then.\n"
		"The processes of what runs get SIGTERM, and SIGKILL after the grace time; what went into the background or made a session of\n"
		"its own, too. Waits until they have ended, at most for the grace time and a second, and says what it took for each.\n"
		"Cancelling once more while they still end is no error; with a shorter --grace it hurries them.\n"
		"1: unknown, or it had ended already.",
	.examples =
		"fastworker cancel 42\nfastworker cancel 3-7 --reason 'wrong input'\nfastworker cancel last --grace 0\nfastworker cancel b3",
	.complete = "id",
	.nargs = -1,
	.opts = opts,
	.flags = CMD_DESTROYS,
	.exec = exec,
	.interrupt = interrupt,
};
