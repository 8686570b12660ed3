/* The process tree below this process, which is a subreaper: whatever a task started, and however it hid, is found and ended. */
#ifndef NODE_TREE_H
#define NODE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes this process the one that orphans below it are given to, and forbids new privileges to it and them. 0, or -1 with errno. */
int tree_own(void);
/* True while any descendant is left, unreaped ones included. */
bool tree_any(void);
/* Sends signo to each descendant that is there now; returns how many. One forked meanwhile may be missed. */
size_t tree_signal(int signo);
/* Kills and reaps descendants until none is left; gives up after wait_ms (one stuck in the kernel). Reaps all children, so nobody may still
 * wait for one. Returns how often it killed. */
size_t tree_end(int64_t wait_ms);

#endif
