/* The inside of the model: what the files of core share. The outside is model.h. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "base/list.h"
#include "core/model.h"

/* An attempt that nobody wants any more, but that still fills a slot of its worker. */
struct ghost {
	struct uuid id;
	uint32_t attempt;
	bool told;        /* the worker knows that it is to end it */
	struct list link; /* in worker.ghosts */
};

struct event_ring {
	struct event *items;
	size_t cap;
	size_t keep;    /* so many are given out again; cap is larger after a turn with more */
	uint64_t last;  /* number of the newest; it lies at (last - 1) % cap */
	size_t pending; /* of actions that are not drained */
};

struct action_ring {
	struct action *items;
	size_t head, n, cap; /* cap is 0 or a power of two */
};

struct core {
	struct core_conf conf;
	struct map *by_id, *by_n; /* struct task */
	struct map *names;        /* struct name */
	struct map *workers;      /* struct worker, by id */
	const char **known;       /* texts of the names that were announced, in that order */
	size_t nknown, known_cap;
	size_t nvariants;                 /* of names, of all of them */
	struct list tasks;                /* struct task.all */
	struct map *groups, *groups_by_n; /* struct group */
	struct list empty_groups;         /* struct group.empty, longest so first */
	size_t nempty_groups;
	uint64_t last_group;
	struct list all_workers;        /* struct worker.all */
	struct list active, inactive;   /* struct worker.by_seen */
	struct list ready[PRIO__COUNT]; /* struct name.ready; oldest task first */
	struct list cached, expiry;     /* struct task */
	struct list tails;              /* struct task.tailed */
	size_t tail_bytes;              /* of them */
	struct list changed;            /* struct task.changed */
	int64_t forgotten_ms; /* when the youngest of the ids was made that were dropped; 0 = none */
	struct list dead_tasks, dead_workers; /* dropped; freed in core_sweep() */
	uint64_t last_n, turn;
	size_t room;               /* sum of worker.room */
	size_t ncredit;            /* workers with credit */
	uint64_t pass;             /* number of the core_schedule() */
	struct list ahead;         /* struct task, by check_us */
	struct core_counts counts; /* but for workers, slots and busy */
	struct event_ring events;
	struct action_ring actions;
};

#define TASK_GRACE_MS 10000 /* when who cancels it says nothing else */

/* task.c */
struct task *task_new(struct core *c, struct now now, const struct task_spec *spec);
void task_free(struct task **t);
/* The only function that changes a task's state; tells it as events, with `text`. An event that the state does not allow is a BUG(). */
void task_move(struct core *c, struct now now, struct task *t, enum task_event ev,
	const char *text);
/* What a store keeps of it is not what it was. task_move() does it, too. */
void task_changed(struct core *c, struct task *t);

/* What a lost attempt said of itself says nothing of the next one. */
void task_forget_progress(struct task *t);
void task_tell_progress(struct core *c, struct now now, struct task *t);
void task_tell(struct core *c, struct now now, struct task *t, enum event_type type,
	const char *text);

/* ends.c */
void task_used(struct task *t, const struct outcome *o);
/* How a cancelled attempt ended: kept and told, the first time only. */
void task_report(struct core *c, struct now now, struct task *t, const char *text);
/* The worker of an attempt is lost, and the task is in no list of a worker or queue: counts it. True: that was the last time that it was tried, and it
 * has failed. */
bool task_poison(struct core *c, struct now now, struct task *t, const char *why);

/* event.c */
void events_init(struct event_ring *r, size_t cap);
void events_fini(struct event_ring *r);
/* Cut to fit, but never within a character; NULL is "". */
void event_copy(char *dst, size_t size, const char *src);

/* event.c: the actions */
void actions_fini(struct action_ring *r);
void act_dispatch(struct core *c, struct task *t, struct worker *w);
void act_recall(struct core *c, struct task *t, struct worker *w);
void act_stop(struct core *c, struct task *t, struct worker *w, uint32_t attempt);
/* A new event, numbered, with nothing but its type and time: the caller fills it in. */
struct event *act_event(struct core *c, struct now now, enum event_type type, struct task *t);

