/* A task's JSON arguments as what a program gets: words of its command line and its environment. No string is ever built for a shell to read. */
#ifndef NODE_ARGS_H
#define NODE_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "base/map.h"

#define ARGS_MAX_VALUES (1024 * 1024) /* JSON values in args or kwargs */
#define ARGS_MAX_STRING                                                                        \
	131072 /* of one word or variable, its NUL counted: MAX_ARG_STRLEN of the kernel */

struct words { /* a list of strings that ends with a NULL, as execve(2) wants it; owns them */
	char **list;
	size_t n, cap;
};

void words_init(struct words *w); /* the list is valid, and empty */
void words_fini(struct words *w);
void words_add(struct words *w, const char *s);
/* "NAME=VALUE" in place of the one with the same first `name` bytes, or behind the others. */
void words_set(struct words *w, const char *text, size_t name);
void words_set_value(struct words *w, const char *name, const char *value);
void words_addf(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends one word per value of the JSON array: a string's bytes, else the value as it is written. ERR_DATA when one is too long or holds a NUL;
 * the message says what to do. */
int args_add(struct words *w, const char *json, size_t len, struct err *e);
/* True when the object is too large for a variable: then args_add_kwargs() needs a file with it. */
bool args_need_file(size_t len);
/* Appends FW_KWARGS (the object as written, or the path `file`) and FW_KW_key for each key that is an identifier; the last one of equal keys counts. With a
 * file, a value that is too large for a variable is only there. */
int args_add_kwargs(struct words *env, const char *json, size_t len, const char *file,
	struct err *e);
/* Appends the variables of ours that a task may see: PATH HOME LANG LC_ALL TZ. */
void args_add_allowed(struct words *env);

#endif
