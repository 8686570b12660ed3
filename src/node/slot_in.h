/* The inside of a slot: what its files share. The outside is slot.h. */
#ifndef NODE_SLOT_IN_H
#define NODE_SLOT_IN_H

#include "node/runner_msg.h"
#include "node/slot.h"

struct flight { /* one task of the line */
	struct uuid id;
	uint32_t attempt;
	enum task_kind kind;
	bool started, cancelled;
	int64_t timeout_ms, grace_ms;
	int64_t due_us; /* its runner must have said something of its end by then; 0 = no such time */
};

struct slot {
	struct loop *loop;
	char *exe;
	const struct slot_ops *ops;
	void *arg;

	pid_t pid;  /* of the runner; 0 = none, or reaped */
	pid_t gone; /* of the one that was reaped last */
	int status; /* of the one that was reaped last */
	int fd;     /* our end; -1 = closed */
	struct loop_io *io;
	struct runner_reader in;
	struct buf out;
	size_t sent;             /* bytes of out that are written */
	int64_t peer_version;    /* of the runner's hello; 0 = none yet */
	struct loop_timer late;  /* it does not go, or it did not start */
	struct loop_timer watch; /* slot_watch() */
	bool wedged;             /* the runner was killed because it says nothing */
	char *scratch;           /* the folder for temporary files that it was given */
	struct err trouble;      /* why it did not start, or what it said that it may not */

	struct flight *line; /* the first one runs, or will next */
	size_t n, cap;

	bool inside;  /* one of our callbacks runs: freeing waits for its end */
	bool flushed; /* our deferred call is on its way, likewise */
	bool freed;
};

/* slot_read.c */
struct flight *slot_find(struct slot *s, const struct uuid *id, int64_t attempt); /* or NULL */
/* Handles all complete messages. -1: the runner is broken, s->trouble says how. A callback may free the slot, or take another runner. */
int slot_read(struct slot *s);

/* slot_watch.c */
/* The end of f must be told within so many ms, and what a runner needs beside that. */
void slot_expect(struct slot *s, struct flight *f, int64_t ms);
void slot_watch(void *arg);
enum cause slot_cause(
	const struct slot *s); /* what became of the first of the line, whose runner is gone */
void slot_clear_away(struct slot *s); /* processes and folders of a dead runner */
void slot_remove_scratch(struct slot *s);
void slot_end_wedged(
	struct slot *s); /* kills the runner and all below it; child_gone() follows */
bool slot_stopped(const struct slot *s); /* the runner is stopped, by SIGSTOP */

#endif
