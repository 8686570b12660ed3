/* One task: what was asked, where it stands, how it ended. Plain data; only the functions of model.h change it. */
#ifndef CORE_TASK_H
#define CORE_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/uuid.h"
#include "core/state.h"

/* Why a task ended as it did; beside the state, for failure and cancelled. */
enum cause {
	CAUSE_NONE,
	CAUSE_EXIT,      /* the program ended with a status other than 0 */
	CAUSE_SIGNAL,    /* a signal ended it */
	CAUSE_TIMEOUT,   /* it ran longer than its time-out */
	CAUSE_START,     /* it could not be started: missing program, no memory */
	CAUSE_LOST,      /* its worker is gone and it must not run again */
	CAUSE_LIMIT,     /* its result or output is larger than allowed */
	CAUSE_CANCELLED, /* somebody asked for it */
	CAUSE_OOM,       /* the system killed it because memory ran out */
	CAUSE_POISON,    /* its worker was lost each time that it ran: not tried again */
	CAUSE_STDIN,     /* whoever fed its stdin went away before the end of it */
	CAUSE__COUNT
};

const char *cause_word(enum cause c); /* "exit", "signal", ... */
int cause_parse(const char *word);    /* -1 when unknown */

/* What an attempt used. All 0 = not known. */
struct usage {
	int64_t run_ms, user_ms, sys_ms; /* wall clock; processor, children included */
	int64_t rss_kb;                  /* peak of its largest process */
};

enum result_type {
	RESULT_BYTES, /* what the program wrote to stdout */
	RESULT_JSON,  /* one JSON value, from a resident runner */
};

#define PROGRESS_TEXT 120 /* bytes of what a task says of its progress, its NUL counted */

struct worker;
struct name;
struct group;

struct task {
	struct uuid id; /* made by the client */
	uint64_t n;     /* the short number; grows by one per task */
	struct name *name;
	char *owner;         /* the principal that submitted it */
	struct group *group; /* that it belongs to, see core/group.h; NULL = none */
	enum priority priority;
	enum task_state state;
	uint32_t attempt;   /* the fencing token: number of times it was assigned; 0 = never */
	struct bytes *args; /* JSON array as given */
	struct bytes *kwargs; /* JSON object as given */
	struct bytes *
		place; /* of a program: where and how it runs, a JSON object; NULL for all others */
	int64_t timeout_ms; /* per attempt; 0 = none */
	int64_t grace_ms;   /* between TERM and KILL when it is cancelled */
	unsigned nagain;    /* how often its runner died and it was queued again */

	/* Of the attempt, see credit.c. */
	int64_t short_us; /* what it counts for on its worker; 0 = it fills a slot */
	int64_t since_us; /* mono: given, then started */
	int64_t check_us; /* mono: when it is looked at, while in core.ahead */
	bool recalled;    /* its worker was asked to give it back */

	int64_t created_at, started_at, completed_at; /* wall clock, ms; 0 = not yet */

	int32_t progress;    /* of the current attempt, millionths as it told; -1 = never */
	char *progress_text; /* likewise, at most PROGRESS_TEXT bytes; NULL = never */

	struct worker *worker; /* that has the current attempt; NULL when none */
	char *worker_id; /* of the last attempt, kept after the worker left; NULL = never assigned */

	struct bytes
		*result; /* NULL until success; also set on failure when there was output */
	enum result_type result_type;
	enum cause cause;
	int exit_status; /* of the program; -1 = none */
	int exit_signal; /* 0 = none */
	char *error;     /* one line, or NULL */

	bool once; /* at most once: a lost attempt is its end (CAUSE_LOST) */
	bool fed; /* its stdin comes from its client, and not all of it has come; goes with once */
	bool stream;        /* keeps no result; waits for the reader of its output */
	int64_t outs, errs; /* bytes that it wrote to stdout and stderr; -1 = not known */
	struct bytes *
		tail; /* the last of its output, as records; NULL = none, or the result says the same */
	char *log_error;    /* why its output is in no file, or NULL */
	struct list tailed; /* those with a tail, oldest first */
	struct usage used;  /* by the attempt that ended */
	uint32_t nleft;     /* processes that it left behind and that were killed */
	char *left;         /* their names, or NULL */
	char *report;       /* how a cancelled attempt ended, one line; NULL: not said (yet) */
	uint32_t nlost;     /* attempts that ran when their worker was lost */
	char *cancel_by, *cancel_reason; /* NULL when not cancelled or not said */

	bool saved;          /* the store's: it has a row; core leaves it alone */
	struct list changed; /* in core's list of those that changed since core_saved() */
	void *watch;         /* the node's: who wants to hear of it; core leaves it alone */
	void *feed;          /* the node's: who feeds its stdin; core leaves it alone */
	void *hold;          /* likewise: whose reading it waits for */

	struct list all;      /* every task, by n */
	struct list in_group; /* among the tasks of its group */
	struct list waiting;  /* in its name's queue while queued */
	struct list held;     /* on its worker while assigned or running */
	struct list ahead;    /* given beyond the free slots, and not started */
	struct list cached;   /* finished ones: least recently used first */
	struct list expiry;   /* finished ones, by completion */
	int64_t expires_us;   /* mono; when the finished record is dropped */
};

#endif
