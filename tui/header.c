/* Everything around the panels: the state of the whole above them, the message line and the keys below. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <curses.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/state.h"
#include "tui/listing.h"
#include "tui/tui.h"

/* Two breakpoints: below the first, the queues have no lines of their own; below the second, there is only the list. */
#define FULL_LINES    16
#define FULL_COLUMNS  60
#define LEAST_LINES   8
#define LEAST_COLUMNS 40
#define SLOW_MS       2000 /* a question that is not answered so long is worth a word */
#define MESSAGE_LINES 3

static const struct json_node *status(const struct tui *t)
{
	return t->status.n ? t->status.row[0] : NULL;
}

static const char *clock_text(char dst[16], int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!localtime_r(&s, &tm))
		return "";
	strftime(dst, 16, "%H:%M:%S", &tm);
	return dst;
}

/* `live 12:04:31`, or what is wrong with it. */
static void add_link(struct buf *out, const struct tui *t)
{
	int64_t silent_ms = (loop_now_us(t->loop) - t->feed.asked_us) / 1000;
	char text[16];

	if (t->lost_at_us)
		buf_addf(out, "LOST %s",
			str_age(text,
				(loop_now_us(t->loop) - t->lost_at_us) / 1000 / 1000 * 1000));
	else if (!t->ever_up)
		buf_adds(out, "connecting");
	else if (t->frozen_at_ms)
		buf_addf(out, "FROZEN %s", clock_text(text, t->frozen_at_ms));
	else if (t->feed.waiting && silent_ms >= SLOW_MS)
		buf_addf(out, "no answer %s", str_age(text, silent_ms));
	else
		buf_addf(out, "live %s", clock_text(text, loop_wall_ms(t->loop)));
}

/* The host that we reached, with the port that people know: the connection itself goes on to another one behind it. */
static const char *address_shown(char dst[300], const struct tui *t)
{
	struct address a = *client_address(t->client), base;
	struct buf text = BUF_INIT;

	row_text(&text, status(t), "base_address");
	if (text.len && address_parse(buf_str(&text), &base, NULL) == 0)
		a.port = base.port;
	buf_fini(&text);
	return address_text(dst, &a);
}

static void add_title(struct buf *out, const struct tui *t, bool wide)
{
	const struct json_node *s = status(t);
	char text[300];
	const char *address = t->client ? address_shown(text, t) : "",
		   *host = strstr(address, "://");

	if (wide)
		buf_adds(out, "fastworker  ");
	row_text(out, s, "worker_id");
	buf_addf(out, "%s%s", s ? "  " : "", wide || !host ? address : host + 3);
	if (!s)
		return;
	buf_addf(out, "  up %s",
		str_age(text, row_int(s, "uptime_ms", 0) + tui_now(t) - t->status.at_ms));
	buf_addf(out,
		wide ? "  workers %" PRId64 "  slots %" PRId64 "/%" PRId64
		     : "  wk %" PRId64 "  slots %" PRId64 "/%" PRId64,
		row_int(s, "workers", 0), row_int(s, "busy", 0), row_int(s, "slots", 0));
}

static void draw_title(const struct tui *t, int y)
{
	struct buf title = BUF_INIT, link = BUF_INIT;
	bool odd = t->lost_at_us || t->frozen_at_ms;
	int room;

	add_link(&link, t);
	room = COLS - (int)link.len - 1;
	add_title(&title, t, true);
	if (draw_width(buf_str(&title)) > room) {
		buf_reset(&title);
		add_title(&title, t, false);
	}
	draw_line(y, 0, room, STYLE_HEAD, buf_str(&title));
	draw_right(y, 0, COLS,
		t->lost_at_us ? STYLE_BAD
		: odd         ? STYLE_CURSOR
			      : STYLE_HEAD,
		buf_str(&link));
	buf_fini(&title);
	buf_fini(&link);
}

static const struct json_node *queue(const struct tui *t, const char *priority)
{
	for (size_t i = 0; i < t->queues.n; i++)
		if (row_is(t->queues.row[i], "priority", priority))
			return t->queues.row[i];
	return NULL;
}

/* Each further sign stands for twice as many: 4 and 30000 have to be seen in one bar. */
static int bar_length(int64_t n, int room)
{
	int bits = 0;

	while (n > 0 && bits < 20) {
		bits++;
		n /= 2;
	}
	return bits * room / 20;
}

