/* One task in a runner, from its start to the end of the last process that it left behind. */
#ifndef NODE_JOB_H
#define NODE_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/loop.h"
#include "core/task.h"
#include "node/modules.h"

struct job_end { /* how it ended; valid when job.over */
	bool ok;
	enum cause cause;
	int status, signo; /* exit status, -1 = none; signal, 0 = none */
	char *error;       /* NULL = none */
	enum result_type type;
	struct buf result;
	int64_t wall_ms, user_ms, sys_ms, rss_kb;
};

struct job {
	struct uuid id;
	int64_t attempt;
	char *name, *path, *function,
		*shell; /* the last three may be NULL, as in struct module_task */
	enum task_kind kind;
	int64_t timeout_ms; /* 0 = none */
	int64_t grace_ms;   /* between TERM and KILL when the time is over */
	struct buf args, kwargs;
	struct list queued; /* the runner's */

	struct loop *loop;
	pid_t pid;          /* 0: it has not started, or could not */
	bool exited;        /* the main process; others may have been left */
	int out_fd, err_fd; /* our ends of its stdout and stderr; -1 = closed */
	struct loop_io *out_io, *err_io;
	struct buf out, err;                   /* what it wrote; of err only the last part */
	struct loop_timer timeout, grace, nap; /* nap: the builtin sleep */
	enum cause
		stop; /* why we end it: timeout, limit or cancelled; CAUSE_NONE = we do not */
	bool killed;  /* TERM was not enough */
	int64_t started_us, stop_us, stop_grace_ms;
	int wait_status; /* of the main process */

	bool over;
	struct job_end end;
};

struct job *job_new(struct loop *l); /* the caller fills in what was asked */
void job_free(struct job **j);       /* it must not have started, or be over */

/* Afterwards pid is set, or it is over. Later, job.over turns true between two turns of the loop. */
void job_start(struct job *j);
/* Ends it: TERM to its whole tree, KILL after grace_ms. The first reason counts; a shorter grace does, too. */
void job_stop(struct job *j, enum cause why, int64_t grace_ms);
/* An orphan of the tree was reaped: looks whether that was the last one. */
void job_orphan_gone(struct job *j);

/* For what ends a job without a process. */
void job_finish_json(struct job *j, const char *json, size_t n);
void job_fail(struct job *j, enum cause cause, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills in j->end from how the process ended and why we ended it (job_end.c). */
void job_judge(struct job *j);

#endif
