/* The model: tasks, names, workers, and who gets what next. Pure: no sockets, no clock, no files. Each input takes the time with it;
 * what must be done outside comes back as actions, which the caller drains with core_next_action().
 *
 * One input = one call. A caller that has many (a socket with many messages) makes all calls, then core_schedule() once, then drains the actions:
 * that is how many tasks come to share a message and, with a store, a commit. Tasks are freed in core_sweep() only: pointers from this header
 * live until then. */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "core/event.h"
#include "core/group.h"
#include "core/pace.h"
#include "core/task.h"

struct now {
	int64_t mono_us; /* leases, expiry */
	int64_t wall_ms; /* what people read */
};

struct core_conf {
	size_t cache_size;    /* finished tasks kept; least recently used goes first */
	int64_t cache_ttl_ms; /* and for how long after they ended */
	size_t max_queued;    /* over it core_submit() says ERR_BUSY */
	size_t max_tails; /* bytes of output that are kept with finished tasks; the oldest go first */
	int64_t lease_ms; /* silence after which a worker is inactive, then removed, its tasks queued again */
	size_t events; /* how many events core_events_since() can go back */
};

/* A task name that some worker announced, or that a deferred task waits for. Lives for ever: names are few. */
struct name {
	char *text;
	char *module, *doc,
		*params; /* as last announced; NULL = not known; params is JSON text or NULL */
	bool announced;  /* by some worker, once; it may be away now */
	bool withdrawn; /* the last worker that had it is there and says that it has it no more */
	struct list waiting[PRIO__COUNT]; /* struct task.waiting, first in first out */
	size_t nwaiting;
	struct list ready
		[PRIO__COUNT]; /* in core's list of names with waiting tasks of that priority */
	struct worker **workers; /* that know it now */
	size_t nworkers, cap;
	struct pace pace;
	char *module_needs; /* what its module says that it needs, as last announced; NULL = nothing */
	/* Tasks that were submitted with needs wait in variants of their name, see variant.c. */
	char *needs;           /* of a variant; NULL: it is the name itself */
	struct name *of;       /* likewise: the name */
	struct name *variants; /* of a name, linked by `next` */
	struct name *next;
};

struct worker_task { /* one name of a worker's announcement */
	const char *name, *module, *doc, *params;
	const char *
		needs; /* a set of core/needs.h; this worker counts for the name only if it has them */
};

struct worker_module {
	char *name, *digest;
	char *broken; /* why its newest version could not be loaded: an older one is in use; NULL = it is not */
	bool told; /* that it is broken */
};

struct worker_spec {
	const char *id, *host,
		*instance; /* instance: random per process; tells a reconnect from a second holder */
	const char *address; /* where it connects from, for people */
	const char *principal;
	const char *logs; /* folder of the output of its tasks, on its host; NULL = none */
	int64_t pid;
	unsigned slots;
	bool local; /* gets tasks only when no other has a free slot */
	const struct worker_task *tasks;
	size_t ntasks;
	const char *has;                     /* a set of core/needs.h, or NULL */
	const struct worker_module *modules; /* copied */
	size_t nmodules;
};

struct worker {
	char *id, *host, *instance, *address, *principal;
	char *logs; /* as in struct worker_spec */
	char *has;  /* a set of core/needs.h, or NULL */
	struct worker_module *modules;
	size_t nmodules;
	int64_t pid;
	unsigned slots;
	bool local, draining; /* draining: for either reason below */
	bool leaving;         /* it ends by itself when what it runs has ended */
	bool drained;         /* somebody asked that it get nothing new */
	enum drain_order {
		DRAIN_ORDER_NONE,
		DRAIN_ORDER_ON,
		DRAIN_ORDER_OFF
	} order; /* asked, and not yet confirmed by it */
	enum peer_state state;
	unsigned nheld;   /* tasks assigned or running on it */
	struct list held; /* struct task.held, oldest first */
	/* Attempts that nobody wants any more - cancelled, or lost while it was silent - and that still fill a slot: until it says that they
	 * ended, joins again or leaves. */
	unsigned nghosts;
	struct list ghosts;
	unsigned room;       /* free slots; 0 when it is not active or draining */
	unsigned nshort;     /* of nheld: those that are expected to be short */
	int64_t short_us;    /* what they are expected to take, together */
	bool credit;         /* it may get short ones beyond its free slots */
	uint64_t closed;     /* the core_schedule() in which an older task waits for it */
	int64_t progress_us; /* mono: when a task began or ended there */
	int64_t looked_us;   /* mono: when what runs there was last looked at */
	int64_t wait_us;     /* running mean: from giving it a task to its start */
	struct list by_seen; /* among the workers of its state, longest silent first */
	struct name **names;
	size_t nnames;
	int64_t registered_at, seen_at; /* wall clock, ms */
	int64_t seen_us;                /* mono */
	uint64_t ndone, nfailed, nstale,
		turn; /* turn: when it was last given something, for taking turns */
	void *peer;   /* the node's; core leaves it alone */
	struct list all;
};

