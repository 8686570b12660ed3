/* The private folder for temporary files that a runner's tasks get as TMPDIR, one after the other; empty at the start of each. */
#ifndef NODE_SCRATCH_H
#define NODE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A path for a new one, below our own TMPDIR or /tmp; the caller frees it. Nothing is made. */
char *scratch_name(void);
/* Use this path (copied) when it is free. */
void scratch_use(const char *path);
/* Makes a second folder, below `folder`, of a name that the worker knows, too. False: no path was given, it is too long, or it cannot be made. */
bool scratch_beside(char *path, size_t size, const char *folder);
/* Removes both folders of another process that is gone, if they are ours. */
void scratch_remove_at(const char *path);

/* Its path; made when it is first needed, 0700, below our own TMPDIR or /tmp. NULL with *e (ERR_IO). */
const char *scratch_path(struct err *e);
void scratch_empty(void);  /* after each task: removes what it left there */
void scratch_remove(void); /* when the runner ends */

#endif
