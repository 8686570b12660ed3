/* __complete: candidates for the last word of a command line, within a budget that a person at a keyboard does not notice.
 *
 * The tables answer at once. Names of tasks, numbers and workers come from the control plane, which is only asked when its context file
 * exists and its process is there; if it does not answer in time, what the tables gave is all. Nothing is ever said about an error. */
#include "cmd/complete.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/complete_words.h"
#include "proto/msg.h"

/* 50 ms are the budget in all; starting and ending the process take up to 10. */
#define BUDGET_MS 30
#define IDS       50

struct complete {
	struct session *session;
	struct place place;
	char *last; /* of place */
	struct candidates found;
	struct client *client;
	int64_t request; /* 0: nothing is asked */
	struct loop_timer budget;
	complete_fn *fn;
	void *arg;
};

/* Kinds whose names only the control plane knows: the query, and the key in its rows. */
static const struct {
	const char *kind, *what, *key;
} asked[] = {
	{.kind = "task", .what = "names", .key = "name"},
	{.kind = "id", .what = "tasks", .key = "n"},
	{.kind = "worker", .what = "workers", .key = "id"},
};

static void free_complete(void *arg)
{
	struct complete *c = arg;

	candidates_fini(&c->found);
	free(c->last);
	free(c);
}

static void withdraw(struct complete *c)
{
	loop_timer_clear(&c->budget);
	if (c->request && c->session->client == c->client)
		client_forget(c->client, c->request);
	c->request = 0;
}

void complete_cancel(struct complete **c)
{
	if (!*c)
		return;
	withdraw(*c);
	loop_defer((*c)->session->loop, free_complete, *c);
	*c = NULL;
}

/* The end: what was found is given, whatever is missing. */
static void answer(void *arg)
{
	struct complete *c = arg;

	withdraw(c);
	c->fn(c->arg, c->found.items, c->found.n);
	loop_defer(c->session->loop, free_complete, c);
}

static const char *key_of(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (strcmp(asked[i].kind, kind) == 0)
			return asked[i].key;
	BUG("no rows of kind %s", kind);
}

/* What comes from the other side ends up on a command line: only what looks like a name does. */
static void add_row(struct complete *c, const struct json_node *row)
{
	const struct json_node *v = json_get(row, key_of(c->place.kind));
	char *text = NULL;

	if (v && v->type == JSON_NUMBER)
		text = xstrndup(v->text, v->len);
	else if (v)
		text = json_strdup(v);
	if (text && str_worker_id(text))
		candidates_add(&c->found, text);
	free(text);
}

static void on_rows(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct complete *c = arg;

	c->request = 0;
	for (const struct json_node *row = m ? msg_list(m->head, "rows") : NULL; row;
		row = json_next(row))
		add_row(c, row);
	answer(c);
}

static void ask(struct complete *c, const char *what)
{
	struct mout o;

	mout_init(&o);
	client_begin(c->client, &o, MSG_QUERY);
	jout_str(&o.w, "what", what);
	jout_i64(&o.w, "limit", IDS);
	c->request = client_send(c->client, &o, on_rows, c);
	mout_fini(&o);
}

/* The options of the unfinished line as far as they are whole: they say which control plane is meant. */
static struct opts *line_options(struct session *s, const struct place *p, char *const *words)
{
	const struct opt *const tables[] = {p->cmd && p->cmd->opts ? p->cmd->opts : global_opts,
		global_opts};
	char **rest = xcalloc(p->complete_words + 1, sizeof(*rest));
	struct opts *o;
	size_t n = 0;

	for (size_t i = 0; i < p->complete_words; i++)
		if (!p->cmd || i != p->cmd_at)
			rest[n++] = words[i];
	o = opts_parse(tables, 2, rest, n, p->cmd && (p->cmd->flags & CMD_EARLY),
		session_config, s, NULL);
	if (!o)
		o = opts_parse(tables, 2, rest, 0, false, NULL, NULL, NULL);
	free(rest);
	return o;
}

static bool any_context(struct session *s)
{
	char **names;
	size_t n = context_names(s->paths.runtime, &names);

	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return n > 0;
}

