/* A panel of rows: tasks, queues, workers or results. What it shows comes from a const table in lists.c. */
#ifndef TUI_LISTING_H
#define TUI_LISTING_H

#include "tui/cells.h"
#include "tui/panel.h"
#include "tui/rows.h"

struct listing_kind {
	const char *title; /* of the tab */
	unsigned where;
	const char *what;   /* of the query */
	const char *filter; /* always on, or NULL */
	const char *id;     /* field that names a row */
	bool windowed; /* too many for one screen: rows are tasks, fetched around what is seen, and may be filtered */
	const char *
		open; /* Enter shows the tasks that match this filter, with %field replaced; NULL: all about the task itself */
	const char *empty; /* said when there is nothing */
	const struct cell *cells;
	size_t ncells;
};

extern const struct listing_kind listing_kinds[];

struct listing {
	struct panel panel;
	const struct listing_kind *kind;
	struct rows rows;
	char *filter; /* of the person; "" = none */
	char *old_filter; /* comes back when the control plane does not understand the new one; NULL: it understood */
	char selected[80];  /* id */
	int64_t selected_n; /* number of that task */
	bool moved;         /* somebody moved: stand still */
	bool to_end;        /* wanted: the oldest */
	size_t cursor, top; /* of rows.row: the selected one, and the first on the screen */
	int height;         /* rows on the screen, as drawn last */
};

/* listing_panel.c */
struct panel *listing_new(struct tui *t, const struct listing_kind *kind);
struct listing *listing_of(struct panel *p); /* NULL: it is another kind of panel */

/* listing.c */
const struct json_node *listing_row(const struct listing *l); /* the selected one, or NULL */
void listing_fetch(struct listing *l);
void listing_arrived(void *listing); /* new rows, or an error */
void listing_scroll(
	struct listing *l); /* keeps the cursor on the screen, and the screen full */
void listing_move(struct listing *l, int by);
void listing_home(struct listing *l);
void listing_end(struct listing *l);
/* Shows what matches `filter` ("" = all); an error of it is told in the message line, and the old one comes back. */
void listing_filter(struct listing *l, const char *filter);

#endif
