/* Text of many lines that can be scrolled, and the panel that shows nothing else. */
#include "tui/pager.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/tui.h"

#define TAB_WIDTH 8

void pager_set(struct pager *p, const char *text, size_t n)
{
	buf_reset(&p->text);
	buf_add(&p->text, text, n);
}

void pager_fini(struct pager *p)
{
	buf_fini(&p->text);
}

static size_t count_lines(const struct pager *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->text.len; i++)
		n += p->text.data[i] == '\n';
	return n + (p->text.len > 0 && p->text.data[p->text.len - 1] != '\n');
}

/* A control byte would be made visible; a tab in a table is meant. */
static void expand_tabs(struct buf *out, const char *s, size_t n)
{
	int column = 0;

	for (size_t i = 0; i < n; i++) {
		int blanks = s[i] == '\t' ? TAB_WIDTH - column % TAB_WIDTH : 0;
		if (blanks)
			buf_addf(out, "%*s", blanks, "");
		else
			buf_addc(out, s[i]);
		column += blanks ? blanks : 1;
	}
}

static void draw_one(const char *s, size_t n, int y, struct area a)
{
	struct buf line = BUF_INIT;

	if (n && s[n - 1] == '\r')
		n--;
	expand_tabs(&line, s, n);
	draw_text(y, a.x, a.w, STYLE_PLAIN, buf_str(&line));
	buf_fini(&line);
}

void pager_draw(struct pager *p, struct area a)
{
	size_t lines = count_lines(p), height = a.h > 0 ? (size_t)a.h : 0, i = 0;
	const char *s = buf_str(&p->text), *end = s + p->text.len;

	p->height = a.h;
	if (p->top + height > lines)
		p->top = lines > height ? lines - height : 0;
	for (; s < end && i < p->top + height; i++) {
		const char *newline = memchr(s, '\n', (size_t)(end - s));
		const char *stop = newline ? newline : end;
		if (i >= p->top)
			draw_one(s, (size_t)(stop - s), a.y + (int)(i - p->top), a);
		s = stop + 1;
	}
}

/* Going too far down is put right when it is drawn. */
bool pager_act(struct pager *p, enum act a)
{
	size_t step = p->height > 1 ? (size_t)p->height - 1 : 1;

	switch (a) {
	case ACT_UP:
		p->top -= p->top > 0;
		return true;
	case ACT_DOWN:
		p->top++;
		return true;
	case ACT_PAGE_UP:
		p->top -= p->top < step ? p->top : step;
		return true;
	case ACT_PAGE_DOWN:
		p->top += step;
		return true;
	case ACT_HOME:
		p->top = 0;
		return true;
	case ACT_END:
		p->top = p->text.len;
		return true;
	default:
		return false;
	}
}

struct text_panel {
	struct panel panel;
	char *title;
	struct pager pager;
};

static struct text_panel *of(struct panel *p)
{
	return container_of(p, struct text_panel, panel);
}

static void draw(struct panel *p, struct area a)
{
	draw_line(a.y, a.x, a.w, STYLE_HEAD, of(p)->title);
	pager_draw(&of(p)->pager,
		(struct area){.y = a.y + 1, .x = a.x, .h = a.h - 1, .w = a.w});
}

static unsigned act(struct panel *p, enum act a)
{
	if (a == ACT_BACK)
		return PANEL_CLOSE | PANEL_REDRAW;
	return pager_act(&of(p)->pager, a) ? PANEL_REDRAW : PANEL_UNUSED;
}

static void free_text(struct panel *p)
{
	pager_fini(&of(p)->pager);
	free(of(p)->title);
	free(of(p));
}

static const struct panel_ops ops = {.draw = draw, .act = act, .free = free_text};

void text_open(struct tui *t, const char *title, const char *text, size_t n)
{
	struct text_panel *p = xcalloc(1, sizeof(*p));

	p->panel = (struct panel){.ops = &ops, .tui = t, .where = IN_TEXT};
	p->title = xstrdup(title);
	pager_set(&p->pager, text, n);
	panel_open(t, &p->panel);
}
