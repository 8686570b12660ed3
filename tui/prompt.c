/* A line of input: `:` for a command line, `/` for a filter. Edited as readline does it, as far as one line needs that. */
#include "tui/prompt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include <curses.h>

#include "base/mem.h"
#include "tui/listing.h"
#include "tui/run.h"
#include "tui/term.h"
#include "tui/tui.h"

#define LINE_MAX_CHARS 1000
#define HISTORY        50

struct prompt {
	struct panel panel;
	char sign;
	void (*enter)(struct tui *t, const char *text);
	wchar_t text[LINE_MAX_CHARS + 1];
	size_t n, at; /* characters, and the cursor among them */
	size_t back;  /* how far we are in the history */
};

/* Command lines, the newest last; as long as the process lives. */
static char *history[HISTORY];
static size_t nhistory;

static struct prompt *of(struct panel *p)
{
	return container_of(p, struct prompt, panel);
}

static void remember(const char *line)
{
	if (!*line || (nhistory && strcmp(history[nhistory - 1], line) == 0))
		return;
	if (nhistory == HISTORY) {
		free(history[0]);
		memmove(history, history + 1, (HISTORY - 1) * sizeof(history[0]));
		nhistory--;
	}
	history[nhistory++] = xstrdup(line);
}

static void set_text(struct prompt *p, const char *text)
{
	size_t n = mbstowcs(p->text, text, LINE_MAX_CHARS);

	p->n = p->at = n == (size_t)-1 ? 0 : n;
}

/* The caller frees it. */
static char *get_text(const struct prompt *p)
{
	char *text = xcalloc(p->n + 1, MB_LEN_MAX), *to = text;
	mbstate_t state = {0};

	for (size_t i = 0; i < p->n; i++) {
		size_t n = wcrtomb(to, p->text[i], &state);
		if (n != (size_t)-1)
			to += n;
	}
	return text;
}

static void insert(struct prompt *p, wchar_t c)
{
	if (p->n == LINE_MAX_CHARS)
		return;
	wmemmove(p->text + p->at + 1, p->text + p->at, p->n - p->at);
	p->text[p->at++] = c;
	p->n++;
}

/* The characters [from, to) go. */
static void cut(struct prompt *p, size_t from, size_t to)
{
	wmemmove(p->text + from, p->text + to, p->n - to);
	p->n -= to - from;
	p->at = from;
}

static size_t word_start(const struct prompt *p)
{
	size_t i = p->at;

	while (i && p->text[i - 1] == L' ')
		i--;
	while (i && p->text[i - 1] != L' ')
		i--;
	return i;
}

static void recall(struct prompt *p, int by)
{
	if (p->sign != ':' || (by > 0 && p->back == nhistory) || (by < 0 && p->back == 0))
		return;
	p->back += (size_t)by;
	set_text(p, p->back ? history[nhistory - p->back] : "");
}

static bool edit(struct prompt *p, int key)
{
	switch (key) {
	case NAMED(KEY_LEFT):
		p->at -= p->at > 0;
		break;
	case NAMED(KEY_RIGHT):
		p->at += p->at < p->n;
		break;
	case NAMED(KEY_HOME):
	case CTRL_KEY('a'):
		p->at = 0;
		break;
	case NAMED(KEY_END):
	case CTRL_KEY('e'):
		p->at = p->n;
		break;
	case NAMED(KEY_DC):
		cut(p, p->at, p->at + (p->at < p->n));
		break;
	case CTRL_KEY('u'):
		cut(p, 0, p->at);
		break;
	case CTRL_KEY('k'):
		cut(p, p->at, p->n);
		break;
	case CTRL_KEY('w'):
		cut(p, word_start(p), p->at);
		break;
	case NAMED(KEY_UP):
		recall(p, 1);
		break;
	case NAMED(KEY_DOWN):
		recall(p, -1);
		break;
	default:
		return false;
	}
	return true;
}

static void enter(struct prompt *p)
{
	char *text = get_text(p);

	if (p->sign == ':')
		remember(text);
	p->enter(p->panel.tui, text);
	free(text);
}

static unsigned key(struct panel *panel, int k)
{
	struct prompt *p = of(panel);

	if (k == KEY_RETURN)
		enter(p);
	/* As in vi, a Backspace in an empty line leaves. */
	if (k == KEY_RETURN || k == KEY_ESCAPE || k == CTRL_KEY('c') ||
		(k == NAMED(KEY_BACKSPACE) && p->n == 0))
		return PANEL_CLOSE | PANEL_REDRAW;
	if (k == NAMED(KEY_BACKSPACE))
		cut(p, p->at - (p->at > 0), p->at);
	else if (!edit(p, k)) {
		if (k >= NAMED(0) || !iswprint((wint_t)k))
			return PANEL_UNUSED;
		insert(p, (wchar_t)k);
	}
	return PANEL_REDRAW;
}

static int columns(const wchar_t *s, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += wcwidth(s[i]) > 0 ? wcwidth(s[i]) : 0;
	return sum;
}

/* It stands in the message line. A long line is pushed to the left, so that the cursor is seen. */
static void draw(struct panel *panel, struct area a)
{
	struct prompt *p = of(panel);
	int room = a.w - 2, y = panel->tui->message_y;
	size_t from = 0;
	char sign[2] = {p->sign, '\0'}, *text = get_text(p), *behind;
	mbstate_t state = {0};

	while (columns(p->text + from, p->at - from) >= room && from < p->at)
		from++;
	behind = text;
	for (size_t i = 0; i < from; i++)
		behind += mbrlen(behind, MB_LEN_MAX, &state);
	draw_line(y, a.x, a.w, STYLE_HEAD, sign);
	draw_text(y, a.x + 1, room, STYLE_PLAIN, behind);
	free(text);
	move(y, a.x + 1 + columns(p->text + from, p->at - from));
}

static void free_prompt(struct panel *p)
{
	free(of(p));
}

static const struct panel_ops ops = {.over = true,
	.cursor = true,
	.draw = draw,
	.key = key,
	.free = free_prompt};

static void prompt_open(struct tui *t, char sign, const char *text,
	void (*on_enter)(struct tui *t, const char *text))
{
	struct prompt *p = xcalloc(1, sizeof(*p));

	p->panel = (struct panel){.ops = &ops, .tui = t, .where = IN_DIALOG};
	p->sign = sign;
	p->enter = on_enter;
	set_text(p, text);
	panel_open(t, &p->panel);
}

void prompt_command(struct tui *t)
{
	prompt_open(t, ':', "", run_line);
}

static void set_filter(struct tui *t, const char *text)
{
	listing_filter(listing_of(t->tabs[t->tab]), text);
}

void prompt_filter(struct tui *t)
{
	prompt_open(t, '/', listing_of(t->tabs[t->tab])->filter, set_filter);
}
