/* status, result, cancel: commands about tasks that are there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/ending.h"
#include "proto/msg.h"

static const struct opt id_opts[] = {
	{.name = "task-id", .type = OPT_STRING, .arg = "ID", .help = "The task, in FastWorker's spelling", .complete = "id"},
	{.name = NULL},
};

static const struct opt cancel_opts[] = {
	{.name = "task-id", .type = OPT_STRING, .arg = "ID", .help = "The task, in FastWorker's spelling", .complete = "id"},
	{.name = "reason", .type = OPT_STRING, .arg = "TEXT", .help = "Why; it is kept with the task"},
	{.name = "yes", .letter = 'y', .type = OPT_FLAG, .help = "Do not ask"},
	{.name = NULL},
};

/* What the commands of this file do with the answer. */
struct asking {
	struct cmd_ctx *ctx;
	int status;          /* the worst */
	struct ending ending; /* of `result` while it is fetched */
	struct buf result;
};

static void release(struct cmd_ctx *ctx)
{
	struct asking *a = ctx->state;

	if (a)
		buf_fini(&a->result);
	free(a);
}

/* Begins a request about the tasks of the command line; NULL: it was told and ended. */
static struct asking *begin(struct cmd_ctx *ctx, struct mout *o, enum msg_id id, struct client **c)
{
	const char *named = opts_str(ctx->opts, "task-id");
	struct asking *a;
	struct err e;

	if (!named && !opts_nargs(ctx->opts)) {
		err_set(&e, ERR_USAGE, "which task? `fastworker %s ID`; `fastworker tasks` shows them", ctx->cmd->name);
		cmd_fail(ctx, &e);
		return NULL;
	}
	*c = cmd_client(ctx);
	if (!*c)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->ctx = ctx;
	ctx->state = a;
	mout_init(o);
	client_begin(*c, o, id);
	jout_array(&o->w, "ids");
	if (named)
		jout_str(&o->w, NULL, named);
	for (size_t i = 0; i < opts_nargs(ctx->opts); i++)
		jout_str(&o->w, NULL, opts_arg(ctx->opts, i));
	jout_end_array(&o->w);
	return a;
}

static void worse(struct asking *a, int status)
{
	if (status > a->status)
		a->status = status;
}

static void complain_missing(struct asking *a, const struct msg *m)
{
	char selector[128];
	struct err e;

	for (const struct json_node *v = msg_list(m->head, "missing"); v; v = json_next(v)) {
		json_strcpy(v, selector, sizeof(selector));
		err_set(&e, a->ctx->cmd->flags & CMD_STATUS ? ERR_NO_TASK : ERR_NO, "no such task, or it has expired: %s",
			str_show(selector));
		worse(a, cmd_complain(a->ctx, &e));
	}
}

static void on_status(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct asking *a = ctx->state;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		out_object(ctx->out, o);
	complain_missing(a, m);
	if (!more)
		cmd_done(ctx, a->status);
}

