/* Options of commands: one table per command drives parsing, help, completion and the manual. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum opt_type {
	OPT_FLAG,     /* --json; also --no-json */
	OPT_STRING,   /* --name VALUE or --name=VALUE; given twice, the last one counts */
	OPT_INT,      /* checked against min, max */
	OPT_DURATION, /* str_duration_ms() */
	OPT_SIZE,     /* str_size(); checked against min, max */
	OPT_CHOICE,   /* one word of `choices`, any case */
	OPT_MANY,     /* may be given more than once; opts_many() */
	OPT_WORDS, /* takes all words up to the next option (and commas split when `commas`); a word like -3 is a value */
};

struct opt {
	const char *name; /* without dashes */
	char letter;      /* 0: none */
	enum opt_type type;
	const char *arg;     /* what help calls the value: "SECONDS" */
	const char *help;    /* one sentence without a period at the end */
	const char *env;     /* variable, or NULL */
	const char *def;     /* default as text, or NULL */
	const char *choices; /* "low|normal|high|critical" */
	int64_t min, max;    /* OPT_INT; both 0: any */
	bool commas;         /* OPT_WORDS: "a,b" is two */
	bool conf;   /* may stand in the configuration file, under its name with '_' or '-' */
	bool hidden; /* accepted, not shown */
	const char *
		complete; /* what __complete offers for the value: "file", "task", "worker", "id", or NULL */
};

enum opt_origin { OPT_UNSET, OPT_DEFAULT, OPT_CONFIG, OPT_ENV, OPT_GIVEN };

/* A value looked up in the configuration: NULL when absent; *where gets "FILE:LINE" (borrowed). */
typedef const char *opt_config_fn(void *arg, const char *name, const char **where);

/* Checks the text of one value. Its canonical form (a choice in the table's spelling, a flag as "true" or "false"; the caller frees it), and
 * for a flag, an int or a duration its number in *number; or NULL with *e: `"x" is not a whole number`, to be prefixed by where it stands. */
char *opt_check(const struct opt *opt, const char *text, int64_t *number, enum err_code code,
	struct err *e);

struct opts; /* the parsed words of one command line */

/* Parses words[0..n) (no command name) against tables[0..ntables) (looked at in this order; each ends with an option without a name). Options stand anywhere before "--"; a unique
 * prefix of a long name is accepted; a word like -5 or -.5 is a positional. When `stop_early`, the first positional ends the options. An unknown
 * option is an error with a did-you-mean. Values are checked at once, also those of the environment and of the configuration
 * (the message names the variable, or file and line). NULL with *e (ERR_USAGE, or ERR_CONFIG for the configuration) on error.
 * What is given counts before the environment (an empty variable is none), that before the configuration, that before the default; only the
 * one that counts is checked. From there OPT_WORDS is split at white space, OPT_MANY is one value. The words are copied, the tables are not. */
struct opts *opts_parse(const struct opt *const *tables, size_t ntables, char *const *words,
	size_t n, bool stop_early, opt_config_fn *config, void *config_arg, struct err *e);
void opts_free(struct opts **o);

/* Each takes the name of an option that is in the tables; BUG() when it is not. */
bool opts_flag(const struct opts *o, const char *name);
const char *opts_str(const struct opts *o,
	const char *name); /* NULL when unset and without a default */
int64_t opts_int(const struct opts *o, const char *name);  /* 0 likewise */
int64_t opts_ms(const struct opts *o, const char *name);   /* -1 likewise */
int64_t opts_size(const struct opts *o, const char *name); /* bytes; 0 likewise */
size_t opts_many(const struct opts *o, const char *name, const char *const **values);
bool opts_given(const struct opts *o, const char *name); /* origin above OPT_DEFAULT */
bool opts_has(const struct opts *o, const char *name);   /* is it in the tables at all */
/* *where (may be NULL) gets "FILE:LINE" or the variable's name, or NULL. */
enum opt_origin opts_origin(const struct opts *o, const char *name, const char **where);

size_t opts_nargs(const struct opts *o);
const char *opts_arg(const struct opts *o, size_t i); /* NULL behind the last */
/* Index of the first positional that stood behind "--", or nargs. */
size_t opts_dashdash(const struct opts *o);

#endif
