/* The command table, and running one of its commands: parse, start, end. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/private.h"

#define X(symbol) extern const struct cmd cmd_##symbol##_entry;
#include "cmd/list.h"
#undef X

const struct cmd *const commands[] = {
#define X(symbol) &cmd_##symbol##_entry,
#include "cmd/list.h"
#undef X
	NULL,
};

const struct opt global_opts[] = {
	{.name = "help",
		.letter = 'h',
		.type = OPT_FLAG,
		.help = "Show the help of this command"},
	{.name = "json",
		.type = OPT_FLAG,
		.help = "One JSON object, or one per line for lists"},
	{.name = "profile",
		.letter = 'P',
		.type = OPT_STRING,
		.arg = "NAME",
		.env = "FASTWORKER_PROFILE",
		.help = "Which control plane: the section [profile NAME] of the configuration, or one started with -P NAME",
		.complete = "profile"},
	{.name = "discovery-address",
		.type = OPT_STRING,
		.arg = "ADDRESS",
		.env = "FASTWORKER_DISCOVERY_ADDRESS",
		.help = "Where the control plane announces itself (tcp://127.0.0.1:5550)",
		.conf = true},
	{.name = "server-key",
		.type = OPT_STRING,
		.arg = "KEY",
		.env = "FASTWORKER_SERVER_KEY",
		.help = "Public key that a control plane on another host or of another user holds",
		.conf = true},
	{.name = "connect-timeout",
		.type = OPT_DURATION,
		.arg = "TIME",
		.def = "3s",
		.help = "How long silence may last while connecting",
		.conf = true},
	{.name = "reach-timeout",
		.type = OPT_DURATION,
		.arg = "TIME",
		.env = "FASTWORKER_TIMEOUT",
		.def = "30",
		.help = "How long to try to come back to a control plane that went away",
		.conf = true,
		.hidden = true},
	{.name = "reach-retries",
		.type = OPT_INT,
		.arg = "N",
		.env = "FASTWORKER_RETRIES",
		.def = "3",
		.min = 0,
		.max = 1000,
		.help = "How often a request is sent again after the connection broke",
		.conf = true,
		.hidden = true},
	{.name = "log-level",
		.type = OPT_CHOICE,
		.arg = "LEVEL",
		.env = "FASTWORKER_LOG_LEVEL",
		.def = "INFO",
		.choices = "DEBUG|INFO|WARNING|ERROR",
		.help = "What is logged",
		.conf = true},
	{.name = "serialization-format",
		.type = OPT_STRING,
		.arg = "FORMAT",
		.env = "FASTWORKER_SERIALIZATION_FORMAT",
		.def = "JSON",
		.help = "JSON is the only one",
		.conf = true,
		.hidden = true},
	{.name = NULL},
};

static bool named(const struct cmd *c, const char *word)
{
	const char *p = c->alias;
	size_t n = strlen(word);

	if (strcmp(c->name, word) == 0)
		return true;
	for (; p && *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strncmp(p, word, n) == 0 && (p[n] == ' ' || !p[n]) && n)
			return true;
	return false;
}

const struct cmd *cmd_find(const char *word)
{
	for (size_t i = 0; commands[i]; i++)
		if (named(commands[i], word))
			return commands[i];
	return NULL;
}

int cmd_unknown(const char *word, struct err *e)
{
	const char *names[ARRAY_LEN(commands)], *near;
	size_t n = 0;

	for (size_t i = 0; commands[i]; i++)
		if (!(commands[i]->flags & CMD_HIDDEN))
			names[n++] = commands[i]->name;
	near = str_nearest(word, names, n);
	if (near)
		return err_set(e, ERR_USAGE, "unknown command \"%s\" (did you mean `%s`?)",
			str_show(word), near);
	return err_set(e, ERR_USAGE, "unknown command \"%s\"; `fastworker help` lists them",
		str_show(word));
}

/* Where a task's status is passed on, numbers below 124 are the task's: ours must not be mistaken for one of them. */
int cmd_exit_code(const struct cmd *cmd, enum err_code code)
{
	int status = err_exit_code(code);

	if ((cmd->flags & CMD_STATUS) && status != 0 && status != 75 && status < 124)
		return 125;
	return status;
}