static void exec_status(struct cmd_ctx *ctx)
{
	struct mout o;
	struct client *c;

	if (!begin(ctx, &o, MSG_GET, &c))
		return;
	client_send(c, &o, on_status, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_status_entry = {
	.name = "status",
	.group = "looking",
	.usage = "ID...",
	.help = "Shows where a task stands; 1 when it is not known",
	.about = "ID: a UUID, a number, `last`, a range 3-7.",
	.examples = "fastworker status last\nfastworker status --task-id 01890a5d-ac96-774b-bcce-b302099a8057",
	.complete = "id",
	.opts = id_opts,
	.exec = exec_status,
	.release = release,
};

static void show_result(struct asking *a, const struct json_node *record, const char *p, size_t n)
{
	struct out *out = a->ctx->out;

	if (a->ctx->json)
		result_object(out, record, &a->ending, p, n);
	else if (p)
		result_print(out, &a->ending, p, n);
	if (!a->ctx->json)
		ending_tell(out, &a->ending);
	worse(a, ending_status(&a->ending));
}

/* A large result goes straight through: it is bytes of any size. */
static bool on_part(void *arg, const char *data, size_t len, bool last, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct asking *a = ctx->state;
	bool end = last || e || ctx->ended;

	if (end ? !cmd_let(ctx) : ctx->ended)
		return false;
	if (e) {
		cmd_fail(ctx, e);
		return false;
	}
	buf_add(&a->result, data, len);
	if (last) {
		result_print(ctx->out, &a->ending, buf_str(&a->result), a->result.len);
		ending_tell(ctx->out, &a->ending);
		worse(a, ending_status(&a->ending));
		cmd_done(ctx, a->status);
	}
	return !last;
}

static void on_result(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct asking *a = ctx->state;
	struct client *c = ctx->session->client;
	size_t at = 0, n;
	struct err why;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		const char *p = msg_take(m, o, "result", &at, &n);
		ending_read(&a->ending, o);
		if (!a->ending.final) {
			err_set(&why, ERR_BUSY, "task %lld is %s: `fastworker wait %lld` waits for it", (long long)a->ending.n,
				a->ending.state, (long long)a->ending.n);
			worse(a, cmd_complain(ctx, &why));
		} else if (!p && a->ending.size > 0 && !ctx->json) {
			client_fetch(c, a->ending.id, "result", on_part, cmd_hold(ctx));
			return;
		} else {
			show_result(a, o, p, n);
		}
	}
	complain_missing(a, m);
	if (!more)
		cmd_done(ctx, a->status);
}

static void exec_result(struct cmd_ctx *ctx)
{
	struct mout o;
	struct client *c;

	if (!begin(ctx, &o, MSG_GET, &c))
		return;
	jout_bool(&o.w, "results", true);
	client_send(c, &o, on_result, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_result_entry = {
	.name = "result",
	.group = "tasks",
	.usage = "ID...",
	.help = "Prints the result of a task that has ended",
	.about = "stdout of the task byte for byte; the exit status is the task's. 75: it has not ended yet. 127: no such task.",
	.examples = "fastworker result 42 > out.png",
	.complete = "id",
	.opts = id_opts,
	.flags = CMD_STATUS,
	.exec = exec_result,
	.release = release,
};

static void tell_cancelled(struct asking *a, const struct json_node *o)
{
	char selector[128], why[1100], was[64];
	struct err e;

	msg_str(o, "selector", selector, sizeof(selector));
	msg_str(o, "was", was, sizeof(was));
	if (!msg_bool(o, "ok")) {
		msg_str(o, "why", why, sizeof(why));
		err_set(&e, ERR_NO, "%s: %s", str_show(selector), why);
		worse(a, cmd_complain(a->ctx, &e));
	} else if (a->ctx->json) {
		out_json(a->ctx->out, o);
	} else {
		out_line(a->ctx->out, "%lld cancelled (was %s)", (long long)msg_int(o, "n", 0), was);
	}
}

static void on_cancelled(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct asking *a = ctx->state;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		tell_cancelled(a, o);
	if (!more)
		cmd_done(ctx, a->status);
}

static void exec_cancel(struct cmd_ctx *ctx)
{
	const char *reason = opts_str(ctx->opts, "reason");
	struct mout o;
	struct client *c;

	if (!begin(ctx, &o, MSG_CANCEL, &c))
		return;
	if (reason)
		jout_str(&o.w, "reason", reason);
	client_send(c, &o, on_cancelled, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_cancel_entry = {
	.name = "cancel",
	.group = "tasks",
	.usage = "[--reason TEXT] ID...",
	.help = "Cancels tasks: recorded at once, what runs is stopped",
	.about = "What runs gets SIGTERM, and SIGKILL 10 s later. 1: unknown, or it had ended already.",
	.examples = "fastworker cancel 42\nfastworker cancel 3-7 --reason 'wrong input'",
	.complete = "id",
	.opts = cancel_opts,
	.flags = CMD_DESTROYS,
	.exec = exec_cancel,
	.release = release,
};
