/* The arguments of a submission: words of the command line to JSON text. */
#ifndef CMD_ARGUMENTS_H
#define CMD_ARGUMENTS_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/cmd.h"

/* Words to a JSON array: a word that is one whole JSON value is that value as written, any other a string; with `strings`, all are. `-` is what
 * stdin gives (once), unless stdin_free is false: then it is a word like others. ERR_DATA: not UTF-8, too large. */
int arguments_array(struct buf *json, const char *const *words, size_t n, bool strings,
	bool stdin_free, struct err *e);
/* --kwargs JSON and --kw k=v to a JSON object. */
int arguments_object(struct buf *json, const char *kwargs, const char *const *pairs, size_t n,
	bool strings, struct err *e);

#endif
