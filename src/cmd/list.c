/* list: the tasks that can be submitted, from module files or from the control plane. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "node/modules.h"
#include "proto/msg.h"

static const struct opt opts[] = {
	{.name = "task-modules",
		.letter = 't',
		.type = OPT_WORDS,
		.arg = "MODULE",
		.commas = true,
		.env = "FASTWORKER_TASK_MODULES",
		.conf = true,
		.complete = "file",
		.help = "Read these modules themselves; no control plane is needed"},
	{.name = "tree", .type = OPT_FLAG, .help = "Grouped by module"},
	{.name = "list-periodic", .type = OPT_FLAG, .help = "Only what runs on a schedule"},
	{.name = NULL},
};

/* Rows {"name","module","params","doc"} sorted as they came, shown as --tree, --json or plain. */
struct view {
	struct cmd_ctx *ctx;
	char module[128]; /* of the row before, for --tree */
};

static void show_row(struct view *v, const struct json_node *row)
{
	struct out *out = v->ctx->out;
	char name[128], module[128], params[1100], doc[4096];
	const char *first;

	if (v->ctx->json) {
		out_json(out, row);
		return;
	}
	msg_str(row, "name", name, sizeof(name));
	msg_str(row, "module", module, sizeof(module));
	msg_str(row, "params", params, sizeof(params));
	msg_str(row, "doc", doc, sizeof(doc));
	doc[strcspn(doc, "\n")] = '\0';
	first = opts_flag(v->ctx->opts, "tree") ? "  - " : "";
	if (*first && strcmp(module, v->module) != 0)
		out_line(out, "%s",
			*module ? module : "(module not known: its workers are away)");
	snprintf(v->module, sizeof(v->module), "%s", module);
	if (*params || *doc)
		out_line(out, "%s%-18s %s%s%s", first, name, params,
			*params && *doc ? "  " : "", doc);
	else
		out_line(out, "%s%s", first, name);
}

static int by_module(const void *a, const void *b)
{
	const struct json_node *x = *(const struct json_node *const *)a,
			       *y = *(const struct json_node *const *)b;
	char m[2][128], n[2][128];
	int c;

	msg_str(x, "module", m[0], sizeof(m[0]));
	msg_str(y, "module", m[1], sizeof(m[1]));
	msg_str(x, "name", n[0], sizeof(n[0]));
	msg_str(y, "name", n[1], sizeof(n[1]));
	c = strcmp(m[0], m[1]);
	return c ? c : strcmp(n[0], n[1]);
}

static void show(struct cmd_ctx *ctx, const struct json_node *rows)
{
	struct view v = {.ctx = ctx};
	const struct json_node **list = xcalloc(rows->nchild + 1, sizeof(*list));
	size_t n = 0;

	for (const struct json_node *r = json_first(rows); r; r = json_next(r))
		list[n++] = r;
	if (opts_flag(ctx->opts, "tree"))
		qsort(list, n, sizeof(*list), by_module);
	for (size_t i = 0; i < n; i++)
		show_row(&v, list[i]);
	free(list);
}

static void write_rows(struct buf *text, const struct modules *m)
{
	struct json_out w;

	jout_init(&w, text);
	jout_array(&w, NULL);
	for (size_t i = 0; i < m->n; i++) {
		const struct module_task *t = &m->tasks[i];
		jout_object(&w, NULL);
		jout_str(&w, "name", t->name);
		jout_str(&w, "module", t->module);
		if (t->params)
			jout_str(&w, "params", t->params);
		jout_str(&w, "doc", t->doc);
		jout_end_object(&w);
	}
	jout_end_array(&w);
}

static void from_files(struct cmd_ctx *ctx, const char *const *specs, size_t n)
{
	struct modules m = {0};
	struct buf text = BUF_INIT;
	struct json_doc doc;
	struct json_fault fault;
	struct err e;

	if (modules_load(&m, specs, n, &e)) {
		modules_fini(&m);
		cmd_fail(ctx, &e);
		return;
	}
	write_rows(&text, &m);
	json_init(&doc);
	if (json_parse(&doc, text.data, text.len, 0, 1 << 22, &fault))
		BUG("own JSON");
	show(ctx, doc.nodes);
	json_fini(&doc);
	buf_fini(&text);
	modules_fini(&m);
	cmd_done(ctx, 0);
}

static void ask(struct cmd_ctx *ctx, struct client *c, int64_t cursor);

static void on_rows(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	int64_t next;

	if (!cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	show(ctx, json_get(m->head, "rows"));
	next = msg_int(m->head, "next", 0);
	if (next)
		ask(ctx, ctx->session->client, next);
	else
		cmd_done(ctx, 0);
}

static void ask(struct cmd_ctx *ctx, struct client *c, int64_t cursor)
{
	struct mout o;

	mout_init(&o);
	client_begin(c, &o, MSG_QUERY);
	jout_str(&o.w, "what", "names");
	if (cursor)
		jout_i64(&o.w, "cursor", cursor);
	client_send(c, &o, on_rows, cmd_hold(ctx));
	mout_fini(&o);
}

static void exec(struct cmd_ctx *ctx)
{
	const char *const *specs;
	size_t n = opts_many(ctx->opts, "task-modules", &specs);
	struct client *c;

	if (opts_flag(ctx->opts, "list-periodic")) {
		if (!ctx->json)
			out_line(ctx->out, "Periodic tasks:");
		cmd_done(ctx, 0);
		return;
	}
	if (n) {
		from_files(ctx, specs, n);
		return;
	}
	c = cmd_client(ctx);
	if (c)
		ask(ctx, c, 0);
}

const struct cmd cmd_list_entry = {
	.name = "list",
	.group = "looking",
	.usage = "[--tree] [--task-modules MODULE...]",
	.help = "Lists the tasks that can be submitted",
	.about =
		"Asks the control plane; with --task-modules it reads the modules itself and needs none.",
	.examples = "fastworker list --tree\nfastworker list -t tasks.sh",
	.opts = opts,
	.exec = exec,
};
