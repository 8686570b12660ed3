/* Drawing text by terminal columns. */
#include "tui/draw.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "base/str.h"
#include "tui/term.h"

static const struct {
	short color; /* foreground; -1 = the terminal's own */
	attr_t with_color, without;
} styles[STYLE__COUNT] = {
	[STYLE_PLAIN] = {.color = -1, .with_color = A_NORMAL, .without = A_NORMAL},
	[STYLE_HEAD] = {.color = -1, .with_color = A_BOLD, .without = A_BOLD},
	[STYLE_CURSOR] = {.color = -1, .with_color = A_REVERSE, .without = A_REVERSE},
	[STYLE_GOOD] = {.color = COLOR_GREEN, .with_color = A_NORMAL, .without = A_NORMAL},
	[STYLE_BUSY] = {.color = COLOR_CYAN, .with_color = A_NORMAL, .without = A_NORMAL},
	[STYLE_BAD] = {.color = COLOR_RED, .with_color = A_BOLD, .without = A_BOLD},
	[STYLE_FAINT] = {.color = -1, .with_color = A_DIM, .without = A_NORMAL},
};

static attr_t attributes[STYLE__COUNT];

void draw_init(void)
{
	/* COLORS is set by start_color() only. */
	bool color = COLORS > 0 && COLOR_PAIRS > STYLE__COUNT;

	for (int i = 0; i < STYLE__COUNT; i++) {
		attributes[i] = color ? styles[i].with_color : styles[i].without;
		if (!color || styles[i].color < 0)
			continue;
		init_pair((short)i, styles[i].color, -1);
		attributes[i] |= (attr_t)COLOR_PAIR(i);
	}
}

/* One '?' for each character that this terminal cannot show. */
static void only_ascii(struct buf *out, const struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->data[i];
		if (c < 0x80)
			buf_addc(out, (char)c);
		else if ((c & 0xc0) != 0x80)
			buf_addc(out, '?');
	}
}

void draw_clean(struct buf *out, const char *s, size_t n)
{
	struct buf safe = BUF_INIT;

	if (term_utf8()) {
		str_safe(out, s, n, false);
		return;
	}
	str_safe(&safe, s, n, false);
	only_ascii(out, &safe);
	buf_fini(&safe);
}

/* Length and columns of the first character; what the C library does not know takes one column as it is. */
static size_t one(const char *s, int *columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t n = mbrtowc(&wide, s, strlen(s), &state);

	*columns = 1;
	if (n == 0 || n > MB_LEN_MAX)
		return 1;
	*columns = wcwidth(wide);
	if (*columns < 0)
		*columns = 1;
	return n;
}

size_t draw_fit(const char *s, int width, int *used)
{
	size_t n = 0;
	int columns;

	*used = 0;
	while (s[n]) {
		size_t len = one(s + n, &columns);
		if (*used + columns > width)
			break;
		*used += columns;
		n += len;
	}
	return n;
}

int draw_width(const char *clean)
{
	int used;

	draw_fit(clean, 1 << 20, &used);
	return used;
}

void draw_pad(struct buf *out, const char *clean, int width, bool right)
{
	int used;
	size_t n = draw_fit(clean, width, &used);

	if (right)
		buf_addf(out, "%*s", width - used, "");
	buf_add(out, clean, n);
	if (!right)
		buf_addf(out, "%*s", width - used, "");
}

static int put(int y, int x, int width, enum style style, const char *clean, bool fill)
{
	int used;
	size_t n = draw_fit(clean, width, &used);

	if (width <= 0 || y < 0 || y >= LINES || x >= COLS)
		return 0;
	attrset(attributes[style]);
	mvaddnstr(y, x, clean, (int)n);
	if (fill && used < width)
		hline(' ' | attributes[style], width - used);
	attrset(A_NORMAL);
	return used;
}

static int put_text(int y, int x, int width, enum style style, const char *text, bool fill)
{
	struct buf clean = BUF_INIT;
	int used;

	draw_clean(&clean, text, strlen(text));
	used = put(y, x, width, style, buf_str(&clean), fill);
	buf_fini(&clean);
	return used;
}

int draw_text(int y, int x, int width, enum style style, const char *text)
{
	return put_text(y, x, width, style, text, false);
}

void draw_line(int y, int x, int width, enum style style, const char *text)
{
	put_text(y, x, width, style, text, true);
}

int draw_right(int y, int x, int width, enum style style, const char *text)
{
	int used = draw_width(text);

	if (used > width)
		used = width;
	return draw_text(y, x + width - used, used, style, text);
}
