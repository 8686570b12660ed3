/* A control plane of one's own, started because a command needs one and none is there. */
#ifndef CMD_PRIVATE_H
#define CMD_PRIVATE_H

#include "cmd/cmd.h"

/* For the tables of commands with CMD_STARTS or CMD_STARTS_MODULES. */
#define NO_START_OPT                                                                           \
	{                                                                                      \
		.name = "no-start", .type = OPT_FLAG,                                          \
		.help = "Start no control plane when none is running"                          \
	}
#define MODULE_OPT                                                                                            \
	{                                                                                                     \
		.name = "module", .letter = 't', .type = OPT_MANY, .arg = "MODULE",                           \
		.complete = "file",                                                                           \
		.help = "When no control plane runs, start one with this module; may be given more than once" \
	}

/* True: the command has -t, gave some, and the control plane was there already, so that they are not loaded by us. *first: one of them. */
bool private_unused(const struct cmd_ctx *ctx, const char **first);
void private_free(struct starting **s); /* NULL is fine; what was started goes on */

#endif
