/* The console as a whole: one struct that all its files know. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include <stdbool.h>

#include "base/list.h"
#include "base/loop.h"
#include "cmd/cmd.h"
#include "tui/feed.h"
#include "tui/panel.h"
#include "tui/rows.h"

#define TABS 4

struct tui {
	struct cmd_ctx *ctx; /* of the command `console` */
	struct session *session;
	struct loop *loop;
	struct client *client; /* NULL: the connection was given up */

	struct panel *top; /* of the stack; at its bottom is tabs[tab] */
	struct panel *tabs[TABS];
	int tab;
	struct feed feed;
	struct rows status, queues; /* for the header */

	struct list runs;   /* command lines that run */
	struct buf message; /* the last thing that was said */
	int message_y;      /* the line where it stands, and prompts */
	bool message_bad;
	int64_t message_at_us;

	int64_t lost_at_us;   /* when the connection broke; 0: it stands */
	int64_t lost_at_ms;   /* the same by the wall clock: the picture is of then */
	int64_t frozen_at_ms; /* wall clock at which the picture was frozen; 0: it is live */
	bool ever_up;
	bool redraw;   /* something changed since the last picture */
	bool quitting; /* the end comes with this turn */
	int exit_status;
	struct err fault; /* why it ends, when code is not ERR_NONE */

	struct loop_timer tick; /* the clock and the ages, once a second */
	struct loop_io *in;
};

/* The wall clock that ages are counted from: it stands still while the picture is frozen, or nobody can tell how things are. */
int64_t tui_now(const struct tui *t);
/* Says something in the message line. */
void tui_say(struct tui *t, bool bad, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void tui_quit(struct tui *t, int status);
/* Is there a control plane to ask? If not, *why (any size) says why. */
bool tui_linked(const struct tui *t, char *why, size_t size);
/* Stops, until a shell says that we may go on. */
void tui_suspend(struct tui *t);
/* Makes a new connection after the old one was given up. */
void tui_reconnect(struct tui *t);

/* acts.c: what keys do that belong to no panel. */
unsigned tui_act(struct tui *t, enum act act);

/* header.c: everything around the panels. */
void header_draw(struct tui *t, struct area *body); /* *body: what is left for them */

#endif
