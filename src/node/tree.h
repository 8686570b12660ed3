/* The process tree below this process, which keeps its orphans: whatever a task started, and however it hid, is found and ended.
 *
 * `leader` is the task's first process, which leads a session and group of its own; 0: none. Where trees are not seen (platform.h), its group is all
 * that is known of a task. */
#ifndef NODE_TREE_H
#define NODE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct asked { /* who was asked to end, or killed; set to zero, asked_fini() at the end */
	struct asked_one *list;
	size_t n, cap;
};

void asked_fini(struct asked *a);

/* Makes this process the one that orphans below it are given to, and forbids new privileges to it and them. 0, or -1 with errno. */
int tree_own(void);
/* A child that stays when a task ends, and is never asked or killed here: a resident shell. What it started counts as the task's. */
void tree_keep(pid_t pid, bool on);
/* True while any descendant is left, unreaped ones included. */
bool tree_any(pid_t leader);
/* How many descendants live now; names: NULL, or where the names of their programs are added, each once, with ", " between. */
size_t tree_living(struct buf *names);
/* Sends TERM to each descendant that is there now, but not twice to the same program; wakes stopped ones, so that they hear it. A process may miss it while it
 * is being made: its shell's handler still stands, or its fork is not over. So ask again after a while. */
void tree_ask(struct asked *asked, pid_t leader);
/* Kills each descendant that is there now; one that is forked meanwhile may be missed. killed: NULL, or where each is counted once. */
void tree_kill(struct asked *killed, pid_t leader);
/* Kills and reaps descendants until none is left; gives up after wait_ms (one stuck in the kernel). Reaps all children, so nobody may still
 * wait for one. */
void tree_end(struct asked *killed, pid_t leader, int64_t wait_ms);
/* Kills what is below another process, which keeps its orphans but does nothing any more (it is stopped). Takes some ms at most; the number of processes. */
size_t tree_end_below(pid_t root);
/* For a tree whose keeper is dead: kills every process of the machine that has all these `KEY=VALUE` in its environment, and may be killed by us. */
void tree_kill_strays(const char *const *marks, size_t n);

#endif