/* `NORM[||||||||||          9.4k] old  41.0s` */
static void draw_queue(const struct tui *t, int i, int y, int width)
{
	static const char *const shown[PRIO__COUNT] = {"CRIT", "HIGH", "NORM", "LOW "};
	const struct json_node *row = queue(t, priority_word((enum priority)i));
	struct cell_clock clock = {.now_ms = tui_now(t), .at_ms = t->queues.at_ms};
	int64_t n = row_int(row, "queued", 0);
	struct buf line = BUF_INIT, age = BUF_INIT;
	int room = width - 20, bar;
	char count[16];

	bar = bar_length(n, room);
	buf_addf(&line, "%s[", shown[i]);
	for (int k = 0; k < bar; k++)
		buf_addc(&line, '|');
	str_count(count, n, false);
	/* The number stands over the end of a bar that is full. */
	if (bar > room - draw_width(count) - 1)
		line.data[line.len = 5 + (size_t)(room - draw_width(count) - 1)] = '\0';
	buf_addf(&line, "%*s]", room - ((int)line.len - 5), row ? count : "?");
	if (row && n)
		cell_age(&age, row, "oldest_ms", &clock);
	buf_addf(&line, " old %7s", age.len ? age.data : "-");
	draw_text(y, 0, width, STYLE_PLAIN, buf_str(&line));
	buf_fini(&line);
	buf_fini(&age);
}

/* Counts beside the queues, a line each. */
static void draw_counts(const struct tui *t, int y, int x)
{
	static const struct {
		const char *key, *word;
	} counts[PRIO__COUNT][4] = {
		{{"running", "running"}, {"assigned", "assigned"}, {"scheduled", "scheduled"},
			{"retrying", "retrying"}},
		{{"submitted_total", "submitted"}, {"cancelled_total", "cancelled"}},
		{{"lost_total", "lost"}, {"stale_total", "stale"}, {"cached", "results kept"}},
		{{"success_total", "ok"}, {"failure_total", "FAILED"}},
	};
	char text[16];

	for (int line = 0; line < PRIO__COUNT; line++) {
		struct buf out = BUF_INIT;
		for (int i = 0; i < 4 && counts[line][i].key; i++)
			buf_addf(&out, "%s %s   ", counts[line][i].word,
				status(t) ? str_count(text,
						    row_int(status(t), counts[line][i].key, 0),
						    false)
					  : "?");
		draw_text(y + line, x, COLS - x, line == 3 ? STYLE_HEAD : STYLE_PLAIN,
			buf_str(&out));
		buf_fini(&out);
	}
}

static void draw_tabs(const struct tui *t, int y)
{
	struct buf note = BUF_INIT;
	int x = 0;
	char text[32];

	for (int i = 0; i < TABS; i++) {
		bool on = i == t->tab;
		snprintf(text, sizeof(text), on ? "[%d %s] " : " %d %s  ", i + 1,
			listing_kinds[i].title);
		x += draw_text(y, x, COLS - x, on ? STYLE_HEAD : STYLE_PLAIN, text);
	}
	t->tabs[t->tab]->ops->note(t->tabs[t->tab], &note);
	draw_right(y, x + 1, COLS - x - 1, STYLE_PLAIN, buf_str(&note));
	buf_fini(&note);
}

/* What was said, in at most three lines that end at message_y; returns how many it
 * drew. Without a title line, nothing else could say that the connection is lost. */
static int draw_message(const struct tui *t, bool title)
{
	struct buf clean = BUF_INIT;
	size_t starts[MESSAGE_LINES], at = 0;
	int n = 0, used;

	if (!title && !t->message.len && t->lost_at_us)
		add_link(&clean, t);
	draw_clean(&clean, buf_str(&t->message), t->message.len);
	do {
		starts[n++] = at;
		at += draw_fit(buf_str(&clean) + at, COLS, &used);
	} while (n < MESSAGE_LINES && n < LINES / 2 && at < clean.len && used > 0);
	for (int i = 0; i < n && clean.len; i++)
		draw_line(t->message_y - n + 1 + i, 0, COLS,
			t->message_bad ? STYLE_BAD : STYLE_PLAIN, clean.data + starts[i]);
	if (!clean.len)
		n = 0;
	buf_fini(&clean);
	return n;
}

static void draw_keys(const struct tui *t, int y)
{
	struct buf bar = BUF_INIT;

	key_bar(&bar, t->top->where);
	draw_line(y, 0, COLS, STYLE_FAINT, buf_str(&bar));
	buf_fini(&bar);
}

void header_draw(struct tui *t, struct area *body)
{
	bool full = LINES >= FULL_LINES && COLS >= FULL_COLUMNS;
	bool least = LINES < LEAST_LINES || COLS < LEAST_COLUMNS;
	int y = 0, lines;

	if (!least)
		draw_title(t, y++);
	if (full) {
		for (int i = 0; i < PRIO__COUNT; i++)
			draw_queue(t, i, y + i, COLS / 2);
		draw_counts(t, y, COLS / 2 + 2);
		y += PRIO__COUNT;
	}
	if (!least) {
		draw_tabs(t, y++);
		draw_keys(t, LINES - 1);
	}
	t->message_y = least ? LINES - 1 : LINES - 2;
	*body = (struct area){.y = y, .x = 0, .h = (least ? LINES : LINES - 2) - y, .w = COLS};
	lines = draw_message(t, !least);
	body->h -= least ? lines : lines > 1 ? lines - 1 : 0;
}
