/* A slot of a worker: its side of one runner process. Starts the runner when first needed, and again when it died.
 *
 * A runner does one task at a time. More than one may be sent to it, so that it need not wait for the next: they are its line, first come first served. */
#ifndef NODE_SLOT_H
#define NODE_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "core/model.h"
#include "node/modules.h"

struct runner_msg;
struct slot;

struct slot_task {
	struct uuid id;
	uint32_t attempt;
	uint64_t n;
	const struct module_task *task; /* borrowed during the call only */
	const char *args, *kwargs;      /* JSON text, checked; borrowed during the call only */
	size_t args_len, kwargs_len;
	const char *place; /* likewise, of a program; or NULL */
	size_t place_len;
	int64_t timeout_ms; /* 0 = none */
	int64_t grace_ms;   /* between TERM and KILL when the time is over */
	const char *log;    /* path of its log file, or NULL; borrowed during the call only */
	int64_t log_limit;
	bool fed;          /* its stdin comes with slot_feed(); else it is empty */
	bool stream, hold; /* its output is no result; it waits for its reader */
};

struct slot_ops {
	void (*started)(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt);
	/* Its log has grown to this offset; trouble: it cannot be written any more (said once), NULL otherwise. */
	void (*output)(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt,
		int64_t size, const char *trouble);
	/* o and what it points at are borrowed. It is out of the line when this is called. Called too, with CAUSE_LOST, for what ran when the runner died. */
	void (*done)(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt,
		const struct outcome *o);
	/* It did not start and does not: the answer to slot_recall(), or the runner died before its turn came. May be NULL if only one at a time is given. */
	void (*returned)(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt);
	/* What else the runner says of the attempt (progress, call); m is borrowed. */
	void (*said)(void *arg, const struct uuid *id, uint32_t attempt,
		const struct runner_msg *m);
};

/* exe: path of this binary. */
struct slot *slot_new(struct loop *l, const char *exe, const struct slot_ops *ops, void *arg);
/* Closes the pipe: the runner ends its tree and itself. No callback comes any more. */
void slot_free(struct slot **s);
bool slot_busy(const struct slot *s); /* its line is not empty */
/* Sent at the end of the turn. An error that concerns only this task comes through ops->done, never from here. */
void slot_run(struct slot *s, const struct slot_task *t);
/* Ends it: TERM, grace, KILL; done comes with cancelled = true. Does nothing when id and attempt are not in its line. */
void slot_cancel(struct slot *s, const struct uuid *id, uint32_t attempt, int64_t grace_ms);

/* To the session of what runs; nothing when it has not started. */
void slot_signal(struct slot *s, const struct uuid *id, uint32_t attempt, int signo);
/* Asks for it back: `returned` comes, or, when it has started already, only its end. */
void slot_recall(struct slot *s, const struct uuid *id, uint32_t attempt);
/* What runs may write on until its log is a window larger than this; -1: without end. Does nothing when id and attempt are not in its line. */
void slot_credit(struct slot *s, const struct uuid *id, uint32_t attempt, int64_t upto);

struct slot_part {
	int64_t offset; /* from the start of its stdin */
	const char *data;
	size_t len;
	bool eof; /* nothing follows */
};
/* A part of its stdin; `stdin_ack` is said when it is written into the task. Nothing is done when it is not in the line any more. */
void slot_feed(struct slot *s, const struct uuid *id, uint32_t attempt,
	const struct slot_part *part);

#endif
