/* progress: from inside a task, how far it is. */
#include "base/fraction.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "node/inside_client.h"

static void exec(struct cmd_ctx *ctx)
{
	const char *first = opts_arg(ctx->opts, 0), *text = opts_arg(ctx->opts, 1);
	int32_t millionths = -1;
	struct err e;

	if (!first)
		err_set(&e, ERR_USAGE,
			"how far? `fastworker progress 0.4 'epoch 2'`, also 40%% or 4/10; `fastworker progress - 'epoch 2'` tells the text alone");
	else if (*first && !(first[0] == '-' && !first[1]) &&
		 !fraction_parse(first, &millionths))
		err_set(&e, ERR_USAGE,
			"\"%s\" is not how far: a number from 0 to 1, 40%% or 4/10",
			str_show(first));
	else if (millionths < 0 && !text)
		err_set(&e, ERR_USAGE, "neither a number nor a text to tell");
	else if (inside_say_progress(millionths, text, &e) == 0) {
		cmd_done(ctx, 0);
		return;
	}
	cmd_fail(ctx, &e);
}

const struct cmd cmd_progress_entry = {
	.name = "progress",
	.group = "tasks",
	.usage = "0.4|40%|4/10|- [TEXT]",
	.help = "Inside a task: tells how far it is",
	.about =
		"Seen at once in `tasks`, `status`, the console and the events. At most 10 a second leave the worker: the newest counts, the last one\n"
		"always. Speaks over the socket that the task finds in FW_SOCKET; outside of a task it is an error (64).",
	.examples = "fastworker progress 0.4 'epoch 2'\nfastworker progress $i/$n",
	.nargs = 2,
	.flags = CMD_PROCESS | CMD_INSIDE,
	.exec = exec,
};
