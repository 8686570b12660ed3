/* The key table: which key does what where. A key moves about in the console itself (enum act), or stands for a command line. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stddef.h>

#include "base/buf.h"

enum act {
	ACT_NONE,
	ACT_UP,
	ACT_DOWN,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_HOME,
	ACT_END,
	ACT_OPEN,
	ACT_BACK,
	ACT_QUIT,
	ACT_TAB_1, /* these four in a row */
	ACT_TAB_2,
	ACT_TAB_3,
	ACT_TAB_4,
	ACT_NEXT_TAB,
	ACT_PREVIOUS_TAB,
	ACT_FILTER,
	ACT_COMMAND,
	ACT_HELP,
	ACT_FREEZE,
	ACT_RELOAD,
	ACT_REDRAW,
	ACT_SUSPEND,
	ACT_INTERRUPT,
	ACT__COUNT
};

/* Where a key means something: a bit for each kind of panel. */
enum {
	IN_TASKS = 1,
	IN_QUEUES = 2,
	IN_WORKERS = 4,
	IN_RESULTS = 8,
	IN_DETAIL = 16,
	IN_TEXT = 32,
	IN_DIALOG = 64, /* confirm and prompt, which take most keys themselves */
	IN_LISTS = IN_TASKS | IN_QUEUES | IN_WORKERS | IN_RESULTS,
	IN_PANELS = IN_LISTS | IN_DETAIL | IN_TEXT,
	IN_ALL = IN_PANELS | IN_DIALOG,
};

#define KEYS_EACH 6

struct key {
	int keys[KEYS_EACH]; /* up to the first 0 */
	unsigned where;
	enum act act; /* or: */
	const char *
		line; /* a command line; %field is replaced by that field of the selected record */
	const char *
		ask; /* question to be answered with yes before the line is run, with fields likewise; NULL: none */
	const char *bar; /* word in the key bar, or NULL */
	const char *help;
};

/* The row for a key in a kind of panel, or NULL. */
const struct key *key_find(int key, unsigned where);
/* "F9", "^D", "PgUp", "x": into dst, which is returned. */
const char *key_word(char dst[16], int key);
/* What there is, as text for the help panel. */
void key_help(struct buf *out);
/* The key bar of a kind of panel. */
void key_bar(struct buf *out, unsigned where);

#endif
