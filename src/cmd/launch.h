/* A control plane in the background, until it is ready. */
#ifndef CMD_LAUNCH_H
#define CMD_LAUNCH_H

#include <stddef.h>

#include "base/err.h"
#include "cmd/session.h"

struct launch;

/* Called once, from the loop. status 0: it serves, and line is what it said of itself (with its newline), or NULL when another one does. Else its exit
 * status, and line is what it said before it ended: lines for people without the last newline, or "". The launch may be freed from here. */
typedef void launch_fn(void *arg, int status, const char *line);

/* Starts `control-plane WORDS...`, in a session of its own, with the log of the profile. NULL with *e: it cannot be started. */
struct launch *launch_new(struct session *s, char *const *words, size_t n, launch_fn *fn,
	void *arg, struct err *e);
/* What was started goes on. NULL is fine. */
void launch_free(struct launch **l);
const char *launch_log(const struct launch *l); /* path of its log */

#endif
