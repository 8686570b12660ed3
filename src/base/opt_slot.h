/* What opt.c (slots, values from outside, answers) and opt_words.c (the words of a command line) share; nobody else includes it. */
#ifndef BASE_OPT_SLOT_H
#define BASE_OPT_SLOT_H

#include "base/opt.h"

/* One option of the tables and its value, from wherever it came. */
struct opt_slot {
	const struct opt *opt;
	enum opt_origin origin;
	char *where;   /* "FILE:LINE" or the variable, or NULL */
	char **values; /* checked; more than one only of OPT_MANY and OPT_WORDS */
	size_t nvalues;
	int64_t number; /* of flags, ints and durations */
};

struct opts {
	struct opt_slot *slots;
	size_t nslots;
	char **args;
	size_t nargs;
	size_t dashdash;
};

struct opt_slot *opt_slot_find(const struct opts *o,
	const char *name); /* NULL when in no table */

/* Checks one value and puts it into the slot: behind the others of a list, else in place of the one that was there. */
int opt_slot_put(struct opt_slot *s, const char *text, enum err_code code, struct err *e);
/* Puts each piece of text between separators; empty ones are none. */
int opt_slot_put_split(struct opt_slot *s, const char *text, const char *separators,
	enum err_code code, struct err *e);

/* Takes the words into slots and positionals: opt_words.c. 0, or -1 with *e (ERR_USAGE). */
int opt_take_words(struct opts *o, char *const *words, size_t n, bool stop_early,
	struct err *e);

#endif
