/* The event stream: every change has a sequence number; the newest ones are kept, so that a watcher can resume by number. */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"
#include "core/state.h"

/* Words are FastWorker's: "task.queued", "worker.registered"; the last four of the tasks and three of the workers are ours. */
enum event_type {
	EVENT_TASK_QUEUED,
	EVENT_TASK_STARTED,
	EVENT_TASK_SUCCESS,
	EVENT_TASK_FAILURE,
	EVENT_TASK_CANCELLED,
	EVENT_TASK_RETRYING,
	EVENT_TASK_SCHEDULED,
	EVENT_TASK_ASSIGNED,
	EVENT_TASK_LOST,
	EVENT_TASK_PROGRESS, /* it told how far it is */
	EVENT_TASK_STOPPED,  /* a cancelled attempt has ended; text: how */
	EVENT_WORKER_REGISTERED,
	EVENT_WORKER_ACTIVE,
	EVENT_WORKER_INACTIVE,
	EVENT_WORKER_REMOVED,
	EVENT_WORKER_DRAINING,
	EVENT_WORKER_MODULE_BROKEN,
	EVENT__COUNT
};

struct event {
	uint64_t seq; /* from 1, without gaps */
	int64_t at;   /* wall clock, ms */
	enum event_type type;
	struct uuid id;   /* of the task; zero for a worker's */
	uint64_t n;       /* its number, 0 likewise */
	const char *name; /* task name, or NULL; lives as long as the core */
	char owner[64];   /* of the task */
	enum priority priority;
	enum task_state state; /* after the change */
	uint32_t attempt;
	char worker[72];  /* worker id, "" = none */
	char text[120];   /* error, reason or progress text, cut to fit; "" = none */
	int32_t progress; /* of task.progress: millionths, -1 = not told */
};

const char *event_word(enum event_type t);
int event_parse(const char *word); /* -1 when unknown */
bool event_is_task(enum event_type t);

struct core;
uint64_t core_event_last(const struct core *c); /* the newest number; 0 = none yet */
/* The oldest kept event with a number above `after`, or NULL. *gap = true when some between were dropped. */
const struct event *core_event_after(const struct core *c, uint64_t after, bool *gap);

#endif
