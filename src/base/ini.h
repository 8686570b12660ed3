/* Configuration files: `key = value` lines, `[section]`, lines that begin with # or ; are comments. Values have no quotes and no comment
 * behind them; a section may be continued further down; a key that stands twice in one is an error. */
#ifndef BASE_INI_H
#define BASE_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct ini;

/* NULL with *e (ERR_CONFIG names file and line) when it is broken; a file that does not exist gives an empty one. */
struct ini *ini_load(const char *path, struct err *e);
struct ini *ini_parse(const char *text, size_t len, const char *name, struct err *e);
void ini_free(struct ini **i);
/* Value of key in section ("" = before the first section); '-' and '_' in keys are the same. NULL when absent. line may be NULL. */
const char *ini_get(const struct ini *i, const char *section, const char *key, int *line);
/* The key-value pairs of a section in order, for checking that every key is known (given with '-' for '_'); line may be NULL; false at the end; start with *pos = 0. */
bool ini_each(const struct ini *i, const char *section, size_t *pos, const char **key,
	const char **value, int *line);
/* A section that was named; "" is none. */
bool ini_has_section(const struct ini *i, const char *section);
/* Names of all sections in order; false at the end; start with *pos = 0. */
bool ini_each_section(const struct ini *i, size_t *pos, const char **section);

#endif
