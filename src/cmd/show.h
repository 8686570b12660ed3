/* Showing how a task ended and its result, however large: what `submit` and `result` end with. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include "cmd/cmd.h"

/* status: what to pass on; -1: the task is not known, -2: it has not ended (state and number are in text). Not called when ctx ended meanwhile. */
typedef void show_fn(struct cmd_ctx *ctx, int status, const char *text);
#define SHOW_UNKNOWN (-1)
#define SHOW_RUNNING (-2)

/* Asks for the task, fetches its result and prints both: with --json an object, else the result on stdout and what failed on stderr. Errors on the
 * way end the command. */
void show_task(struct cmd_ctx *ctx, struct client *c, const char *selector, show_fn *fn);

#endif
