/* status, result: commands about tasks that are there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/show.h"
#include "proto/msg.h"

static const struct opt status_opts[] = {
	{.name = "task-id",
		.type = OPT_STRING,
		.arg = "ID",
		.help = "The task, in FastWorker's spelling",
		.complete = "id"},
	{.name = "summary",
		.type = OPT_FLAG,
		.help = "The control plane and its counts, instead of a task"},
	{.name = NULL},
};

static const struct opt id_opts[] = {
	{.name = "task-id",
		.type = OPT_STRING,
		.arg = "ID",
		.help = "The task, in FastWorker's spelling",
		.complete = "id"},
	{.name = NULL},
};

/* Where the commands of this file stand. */
struct asking {
	int status; /* the worst so far */
	/* Of `result`: the tasks, and which of them comes next. */
	char (*ids)[UUID_TEXT];
	size_t n, cap, next;
};

/* The i-th of the tasks named on the command line; NULL behind the last. */
static const char *selector_at(struct cmd_ctx *ctx, size_t i)
{
	const char *named = opts_str(ctx->opts, "task-id");

	if (named && i == 0)
		return named;
	return opts_arg(ctx->opts, named ? i - 1 : i);
}

/* Checks the command line and connects; NULL: it was told and ended. */
static struct asking *ask_about(struct cmd_ctx *ctx, struct client **c)
{
	struct asking *a;
	struct err e;

	if (!selector_at(ctx, 0)) {
		err_set(&e, ERR_USAGE,
			"which task? `fastworker %s ID`; `fastworker tasks` shows them",
			ctx->cmd->name);
		cmd_fail(ctx, &e);
		return NULL;
	}
	*c = cmd_client(ctx);
	if (!*c)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	ctx->state = a;
	return a;
}

/* Begins a request about all of them. */
static struct asking *begin(struct cmd_ctx *ctx, struct mout *o, enum msg_id id,
	struct client **c)
{
	struct asking *a = ask_about(ctx, c);
	const char *selector;

	if (!a)
		return NULL;
	mout_init(o);
	client_begin(*c, o, id);
	jout_array(&o->w, "ids");
	for (size_t i = 0; (selector = selector_at(ctx, i)); i++)
		jout_str(&o->w, NULL, selector);
	jout_end_array(&o->w);
	return a;
}

static void worse(struct asking *a, int status)
{
	if (status > a->status)
		a->status = status;
}

static void complain_missing(struct cmd_ctx *ctx, struct asking *a, const struct msg *m,
	enum err_code code)
{
	char selector[128];
	struct err e;

	for (const struct json_node *v = msg_list(m->head, "missing"); v; v = json_next(v)) {
		json_strcpy(v, selector, sizeof(selector));
		err_set(&e, code, "no such task, or it has expired: %s", str_show(selector));
		worse(a, cmd_complain(ctx, &e));
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
	complain_missing(ctx, a, m, ERR_NO);
	if (!more)
		cmd_done(ctx, a->status);
}

/* --summary: the control plane itself. */
static void on_whole(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	const struct json_node *rows;

	if (!cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	rows = json_get(m->head, "rows");
	for (const struct json_node *r = json_first(rows); r; r = json_next(r))
		out_object(ctx->out, r);
	cmd_done(ctx, 0);
}

static void ask_whole(struct cmd_ctx *ctx)
{
	struct client *c = cmd_client(ctx);
	struct mout o;

	if (!c)
		return;
	mout_init(&o);
	client_begin(c, &o, MSG_QUERY);
	jout_str(&o.w, "what", "status");
	client_send(c, &o, on_whole, cmd_hold(ctx));
	mout_fini(&o);
}

static void exec_status(struct cmd_ctx *ctx)
{
	struct mout o;
	struct client *c;

	if (opts_flag(ctx->opts, "summary")) {
		ask_whole(ctx);
		return;
	}
	if (!begin(ctx, &o, MSG_GET, &c))
		return;
	client_send(c, &o, on_status, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_status_entry = {
	.name = "status",
	.group = "looking",
	.usage = "ID... | --summary",
	.help = "Shows where a task stands, or the control plane; 1 when it is not known",
	.about =
		"ID: a UUID, a number, `last`, a range 3-7, a group b3. --summary counts: lost_total are attempts whose worker was lost, stale_total results that came\n"
		"too late, from a worker that had been given up, and were refused.",
	.examples =
		"fastworker status last\nfastworker status --task-id 01890a5d-ac96-774b-bcce-b302099a8057",
	.complete = "id",
	.nargs = -1,
	.opts = status_opts,
	.exec = exec_status,
};

/* `result` of several tasks: what their selectors name first, then one after the other. */
static void next_result(struct cmd_ctx *ctx);

static void release_asking(struct cmd_ctx *ctx)
{
	struct asking *a = ctx->state;

	if (!a)
		return;
	free(a->ids);
	free(a);
}

static void shown(struct cmd_ctx *ctx, int status, const char *text)
{
	struct asking *a = ctx->state;
	const char *id = a->ids[a->next - 1];
	struct err e;

	if (status == SHOW_UNKNOWN) {
		err_set(&e, ERR_NO_TASK, "the task has expired just now: %s", id);
		status = cmd_complain(ctx, &e);
	} else if (status == SHOW_RUNNING) {
		err_set(&e, ERR_BUSY, "%s: `fastworker wait %s` waits for it", text, id);
		status = cmd_complain(ctx, &e);
	}
	worse(a, status);
	next_result(ctx);
}

static void next_result(struct cmd_ctx *ctx)
{
	struct asking *a = ctx->state;

	if (a->next == a->n)
		cmd_done(ctx, a->status);
	else
		show_task(ctx, ctx->session->client, a->ids[a->next++], shown);
}

static void add_ids(struct asking *a, const struct msg *m)
{
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		if (a->n == a->cap) {
			a->cap = a->cap ? 2 * a->cap : 16;
			a->ids = xreallocarray(a->ids, a->cap, sizeof(*a->ids));
		}
		msg_str(o, "id", a->ids[a->n++], sizeof(a->ids[0]));
	}
}

static void on_named(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct asking *a = ctx->state;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	add_ids(a, m);
	complain_missing(ctx, a, m, ERR_NO_TASK);
	if (!more)
		next_result(ctx);
}

static void exec_result(struct cmd_ctx *ctx)
{
	struct client *c;
	struct mout o;

	if (!begin(ctx, &o, MSG_GET, &c))
		return;
	client_send(c, &o, on_named, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_result_entry = {
	.name = "result",
	.group = "tasks",
	.usage = "ID...",
	.help = "Prints the result of a task that has ended",
	.about =
		"ID: a UUID, a number, `last`, a range 3-7, a group b3. stdout of the task byte for byte; the exit status is the task's. 75: it has not ended yet. 127: no such task.",
	.examples = "fastworker result 42 > out.png",
	.complete = "id",
	.nargs = -1,
	.opts = id_opts,
	.flags = CMD_STATUS,
	.exec = exec_result,
	.release = release_asking,
};
