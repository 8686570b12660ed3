/* Where in a command line its last word stands, and what the tables know for that place. Pure: complete.c asks the control plane for the rest. */
#ifndef CMD_COMPLETE_WORDS_H
#define CMD_COMPLETE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/cmd.h"

struct place {
	const struct cmd *cmd; /* NULL: the command itself is typed, or it is none of ours */
	size_t cmd_at;         /* its index in words */
	const struct opt *value_of; /* a value of this option is typed */
	const char *
		kind; /* of positionals and values, as in `complete` of the tables; NULL: nothing is known */
	bool option;  /* an option is typed */
	bool unknown; /* the word where the command should be names none */
	size_t complete_words; /* so many words are whole: an option that still waits for its value is not among them */
	size_t prefix; /* bytes of the last word before the part that is completed: of --priority=hi these are 11 */
	const char *last; /* the last word */
};

void place_find(struct place *p, char *const *words, size_t n);

/* A list of candidates that begin with what was typed. */
struct candidates {
	const struct place *place;
	char **items;
	size_t n, cap;
};

void candidates_add(struct candidates *c, const char *text); /* copied, when it fits */
void candidates_fini(struct candidates *c);
/* All that the tables say for the place. */
void candidates_static(struct candidates *c);

#endif
