/* The question before something is destroyed. No is the answer of Enter, of Esc and of every other key but y. */
#include "tui/confirm.h"

#include <stdlib.h>
#include <string.h>

#include <curses.h>

#include "base/mem.h"
#include "tui/run.h"
#include "tui/term.h"
#include "tui/tui.h"

#define WIDTH 72

struct confirm {
	struct panel panel;
	char *question, *line;
	bool yes; /* what Enter means */
};

static struct confirm *of(struct panel *p)
{
	return container_of(p, struct confirm, panel);
}

static int count_lines(const char *s)
{
	int n = 1;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static void draw_frame(struct area a)
{
	draw_line(a.y, a.x, a.w, STYLE_HEAD, "");
	mvhline(a.y, a.x, '-', a.w);
	mvhline(a.y + a.h - 1, a.x, '-', a.w);
	for (int y = a.y + 1; y < a.y + a.h - 1; y++) {
		draw_line(y, a.x, a.w, STYLE_PLAIN, "|");
		mvaddch(y, a.x + a.w - 1, '|');
	}
	for (int i = 0; i < 4; i++)
		mvaddch(i < 2 ? a.y : a.y + a.h - 1, i % 2 ? a.x + a.w - 1 : a.x, '+');
}

static void draw_question(const struct confirm *c, struct area a)
{
	const char *s = c->question;

	for (int y = a.y + 1; *s && y < a.y + a.h - 2; y++) {
		size_t n = strcspn(s, "\n");
		char *line = xstrndup(s, n);
		draw_text(y, a.x + 2, a.w - 4, y == a.y + 1 ? STYLE_HEAD : STYLE_PLAIN, line);
		free(line);
		s += n + (s[n] == '\n');
	}
}

static void draw(struct panel *p, struct area a)
{
	struct confirm *c = of(p);
	int h = count_lines(c->question) + 4, w = a.w < WIDTH ? a.w : WIDTH;
	struct area box;

	if (h > a.h)
		h = a.h;
	box = (struct area){.y = a.y + (a.h - h) / 2, .x = a.x + (a.w - w) / 2, .h = h, .w = w};
	draw_frame(box);
	draw_question(c, box);
	draw_text(box.y + h - 2, box.x + 2, 8, c->yes ? STYLE_PLAIN : STYLE_CURSOR,
		c->yes ? "  No  " : "[ No ]");
	draw_text(box.y + h - 2, box.x + 10, 9, c->yes ? STYLE_CURSOR : STYLE_PLAIN,
		c->yes ? "[ Yes ]" : "  Yes  ");
	draw_text(box.y + h - 2, box.x + 20, w - 22, STYLE_PLAIN, "y yes   n, Esc, Enter no");
}

static unsigned key(struct panel *p, int k)
{
	struct confirm *c = of(p);

	switch (k) {
	case CTRL_KEY('l'):
	case CTRL_KEY('z'):
		return PANEL_UNUSED;
	case KEY_TABULATOR:
	case NAMED(KEY_BTAB):
	case NAMED(KEY_LEFT):
	case NAMED(KEY_RIGHT):
		c->yes = !c->yes;
		return PANEL_REDRAW;
	case KEY_RETURN:
		break;
	default:
		c->yes = k == 'y' || k == 'Y';
	}
	if (c->yes)
		run_line(p->tui, c->line);
	return PANEL_CLOSE | PANEL_REDRAW;
}

static void free_confirm(struct panel *p)
{
	free(of(p)->question);
	free(of(p)->line);
	free(of(p));
}

static const struct panel_ops ops = {.over = true,
	.draw = draw,
	.key = key,
	.free = free_confirm};

void confirm_open(struct tui *t, const char *question, const char *line)
{
	struct confirm *c = xcalloc(1, sizeof(*c));

	c->panel = (struct panel){.ops = &ops, .tui = t, .where = IN_DIALOG};
	c->question = xstrdup(question);
	c->line = xstrdup(line);
	panel_open(t, &c->panel);
}
