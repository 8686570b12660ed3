/* The inside of a worker: what its files share. The outside is worker.h. */
#ifndef NODE_LABOUR_H
#define NODE_LABOUR_H

#include "base/loop.h"
#include "base/rng.h"
#include "base/map.h"
#include "core/pace.h"
#include "core/state.h"
#include "node/keeper.h"
#include "node/modules.h"
#include "node/notice.h"
#include "node/slot.h"
#include "node/worker.h"
#include "proto/link.h"

struct labour;

/* One attempt of a task, from `task` to `done_ok`. */
struct job {
	struct labour *labour;
	struct list all;
	int64_t serial; /* r of its own requests */
	struct uuid id;
	uint32_t attempt;
	uint64_t n;
	char name[80];
	int64_t timeout_ms; /* -1: the module's */
	struct buf args, kwargs, place;
	size_t args_size;    /* what args must become; larger than args.len: being fetched */
	struct lane *lane;   /* of the slot that it was given to */
	struct list line;    /* in lane.jobs, or in labour.waiting for one */
	struct list begun;   /* in labour.begun: has started, and that is to be told */
	int32_t progress;    /* millionths, as the task told last; -1 = never */
	char *progress_text; /* likewise, NULL */
	bool ready;          /* its arguments are here */
	bool started;
	bool recalled; /* the control plane asked for it back */
	int64_t stop_ms; /* grace; it is to be ended although it has not started; -1 = it is not */
	struct pace *pace; /* of its name */
	int64_t short_us;  /* what it counts for in its lane; 0 = it is not short */
	bool done;         /* the rest is set */
	bool unwanted;     /* the control plane gave it to another: its end is told to nobody */
	struct outcome outcome;
	char *error;       /* what outcome.error points at */
	struct uuid blob;  /* of a large result that is being sent; zero: none */
	size_t sent;       /* bytes of it that have arrived */
	bool refused;      /* there was no room for it: handed in again later */
	bool fed;          /* its stdin comes from its client */
	bool stream, hold; /* its output is no result; it waits for its reader */
	char *log_error; /* what outcome.log_error points at, or so far, why its log is not written */
};

/* A slot and what was given to it: one task that runs, and short ones behind it. */
struct lane {
	struct slot *slot;
	struct list jobs; /* struct job.line, in the order of running */
	unsigned n;
	int64_t short_us;    /* of all of them */
	bool open;           /* all of them are short */
	int64_t progress_us; /* mono: when one of them was given, began or ended */
};

struct labour {
	struct worker_conf conf;
	struct loop *loop;
	struct net *net;
	struct link *link;
	struct clock *clock;
	struct rng rng;
	struct modules modules;
	struct notice *notice; /* of changes of their files; NULL: the system cannot tell */
	struct lane *lanes;    /* conf.slots of them */
	struct list jobs;      /* struct job */
	struct map *by_id;     /* likewise, by id and attempt */
	struct list waiting; /* struct job.line: for a slot, in the order in which they came */
	struct list begun;
	struct keeper *keeper; /* of logs; NULL: no files */
	struct list reads;     /* struct read: of logs, that wait for more */
	struct map *paces; /* name -> struct pace, of tasks that this worker knows or knew */
	int64_t serial, enrolment; /* the second: r of the last register */
	enum worker_state state;
	char instance[UUID_TEXT];
	bool registered, ever; /* now; once */
	bool hurried;          /* what runs was told to end */
	bool leaving;          /* it was told to end */
	bool drained;          /* it gets nothing new until the control plane says otherwise */
	struct mout started, progress, done,
		returned; /* being filled in this turn; head.len 0 = none */
	struct mout out;
	struct loop_timer heartbeat, patience, retry;
	struct loop_timer look; /* at lanes in which something waits */
	int64_t heartbeat_ms;
	int exit_status;
	struct err fault;
};

/* jobs.c */
void jobs_task(struct labour *b, const struct msg *m);   /* work came */
void jobs_raise(struct labour *b, const struct msg *m);  /* a signal for one of them */
void jobs_stop(struct labour *b, const struct msg *m);   /* some of it is not wanted any more */
void jobs_recall(struct labour *b, const struct msg *m); /* give back what has not started */
void jobs_acked(struct labour *b, const struct msg *m);  /* done_ok */
void jobs_blob(struct labour *b, const struct msg *m);   /* a part of large arguments */
void jobs_have(struct labour *b, const struct msg *m);   /* a part of a large result arrived */
void jobs_refused(struct labour *b,
	const struct msg *m); /* an error that answers a job's own request */
void jobs_registered(struct labour *b, const struct msg *m,
	bool anew); /* drops what is not ours any more; anew, on a new connection: says again what was not answered */
void jobs_write_held(struct labour *b, struct mout *o); /* what we have, for register */
void jobs_retry(struct labour *b); /* results that were refused for lack of room */
void jobs_cancel_all(struct labour *b, int64_t grace_ms);
void jobs_free(struct labour *b);
void jobs_begun(struct labour *b); /* tells what has started */
struct job *jobs_find(const struct labour *b, const struct uuid *id, uint32_t attempt);
void job_end(struct job *j, const struct outcome *o); /* it may be freed by this */
void job_fail(struct job *j, const char *error);
void job_return(struct job *j); /* to the control plane: not started; frees it */

/* handin.c: what became of them */
struct mout *jobs_list(struct labour *b, struct mout *o, enum msg_id id,
	size_t need);                         /* room for an item with so many bytes of body */
void job_hand_in(struct job *j);              /* from the start, also after a new connection */
void job_send_on(struct job *j, size_t have); /* so much of its large result has arrived */

/* logs.c: the output of tasks, for readers */
void logs_start(struct labour *b);
void logs_announce(const struct labour *b, struct mout *o); /* where they are */
void logs_read(struct labour *b, const struct msg *m);
/* It grew, it cannot be written any more (new_trouble), or it is over. */
void logs_wake(struct labour *b, const struct uuid *id, uint32_t attempt, bool new_trouble);
void logs_trouble(struct job *j, const char *why); /* its log cannot be written any more */
void logs_forget_all(struct labour *b);            /* nobody waits any more */
char *logs_path(const struct labour *b, uint64_t n, uint32_t attempt,
	const struct uuid *id); /* NULL: no files */
/* jobs_said.c: what tasks say while they run */
struct runner_msg;
void jobs_said(void *arg, const struct uuid *id, uint32_t attempt, const struct runner_msg *m);
void job_tell_progress(struct job *j);
void jobs_stdin(struct labour *b, const struct msg *m);

/* lanes.c */
void lanes_init(struct labour *b);
void lanes_start(struct labour *b); /* makes the slots */
void lanes_fini(struct labour *b);
void lane_wait(struct job *j); /* its arguments are here: it runs when its turn comes */
void lane_leave(struct job *j);
/* Ends it, or the wait for it; its end comes as job_end(). */
void lane_stop(struct job *j, int64_t grace_ms);
void lane_recall(struct job *j);

/* offer.c */
int offer_open(struct labour *b, struct err *e); /* loads the modules */
void offer_again(struct labour *b);              /* loads them again, and tells what is new */
void offer_write(const struct labour *b, struct mout *o); /* what we offer, for register */
void offer_close(struct labour *b);

/* worker.c */
void labour_register(struct labour *b);
void labour_flush(struct labour *b);
void labour_idle(struct labour *b); /* a job is gone: may be the last one before the end */

#endif
