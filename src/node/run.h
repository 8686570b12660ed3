/* One task in a runner, from its start to the end of the last process that it left behind. */
#ifndef NODE_RUN_H
#define NODE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/list.h"
#include "base/loop.h"
#include "core/task.h"
#include "node/logfile.h"
#include "node/modules.h"
#include "node/tree.h"

struct inside;

struct run_end { /* how it ended; valid when run.over */
	bool ok;
	enum cause cause;
	int status, signo; /* exit status, -1 = none; signal, 0 = none */
	char *error;       /* NULL = none */
	enum result_type type;
	struct buf result;
	int64_t wall_us; /* at least 1 */
	int64_t wall_ms, user_ms, sys_ms, rss_kb;
	size_t nleft;    /* processes that it left behind and that were killed */
	struct buf left; /* their names */
};

struct run_input { /* what is streamed into its stdin; the rest is the run's own */
	bool fed;  /* by `stdin` messages; else /dev/null */
	int fd;    /* our end; -1 = not open */
	struct loop_io *io;
	struct buf waiting;    /* came, and the pipe is full */
	int64_t came, written; /* bytes from the start */
	bool eof;              /* nothing follows behind what came */
	bool closed;           /* it takes no more */
	bool news;             /* to be told */
};

struct run {
	struct uuid id;
	int64_t attempt;
	char *source; /* what a shell sources instead of path: the text that was loaded; NULL: path */
	char *name, *path, *function,
		*shell; /* the last three may be NULL, as in struct module_task */
	enum task_kind kind;
	int64_t timeout_ms; /* 0 = none */
	int64_t grace_ms;   /* between TERM and KILL when the time is over */
	struct task_limits limits;
	struct buf args, kwargs, place;
	struct list queued; /* the runner's */

	struct loop *loop;
	struct inside *inside; /* the runner's socket for its task, or NULL */
	pid_t pid;             /* 0: it has not started, or could not */
	bool exited;           /* the main process; others may have been left */
	struct run_input in;   /* its stdin */
	int out_fd, err_fd;    /* our ends of its stdout and stderr; -1 = closed */
	struct loop_io *out_io, *err_io;
	struct buf out, err; /* what it wrote; of err only the last part */
	uint64_t n;          /* the short number of the task */
	struct logfile log;  /* path NULL: no file */
	int64_t log_told;    /* the end of the log that the worker knows of */
	bool log_failed;     /* and it knows that it cannot be written any more */
	bool stream;         /* its output is no result */
	bool hold;           /* it waits for its reader, who is at `upto` */
	bool held;           /* it waits now */
	int64_t upto;        /* logical offset in the log */
	struct loop_timer timeout, grace, nap; /* nap: the builtin sleep */
	enum cause
		stop; /* why we end it: timeout, limit or cancelled; CAUSE_NONE = we do not */
	struct asked asked;     /* to end */
	struct asked ended;     /* those that were killed */
	struct loop_timer look; /* for others to ask */
	int64_t look_ms;
	bool killed; /* TERM was not enough */
	int64_t started_us, stop_us;
	int64_t ended_us;  /* when nothing of it was left */
	int64_t oom_kills; /* of the system, before it; -1 = not known */
	bool oom;          /* and there was one more after it */
	int wait_status;   /* of the main process */

	struct shell
		*resident; /* that has the call, see resident.c; NULL: a process of its own */
	bool told;         /* that it started: the runner's */
	bool over;
	struct run_end end;
};

struct run *run_new(struct loop *l); /* the caller fills in what was asked */
void run_free(struct run **run);     /* it must not have started, or be over */

/* Afterwards pid is set, or it is over. Later, run.over turns true between two turns of the loop. */
void run_start(struct run *run);
/* Ends it: TERM to its whole tree, KILL after grace_ms. The first reason counts; a shorter grace does, too. */
void run_stop(struct run *run, enum cause why, int64_t grace_ms);
/* Its main process has ended, with this wait status. */
struct rusage;
void run_exited(struct run *run, int wait_status, const struct rusage *usage);
/* A signal for all of its session, as a terminal sends it; it may live on. */
void run_signal(struct run *run, int signo);
/* An orphan of the tree was reaped: was that the last one? */
void run_orphan_gone(struct run *run);

/* For what ends a run without a process. */
void run_finish_json(struct run *run, const char *json, size_t n);
void run_fail(struct run *run, enum cause cause, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills in run->end from how the process ended and why we ended it (run_end.c). */
void run_judge(struct run *run);

/* Its output (run_output.c). */
void run_output_watch(struct run *run);
void run_output_close(struct run *run);
/* What is in the pipes still; no end of file is waited for, somebody outside the tree may hold one. */
void run_output_drain(struct run *run);
/* Its reader has come to this offset of the log; -1: nobody reads on, it waits no longer. */
void run_credit(struct run *run, int64_t upto);

/* Members of messages about it: of `task`; of `output`, when there is news; of `done`, which this ends. */
struct runner_msg;
/* run_read.c: fills in what a `task` asks for, but for its id and attempt. -1 with ERR_DATA. */
int run_read(struct run *run, const struct runner_msg *m, struct err *e);
int64_t runner_ms(const struct runner_msg *m,
	const char *key); /* a time; 0 when it is missing or none */
void run_output_read(struct run *run, const struct runner_msg *m);
bool run_output_news(const struct run *run);
void run_output_write(struct run *run, struct json_out *w);
void run_output_end(struct run *run, struct json_out *w);

/* Its stdin (run_input.c). A pipe whose other end becomes *theirs; -1 (/dev/null) when it is not fed. */
int run_input_open(struct run *run, int *theirs, struct err *e);
void run_input_watch(struct run *run);
void run_input_close(struct run *run);
/* A part: what came before is passed over, one that leaves a gap is, too. Until it starts it is kept. */
void run_input_write(struct run *run, struct json_out *w); /* members of `stdin_ack` */
void run_input_feed(struct run *run, int64_t offset, const char *data, size_t len, bool eof);

/* Our own words in its log (run_log.c); the caller frees them. */
char *run_log_header(const struct run *run);
char *run_log_footer(const struct run *run);

#endif
