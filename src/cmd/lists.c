/* tasks, workers, queues: the tables. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/differ.h"
#include "proto/msg.h"

/* A query that is shown page by page. */
struct listing {
	const char *what;
	const struct column *columns;
	size_t ncolumns;
	int64_t left; /* rows still wanted */
	char *filter;
	struct differ *differ; /* `workers`: modules to point out */
};

static void release(struct cmd_ctx *ctx)
{
	struct listing *l = ctx->state;

	if (l) {
		free(l->filter);
		differ_free(&l->differ);
	}
	free(l);
}

static void ask(struct cmd_ctx *ctx, struct client *c, int64_t cursor);

static void show(struct cmd_ctx *ctx, struct listing *l, const struct json_node *rows, size_t n)
{
	const struct json_node **list = xcalloc(n + 1, sizeof(*list));
	size_t i = 0;

	for (const struct json_node *r = json_first(rows); r && i < n; r = json_next(r)) {
		list[i++] = r;
		if (l->differ)
			differ_see(l->differ, r);
	}
	out_rows(ctx->out, l->columns, l->ncolumns, list, n, loop_wall_ms(ctx->session->loop));
	free(list);
}

static void on_rows(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct listing *l = ctx->state;
	const struct json_node *rows;
	int64_t next, n;

	if (!cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	rows = json_get(m->head, "rows");
	next = msg_int(m->head, "next", 0);
	n = rows->type == JSON_ARRAY ? (int64_t)rows->nchild : 0;
	show(ctx, l, rows, (size_t)(n < l->left ? n : l->left));
	l->left -= n;
	if (next && l->left > 0) {
		ask(ctx, ctx->session->client, next);
		return;
	}
	if (l->differ)
		differ_tell(l->differ, ctx->out);
	cmd_done(ctx, 0);
}

static void ask(struct cmd_ctx *ctx, struct client *c, int64_t cursor)
{
	struct listing *l = ctx->state;
	struct mout o;

	mout_init(&o);
	client_begin(c, &o, MSG_QUERY);
	jout_str(&o.w, "what", l->what);
	if (*l->filter)
		jout_str(&o.w, "filter", l->filter);
	if (cursor)
		jout_i64(&o.w, "cursor", cursor);
	jout_i64(&o.w, "limit", l->left < 1000 ? l->left : 1000);
	client_send(c, &o, on_rows, cmd_hold(ctx));
	mout_fini(&o);
}

/* Positionals with spaces between: the filter. */
static char *join(const struct opts *o)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < opts_nargs(o); i++)
		buf_addf(&b, "%s%s", i ? " " : "", opts_arg(o, i));
	return buf_steal(&b);
}

static void start(struct cmd_ctx *ctx, const char *what, const struct column *columns, size_t n,
	int64_t limit)
{
	struct client *c = cmd_client(ctx);
	struct listing *l;

	if (!c)
		return;
	l = xcalloc(1, sizeof(*l));
	l->what = what;
	l->columns = columns;
	l->ncolumns = n;
	l->left = limit;
	l->filter = join(ctx->opts);
	ctx->state = l;
	ask(ctx, c, 0);
}

static const struct column task_columns[] = {
	{"ID", "n", COL_INT, 3, 0},
	{"PRIORITY", "priority", COL_TEXT, 0, 8},
	{"STATE", "state", COL_TEXT, 9, 9},
	{"TASK", "name", COL_TEXT, 8, 20},
	{"WORKER", "worker", COL_TEXT, 6, 20},
	{"AGE", "created_at", COL_SINCE, 5, 7},
	{"TRY", "attempt", COL_INT, 3, 4},
	{"DONE", "progress", COL_FAR, 4, 4},
	{"ARGS", "args_preview", COL_TEXT, 4, 0},
};

static const struct opt tasks_opts[] = {
	{.name = "limit",
		.letter = 'l',
		.type = OPT_INT,
		.arg = "N",
		.def = "50",
		.min = 1,
		.max = 100000000,
		.help = "At most so many, newest first"},
	{.name = "all", .letter = 'a', .type = OPT_FLAG, .help = "All of them"},
	{.name = NULL},
};

static void exec_tasks(struct cmd_ctx *ctx)
{
	int64_t limit = opts_flag(ctx->opts, "all") ? INT64_MAX : opts_int(ctx->opts, "limit");

	start(ctx, "tasks", task_columns, ARRAY_LEN(task_columns), limit);
}

const struct cmd cmd_tasks_entry = {
	.name = "tasks",
	.alias = "ps",
	.group = "looking",
	.usage = "[FIELD=VALUE...]",
	.help = "Lists tasks, newest first",
	.about =
		"Filter: state=failure,queued task=res* worker=w2 priority=high owner=NAME; != and ~ (contains) work, too.",
	.examples =
		"fastworker tasks state=failure\nfastworker tasks --json state=running task~resize",
	.nargs = -1,
	.opts = tasks_opts,
	.exec = exec_tasks,
	.release = release,
};

static const struct column worker_columns[] = {
	{"ID", "id", COL_TEXT, 10, 30},
	{"STATE", "state", COL_TEXT, 8, 10},
	{"HOST", "host", COL_TEXT, 4, 20},
	{"SLOTS", "slots", COL_INT, 5, 0},
	{"BUSY", "load", COL_INT, 4, 0},
	{"DONE", "done", COL_INT, 4, 0},
	{"FAILED", "failed", COL_INT, 6, 0},
	{"TASKS", "names", COL_INT, 5, 0},
	{"SEEN", "last_seen", COL_SINCE, 5, 0},
	{"RUNNING", "running", COL_TEXT, 7, 14},
	{"MODULES", "modules", COL_MODULES, 7, 0},
};

static void exec_workers(struct cmd_ctx *ctx)
{
	struct listing *l;

	start(ctx, "workers", worker_columns, ARRAY_LEN(worker_columns), INT64_MAX);
	l = ctx->state;
	if (l && !ctx->json)
		l->differ = differ_new();
}

const struct cmd cmd_workers_entry = {
	.name = "workers",
	.group = "looking",
	.usage = "",
	.help = "Lists workers, what they do, and their modules",
	.about =
		"Behind a module stand the first digits of its digest; `!` marks one that is not the same on every worker, `?` one whose newest\n"
		"version cannot be loaded: the version before it is in use.",
	.exec = exec_workers,
	.release = release,
};

static const struct column queue_columns[] = {
	{"PRIORITY", "priority", COL_TEXT, 8, 0},
	{"QUEUED", "queued", COL_INT, 6, 0},
	{"OLDEST", "oldest_ms", COL_AGE, 6, 0},
};

static void exec_queues(struct cmd_ctx *ctx)
{
	start(ctx, "queues", queue_columns, ARRAY_LEN(queue_columns), INT64_MAX);
}

const struct cmd cmd_queues_entry = {
	.name = "queues",
	.group = "looking",
	.usage = "",
	.help = "Shows how much waits in each priority, and for how long",
	.exec = exec_queues,
	.release = release,
};
