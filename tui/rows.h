/* Rows that the control plane was asked for: the picture of the last answer, which stays until the next one is complete. */
#ifndef TUI_ROWS_H
#define TUI_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

struct tui;
struct rows_part;

/* One `query` message; the rows of several are put behind each other. */
struct rows_query {
	const char *what;
	const char *filter; /* NULL: all */
	int64_t cursor;     /* behind the task of this number; 0: from the beginning */
	int limit;          /* 0: all rows, with as many messages as that takes */
	bool upward; /* oldest first; the rows are turned round, so that the newest is always first */
	bool total; /* count what matches */
};

struct rows {
	struct tui *tui;
	void (*done)(void *arg); /* a new picture, or r->fault; may be NULL */
	void *arg;

	/* The picture. Rows are borrowed until the next one. */
	const struct json_node **row;
	size_t n;
	bool before, after; /* there is more above the first row, below the last */
	int64_t total;      /* as counted, or -1 */
	int64_t at_ms;      /* wall clock of the answer; 0: none came yet */
	struct err fault;   /* of the last question; code ERR_NONE: it was answered */

	/* Private. */
	struct rows_part **parts, **coming;
	size_t nparts, ncoming, nwaiting;
};

void rows_init(struct rows *r, struct tui *t, void (*done)(void *arg), void *arg);
void rows_fini(struct rows *r);
/* Asks n queries at once; an answer that is on its way is not wanted any more. Strings need not stay. */
void rows_ask(struct rows *r, const struct rows_query *queries, size_t n);
bool rows_asking(const struct rows *r);

/* Values of a row; NULL for the row is fine. */
int64_t row_int(const struct json_node *row, const char *key, int64_t absent);
/* Appends a string unescaped, any other value as it stands; nothing for null or an absent one. Not safe to show as it is. */
void row_text(struct buf *out, const struct json_node *row, const char *key);
/* Is it this string? */
bool row_is(const struct json_node *row, const char *key, const char *value);

#endif
