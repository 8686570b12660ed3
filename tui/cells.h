/* Columns of a list: how the value of a row becomes the text of a cell, and which columns have room. */
#ifndef TUI_CELLS_H
#define TUI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "tui/draw.h"

struct cell_clock {
	int64_t now_ms; /* wall clock */
	int64_t at_ms;  /* when the row was told */
};

typedef void cell_fn(struct buf *out, const struct json_node *row, const char *key,
	const struct cell_clock *c);

struct cell {
	const char *title;
	const char *key;
	cell_fn *text;
	int width;  /* columns; the last cell takes what is left, and this is the least */
	int wide;   /* what it may grow to where there is plenty of room; 0: does not */
	bool right; /* aligned */
	int drop;   /* where there is no room, the highest goes first; 0 stays */
};

cell_fn cell_text, cell_state, cell_priority, cell_count, cell_age, cell_since, cell_run,
	cell_seen, cell_busy, cell_size, cell_ending, cell_progress, cell_modules;

/* Which columns have room in `width`: fills shown[0..n) with widths, 0 for those that are left out. */
void cells_fit(const struct cell *cells, size_t n, int width, int *shown);
void cells_head(struct buf *out, const struct cell *cells, size_t n, const int *shown);
void cells_row(struct buf *out, const struct cell *cells, size_t n, const int *shown,
	const struct json_node *row, const struct cell_clock *c);
/* How a row of this state looks. */
enum style cells_style(const struct json_node *row);

#endif
