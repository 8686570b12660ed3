/* logs: what tasks wrote, or write now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/linewise.h"
#include "cmd/pour.h"
#include "proto/msg.h"

#define FOLLOWED_MAX 64 /* at a time; the next one when one has ended */

struct logs;

/* One task. */
struct source {
	struct logs *logs;
	int64_t n;
	char id[UUID_TEXT];
	char prefix[48];
	struct client_log *log;
	struct linewise lines[LOGREC__STREAMS];
	bool over;
};

struct logs {
	struct cmd_ctx *ctx;
	struct client *client;
	struct pour *pour;
	struct source *sources;
	size_t n, cap, next, nopen; /* next: that is not opened yet */
	struct linewise_conf conf;
	struct client_log_conf how;
	bool streams[LOGREC__STREAMS]; /* that are wanted */
	bool resolved, paused;
	int status;
	struct buf text;
};

static const struct opt opts[] = {
	{.name = "follow",
		.letter = 'f',
		.type = OPT_FLAG,
		.help = "Go on until the tasks are over, also those that have not begun"},
	{.name = "tail",
		.letter = 'n',
		.type = OPT_SIZE,
		.arg = "BYTES",
		.min = 1,
		.max = (int64_t)1 << 50,
		.help = "Only the last so many bytes: 500, 64K, 1M"},
	{.name = "stdout", .type = OPT_FLAG, .help = "Only what was written to stdout"},
	{.name = "stderr", .type = OPT_FLAG, .help = "Only what was written to stderr"},
	{.name = "times", .type = OPT_FLAG, .help = "Each line with the time when it was read"},
	{.name = "notes",
		.type = OPT_FLAG,
		.help = "With what fastworker wrote: how to run it again, how it ended"},
	{.name = "raw",
		.type = OPT_FLAG,
		.help = "Give the terminal control sequences, too: it obeys what the task wrote"},
	{.name = NULL},
};

static void advance(struct logs *g);

static void release(struct cmd_ctx *ctx)
{
	struct logs *g = ctx->state;

	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++) {
		client_log_close(&g->sources[i].log);
		for (int s = 0; s < LOGREC__STREAMS; s++)
			linewise_fini(&g->sources[i].lines[s]);
	}
	free(g->sources);
	pour_free(&g->pour);
	buf_fini(&g->text);
	free(g);
}

static void worse(struct logs *g, int status)
{
	if (status > g->status)
		g->status = status;
}

static struct linewise_conf conf_of(const struct source *s)
{
	struct linewise_conf conf = s->logs->conf;

	conf.prefix = s->prefix[0] ? s->prefix : NULL;
	if (s->logs->ctx->json)
		conf.json_n = s->n;
	return conf;
}

/* Of several tasks everything is data: their lines must not come in two places. */
static int channel(const struct logs *g, int stream)
{
	return stream == LOGREC_ERR && g->n == 1 && !g->ctx->json ? 2 : 1;
}

static void pause_all(struct logs *g, bool paused)
{
	g->paused = paused;
	for (size_t i = 0; i < g->n; i++)
		if (g->sources[i].log)
			client_log_pause(g->sources[i].log, paused);
}

static void write_text(struct logs *g, int stream)
{
	pour_write(g->pour, channel(g, stream), buf_str(&g->text), g->text.len);
	buf_reset(&g->text);
	if (pour_full(g->pour) && !g->paused)
		pause_all(g, true);
}

static void on_piece(struct source *s, const struct log_piece *p)
{
	struct logs *g = s->logs;
	struct linewise_conf conf = conf_of(s);

	if (!g->streams[p->stream])
		return;
	linewise_add(&s->lines[p->stream], &conf, &g->text, p);
	write_text(g, p->stream);
}

static void flush_source(struct source *s)
{
	struct linewise_conf conf = conf_of(s);

	for (int i = 0; i < LOGREC__STREAMS; i++) {
		linewise_end(&s->lines[i], &conf, &s->logs->text, i);
		write_text(s->logs, i);
	}
}

static void on_note(struct source *s, const char *note)
{
	out_note(s->logs->ctx->out, "task %lld: %s", (long long)s->n, note);
}

static void on_left_out(struct source *s, int64_t n)
{
	char size[16], note[120];

	flush_source(s);
	snprintf(note, sizeof(note),
		"%lld bytes (%s) of output were not kept and are missing here", (long long)n,
		str_count(size, n, true));
	on_note(s, note);
}

static void on_end(struct source *s, const struct err *e)
{
	struct logs *g = s->logs;

	if (e)
		worse(g, cmd_complain(g->ctx, e));
	flush_source(s);
	s->over = true;
	client_log_close(&s->log);
	g->nopen--;
	advance(g);
}

static void on_news(void *arg, const struct client_log_news *news)
{
	struct source *s = arg;
	struct logs *g = s->logs;

	if (news->left_out)
		on_left_out(s, news->left_out);
	if (news->note)
		on_note(s, news->note);
	if (news->p)
		on_piece(s, news->p);
	if (g->ctx->out->failed)
		cmd_done(g->ctx, g->status);
	else if (news->end || news->e)
		on_end(s, news->e);
}

