/* A line at the bottom of the terminal that says how far something is: on stderr, when that is a terminal, and nothing otherwise. */
#ifndef CMD_BAR_H
#define CMD_BAR_H

#include <stdint.h>

#include "base/loop.h"

struct bar;

struct bar_state {
	const char *name;            /* before it; borrowed */
	int64_t done, failed, total; /* total -1: not known */
};

struct bar *bar_new(struct loop *l);
void bar_free(struct bar **b); /* takes it off the screen */
/* Drawn soon, at most ten times a second. */
void bar_set(struct bar *b, const struct bar_state *state);
/* Takes it off the screen before other things are written there; it comes back with the next drawing. */
void bar_hide(struct bar *b);

#endif