struct task_spec {
	struct uuid id;
	const char *name;
	const char *owner;
	enum priority priority;
	struct bytes *args, *kwargs; /* referenced, not taken */
	struct bytes *place;         /* likewise; NULL = none */
	int64_t timeout_ms;
	bool defer;             /* queue it even if nobody ever announced the name */
	bool once, fed, stream; /* see struct task */
	/* A set of core/needs.h: only a worker that has all of it takes the task; or NULL. */
	const char *needs;
	const struct uuid *group; /* made when it is new; NULL = none */
};

struct outcome {
	bool ok;
	bool cancelled; /* the worker ended it because we asked */
	enum cause cause;
	int exit_status, exit_signal;
	int64_t run_us;       /* wall time from start to end; 0 = not known */
	bool again;           /* its runner died with it, and it may be run again */
	const char *error;    /* NULL = none; of a cancelled attempt: how it ended */
	struct bytes *result; /* referenced, not taken; NULL = none */
	enum result_type result_type;
	int64_t outs, errs;    /* bytes of stdout and stderr; -1 = not known */
	struct bytes *tail;    /* referenced, not taken; NULL = none */
	const char *log_error; /* NULL = none */
	struct usage used;
	uint32_t nleft;   /* processes that were left behind and killed */
	const char *left; /* their names; NULL = none */
};

enum action_type {
	ACT_DISPATCH, /* send task to worker with this attempt */
	ACT_RECALL,   /* ask worker to give this attempt back, if it has not started */
	ACT_STOP,     /* tell worker to end this attempt of task: it was cancelled */
	ACT_EVENT,    /* tell whoever watches */
};

struct action {
	enum action_type type;
	struct task *task;
	struct worker *worker;     /* DISPATCH, RECALL, STOP */
	uint32_t attempt;          /* likewise */
	const struct event *event; /* EVENT; valid until the next input or core_next_action() */
	uint64_t seq;              /* of it */
};

struct core;

struct core *core_new(const struct core_conf *conf);
void core_free(struct core **c);

/* The task, new or - for an id that is there already with the same owner - the old one (*again = true). NULL with ERR_NO_TASK and a did-you-mean for a
 * name that nobody ever announced (unless defer), ERR_DENIED for another owner's id or group, ERR_NO for a group that was cancelled, ERR_BUSY over max_queued. */
struct task *core_submit(struct core *c, struct now now, const struct task_spec *spec,
	bool *again, struct err *e);
/* Recorded at once, in every state that is not final; what runs is told to stop within t->grace_ms, which the caller may set. -1 with ERR_NO when it is final already. */
int core_cancel(struct core *c, struct now now, struct task *t, const char *by,
	const char *reason, struct err *e);

/* For a cancelled one that still fills a slot: its worker is told once more to end it, with a shorter grace time (-1: as before). */
void core_stop_again(struct core *c, struct task *t, int64_t grace_ms);

/* A new worker, or the same one again (same id and instance: it keeps its tasks; its names and slots are replaced). -1/NULL with ERR_NO, naming host and
 * pid of the holder, when a living worker of another instance has the id. */
struct worker *core_worker_join(struct core *c, struct now now, const struct worker_spec *spec,
	struct err *e);
void core_worker_heard(struct core *c, struct now now, struct worker *w); /* any sign of life */
void core_worker_drain(struct core *c, struct now now, struct worker *w,
	bool on); /* gives it nothing new */
/* It left by itself: its tasks go back to the queue (attempt stays, next assignment counts up); w is removed and must not be used after
 * core_sweep(). `why` is one line for the event. */
void core_worker_leave(struct core *c, struct now now, struct worker *w, const char *why);
/* The same for one that is gone for good without a word. What ran there counts as lost with it: a task to which that happened three times fails (CAUSE_POISON). */
void core_worker_lost(struct core *c, struct now now, struct worker *w, const char *why);
/* All of its stdin has arrived, or it takes no more: its client may go. */
void core_fed(struct core *c, struct task *t);
/* What the worker says of an attempt. -1 with ERR_NO when it is not the current attempt of a task that this worker holds ("stale": counted in w->nstale,
 * never recorded). core_finished() also accepts an attempt that never said 'started'. */
