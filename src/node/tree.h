/* The process tree below this process, which is a subreaper: whatever a task started, and however it hid, is found and ended. */
#ifndef NODE_TREE_H
#define NODE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct asked { /* who was asked to end; set to zero, asked_fini() at the end */
	struct asked_one *list;
	size_t n, cap;
};

void asked_fini(struct asked *a);

/* Makes this process the one that orphans below it are given to, and forbids new privileges to it and them. 0, or -1 with errno. */
int tree_own(void);
/* True while any descendant is left, unreaped ones included. */
bool tree_any(void);
/* Sends TERM to each descendant that is there now, but not twice to the same program; wakes stopped ones, so that they hear it. A process may miss it while it
 * is being made: its shell's handler still stands, or its fork is not over. So ask again after a while. */
void tree_ask(struct asked *asked);
/* Kills each descendant that is there now; one that is forked meanwhile may be missed. */
void tree_kill(void);
/* Kills and reaps descendants until none is left; gives up after wait_ms (one stuck in the kernel). Reaps all children, so nobody may still
 * wait for one. */
void tree_end(int64_t wait_ms);
/* For a tree whose subreaper is dead: kills every process of the machine that has all these `KEY=VALUE` in its environment, and may be killed by us. */
void tree_kill_strays(const char *const *marks, size_t n);

#endif
