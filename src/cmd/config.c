/* config: every setting with its value and where that comes from; and the check that a configuration file holds nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"

/* The next option that can stand in a file or the environment, each name once: walks the tables of all commands. */
struct walk {
	size_t cmd, opt;
	const char *seen[256];
	size_t nseen;
};

static const struct opt *table_at(size_t i)
{
	if (i == 0)
		return global_opts;
	return commands[i - 1] ? commands[i - 1]->opts : NULL;
}

static bool first_time(struct walk *w, const char *name)
{
	for (size_t i = 0; i < w->nseen; i++)
		if (strcmp(w->seen[i], name) == 0)
			return false;
	if (w->nseen < ARRAY_LEN(w->seen))
		w->seen[w->nseen++] = name;
	return true;
}

static const struct opt *next_setting(struct walk *w, const struct cmd **owner)
{
	for (; w->cmd == 0 || commands[w->cmd - 1]; w->cmd++, w->opt = 0) {
		const struct opt *table = table_at(w->cmd);
		while (table && table[w->opt].name) {
			const struct opt *o = &table[w->opt++];
			*owner = w->cmd ? commands[w->cmd - 1] : NULL;
			if ((o->conf || o->env) && first_time(w, o->name))
				return o;
		}
	}
	return NULL;
}

static const char *nearest_setting(const char *key)
{
	struct walk w = {0};
	const struct cmd *owner;
	const char *names[256];
	size_t n = 0;

	for (const struct opt *o; (o = next_setting(&w, &owner)) && n < ARRAY_LEN(names);)
		if (o->conf)
			names[n++] = o->name;
	return str_nearest(key, names, n);
}

static bool known_setting(const char *key)
{
	struct walk w = {0};
	const struct cmd *owner;

	for (const struct opt *o; (o = next_setting(&w, &owner));)
		if (o->conf && strcmp(o->name, key) == 0)
			return true;
	return false;
}

static int check_section(struct session *s, const char *section, struct err *e)
{
	const char *key, *value, *near;
	size_t pos = 0;
	int line;

	while (ini_each(s->config, section, &pos, &key, &value, &line)) {
		if (known_setting(key))
			continue;
		near = nearest_setting(key);
		return err_set(e, ERR_CONFIG, "%s:%d: unknown setting \"%s\"%s%s%s",
			s->config_path, line, str_show(key), near ? " (did you mean " : "",
			near ? near : "", near ? "?)" : "");
	}
	return 0;
}

int config_check(struct session *s, struct err *e)
{
	const char *section;
	size_t pos = 0;

	if (check_section(s, "", e))
		return -1;
	while (ini_each_section(s->config, &pos, &section)) {
		if (strncmp(section, "profile ", 8) != 0)
			return err_set(e, ERR_CONFIG,
				"%s: unknown section [%s]; there is [profile NAME]",
				s->config_path, str_show(section));
		if (check_section(s, section, e))
			return -1;
	}
	return 0;
}

static const char *origin_text(const struct opts *o, const struct opt *opt, char dst[600])
{
	const char *where = NULL;

	switch (opts_origin(o, opt->name, &where)) {
	case OPT_GIVEN:
		return "command line";
	case OPT_ENV:
		return opt->env;
	case OPT_CONFIG:
		snprintf(dst, 600, "%s", where ? where : "configuration");
		return dst;
	case OPT_DEFAULT:
		return "default";
	case OPT_UNSET:
		break;
	}
	return "not set";
}

static char *value_text(const struct opts *o, const struct opt *opt)
{
	const char *const *values;
	struct buf b = BUF_INIT;
	size_t n;

	if (opt->type != OPT_MANY && opt->type != OPT_WORDS)
		return xstrdup(opt->type == OPT_FLAG
				       ? opts_flag(o, opt->name) ? "true" : "false"
				       : opts_str(o, opt->name));
	n = opts_many(o, opt->name, &values);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", values[i]);
	return buf_steal(&b);
}

static void add_row(struct json_out *w, struct cmd_ctx *ctx, const struct cmd *owner,
	const struct opt *opt)
{
	const struct opt *const tables[] = {owner && owner->opts ? owner->opts : global_opts,
		global_opts};
	struct err e;
	struct opts *o =
		opts_parse(tables, 2, NULL, 0, false, session_config, ctx->session, &e);
	char where[600];
	char *value;

	jout_object(w, NULL);
	jout_str(w, "name", opt->name);
	if (o) {
		value = value_text(o, opt);
		jout_str(w, "value", value);
		jout_str(w, "origin", origin_text(o, opt, where));
		free(value);
	} else {
		jout_null(w, "value");
		jout_str(w, "origin", e.text);
	}
	jout_str(w, "variable", opt->env);
	jout_end_object(w);
	opts_free(&o);
}

static void show(struct cmd_ctx *ctx, const struct buf *text)
{
	static const struct column columns[] = {
		{"SETTING", "name", COL_TEXT, 20, 0},
		{"VALUE", "value", COL_TEXT, 10, 40},
		{"ORIGIN", "origin", COL_TEXT, 10, 50},
		{"VARIABLE", "variable", COL_TEXT, 10, 0},
	};
	struct json_doc doc;
	struct json_fault fault;
	const struct json_node *rows[256];
	size_t n = 0;

	json_init(&doc);
	if (json_parse(&doc, text->data, text->len, 0, 10000, &fault))
		BUG("own JSON");
	for (const struct json_node *r = json_first(doc.nodes); r && n < ARRAY_LEN(rows);
		r = json_next(r))
		rows[n++] = r;
	out_rows(ctx->out, columns, ARRAY_LEN(columns), rows, n, 0);
	json_fini(&doc);
}

static void exec(struct cmd_ctx *ctx)
{
	struct walk w = {0};
	struct buf text = BUF_INIT;
	const struct cmd *owner;
	struct json_out j;

	jout_init(&j, &text);
	jout_array(&j, NULL);
	for (const struct opt *o; (o = next_setting(&w, &owner));)
		add_row(&j, ctx, owner, o);
	jout_end_array(&j);
	show(ctx, &text);
	if (!ctx->json)
		out_note(ctx->out, "file: %s   keys: %s   state: %s   context files: %s",
			ctx->session->config_path, ctx->session->paths.config,
			ctx->session->paths.state, ctx->session->paths.runtime);
	buf_fini(&text);
	cmd_done(ctx, 0);
}

const struct cmd cmd_config_entry = {
	.name = "config",
	.group = "more",
	.usage = "[-P NAME]",
	.help = "Shows every setting, its value and where that comes from",
	.about =
		"Option > FASTWORKER_* variable > [profile NAME] of the configuration file > the file's first part > default.",
	.exec = exec,
};
