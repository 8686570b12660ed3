/* A line at the bottom of the terminal that says how far something is. */
#include "cmd/bar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define EVERY_MS  100
#define BAR_MAX   40 /* cells */
#define WIDTH_MIN 20

struct bar {
	struct loop *loop;
	struct loop_timer timer;
	struct bar_state state;
	char name[24];
	int64_t began_us;
	bool on, drawn;
};

static int width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col > WIDTH_MIN ? size.ws_col : WIDTH_MIN;
}

static void put(const char *p, size_t n)
{
	ssize_t done = write(STDERR_FILENO, p, n);

	(void)done; /* a terminal that is gone is nobody's loss */
}

/* How long the rest takes if it goes on like this. */
static void add_rest(struct buf *text, const struct bar *b)
{
	const struct bar_state *s = &b->state;
	int64_t us = loop_now_us(b->loop) - b->began_us;
	char age[16];

	if (!s->done || us <= 0)
		return;
	buf_addf(text, "  %.4g/s", (double)s->done * 1e6 / (double)us);
	if (s->total < 0)
		return;
	us = (int64_t)((double)us / (double)s->done * (double)(s->total - s->done));
	buf_addf(text, "  ETA %s", str_age(age, us / 1000));
}

static void add_bar(struct buf *text, const struct bar_state *s, int room)
{
	int cells = room > BAR_MAX ? BAR_MAX : room, full;

	if (s->total <= 0 || cells < 6)
		return;
	full = (int)((double)s->done / (double)s->total * (cells - 4));
	buf_adds(text, "  [");
	for (int i = 0; i < cells - 4; i++)
		buf_addc(text, i < full ? '#' : '.');
	buf_addc(text, ']');
}

static void draw(void *arg)
{
	struct bar *b = arg;
	const struct bar_state *s = &b->state;
	struct buf text = BUF_INIT, line = BUF_INIT;
	int most = width() - 1;

	buf_addf(&text, "%s%s%lld", b->name, *b->name ? "  " : "", (long long)s->done);
	if (s->total >= 0)
		buf_addf(&text, "/%lld", (long long)s->total);
	if (s->failed)
		buf_addf(&text, "  %lld failed", (long long)s->failed);
	add_rest(&text, b);
	add_bar(&text, s, most - (int)text.len);
	buf_addf(&line, "\r\033[K%.*s", most, buf_str(&text));
	put(line.data, line.len);
	b->drawn = true;
	buf_fini(&text);
	buf_fini(&line);
}

struct bar *bar_new(struct loop *l)
{
	struct bar *b = xcalloc(1, sizeof(*b));
	const char *term = getenv("TERM");

	b->loop = l;
	b->on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	b->began_us = loop_now_us(l);
	loop_timer_init(l, &b->timer, draw, b);
	return b;
}

void bar_set(struct bar *b, const struct bar_state *state)
{
	b->state = *state;
	snprintf(b->name, sizeof(b->name), "%s", state->name);
	b->state.name = NULL;
	if (b->on && !loop_timer_set(&b->timer))
		loop_timer_in(&b->timer, EVERY_MS);
}

void bar_hide(struct bar *b)
{
	if (!b->drawn)
		return;
	b->drawn = false;
	put("\r\033[K", 4);
	if (!loop_timer_set(&b->timer))
		loop_timer_in(&b->timer, EVERY_MS);
}

void bar_free(struct bar **bar)
{
	struct bar *b = *bar;

	if (!b)
		return;
	bar_hide(b);
	loop_timer_clear(&b->timer);
	free(b);
	*bar = NULL;
}
