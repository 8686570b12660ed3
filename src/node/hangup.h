/* What SIGHUP means: load again; or, for a process in a terminal that was closed, the end. */
#ifndef NODE_HANGUP_H
#define NODE_HANGUP_H

#include <stdbool.h>

/* True when stdin, stdout or stderr is a terminal that is gone. */
bool hangup_is_end(void);

#endif