/* names.c */
#define NAMES_MAX 10000 /* made by deferring; workers may announce as many again */
void names_free(struct core *c);
struct name *name_new(const char *text);
struct name *name_take(struct core *c, const char *text); /* made when it is new */
void name_add_worker(struct name *n, struct worker *w);
void name_remove_worker(struct name *n, const struct worker *w);
void name_announce(struct core *c, const struct worker_task *wt, struct worker *w);
void names_forget(struct worker *w);   /* takes the worker out of all its names: it is gone */
void names_withdraw(struct worker *w); /* the same: it is there and says anew what it has */

/* variant.c */
/* The queue for tasks of this name with these needs: the name itself when there are none. */
struct name *variant_take(struct core *c, struct name *base, const char *needs);
/* False: it would be one too many. */
bool variant_room(const struct core *c, const char *name, const char *needs);
void variants_join(struct name *base, struct worker *w); /* knows the name since now */
void variants_forget(struct name *base, const struct worker *w);

/* group.c */
void groups_init(struct core *c);
void groups_free(struct core *c); /* when no task is left */
void groups_trim(struct core *c); /* of those without a task, what is too much goes */
void group_add(struct core *c, struct group *g, struct task *t);
void group_remove(struct core *c, struct task *t); /* nothing when it is in none */

/* kit.c */
void kit_take(struct worker *w, const struct worker_spec *spec); /* in place of what it had */
void kit_tell(struct core *c, struct now now,
	struct worker *w); /* modules that are broken since */
void kit_free(struct worker *w);

/* queue.c */
void queue_put(struct core *c, struct task *t);  /* at its place by number */
void queue_take(struct core *c, struct task *t); /* out again, from anywhere */

/* worker.c */
void worker_free(struct worker **w);
/* Changes its state and tells it; an event that the state does not allow is a BUG(). */
void worker_move(struct core *c, struct now now, struct worker *w, enum peer_event ev,
	const char *text);
/* One that has not joined (again) yet: inactive, with one lease left. */
struct worker *worker_restore(struct core *c, struct now now, const struct worker_spec *spec);
/* After anything that changes its free slots. */
void worker_settle(struct core *c, struct worker *w);

/* held.c */
/* ahead: it has no free slot there. */
void worker_hold(struct core *c, struct now now, struct worker *w, struct task *t, bool ahead);
void worker_drop(struct core *c, struct worker *w, struct task *t); /* its slot is free */
/* The task is not wanted any more, but its slot is filled until the worker says that the attempt ended. */
void worker_haunt(struct core *c, struct worker *w, struct task *t, bool told);
/* One task that the worker held and gave up is queued again, at its old place. */
void worker_lose(struct core *c, struct now now, struct worker *w, struct task *t,
	const char *why);
/* All of them, as it is lost; with `haunt`, the slots stay filled with their attempts. `lost`: it counts for those that ran. */
void worker_lose_all(struct core *c, struct now now, struct worker *w, const char *why,
	bool haunt, bool lost);
struct ghost *ghost_find(const struct worker *w, const struct uuid *id, uint32_t attempt);
/* Its slot is free. */
void ghost_free(struct core *c, struct now now, struct worker *w, struct ghost **g);
void ghosts_free(struct core *c, struct now now, struct worker *w);
/* Asks the worker to end those that it was not yet told of. */
void ghosts_stop(struct core *c, struct worker *w);

/* credit.c */
bool credit_left(const struct worker *w, int64_t us); /* for one that takes that long */
void credit_hold(struct core *c, struct now now, struct task *t, bool ahead);
void credit_unhold(struct task *t);
void credit_started(struct now now, struct task *t);
void credit_again(struct core *c, struct now now, struct worker *w);
int64_t credit_next(const struct core *c); /* mono_us, or -1 */
void credit_tick(struct core *c, struct now now);

/* lease.c */
void lease_end(struct worker *w);         /* it is watched no longer */
int64_t lease_next(const struct core *c); /* mono_us, or -1 */
void lease_tick(struct core *c, struct now now);

/* cache.c */
void cache_add(struct core *c, struct now now, struct task *t); /* it is over and done with */
void cache_trim(struct core *c);                                /* what is too much goes */
int64_t cache_next(const struct core *c);                       /* mono_us, or -1 */
void cache_tick(struct core *c, struct now now);
/* Keeps the end of its output with it; older ones go when they are too much together. */
void tail_keep(struct core *c, struct task *t, struct bytes *tail);
void tail_drop(struct core *c, struct task *t);

#endif
