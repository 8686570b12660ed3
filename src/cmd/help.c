/* Help texts, all from the command table. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"

static const struct {
	const char *group, *title;
} groups[] = {
	{"processes", "Starting and stopping"},
	{"tasks", "Tasks"},
	{"looking", "Looking"},
	{"faces", "Interactive"},
	{"more", "More"},
};

static void add_group(struct buf *out, size_t g)
{
	buf_addf(out, "\n%s:\n", groups[g].title);
	for (size_t i = 0; commands[i]; i++) {
		const struct cmd *c = commands[i];
		if ((c->flags & CMD_HIDDEN) || strcmp(c->group, groups[g].group) != 0)
			continue;
		buf_addf(out, "  %-14s %s%s%s%s\n", c->name, c->help,
			c->alias ? " (also: " : "", c->alias ? c->alias : "",
			c->alias ? ")" : "");
	}
}

void cmd_help_all(struct buf *out)
{
	buf_adds(out,
		"fastworker " FW_VERSION " - a secure task queue in one binary\n\n"
		"  fastworker start -t examples/tasks.sh     a control plane and a worker, in the background\n"
		"  fastworker submit add 5 3                 runs a task, prints its result\n"
		"  id=$(fastworker submit -n add 5 3)        queues it, prints its id\n"
		"  fastworker tasks                          what runs and what ran\n"
		"  fastworker console                        all of it, live\n");
	for (size_t g = 0; g < ARRAY_LEN(groups); g++)
		add_group(out, g);
	buf_adds(out, "\n`fastworker help COMMAND` tells all about one of them.\n");
}

static void option_name(struct buf *b, const struct opt *o)
{
	if (o->letter)
		buf_addf(b, "-%c, ", o->letter);
	else
		buf_adds(b, "    ");
	buf_addf(b, "--%s", o->name);
	if (o->type == OPT_CHOICE)
		buf_addf(b, " %s", o->choices);
	else if (o->type != OPT_FLAG)
		buf_addf(b, " %s%s", o->arg ? o->arg : "VALUE",
			o->type == OPT_WORDS ? "..." : "");
}

static void add_option(struct buf *out, const struct opt *o)
{
	struct buf name = BUF_INIT;

	if (o->hidden)
		return;
	option_name(&name, o);
	buf_addf(out, "  %-32s%s%s", buf_str(&name),
		name.len >= 32 ? "\n                                  " : "", o->help);
	if (o->def)
		buf_addf(out, " [%s]", o->def);
	if (o->env)
		buf_addf(out, " (%s)", o->env);
	buf_addc(out, '\n');
	buf_fini(&name);
}

static void add_lines(struct buf *out, const char *title, const char *text)
{
	if (!text)
		return;
	buf_addf(out, "\n%s:\n", title);
	while (*text) {
		size_t n = strcspn(text, "\n");
		buf_addf(out, "  %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void cmd_help(struct buf *out, const struct cmd *c)
{
	buf_addf(out, "%s\n\nusage: fastworker %s%s%s\n", c->help, c->name,
		*c->usage ? " " : "", c->usage);
	if (c->alias)
		buf_addf(out, "also:  %s\n", c->alias);
	if (c->about)
		buf_addf(out, "\n%s\n", c->about);
	if (c->opts && c->opts->name)
		buf_adds(out, "\nOptions:\n");
	for (const struct opt *o = c->opts; o && o->name; o++)
		add_option(out, o);
	buf_adds(out, "\nOptions of all commands:\n");
	for (const struct opt *o = global_opts; o->name; o++)
		add_option(out, o);
	add_lines(out, "Examples", c->examples);
}

/* The table itself, for programs. */
static void list_commands(struct out *out, const struct cmd *only)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct cmd *c = commands[i];
		struct buf line = BUF_INIT;
		struct json_out w;
		if (only ? c != only : c->flags & CMD_HIDDEN)
			continue;
		jout_init(&w, &line);
		jout_object(&w, NULL);
		jout_i64(&w, "schema", 1);
		jout_str(&w, "name", c->name);
		jout_str(&w, "alias", c->alias);
		jout_str(&w, "usage", c->usage);
		jout_str(&w, "help", c->help);
		jout_end_object(&w);
		out_raw_line(out, "%s", buf_str(&line));
		buf_fini(&line);
	}
}

static void exec_help(struct cmd_ctx *ctx)
{
	struct buf text = BUF_INIT;
	const char *word = opts_arg(ctx->opts, 0);
	const struct cmd *c = word ? cmd_find(word) : NULL;
	struct err e;

	if (word && !c) {
		cmd_unknown(word, &e);
		cmd_fail(ctx, &e);
		return;
	}
	if (ctx->json) {
		list_commands(ctx->out, c);
		cmd_done(ctx, 0);
		return;
	}
	if (c)
		cmd_help(&text, c);
	else
		cmd_help_all(&text);
	out_bytes(ctx->out, text.data, text.len);
	buf_fini(&text);
	cmd_done(ctx, 0);
}

const struct cmd cmd_help_entry = {
	.name = "help",
	.group = "more",
	.usage = "[COMMAND]",
	.help = "Shows what there is, or all about one command",
	.complete = "command",
	.nargs = 1,
	.exec = exec_help,
};

static void exec_version(struct cmd_ctx *ctx)
{
	struct json_doc doc;
	struct json_fault fault;
	static const char object[] = "{\"version\":\"" FW_VERSION "\",\"protocol\":1}";

	json_init(&doc);
	if (ctx->out->json && json_parse(&doc, object, sizeof(object) - 1, 0, 10, &fault) == 0)
		out_json(ctx->out, doc.nodes);
	else
		out_line(ctx->out, "fastworker " FW_VERSION);
	json_fini(&doc);
	cmd_done(ctx, 0);
}

const struct cmd cmd_version_entry = {
	.name = "version",
	.group = "more",
	.usage = "",
	.help = "Shows the version",
	.exec = exec_version,
};
