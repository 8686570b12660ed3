/* Resident shells: a shell that has loaded a module once and forks a subshell for each call of one of its functions (`# @runner resident`).
 *
 * A call is a child of the shell, with the shell's session, the runner's folder for temporary files, and its own environment, arguments, stdout and stderr.
 * Nothing of what a user gives is ever part of a script: the shell reads names, variables and arguments as data. A call that ends its shell, leaves processes behind or has to be
 * killed, costs only itself: the next one gets a new shell. What the module does while it is loaded happens once per shell, not per call. */
#ifndef NODE_RESIDENT_H
#define NODE_RESIDENT_H

#include "node/args.h"
#include "node/run.h"

/* Begins a call; env and args are what this call has beside the shell's own. Later run->pid is set and run_exited() called. -1: it cannot, *e says why. */
int resident_start(struct run *run, const struct words *env, const struct words *args,
	struct err *e);
/* The run is to be killed, or not to begin: its shell goes with it. run_exited() follows, if the call had begun. */
void resident_drop(struct run *run);
/* All shells go, with their groups: at the end of the runner, and when a call left processes behind. */
void resident_end(void);

extern const char resident_script[]; /* what the shell runs */

#endif
