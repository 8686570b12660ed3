/* The caller's surroundings, for programs that run elsewhere: options, and the JSON object that goes along (node/program.h says what is in it). */
#ifndef CMD_PLACE_H
#define CMD_PLACE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"

/* For the options of a command. */
#define PLACE_OPTS                                                                             \
	{.name = "env",                                                                        \
		.type = OPT_MANY,                                                              \
		.arg = "NAME[=VALUE]",                                                         \
		.help = "A variable for the program: ours, or with this value"},               \
		{.name = "cwd",                                                                \
			.type = OPT_STRING,                                                    \
			.arg = "FOLDER",                                                       \
			.complete = "file",                                                    \
			.help = "Where it runs (here)"},                                       \
	{                                                                                      \
		.name = "clean-env", .type = OPT_FLAG,                                         \
		.help = "Without our PATH, HOME, LANG and TZ: it gets the worker's"            \
	}

/* Where we are and what we have, as the options say. ERR_USAGE, ERR_DATA with what is wrong with them. */
int place_make(struct buf *json, const struct opts *o, struct err *e);

#endif
