/* The private folder for temporary files that a runner's tasks get as TMPDIR, one after the other; empty at the start of each. */
#ifndef NODE_SCRATCH_H
#define NODE_SCRATCH_H

#include "base/err.h"

/* Its path; made when it is first needed, 0700, below our own TMPDIR or /tmp. NULL with *e (ERR_IO). */
const char *scratch_path(struct err *e);
void scratch_empty(void);  /* after each task: removes what it left there */
void scratch_remove(void); /* when the runner ends */

#endif
