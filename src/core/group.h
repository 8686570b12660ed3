/* Groups: tasks that were submitted as one, as `map` does. A client makes the group's id, its first task gets it a short number, b3. */
#ifndef CORE_GROUP_H
#define CORE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/uuid.h"

struct group {
	struct uuid id; /* made by the client */
	uint64_t n;     /* the short number: grows by one per group */
	char *owner;
	bool cancelled; /* as a whole: it takes no new task */
	bool saved; /* the store's: as it stands now; core leaves it alone but to set it false */
	struct list
		tasks; /* struct task.in_group, by number; dropped ones leave in core_sweep() */
	size_t ntasks;
	struct list empty; /* in core's list of groups without a task */
};

struct core;
struct err;
struct task;

/* The group of this id, made when it is new. NULL with ERR_DENIED for another owner's, ERR_NO for one that was cancelled. */
struct group *core_group(struct core *c, const struct uuid *id, const char *owner,
	struct err *e);
struct group *core_group_n(const struct core *c, uint64_t n); /* NULL: none, or forgotten */
struct group *core_group_id(const struct core *c, const struct uuid *id); /* likewise */
/* No new task is taken into it. */
void core_group_cancel(struct group *g);
/* One that was kept; NULL when its id or number is there. */
struct group *core_restore_group(struct core *c, const struct group *kept);
/* Numbers go on behind this one. */
void core_restore_last_group(struct core *c, uint64_t n);
/* Calls fn for each of its tasks that are there, by number. fn may cancel them. */
void core_group_each(const struct core *c, const struct group *g,
	void (*fn)(void *arg, struct task *t), void *arg);

#endif
