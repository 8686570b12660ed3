/* `fastworker console`: the screen over everything. Beginning and end, signals, keys, and the one place that draws. */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/listing.h"
#include "tui/run.h"
#include "tui/term.h"
#include "tui/tui.h"

#define MESSAGE_US (15 * 1000000) /* how long something that was said stays */

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT};

int64_t tui_now(const struct tui *t)
{
	if (t->frozen_at_ms)
		return t->frozen_at_ms;
	return t->lost_at_us ? t->lost_at_ms : loop_wall_ms(t->loop);
}

void tui_say(struct tui *t, bool bad, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	buf_reset(&t->message);
	buf_add(&t->message, text, strcspn(text, "\n"));
	t->message_bad = bad;
	t->message_at_us = loop_now_us(t->loop);
	t->redraw = true;
	free(text);
}

bool tui_linked(const struct tui *t, char *why, size_t size)
{
	char age[16];

	if (t->client && t->ever_up && !t->lost_at_us)
		return true;
	if (!t->lost_at_us)
		snprintf(why, size, "there is no connection to the control plane yet");
	else
		snprintf(why, size,
			"the connection to the control plane is lost since %s (%s)%s",
			str_age(age, (loop_now_us(t->loop) - t->lost_at_us) / 1000),
			t->session->client_down.text, t->client ? "" : "; ^R tries again");
	return false;
}

/* The end comes when nothing of ours is on the call stack. */
static void end(void *arg)
{
	struct tui *t = arg;
	struct cmd_ctx *ctx = t->ctx;
	struct err fault = t->fault;
	int status = t->exit_status;

	term_close();
	if (fault.code != ERR_NONE)
		cmd_fail(ctx, &fault);
	else
		cmd_done(ctx, status);
}

void tui_quit(struct tui *t, int status)
{
	if (t->quitting)
		return;
	t->quitting = true;
	t->exit_status = status;
	loop_defer(t->loop, end, t);
}

static void draw(void *arg)
{
	struct tui *t = arg;
	struct area body;

	if (!t->redraw || t->quitting)
		return;
	t->redraw = false;
	erase();
	header_draw(t, &body);
	if (body.h > 0)
		panel_draw(t, body);
	curs_set(t->top->ops->cursor);
	refresh();
}

/* The clock, and with it all ages: to the second. */
static void on_tick(void *arg)
{
	struct tui *t = arg;

	loop_timer_in(&t->tick, 1000 - loop_wall_ms(t->loop) % 1000);
	if (t->message.len && loop_now_us(t->loop) - t->message_at_us > MESSAGE_US)
		buf_reset(&t->message);
	t->redraw = true;
}

static void on_input(void *arg, unsigned events)
{
	struct tui *t = arg;
	int key;

	while (!t->quitting && (key = term_key()) >= 0)
		panel_press(t, key);
	if ((events & LOOP_ERROR) || term_gone())
		tui_quit(t, 128 + SIGHUP);
}

static void on_signal(void *arg, int signo)
{
	struct tui *t = arg;

	switch (signo) {
	case SIGWINCH:
		term_resize();
		break;
	case SIGCONT:
		term_resume();
		break;
	case SIGTSTP:
		tui_suspend(t);
		break;
	default:
		tui_quit(t, 128 + signo);
	}
	t->redraw = true;
}

void tui_suspend(struct tui *t)
{
	term_suspend(t->loop, on_signal, t);
	t->redraw = true;
}

/* A control plane that cannot be reached at first is an error like that of any command; one that goes away later is waited for. */
static void on_down(struct tui *t)
{
	if (!t->lost_at_us) {
		t->lost_at_us = loop_now_us(t->loop);
		t->lost_at_ms = loop_wall_ms(t->loop);
	}
	if (t->client && client_failed(t->client)) {
		/* Whoever needs it next makes a new one and frees this one, with its watch. */
		t->client = NULL;
		t->feed.watch = NULL;
		tui_say(t, true, "%s", t->session->client_down.text);
	}
	if (!t->ever_up && !t->client) {
		t->fault = t->session->client_down;
		tui_quit(t, 0);
	}
}

