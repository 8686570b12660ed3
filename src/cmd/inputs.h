/* Where inputs come from: lists behind ::: (several are combined, each with each), or the lines of a file or of stdin, which are read no faster than they are
 * wanted. */
#ifndef CMD_INPUTS_H
#define CMD_INPUTS_H

#include <stdint.h>

#include "base/loop.h"
#include "cmd/template.h"

#define INPUT_MAX   (1024 * 1024) /* bytes of a line */
#define INPUT_LISTS 9             /* lists behind ::: */

struct inputs;

/* words[0] is ":::", or n is 0; borrowed. ERR_USAGE. */
struct inputs *inputs_lists(const char *const *words, size_t n, struct err *e);
/* path: "-" is stdin. separator: what ends an input; it may be missing behind the last one. ready: called when inputs_next() has said INPUT_LATER and there
 * is more. ERR_IO when the file cannot be opened. */
struct inputs *inputs_lines(struct loop *l, const char *path, char separator,
	void (*ready)(void *arg), void *arg, struct err *e);
void inputs_free(struct inputs **in);
size_t inputs_parts(const struct inputs *in);  /* in each input */
int64_t inputs_total(const struct inputs *in); /* -1: not known */

enum inputs_news { INPUT_ONE, INPUT_LATER, INPUT_END, INPUT_BAD };
/* INPUT_ONE: *out, valid until the next call; INPUT_BAD: *e, and it is over. */
enum inputs_news inputs_next(struct inputs *in, struct input *out, struct err *e);

#endif
