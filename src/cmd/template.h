/* Command lines with places for an input, as xargs and GNU parallel have them:
 *
 *   {} the input · {.} without its extension · {/} its last part · {//} its folder · {/.} its last part without extension · {#} its number, from 1
 *   {2} {2.} {2/} ... the second of several inputs, where {} is all of them
 *
 * A word that is nothing but {} becomes one word per input; inside a word several are joined by blanks. Without any of these the inputs are put
 * behind the words. Nothing is split, quoted or expanded: a word that comes from an input is that input, byte by byte. */
#ifndef CMD_TEMPLATE_H
#define CMD_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct template
{
	const char *const *words; /* borrowed */
	size_t n;
	bool any; /* a place for an input is in them */
};

struct input {
	const char *const *parts;
	size_t n;
	int64_t number; /* from 1 */
};

/* nparts: how many there will be in each input; ERR_USAGE when the words ask for another one. */
int template_init(struct template *t, const char *const *words, size_t n, size_t nparts,
	struct err *e);
/* The words for one input, ended by NULL, for words_free(). */
char **template_expand(const struct template *t, const struct input *in, size_t *n);

#endif