static void on_link(void *arg, bool up)
{
	struct tui *t = arg;

	t->redraw = true;
	if (!up) {
		on_down(t);
		return;
	}
	if (t->lost_at_us)
		tui_say(t, false, "the control plane is back");
	t->lost_at_us = 0;
	t->ever_up = true;
	feed_dirty(t);
}

void tui_reconnect(struct tui *t)
{
	struct err e;

	t->client = session_client(t->session, t->ctx->opts, &e);
	if (t->client)
		feed_start(t);
	else
		tui_say(t, true, "%s", e.text);
}

static struct tui *new_tui(struct cmd_ctx *ctx)
{
	struct tui *t = xcalloc(1, sizeof(*t));

	t->ctx = ctx;
	t->session = ctx->session;
	t->loop = ctx->session->loop;
	list_init(&t->runs);
	rows_init(&t->status, t, NULL, NULL);
	rows_init(&t->queues, t, NULL, NULL);
	for (int i = 0; i < TABS; i++)
		t->tabs[i] = listing_new(t, &listing_kinds[i]);
	t->top = t->tabs[0];
	feed_init(t);
	loop_timer_init(t->loop, &t->tick, on_tick, t);
	return t;
}

static void listen_to_terminal(struct tui *t)
{
	t->in = loop_fd(t->loop, term_fd(), LOOP_READ, 10, on_input, t);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal(t->loop, signals[i], on_signal, t);
	loop_hook(t->loop, draw, t);
	on_tick(t);
}

static void exec_console(struct cmd_ctx *ctx)
{
	struct client *c;
	struct tui *t;
	struct err e;

	if (term_check(&e)) {
		cmd_fail(ctx, &e);
		return;
	}
	t = ctx->state = new_tui(ctx);
	/* Before the connection is made: with somebody who shows it, it is never given up. */
	t->session->on_link = on_link;
	t->session->on_link_arg = t;
	c = cmd_client(ctx);
	if (!c)
		return; /* it was told, and t is gone */
	t->client = c;
	if (term_open(ctx->out->color, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	draw_init();
	listen_to_terminal(t);
	feed_start(t);
}

static void stop_listening(struct tui *t)
{
	if (!t->in)
		return;
	loop_io_del(&t->in);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal(t->loop, signals[i], NULL, NULL);
	loop_unhook(t->loop, draw, t);
}

static void release_console(struct cmd_ctx *ctx)
{
	struct tui *t = ctx->state;

	if (!t)
		return;
	t->session->on_link = NULL;
	term_close();
	stop_listening(t);
	loop_timer_clear(&t->tick);
	run_end_all(t);
	panel_close_all(t);
	for (int i = 0; i < TABS; i++)
		t->tabs[i]->ops->free(t->tabs[i]);
	rows_fini(&t->status);
	rows_fini(&t->queues);
	feed_stop(t);
	buf_fini(&t->message);
	free(t);
}

const struct cmd cmd_console_entry = {
	.name = "console",
	.alias = "top tui",
	.group = "faces",
	.usage = "[OPTIONS]",
	.help = "Shows tasks, queues, workers and results live, and acts on them",
	.about =
		"A screen for the terminal, at least 40 columns by 8 lines for more than the list. ? shows the keys. Any command line of\n"
		"fastworker runs behind a `:`. No key destroys without a question; a line that you type is done. Only what is seen is asked for, and only when\n"
		"something happened. With NO_COLOR, on a monochrome terminal and without UTF-8 it says the same.",
	.examples = "fastworker console\nfastworker console -P prod",
	.flags = CMD_FACE,
	.exec = exec_console,
	.release = release_console,
};
