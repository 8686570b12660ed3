/* Completion of a command line, for `__complete` (bash) and the shell: from the tables, and from the control plane when it answers in time. */
#ifndef CMD_COMPLETE_H
#define CMD_COMPLETE_H

#include <stddef.h>

#include "cmd/session.h"

/* Instead of candidates: names of files are wanted, which the caller's own shell or library completes. */
#define COMPLETE_FILES ":file"

/* Borrowed. Whole words (not only what is missing); one that ends with '=' goes on without a blank. */
typedef void complete_fn(void *arg, char *const *candidates, size_t n);

struct complete;

/* words[0..n): what stands behind "fastworker"; the last one, which may be "", is to be completed. fn is called exactly once: before this
 * returns (then NULL is returned), or from the loop within 30 ms. words are not needed any longer. */
struct complete *complete_start(struct session *s, char *const *words, size_t n,
	complete_fn *fn, void *arg);
/* fn is not called any more. Nulls *c; NULL is fine. */
void complete_cancel(struct complete **c);

#endif
