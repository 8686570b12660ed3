/* Command lines. Output of one line is said in the message line; more of it opens a panel of its own. */
#include "tui/run.h"

#include <stdlib.h>
#include <string.h>

#include <curses.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/words.h"
#include "tui/confirm.h"
#include "tui/pager.h"
#include "tui/tui.h"

#define OUTPUT_MAX (1024 * 1024)

struct run {
	struct tui *tui;
	struct cmd_ctx *ctx; /* NULL: it ended */
	struct out out;
	struct buf said[2]; /* data, and notes */
	char *line;
	struct list all;
};

static void write_out(struct out *o, int stream, const char *p, size_t n)
{
	struct run *r = o->arg;
	struct buf *b = &r->said[stream == 1 ? 0 : 1];

	buf_add(b, p, b->len + n > OUTPUT_MAX ? OUTPUT_MAX - b->len : n);
}

static void free_run(void *arg)
{
	struct run *r = arg;

	buf_fini(&r->said[0]);
	buf_fini(&r->said[1]);
	free(r->line);
	free(r);
}

static size_t trim(const struct buf *b)
{
	size_t n = b->len;

	while (n && b->data[n - 1] == '\n')
		n--;
	return n;
}

static void show_output(struct run *r, const struct buf *text, int status)
{
	text_open(r->tui, r->line, text->data, text->len);
	if (status)
		tui_say(r->tui, true, "%s: exit %d", r->line, status);
	else
		buf_reset(&r->tui->message);
}

static void tell_output(struct run *r, int status)
{
	struct buf all = BUF_INIT;
	size_t n;

	buf_add(&all, r->said[1].data, r->said[1].len);
	buf_add(&all, r->said[0].data, r->said[0].len);
	n = trim(&all);
	if (n == 0)
		tui_say(r->tui, status != 0, "%s: %s", r->line, status ? "failed" : "done");
	else if (memchr(all.data, '\n', n))
		show_output(r, &all, status);
	else
		tui_say(r->tui, status != 0, "%.*s", (int)n, all.data);
	buf_fini(&all);
}

static void on_done(void *arg, int status)
{
	struct run *r = arg;

	r->ctx = NULL;
	list_del(&r->all);
	tell_output(r, status);
	r->tui->redraw = true;
	/* What ended may still look at its struct out. */
	loop_defer(r->tui->loop, free_run, r);
}

static void start(struct tui *t, const char *line, char *const *words, size_t n)
{
	struct run *r = xcalloc(1, sizeof(*r));
	struct cmd_ctx *ctx;

	r->tui = t;
	r->line = xstrdup(line);
	r->out = (struct out){.write = write_out, .tty = true, .width = COLS, .arg = r};
	list_push_back(&t->runs, &r->all);
	tui_say(t, false, "%s ...", line);
	ctx = cmd_start(t->session, &r->out, words, n, on_done, r);
	if (ctx)
		r->ctx = ctx;
}

/* Commands that ask the control plane are refused without one: sent when it comes back, they would hit what nobody looks at any more. */
static bool may_run(struct tui *t, const struct cmd *c)
{
	char why[256];

	if (c && (c->flags & (CMD_PROCESS | CMD_FACE))) {
		tui_say(t, true,
			"`%s` needs a terminal or a process of its own: run it from a shell",
			c->name);
		return false;
	}
	if (!c || strcmp(c->group, "more") == 0 || tui_linked(t, why, sizeof(why)))
		return true;
	tui_say(t, true, "%s: not now: %s", c->name, why);
	return false;
}

void run_line(struct tui *t, const char *line)
{
	char **words;
	size_t n, first;
	struct err e;

	if (words_split(line, &words, &n, &e)) {
		tui_say(t, true, "%s", e.text);
		return;
	}
	/* A line that was copied from a shell. */
	first = n > 1 && strcmp(words[0], "fastworker") == 0;
	if (n && (strcmp(words[0], "q") == 0 || strcmp(words[0], "quit") == 0))
		tui_quit(t, 0);
	else if (n && may_run(t, cmd_find(words[first])))
		start(t, line, words + first, n - first);
	words_free(&words);
}

static void add_field(struct buf *out, const char *name, size_t n, const struct json_node *row,
	bool quote)
{
	char *key = xstrndup(name, n);
	struct buf value = BUF_INIT;

	row_text(&value, row, key);
	if (quote)
		str_shell_quote(out, buf_str(&value));
	else
		str_safe(out, value.len ? value.data : "-", value.len ? value.len : 1, false);
	buf_fini(&value);
	free(key);
}

char *run_expand(const char *text, const struct json_node *row, bool quote)
{
	struct buf out = BUF_INIT;

	while (*text) {
		size_t n = text[0] == '%' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
		if (n)
			add_field(&out, text + 1, n, row, quote);
		else
			buf_addc(&out, *text);
		text += n + 1;
	}
	return buf_steal(&out);
}

void run_key(struct tui *t, const struct key *k, const struct json_node *row)
{
	char *line, *question, why[256];

	if (!row) {
		tui_say(t, true, "nothing is selected");
		return;
	}
	if (!tui_linked(t, why, sizeof(why))) {
		tui_say(t, true, "%.*s: not now: %s", (int)strcspn(k->line, " "), k->line, why);
		return;
	}
	line = run_expand(k->line, row, true);
	question = k->ask ? run_expand(k->ask, row, false) : NULL;
	if (question)
		confirm_open(t, question, line);
	else
		run_line(t, line);
	free(question);
	free(line);
}

static void let_go(struct run *r)
{
	struct tui *t = r->tui;

	cmd_interrupt(&r->ctx);
	list_del(&r->all);
	loop_defer(t->loop, free_run, r);
}

bool run_interrupt(struct tui *t)
{
	struct run *r = list_last(&t->runs, struct run, all);

	if (!r)
		return false;
	let_go(r);
	if (r->said[0].len + r->said[1].len)
		tell_output(r, 0);
	else
		tui_say(t, false, "%s: let go", r->line);
	return true;
}

void run_end_all(struct tui *t)
{
	while (!list_empty(&t->runs))
		let_go(list_first(&t->runs, struct run, all));
}