static void complain(struct session *s, struct out *o, bool json, const char *name,
	const struct err *e, int status)
{
	struct buf line = BUF_INIT;
	struct json_out w;

	if (!json) {
		out_note(o, "%s: %s%s%s", s->argv0, name ? name : "", name ? ": " : "",
			e->text);
		return;
	}
	jout_init(&w, &line);
	jout_object(&w, NULL);
	jout_i64(&w, "schema", 1);
	jout_str(&w, "error", e->text);
	jout_str(&w, "code", err_word(e->code));
	jout_i64(&w, "exit", status);
	jout_str(&w, "exit_from", "fastworker");
	jout_end_object(&w);
	buf_addc(&line, '\n');
	o->write(o, 2, line.data, line.len);
	buf_fini(&line);
}

int cmd_complain(struct cmd_ctx *ctx, const struct err *e)
{
	int status = cmd_exit_code(ctx->cmd, e->code);

	complain(ctx->session, ctx->out, ctx->json, ctx->cmd->name, e, status);
	return status;
}

static void free_ctx(void *arg)
{
	struct cmd_ctx *ctx = arg;

	if (ctx->holds)
		return;
	opts_free(&ctx->opts);
	free(ctx);
}

static struct list orphans = LIST_INIT(orphans);

void cmd_fini(void)
{
	struct cmd_ctx *ctx;

	while ((ctx = list_first(&orphans, struct cmd_ctx, orphan))) {
		list_del(&ctx->orphan);
		opts_free(&ctx->opts);
		free(ctx);
	}
}

static void release(struct cmd_ctx *ctx)
{
	ctx->ended = true;
	private_free(&ctx->starting);
	if (ctx->cmd->release)
		ctx->cmd->release(ctx);
	else
		free(ctx->state);
	ctx->state = NULL;
	/* The command may be on the call stack still; answers that are under way free it later. */
	if (!ctx->holds)
		loop_defer(ctx->session->loop, free_ctx, ctx);
	else
		list_push_back(&orphans, &ctx->orphan);
}

void cmd_done(struct cmd_ctx *ctx, int status)
{
	cmd_done_fn *done = ctx->done;
	void *arg = ctx->done_arg;

	if (ctx->ended)
		BUG("%s ends twice", ctx->cmd->name);
	release(ctx);
	done(arg, status);
}

void cmd_fail(struct cmd_ctx *ctx, const struct err *e)
{
	cmd_done(ctx, cmd_complain(ctx, e));
}

void cmd_interrupt(struct cmd_ctx **c)
{
	struct cmd_ctx *ctx = *c;

	*c = NULL;
	if (ctx->cmd->interrupt)
		ctx->cmd->interrupt(ctx);
	release(ctx);
}

struct cmd_ctx *cmd_hold(struct cmd_ctx *ctx)
{
	ctx->holds++;
	return ctx;
}

bool cmd_let(struct cmd_ctx *ctx)
{
	bool live = !ctx->ended;

	if (ctx->holds == 1 && !live)
		list_del(&ctx->orphan);
	if (--ctx->holds == 0 && !live)
		loop_defer(ctx->session->loop, free_ctx, ctx);
	return live;
}

struct client *cmd_client(struct cmd_ctx *ctx)
{
	struct err e;
	struct client *c = session_client(ctx->session, ctx->opts, &e);

	if (!c)
		cmd_fail(ctx, &e);
	return c;
}

/* -P must be known before the configuration can be looked into. */
static const char *find_profile(const struct cmd *cmd, char *const *words, size_t n)
{
	const struct opt *const tables[] = {cmd->opts ? cmd->opts : global_opts, global_opts};
	struct opts *o =
		opts_parse(tables, 2, words, n, cmd->flags & CMD_EARLY, NULL, NULL, NULL);
	static char name[128];
	const char *given = o ? opts_str(o, "profile") : NULL;

	snprintf(name, sizeof(name), "%s", given ? given : "");
	opts_free(&o);
	return *name ? name : NULL;
}

