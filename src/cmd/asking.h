/* How tasks are asked for: the options that submit and map share. */
#ifndef CMD_ASKING_H
#define CMD_ASKING_H

#include "base/buf.h"
#include "base/opt.h"
#include "client/client.h"

/* For a table of options. */
#define ASKING_OPTS                                                                            \
	{.name = "priority",                                                                   \
		.letter = 'p',                                                                 \
		.type = OPT_CHOICE,                                                            \
		.choices = "low|normal|high|critical",                                         \
		.def = "normal",                                                               \
		.help = "Which queue"},                                                        \
		{.name = "kw",                                                                 \
			.type = OPT_MANY,                                                      \
			.arg = "KEY=VALUE",                                                    \
			.help = "Keyword argument: FW_KW_KEY in the task"},                    \
		{.name = "kwargs",                                                             \
			.type = OPT_STRING,                                                    \
			.arg = "JSON",                                                         \
			.help = "Keyword arguments as a JSON object"},                         \
		{.name = "str",                                                                \
			.type = OPT_FLAG,                                                      \
			.help = "All arguments are strings, also 5 and true"},                 \
		{.name = "timeout",                                                            \
			.type = OPT_DURATION,                                                  \
			.arg = "TIME",                                                         \
			.help = "How long it may run (300s); 0: as long as it takes"},         \
		{.name = "defer",                                                              \
			.type = OPT_FLAG,                                                      \
			.help = "Queue it even when no worker ever knew the task"},            \
	{                                                                                      \
		.name = "needs", .type = OPT_STRING, .arg = "WORDS",                           \
		.help = "Only on a worker that has all of these (`subworker --has db,gpu`)"    \
	}

/* What these options say; the texts are borrowed from o and *kwargs. */
int asking_read(struct submission *t, struct buf *kwargs, const struct opts *o, struct err *e);

#endif
