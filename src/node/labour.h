/* The inside of a worker: what its files share. The outside is worker.h. */
#ifndef NODE_LABOUR_H
#define NODE_LABOUR_H

#include "base/loop.h"
#include "base/rng.h"
#include "core/state.h"
#include "node/modules.h"
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
	struct buf args, kwargs;
	size_t args_size;  /* what args must become; larger than args.len: being fetched */
	struct slot *slot; /* while it runs */
	bool ready; /* its arguments are here; it may wait for a slot that an unwanted attempt still holds */
	bool done;     /* the rest is set */
	bool unwanted; /* the control plane gave it to another: its end is told to nobody */
	struct outcome outcome;
	char *error;      /* what outcome.error points at */
	struct uuid blob; /* of a large result that is being sent; zero: none */
	size_t sent;      /* bytes of it that have arrived */
	bool refused;     /* there was no room for it: handed in again later */
};

struct labour {
	struct worker_conf conf;
	struct loop *loop;
	struct net *net;
	struct link *link;
	struct clock *clock;
	struct rng rng;
	struct modules modules;
	struct slot **slots;
	struct list jobs; /* struct job */
	int64_t serial;
	enum worker_state state;
	char instance[UUID_TEXT];
	bool registered, ever;     /* now; once */
	bool hurried;              /* what runs was told to end */
	struct mout started, done; /* being filled in this turn; head.len 0 = none */
	struct mout out;
	struct loop_timer heartbeat, patience, retry;
	int64_t heartbeat_ms;
	int exit_status;
	struct err fault;
};

/* jobs.c */
void jobs_task(struct labour *b, const struct msg *m);  /* work came */
void jobs_stop(struct labour *b, const struct msg *m);  /* some of it is not wanted any more */
void jobs_acked(struct labour *b, const struct msg *m); /* done_ok */
void jobs_blob(struct labour *b, const struct msg *m);  /* a part of large arguments */
void jobs_have(struct labour *b, const struct msg *m);  /* a part of a large result arrived */
void jobs_refused(struct labour *b,
	const struct msg *m); /* an error that answers a job's own request */
void jobs_registered(struct labour *b,
	const struct msg
		*m); /* says again what was not answered; drops what is not ours any more */
void jobs_write_held(struct labour *b, struct mout *o); /* what we have, for register */
void jobs_retry(struct labour *b); /* results that were refused for lack of room */
void jobs_cancel_all(struct labour *b, int64_t grace_ms);
void jobs_free(struct labour *b);
extern const struct slot_ops jobs_slot_ops;

/* worker.c */
void labour_flush(struct labour *b);
void labour_idle(struct labour *b); /* a job is gone: may be the last one before the end */

#endif
