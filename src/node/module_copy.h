/* Private copies of shell modules: a task sources what was loaded, not what an editor has half written meanwhile.
 *
 * A worker has a folder of its own for them, below its state folder and named after host and process: FOLDER/HOST.PID/DIGEST/NAME. It goes when the worker ends;
 * what a worker that was killed left behind, the next one on this host removes. */
#ifndef NODE_MODULE_COPY_H
#define NODE_MODULE_COPY_H

#include <stddef.h>

#include "base/err.h"

/* Makes the folder of this process below `folder`; its path, for the caller to free. NULL with *e. */
char *module_copy_open(const char *folder, struct err *e);
/* Keeps a text; the path of the copy, for the caller to free. What is there already is not written again. NULL with *e. */
char *module_copy_put(const char *own, const char *digest, const char *path, const char *text,
	size_t len, struct err *e);
void module_copy_drop(const char *copy); /* one of them */
void module_copy_close(char **own);      /* all, and the folder */

#endif
