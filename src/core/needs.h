/* Words such as db or gpu: what a worker has, and what a task needs. Always in one form - sorted, each once, joined by commas - so that equal sets are
 * equal texts. NULL and "" are the empty set. */
#ifndef CORE_NEEDS_H
#define CORE_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define NEEDS_TEXT 512 /* bytes of a set, its NUL counted */

/* The set that people wrote, words between commas or blanks, in the one form. ERR_USAGE for a word that is none (letters, digits, _ . -, at most 64) and for a set
 * that is too large; out is "" then. */
int needs_parse(const char *text, char out[NEEDS_TEXT], struct err *e);
/* All words of `needs` are in `has`. */
bool needs_met(const char *needs, const char *has);
bool needs_has(const char *set, const char *word, size_t n);
/* Walks a set: begin with *at = set; the next word and its length, or NULL. */
const char *needs_next(const char **at, size_t *n);

#endif
