/* The other end of the runner's socket, for commands inside a task. It waits: these commands do one thing and end. */
#ifndef NODE_INSIDE_CLIENT_H
#define NODE_INSIDE_CLIENT_H

#include <stdint.h>

#include "base/err.h"

/* Tells how far this task is: millionths, or -1; text, or NULL. Returns when the runner has heard it. -1: ERR_USAGE outside of a task, ERR_PEER when its
 * runner does not answer within 5 s, ERR_DENIED when the attempt that we belong to is over. */
int inside_say_progress(int32_t millionths, const char *text, struct err *e);

#endif
