/* The loop's signals and children, for loop.c only: others use loop_signal(), loop_child() and loop_orphans() of loop.h. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include "base/loop.h"

struct signals;

struct signals *signals_new(struct loop *l);
void signals_free(struct signals **s); /* children that live are forgotten */
struct signals *loop_signals(struct loop *l);

#endif