static struct opts *parse(struct session *s, const struct cmd *cmd, char *const *words,
	size_t n, struct err *e)
{
	const struct opt *const tables[] = {cmd->opts ? cmd->opts : global_opts, global_opts};
	const char *profile = find_profile(cmd, words, n);

	if (profile) {
		free(s->profile);
		s->profile = xstrdup(profile);
	}
	if (profile && !str_worker_id(profile)) {
		err_set(e, ERR_USAGE, "\"%s\" cannot be the name of a profile",
			str_show(profile));
		return NULL;
	}
	return opts_parse(tables, 2, words, n, cmd->flags & CMD_EARLY, session_config, s, e);
}

static bool has_word(char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n && strcmp(words[i], "--") != 0; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static void show_help(struct out *out, const struct cmd *cmd)
{
	struct buf text = BUF_INIT;

	cmd_help(&text, cmd);
	out_bytes(out, text.data, text.len);
	buf_fini(&text);
}

/* A word too many is a mistake: `stop two` would stop another one than was meant. */
static int check_nargs(const struct cmd *cmd, const struct opts *o, struct err *e)
{
	if (cmd->nargs < 0 || opts_nargs(o) <= (size_t)cmd->nargs)
		return 0;
	return err_set(e, ERR_USAGE, "\"%s\" is one word too many; usage: fastworker %s %s",
		str_show(opts_arg(o, (size_t)cmd->nargs)), cmd->name, cmd->usage);
}

/* FastWorker could be told to pickle; here that is refused, with the warning that it promised. */
static int check_serialization(struct out *out, const struct opts *o, struct err *e)
{
	const char *format = opts_str(o, "serialization-format");

	if (strcasecmp(format, "JSON") == 0)
		return 0;
	out_note(out,
		"SecurityWarning: serialization format \"%s\": pickled data can run any code on the workers",
		format);
	return err_set(e, ERR_CONFIG,
		"only JSON is spoken; unset FASTWORKER_SERIALIZATION_FORMAT");
}

struct cmd_ctx *cmd_start(struct session *s, struct out *out, char *const *words, size_t n,
	cmd_done_fn *done, void *arg)
{
	const struct cmd *cmd = cmd_find(words[0]);
	bool early =
		cmd &&
		(cmd->flags & CMD_EARLY); /* words behind the first one are another program's */
	bool json = !early && has_word(words + 1, n - 1, "--json");
	struct cmd_ctx *ctx;
	struct opts *opts;
	struct err e;

	if (!cmd) {
		cmd_unknown(words[0], &e);
		complain(s, out, json, NULL, &e, 64);
		done(arg, 64);
		return NULL;
	}
	if (!early &&
		(has_word(words + 1, n - 1, "--help") || has_word(words + 1, n - 1, "-h"))) {
		show_help(out, cmd);
		done(arg, 0);
		return NULL;
	}
	opts = config_check(s, &e) ? NULL : parse(s, cmd, words + 1, n - 1, &e);
	if (opts && early && opts_flag(opts, "help")) {
		opts_free(&opts);
		show_help(out, cmd);
		done(arg, 0);
		return NULL;
	}
	if (opts && (check_nargs(cmd, opts, &e) || check_serialization(out, opts, &e)))
		opts_free(&opts);
	if (!opts) {
		int status = cmd_exit_code(cmd, e.code);
		complain(s, out, json, cmd->name, &e, status);
		done(arg, status);
		return NULL;
	}
	if (opts_flag(opts, "help")) {
		show_help(out, cmd);
		opts_free(&opts);
		done(arg, 0);
		return NULL;
	}
	ctx = xcalloc(1, sizeof(*ctx));
	ctx->cmd = cmd;
	ctx->session = s;
	ctx->opts = opts;
	ctx->out = out;
	ctx->json = opts_flag(opts, "json");
	ctx->words = words + 1;
	ctx->nwords = n - 1;
	ctx->done = done;
	ctx->done_arg = arg;
	out->json = ctx->json;
	cmd->exec(ctx);
	/* It is freed at the end of the turn, not before: this look is allowed. */
	return ctx->ended ? NULL : ctx;
}
