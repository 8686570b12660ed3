/* Text from a keyboard, a paste or a script as commands: one a line, but an open quote, brace or bracket goes on in the next. Pure. */
#ifndef SHELL_LINES_H
#define SHELL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct lines {
	struct buf
		text; /* not given out yet; ends with a newline, but for the last line of a script */
	int number; /* of its first line, from 1 */
};

/* One command. */
struct line {
	char *command; /* for words_split() */
	char *typed;   /* as it was given */
	int number;    /* of its first line */
};

enum lines_state {
	LINES_NONE,  /* no whole line is left */
	LINES_READY, /* *line is set */
	LINES_OPEN,  /* *open says what is not closed: one of ' " { [ or a backslash */
};

void lines_init(struct lines *l);
void lines_fini(struct lines *l);
void lines_add(struct lines *l, const char *text, size_t n);
void lines_clear(struct lines *l); /* forgets what is left */
/* The next command. JSON that stands without quotes, as a word or behind '=', has got some in it, and lines that a backslash joins are one. Empty
 * lines, and those that begin with #, are passed over. last: no more text will come, so that the last line needs no newline. */
enum lines_state lines_next(struct lines *l, bool last, struct line *line, char *open);
void line_fini(struct line *line);

#endif
