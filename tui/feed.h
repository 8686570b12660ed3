/* When the control plane is asked: after an event that changes what is seen, at most once a second; at once when a person wants it. An
 * idle one is asked nothing. */
#ifndef TUI_FEED_H
#define TUI_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "client/client.h"

struct tui;

struct feed {
	struct client_watch *watch; /* NULL: no connection */
	struct loop_timer timer;
	bool dirty;       /* something changed since the last asking */
	unsigned waiting; /* answers that are on their way */
	int64_t asked_us;
};

void feed_init(struct tui *t);
void feed_start(struct tui *t); /* watches t->client and asks for everything */
void feed_stop(struct tui *t);
void feed_dirty(struct tui *t); /* something changed: ask, but not too often */
void feed_now(struct tui *t);   /* ask now */
void feed_pause(struct
	tui *t); /* what was planned is not asked: the picture is frozen; feed_now() goes on */
/* Each question is counted, so that a slow control plane is not asked again before it has answered. */
void feed_asked(struct tui *t);
void feed_answered(struct tui *t);

#endif