int core_started(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, struct err *e);
/* millionths: -1 = as before; text: NULL likewise; cut to fit. */
int core_progress(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, int32_t millionths, const char *text, struct err *e);
int core_finished(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, const struct outcome *o, struct err *e);

/* Its answer to ACT_RECALL, or its own wish: the attempt did not start and does not; the task is queued again, at its old place. */
int core_returned(struct core *c, struct now now, struct worker *w, const struct uuid *id,
	uint32_t attempt, struct err *e);

/* Hands out what can be handed out: strict priority, first in first out within one; of the workers that know the name and have a free slot the least
 * loaded (held/slots), then the one whose turn is longest ago; a local worker only when no other has a free slot. A task whose name nobody can
 * take now holds up no other. Names that are measured to be short (outcome.run_us) get more than the free slots: see credit.c. */
void core_schedule(struct core *c, struct now now);
/* When core_tick() has work next (mono_us), or -1. */
int64_t core_next_due(const struct core *c);
void core_tick(struct core *c, struct now now);            /* silent workers, expired results */
bool core_next_action(struct core *c, struct action *out); /* false: none left */
void core_sweep(struct core *c); /* frees what was dropped; call when all actions are drained */

/* Keeping. Everything that a task is can be saved between two turns; core_changed() are those that were made or changed since core_saved(), each once
 * (struct task.changed), and what core_sweep() frees is among them no more. */
struct list *core_changed(struct core *c);
void core_saved(struct core *c);

/* A task as it was saved. */
struct task_kept {
	const struct task *task; /* borrowed; its lists, name and worker do not matter */
	const char *name;
	const char *needs; /* a set, or NULL */
	uint64_t group; /* number; 0 = none. It was restored before, or the task is in none */
	bool unused; /* among the finished ones it goes first, not last, when there are too many */
};
/* Brings one back: waiting tasks into the queue; what ran, to a worker of that id that must join with this instance within a lease (NULL: it is queued again at once);
 * a final one to the finished ones, as if it had ended now. NULL when the id or number is there already. To be called in any order, before or
 * between inputs. */
struct task *core_restore(struct core *c, struct now now, const struct task_kept *k,
	const char *instance);
/* A name that some worker announced once. */
void core_restore_name(struct core *c, const char *text);
/* All of those, in the order of their first announcement; they are never taken back. */
const char *const *core_known(const struct core *c, size_t *n);
/* Tasks of before this time may be kept somewhere and not be here: core_may_have_forgotten() is true of them. */
void core_forget_before(struct core *c, int64_t wall_ms);
/* Numbers go on behind this one. */
void core_restore_last(struct core *c, uint64_t n);
/* May an id that is not here belong to a task that was dropped? False is certain. */
bool core_may_have_forgotten(const struct core *c, const struct uuid *id);

/* Looking. core_touch() marks a finished task as used (the cache drops the least recently used). */
struct task *core_task(const struct core *c, const struct uuid *id);
struct task *core_task_n(const struct core *c, uint64_t n);
struct task *core_last(const struct core *c,
	const char *owner); /* newest of that owner; owner NULL: of all */
void core_touch(struct core *c, struct task *t);
struct worker *core_worker(const struct core *c, const char *id);
struct name *core_name(const struct core *c, const char *text);
size_t core_name_waiting(const struct name *n); /* its variants counted, too */
/* Why nobody can take a queued task now, "no worker has db"; NULL when somebody can, sooner or later. The caller frees it. */
char *core_why_waiting(const struct core *c, const struct task *t);
const char *core_name_near(const struct core *c,
	const char *text);                 /* did you mean; NULL = nothing near */
struct list *core_workers(struct core *c); /* struct worker.all, in order of joining */
struct list *core_tasks(struct core *c);   /* struct task.all, by n */
const struct map *core_names(const struct core *c);

struct core_counts {
	uint64_t by_state[TASK__STATES]; /* of the tasks that are there now */
	uint64_t queued[PRIO__COUNT];
	uint64_t submitted, succeeded, failed, cancelled, lost, stale; /* since the start */
	uint64_t cached;             /* finished ones that are kept */
	size_t workers, slots, busy; /* active ones, their slots, filled slots */
};
void core_counts(const struct core *c, struct core_counts *out);
/* created_at of the oldest task waiting in that priority; 0 = none. */
int64_t core_oldest(const struct core *c, enum priority p);

#endif
