/* --stdin: our stdin goes to the task. */
#include "cmd/feeding.h"

#include <unistd.h>

static void on_failed(void *arg, const struct err *why)
{
	struct cmd_ctx *ctx = arg;
	struct err e = *why;

	err_prefix(&e, "the task is ended, because the rest of its stdin is missing");
	cmd_fail(ctx, &e);
}

struct client_feed *feeding_open(struct cmd_ctx *ctx, struct client *c, const char *id)
{
	if (!opts_flag(ctx->opts, "stdin"))
		return NULL;
	return client_feed_open(c, id, STDIN_FILENO, on_failed, ctx);
}

bool feeding_now(const struct cmd_ctx *ctx, const struct client_feed *f)
{
	return f && opts_flag(ctx->opts, "stdin") && !client_feed_done(f);
}
