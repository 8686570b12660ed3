/* The durable store: one SQLite file in a folder of its own, one transaction per turn of the control plane's loop.
 *
 * What the model changed in a turn is saved with store_save(), then store_commit() makes all of it durable; only then may anything of that turn be told to
 * anyone. A store that failed to commit is of no use any more: the control plane stops, and what was committed is found at the next start. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/group.h"
#include "core/task.h"

struct store;

struct store_conf {
	const char *folder; /* made when missing, 0700; borrowed during store_open() */
};

/* NULL with ERR_CONFIG: another process has the folder (it is named), it lies on a network file system, it was made by a newer version, or it is unsafe;
 * ERR_IO: the disk failed. */
struct store *store_open(const struct store_conf *conf, struct err *e);
void store_close(struct store **s); /* what was not committed is undone */
const char *store_file(const struct store *s);
/* Which start of a control plane on this folder this is, from 1: stored before store_open() returns. */
uint64_t store_incarnation(const struct store *s);

/* A task as it is saved. Everything in it is borrowed, until the callback returns. */
struct stored {
	const struct task *task; /* its name, worker and lists are not set */
	const char *name;
	const char *needs; /* a set of core/needs.h, or NULL */
	uint64_t group;    /* number; 0 = none */
};

/* The whole task, new (task->saved is false: the caller sets it after the commit) or changed, becomes part of this turn's transaction. -1 with ERR_IO, or
 * ERR_BUSY when there is no room on the disk: then nothing of the turn is saved, see store_again(). */
int store_save(struct store *s, const struct stored *t, struct err *e);
/* Ends the transaction; nothing to do when nothing was saved. -1 as above. */
int store_commit(struct store *s, struct err *e);
/* After ERR_BUSY, when room was made: undoes the turn, so that all of it can be saved once more. */
int store_again(struct store *s, struct err *e);
/* Something was saved since the last commit. */
bool store_pending(const struct store *s);

typedef void store_task_fn(void *arg, const struct stored *t);
/* Those that are not final, by number: what a start begins with. */
int store_load(struct store *s, store_task_fn *fn, void *arg, struct err *e);
/* Final ones, the newest first, until fn says that it is enough. */
typedef bool store_more_fn(void *arg, const struct stored *t);
int store_load_final(struct store *s, store_more_fn *fn, void *arg, struct err *e);
/* One of any state; 1: fn was called, 0: there is none, -1: ERR_IO. */
int store_find(struct store *s, const struct uuid *id, store_task_fn *fn, void *arg,
	struct err *e);
int store_find_n(struct store *s, uint64_t n, store_task_fn *fn, void *arg, struct err *e);
/* The process that last joined as this worker: only that one may go on with what it had before a restart. */
int store_save_worker(struct store *s, const char *id, const char *instance, struct err *e);
/* Its instance, for the caller to free; NULL: unknown, or *e. */
char *store_worker(struct store *s, const char *id, struct err *e);
/* Names of tasks that some worker announced once. */
int store_save_name(struct store *s, const char *name, struct err *e);
int store_names(struct store *s, void (*fn)(void *arg, const char *name), void *arg,
	struct err *e);

/* A group, new or changed. The tasks' rows have its number alone. */
int store_save_group(struct store *s, const struct group *g, struct err *e);
/* Those given have no list; everything in them is borrowed until the callback returns. */
typedef void store_group_fn(void *arg, const struct group *g);
/* The newest ones, at most `most`, the oldest of them first. */
int store_groups(struct store *s, size_t most, store_group_fn *fn, void *arg, struct err *e);
/* One: 1: fn was called, 0: there is none, -1: ERR_IO. */
int store_group_n(struct store *s, uint64_t n, store_group_fn *fn, void *arg, struct err *e);
int store_group_id(struct store *s, const struct uuid *id, store_group_fn *fn, void *arg,
	struct err *e);

/* The largest number that a task ever had; 0: none yet. */
int store_last_n(struct store *s, uint64_t *n, struct err *e);

#endif
