/* Drawing text: made safe, cut and padded by terminal columns, in one of a few styles. Nothing here refreshes the screen. */
#ifndef TUI_DRAW_H
#define TUI_DRAW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct area {
	int y, x, h, w;
};

/* Colour is the third signal only: the text says it, and bold or reverse shows it on a monochrome terminal. */
enum style {
	STYLE_PLAIN,
	STYLE_HEAD,   /* titles */
	STYLE_CURSOR, /* the selected row */
	STYLE_GOOD,
	STYLE_BUSY,
	STYLE_BAD,
	STYLE_FAINT,
	STYLE__COUNT
};

void draw_init(void); /* once the terminal is open */

/* Appends text from outside so that it can be shown here: no byte is obeyed, and without UTF-8 there is only ASCII. */
void draw_clean(struct buf *out, const char *s, size_t n);
/* The bytes of clean text that fit into `width` columns, and how many columns these take. */
size_t draw_fit(const char *s, int width, int *used);
int draw_width(const char *clean);
/* Appends clean text cut and padded to exactly `width` columns. */
void draw_pad(struct buf *out, const char *clean, int width, bool right);

/* Puts text (from outside, too) on the screen, cut to `width` columns; returns the columns used. draw_line fills the rest. */
int draw_text(int y, int x, int width, enum style style, const char *text);
void draw_line(int y, int x, int width, enum style style, const char *text);
/* Ends at column x + width. */
int draw_right(int y, int x, int width, enum style style, const char *text);

#endif