/* Is it one of ours, alive? */
static bool is_there(struct session *s, const struct opts *o)
{
	const char *profile = opts_str(o, "profile");
	struct target t;
	struct err e;

	return (!profile || str_worker_id(profile)) &&
	       session_target(s, o, s->port, &t, &e) == 0 && t.has_context &&
	       context_alive(&t.context);
}

/* Does the line go elsewhere than the session's connection? */
static bool is_other(const struct session *s, const struct opts *o)
{
	const char *name = opts_str(o, "profile");

	return name && strcmp(name, s->profile ? s->profile : "default") != 0;
}

/* NULL: there is none that could answer. A connection that the session has already is used as it is. */
static struct client *reachable(struct session *s, const struct place *p, char *const *words)
{
	struct client *c = s->client && !client_failed(s->client) ? s->client : NULL;
	struct opts *o;
	struct err e;

	/* Looking further would make a key, to say how to join another one's. */
	if (c ? !client_up(c) : !any_context(s))
		return NULL;
	o = line_options(s, p, words);
	if (c)
		c = o && is_other(s, o) ? NULL : c;
	else if (o && is_there(s, o))
		c = session_client(s, o, &e);
	opts_free(&o);
	return c;
}

static const char *what_to_ask(const struct place *p)
{
	for (size_t i = 0; p->kind && i < ARRAY_LEN(asked); i++)
		if (strcmp(asked[i].kind, p->kind) == 0)
			return asked[i].what;
	return NULL;
}

/* Control planes that run, and sections of the configuration. */
static void add_profiles(struct complete *c)
{
	static const char section_of[] = "profile ";
	const char *section;
	size_t pos = 0, n;
	char **names;

	n = context_names(c->session->paths.runtime, &names);
	for (size_t i = 0; i < n; i++) {
		candidates_add(&c->found, names[i]);
		free(names[i]);
	}
	free(names);
	while (ini_each_section(c->session->config, &pos, &section))
		if (strncmp(section, section_of, strlen(section_of)) == 0)
			candidates_add(&c->found, section + strlen(section_of));
}

static void add_local(struct complete *c)
{
	candidates_static(&c->found);
	if (c->place.kind && strcmp(c->place.kind, "profile") == 0)
		add_profiles(c);
}

struct complete *complete_start(struct session *s, char *const *words, size_t n,
	complete_fn *fn, void *arg)
{
	struct complete *c = xcalloc(1, sizeof(*c));
	const char *what;

	c->session = s;
	c->fn = fn;
	c->arg = arg;
	c->found.place = &c->place;
	loop_timer_init(s->loop, &c->budget, answer, c);
	place_find(&c->place, words, n);
	c->place.last = c->last = xstrdup(c->place.last);
	add_local(c);
	what = what_to_ask(&c->place);
	c->client = what ? reachable(s, &c->place, words) : NULL;
	if (!c->client) {
		answer(c);
		return NULL;
	}
	loop_timer_in(&c->budget, BUDGET_MS);
	ask(c, what);
	return c;
}

static void print(void *arg, char *const *candidates, size_t n)
{
	struct cmd_ctx *ctx = arg;

	for (size_t i = 0; i < n; i++)
		out_line(ctx->out, "%s", candidates[i]);
	cmd_done(ctx, 0);
}

/* This process is for the one line: the profile that it names is the session's. */
static void adopt_profile(struct session *s, char *const *words, size_t n)
{
	struct place p;
	struct opts *o;
	const char *name;

	place_find(&p, words, n);
	o = line_options(s, &p, words);
	name = o ? opts_str(o, "profile") : NULL;
	if (name && str_worker_id(name)) {
		free(s->profile);
		s->profile = xstrdup(name);
	}
	opts_free(&o);
}

static void exec(struct cmd_ctx *ctx)
{
	size_t n = opts_nargs(ctx->opts);
	char **words = xcalloc(n + 1, sizeof(*words));

	for (size_t i = 0; i < n; i++)
		words[i] = (char *)opts_arg(ctx->opts, i);
	adopt_profile(ctx->session, words, n);
	complete_start(ctx->session, words, n, print, ctx);
	free(words);
}

const struct cmd cmd_complete_entry = {
	.name = "__complete",
	.nargs = -1,
	.group = "more",
	.usage = "-- WORD...",
	.help = "Candidates for the last word of a command line, one a line: bash asks",
	.flags = CMD_HIDDEN | CMD_EARLY,
	.exec = exec,
};