/* Tasks that are over are read one after the other, those that are followed all at once. */
static void advance(struct logs *g)
{
	size_t most = g->how.follow ? FOLLOWED_MAX : 1;

	while (g->next < g->n && g->nopen < most && !g->paused) {
		struct source *s = &g->sources[g->next++];
		g->nopen++;
		s->log = client_log_open(g->client, s->id, &g->how, on_news, s);
	}
	if (g->resolved && !g->nopen && g->next == g->n && pour_empty(g->pour))
		cmd_done(g->ctx, g->status);
}

static void on_drained(void *arg)
{
	struct logs *g = arg;

	if (g->ctx->out->failed) {
		cmd_done(g->ctx, g->status);
		return;
	}
	if (g->paused)
		pause_all(g, false);
	advance(g);
}

static void add_source(struct logs *g, const struct json_node *o)
{
	struct source *s;

	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 16;
		g->sources = xreallocarray(g->sources, g->cap, sizeof(*g->sources));
	}
	s = &g->sources[g->n++];
	*s = (struct source){.logs = g, .n = msg_int(o, "n", 0)};
	msg_str(o, "id", s->id, sizeof(s->id));
}

/* "42 | ", as wide as the longest number, and in turn in six colours. */
static void set_prefixes(struct logs *g)
{
	bool color = g->ctx->out->color;
	int width = 0;

	for (size_t i = 0; i < g->n; i++) {
		int w = snprintf(NULL, 0, "%lld", (long long)g->sources[i].n);
		width = w > width ? w : width;
	}
	for (size_t i = 0; i < g->n; i++) {
		struct source *s = &g->sources[i];
		if (color)
			snprintf(s->prefix, sizeof(s->prefix), "\033[3%dm%*lld |\033[0m ",
				(int)(i % 6) + 1, width, (long long)s->n);
		else
			snprintf(s->prefix, sizeof(s->prefix), "%*lld | ", width,
				(long long)s->n);
	}
}

static void complain_missing(struct logs *g, const struct msg *m)
{
	char selector[128];
	struct err e;

	for (const struct json_node *v = msg_list(m->head, "missing"); v; v = json_next(v)) {
		json_strcpy(v, selector, sizeof(selector));
		err_set(&e, ERR_NO, "no such task, or it has expired: %s", str_show(selector));
		worse(g, cmd_complain(g->ctx, &e));
	}
}

static void on_records(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct logs *g = ctx->state;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		add_source(g, o);
	complain_missing(g, m);
	if (more)
		return;
	g->resolved = true;
	if (g->n > 1 && !ctx->json) {
		set_prefixes(g);
		g->conf.by_line = true;
	}
	advance(g);
}

static void read_options(struct logs *g)
{
	const struct opts *o = g->ctx->opts;
	bool out = opts_flag(o, "stdout"), err = opts_flag(o, "stderr");

	g->streams[LOGREC_OUT] = out || !err;
	g->streams[LOGREC_ERR] = err || !out;
	g->streams[LOGREC_NOTE] = opts_flag(o, "notes");
	g->conf.times = opts_flag(o, "times");
	g->conf.safe = g->ctx->out->tty && !opts_flag(o, "raw");
	g->conf.by_line = g->conf.times || g->ctx->json;
	g->how.follow = opts_flag(o, "follow");
	g->how.tail = opts_given(o, "tail") ? opts_size(o, "tail") : 0;
}

static void exec(struct cmd_ctx *ctx)
{
	struct client *c;
	struct logs *g;
	struct mout o;
	struct err e;

	if (!opts_nargs(ctx->opts)) {
		err_set(&e, ERR_USAGE,
			"the output of which task? `fastworker logs ID`; `fastworker tasks` shows them");
		cmd_fail(ctx, &e);
		return;
	}
	c = cmd_client(ctx);
	if (!c)
		return;
	g = xcalloc(1, sizeof(*g));
	ctx->state = g;
	g->ctx = ctx;
	g->client = c;
	g->pour = pour_new(ctx->session->loop, ctx->out, on_drained, g);
	read_options(g);
	mout_init(&o);
	client_begin(c, &o, MSG_GET);
	jout_array(&o.w, "ids");
	for (size_t i = 0; i < opts_nargs(ctx->opts); i++)
		jout_str(&o.w, NULL, opts_arg(ctx->opts, i));
	jout_end_array(&o.w);
	client_send(c, &o, on_records, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_logs_entry = {
	.name = "logs",
	.group = "tasks",
	.usage = "[-f] [-n BYTES] [OPTIONS] ID...",
	.help = "Prints what tasks wrote, also while they run",
	.about =
		"ID: a UUID, a number, `last`, a range 3-7, a group b3. stdout of a task goes to stdout, its stderr to stderr; of several tasks all goes to stdout,\n"
		"with the number of the task before each line. Control sequences are shown, not obeyed, when stdout is a terminal (--raw).\n"
		"The output lies with the worker that ran the task (`status ID` names the file); when that is away, its last 64 KiB are here.",
	.examples =
		"fastworker logs last\nfastworker logs -f 42 43\nfastworker logs -n 1M --stderr 42 > errors.txt\nfastworker logs --times --notes 42",
	.complete = "id",
	.opts = opts,
	.nargs = -1,
	.exec = exec,
	.release = release,
};
