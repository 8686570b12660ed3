/* The panel of a list: drawing it, and what keys do in it. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tui/detail.h"
#include "tui/listing.h"
#include "tui/run.h"
#include "tui/tui.h"

static struct listing *of(struct panel *p)
{
	return container_of(p, struct listing, panel);
}

static const struct json_node *selected_row(struct panel *p)
{
	return listing_row(of(p));
}

static void fetch(struct panel *p)
{
	listing_fetch(of(p));
}

static unsigned open_row(struct listing *l)
{
	struct tui *t = l->panel.tui;
	const struct json_node *row = selected_row(&l->panel);
	char *filter;

	if (!row)
		return 0;
	if (!l->kind->open) {
		detail_open(t, row);
		return PANEL_REDRAW;
	}
	filter = run_expand(l->kind->open, row, false);
	panel_switch(t, 0);
	listing_filter(listing_of(t->tabs[0]), filter);
	free(filter);
	return PANEL_REDRAW;
}

static unsigned back(struct listing *l)
{
	if (!*l->filter)
		return 0;
	listing_filter(l, "");
	return PANEL_REDRAW;
}

static unsigned act(struct panel *p, enum act a)
{
	struct listing *l = of(p);
	int step = l->height > 1 ? l->height - 1 : 1;

	switch (a) {
	case ACT_UP:
		listing_move(l, -1);
		break;
	case ACT_DOWN:
		listing_move(l, 1);
		break;
	case ACT_PAGE_UP:
		listing_move(l, -step);
		break;
	case ACT_PAGE_DOWN:
		listing_move(l, step);
		break;
	case ACT_HOME:
		listing_home(l);
		break;
	case ACT_END:
		listing_end(l);
		break;
	case ACT_OPEN:
		return open_row(l);
	case ACT_BACK:
		return back(l);
	default:
		return PANEL_UNUSED;
	}
	return PANEL_REDRAW;
}

static void draw_nothing(struct listing *l, struct area a)
{
	const char *text = l->kind->empty;

	if (l->rows.fault.code != ERR_NONE)
		text = l->rows.fault.text;
	else if (!l->rows.at_ms)
		text = "asking ...";
	else if (*l->filter)
		text = "nothing matches the filter; Esc takes it off";
	draw_text(a.y, a.x + 2, a.w - 2, STYLE_PLAIN, text);
}

static void draw_row(struct listing *l, size_t i, struct area a, int y, const int *shown)
{
	const struct json_node *row = l->rows.row[i];
	struct cell_clock clock = {.now_ms = tui_now(l->panel.tui), .at_ms = l->rows.at_ms};
	bool selected = i == l->cursor;
	struct buf text = BUF_INIT;

	buf_adds(&text, selected ? "> " : "  ");
	cells_row(&text, l->kind->cells, l->kind->ncells, shown, row, &clock);
	draw_line(y, a.x, a.w, selected ? STYLE_CURSOR : cells_style(row), buf_str(&text));
	buf_fini(&text);
}

static void draw(struct panel *p, struct area a)
{
	struct listing *l = of(p);
	struct buf head = BUF_INIT;
	int shown[16];

	cells_fit(l->kind->cells, l->kind->ncells, a.w - 2, shown);
	buf_adds(&head, "  ");
	cells_head(&head, l->kind->cells, l->kind->ncells, shown);
	draw_line(a.y, a.x, a.w, STYLE_HEAD, buf_str(&head));
	buf_fini(&head);
	l->height = a.h - 1;
	listing_scroll(l);
	if (!l->rows.n)
		draw_nothing(l, (struct area){.y = a.y + 1, .x = a.x, .h = a.h - 1, .w = a.w});
	for (int y = 0; y < l->height && l->top + (size_t)y < l->rows.n; y++)
		draw_row(l, l->top + (size_t)y, a, a.y + 1 + y, shown);
}

/* How many tasks there are, whatever the filter. */
static int64_t in_all(const struct listing *l)
{
	static const char *const states[] = {"success", "failure", "cancelled", "scheduled",
		"queued", "assigned", "running", "retrying"};
	const struct rows *status = &l->panel.tui->status;
	int64_t sum = 0;

	for (size_t i = 0; i < (l->kind->filter ? 3 : ARRAY_LEN(states)); i++)
		sum += row_int(status->n ? status->row[0] : NULL, states[i], 0);
	return sum;
}

/* `5 above (g)  12 of 3892  /state=failure` */
static void note(struct panel *p, struct buf *out)
{
	struct listing *l = of(p);

	if (l->moved && l->kind->windowed && l->top > 0)
		buf_addf(out, "%zu%s above (g)  ", l->top, l->rows.before ? "+" : "");
	if (!l->kind->windowed)
		buf_addf(out, "%zu", l->rows.n);
	else if (l->rows.total >= 0)
		buf_addf(out, "%" PRId64, l->rows.total);
	if (*l->filter)
		buf_addf(out, " of %" PRId64 "  /%s", in_all(l), l->filter);
}

static void free_listing(struct panel *p)
{
	struct listing *l = of(p);

	rows_fini(&l->rows);
	free(l->filter);
	free(l->old_filter);
	free(l);
}

static const struct panel_ops ops = {
	.draw = draw,
	.act = act,
	.row = selected_row,
	.fetch = fetch,
	.note = note,
	.free = free_listing,
};

struct panel *listing_new(struct tui *t, const struct listing_kind *kind)
{
	struct listing *l = xcalloc(1, sizeof(*l));

	l->panel = (struct panel){.ops = &ops, .tui = t, .where = kind->where};
	l->kind = kind;
	l->filter = xstrdup("");
	rows_init(&l->rows, t, listing_arrived, l);
	return &l->panel;
}

struct listing *listing_of(struct panel *p)
{
	return p->ops == &ops ? of(p) : NULL;
}
