/* Columns of a list: values as text, and which have room. A new column is a function here and a line in lists.c. */
#include "tui/cells.h"

#include <inttypes.h>
#include <string.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/rows.h"

#define ENOUGH 20 /* columns more than the least, for the last cell */

void cell_text(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	row_text(out, row, key);
}

/* Trouble is in capitals: on a terminal without colours it must be seen, too. */
static const struct {
	const char *word, *shown;
	enum style style;
} states[] = {
	{"failure", "FAILURE", STYLE_BAD},
	{"inactive", "LATE", STYLE_BAD},
	{"removed", "GONE", STYLE_BAD},
	{"running", "running", STYLE_BUSY},
	{"assigned", "assigned", STYLE_BUSY},
	{"retrying", "retrying", STYLE_BUSY},
	{"success", "success", STYLE_GOOD},
	{"cancelled", "cancelled", STYLE_FAINT},
};

void cell_state(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (row_is(row, key, states[i].word)) {
			buf_adds(out, states[i].shown);
			return;
		}
	row_text(out, row, key);
}

enum style cells_style(const struct json_node *row)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (row_is(row, "state", states[i].word))
			return states[i].style;
	return STYLE_PLAIN;
}

void cell_priority(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	struct buf word = BUF_INIT;

	row_text(&word, row, key);
	buf_addf(out, "%.4s", buf_str(&word)); /* crit, high, norm, low */
	buf_fini(&word);
}

void cell_count(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	char text[16];

	buf_adds(out, str_count(text, row_int(row, key, 0), false));
}

static void add_age(struct buf *out, int64_t ms)
{
	char text[16];

	buf_adds(out, str_age(text, ms > 0 ? ms : 0));
}

/* An age in ms when it was told; it goes on growing. 0: there is none. */
void cell_age(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	int64_t ms = row_int(row, key, 0);

	if (ms > 0)
		add_age(out, ms + c->now_ms - c->at_ms);
}

void cell_since(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	int64_t at = row_int(row, key, 0);

	if (at > 0)
		add_age(out, c->now_ms - at);
}

/* From the start to the end, or until now. */
void cell_run(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	int64_t start = row_int(row, "started_at", 0),
		end = row_int(row, "completed_at", c->now_ms);

	if (start > 0)
		add_age(out, end - start);
}

void cell_progress(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	const struct json_node *v = json_get(row, key);
	int32_t far;

	if (v && v->type == JSON_NUMBER && fraction_read(v->text, v->len, &far))
		buf_addf(out, "%d%%", (int)(far / (FRACTION_ONE / 100)));
}

/* No event tells of a heartbeat: what an active worker's age was when it was told is the truth as far as it is known here. That of
 * a silent one goes on growing. */
void cell_seen(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	bool silent = row_is(row, "state", "inactive");

	add_age(out, (silent ? c->now_ms : c->at_ms) - row_int(row, key, c->at_ms));
}

/* Only what is to be looked at: ! differs from another worker's, ? cannot be loaded. */
void cell_modules(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	const struct json_node *list = json_get(row, key);
	bool any = false;

	if (!list || list->type != JSON_ARRAY)
		return;
	for (const struct json_node *m = json_first(list); m; m = json_next(m)) {
		bool differs = json_get(m, "differs"), broken = json_get(m, "broken");
		if (!differs && !broken)
			continue;
		if (any)
			buf_addc(out, ' ');
		any = true;
		row_text(out, m, "name");
		buf_addf(out, "%s%s", differs ? "!" : "", broken ? "?" : "");
	}
}

void cell_busy(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	buf_addf(out, "%" PRId64 "/%" PRId64, row_int(row, "load", 0),
		row_int(row, "slots", 0));
}

void cell_size(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	char text[16];

	if (json_get(row, key))
		buf_adds(out, str_count(text, row_int(row, key, 0), true));
}

/* How it ended, in as few words as there are: the error, or the kind of result. */
void cell_ending(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c)
{
	size_t start = out->len;

	row_text(out, row, "error");
	if (out->len == start)
		row_text(out, row, "cancel_reason");
	if (out->len == start)
		row_text(out, row, "type");
	if (out->len == start)
		row_text(out, row, "cause");
}

static int total_width(size_t n, const int *shown)
{
	int total = 0;

	for (size_t i = 0; i < n; i++)
		total += shown[i] ? shown[i] + 1 : 0;
	return total - 1;
}

static size_t find_droppable(const struct cell *cells, size_t n, const int *shown)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++)
		if (shown[i] && cells[i].drop &&
			(best == n || cells[i].drop > cells[best].drop))
			best = i;
	return best;
}

/* What is left when the last column has enough goes to those that can use it. */
static void widen(const struct cell *cells, size_t n, int room, int *shown)
{
	for (size_t i = 0; i < n; i++) {
		int more = cells[i].wide - cells[i].width;
		if (!shown[i] || more <= 0 || room - more < ENOUGH)
			continue;
		shown[i] += more;
		room -= more;
	}
}

void cells_fit(const struct cell *cells, size_t n, int width, int *shown)
{
	size_t last = n - 1;

	for (size_t i = 0; i < n; i++)
		shown[i] = cells[i].width;
	while (total_width(n, shown) > width) {
		size_t i = find_droppable(cells, n, shown);
		if (i == n)
			return; /* the rest is cut */
		shown[i] = 0;
	}
	widen(cells, n, width - total_width(n, shown), shown);
	while (!shown[last])
		last--;
	if (!cells[last].right)
		shown[last] += width - total_width(n, shown);
}

void cells_head(struct buf *out, const struct cell *cells, size_t n, const int *shown)
{
	for (size_t i = 0; i < n; i++) {
		if (!shown[i])
			continue;
		draw_pad(out, cells[i].title, shown[i], cells[i].right);
		buf_addc(out, ' ');
	}
}

static void add_cell(struct buf *out, const struct cell *cell, int width,
	const struct json_node *row, const struct cell_clock *c)
{
	struct buf raw = BUF_INIT, clean = BUF_INIT;

	cell->text(&raw, row, cell->key, c);
	draw_clean(&clean, buf_str(&raw), raw.len);
	draw_pad(out, clean.len ? clean.data : "-", width, cell->right);
	buf_fini(&raw);
	buf_fini(&clean);
}

void cells_row(struct buf *out, const struct cell *cells, size_t n, const int *shown,
	const struct json_node *row, const struct cell_clock *c)
{
	for (size_t i = 0; i < n; i++) {
		if (!shown[i])
			continue;
		add_cell(out, &cells[i], shown[i], row, c);
		buf_addc(out, ' ');
	}
}
