/* Our own stdin as the stdin of a task: what submit and run share. */
#ifndef CMD_FEEDING_H
#define CMD_FEEDING_H

#include "client/client.h"
#include "cmd/cmd.h"

/* Lines for a table of options. */
#define FEEDING_OPT                                                                            \
	{                                                                                      \
		.name = "stdin", .type = OPT_FLAG,                                             \
		.help = "The task's stdin is ours, as it comes; the task runs at most once"    \
	}

/* NULL without --stdin. Give it each event of the task; an error ends the command, and the task with it. client_feed_close() in release. */
struct client_feed *feeding_open(struct cmd_ctx *ctx, struct client *c, const char *id);
/* --stdin, and not all of it was taken: the task ends with us. */
bool feeding_now(const struct cmd_ctx *ctx, const struct client_feed *f);

#endif
