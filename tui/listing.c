/* What a panel of rows shows, and where one stands in it. The selection is an id, never the number of a row: rows come and go under it.
 *
 * A list of tasks is seen through a window: a page above and below what is on the screen, whatever the number of tasks. As long as nobody moved in it,
 * it follows the newest; then it stands still around the selected task, whatever comes in above, until somebody goes to the top. */
#include "tui/listing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/tui.h"

const struct json_node *listing_row(const struct listing *l)
{
	return l->cursor < l->rows.n ? l->rows.row[l->cursor] : NULL;
}

static int page(const struct listing *l)
{
	return l->height > 10 ? l->height : 10;
}

static char *full_filter(const struct listing *l)
{
	return xasprintf("%s %s", l->kind->filter ? l->kind->filter : "", l->filter);
}

/* The window around the first row on the screen: what is above it, oldest first from there, and what is below. */
static void ask_around(struct listing *l, const char *filter, int64_t n)
{
	struct rows_query around[] = {
		{.what = l->kind->what,
			.filter = filter,
			.cursor = n,
			.limit = page(l),
			.upward = true},
		{.what = l->kind->what,
			.filter = filter,
			.cursor = n + 1,
			.limit = 2 * page(l),
			.total = true},
	};

	rows_ask(&l->rows, around, ARRAY_LEN(around));
}

static void fetch_window(struct listing *l)
{
	char *filter = full_filter(l);
	int64_t n = l->top < l->rows.n ? row_int(l->rows.row[l->top], "n", 0) : 0;
	struct rows_query one = {.what = l->kind->what,
		.filter = filter,
		.limit = 2 * page(l),
		.total = true};

	if (l->moved && !l->to_end && n > 0) {
		ask_around(l, filter, n);
	} else {
		one.upward = l->to_end;
		rows_ask(&l->rows, &one, 1);
	}
	free(filter);
}

void listing_fetch(struct listing *l)
{
	if (l->kind->windowed)
		fetch_window(l);
	else
		rows_ask(&l->rows, &(struct rows_query){.what = l->kind->what}, 1);
}

static void select_row(struct listing *l, size_t i)
{
	struct buf id = BUF_INIT;

	l->cursor = i;
	row_text(&id, l->rows.row[i], l->kind->id);
	snprintf(l->selected, sizeof(l->selected), "%s", buf_str(&id));
	l->selected_n = row_int(l->rows.row[i], "n", 0);
	buf_fini(&id);
}

/* Where the selected row is now; when it is gone, its next older neighbour. */
static size_t find_selected(const struct listing *l)
{
	size_t i;

	for (i = 0; i < l->rows.n; i++)
		if (row_is(l->rows.row[i], l->kind->id, l->selected))
			return i;
	for (i = 0; l->kind->windowed && i < l->rows.n; i++)
		if (row_int(l->rows.row[i], "n", 0) < l->selected_n)
			return i;
	return l->cursor < l->rows.n ? l->cursor : l->rows.n - 1;
}

void listing_scroll(struct listing *l)
{
	size_t height = l->height > 0 ? (size_t)l->height : 1;

	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + height)
		l->top = l->cursor - height + 1;
	if (l->top + height > l->rows.n)
		l->top = l->rows.n > height ? l->rows.n - height : 0;
}

static void arrange(struct listing *l)
{
	size_t line = l->cursor - l->top, at;

	if (l->rows.n == 0) {
		l->cursor = l->top = 0;
		return;
	}
	at = l->to_end ? l->rows.n - 1 : l->moved ? find_selected(l) : 0;
	l->to_end = false;
	l->top = at > line ? at - line : 0;
	if (!l->moved)
		l->top = 0;
	select_row(l, at);
	listing_scroll(l);
}

void listing_arrived(void *arg)
{
	struct listing *l = arg;
	const struct err *fault = &l->rows.fault;

	if (fault->code == ERR_NONE) {
		free(l->old_filter);
		l->old_filter = NULL;
		arrange(l);
		return;
	}
	if (l->rows.at_ms || l->old_filter)
		tui_say(l->panel.tui, true, "%s", fault->text);
	if (!l->old_filter)
		return;
	free(l->filter);
	l->filter = l->old_filter;
	l->old_filter = NULL;
}

/* Near the edge of the window: the next rows are asked for before they are needed. */
static void look_ahead(struct listing *l)
{
	size_t margin = (size_t)page(l) / 2;
	bool up = l->rows.before && l->top < margin;
	bool down = l->rows.after && l->top + (size_t)l->height + margin > l->rows.n;

	if (l->kind->windowed && (up || down) && !rows_asking(&l->rows) &&
		!l->panel.tui->frozen_at_ms)
		fetch_window(l);
}

void listing_move(struct listing *l, int by)
{
	int64_t to = (int64_t)l->cursor + by, last = (int64_t)l->rows.n - 1;

	if (last < 0)
		return;
	l->moved = true;
	select_row(l, (size_t)(to < 0 ? 0 : to > last ? last : to));
	listing_scroll(l);
	look_ahead(l);
}

void listing_home(struct listing *l)
{
	l->cursor = l->top = 0;
	if (l->rows.n)
		select_row(l, 0);
	l->moved = !l->kind->windowed;
	if (l->rows.before)
		fetch_window(l);
}

void listing_end(struct listing *l)
{
	listing_move(l, (int)l->rows.n);
	if (!l->rows.after || !l->kind->windowed)
		return;
	l->to_end = true;
	fetch_window(l);
}

void listing_filter(struct listing *l, const char *filter)
{
	if (!l->old_filter)
		l->old_filter = l->filter;
	else
		free(l->filter);
	l->filter = xstrdup(filter);
	l->moved = l->to_end = false;
	listing_fetch(l);
}
