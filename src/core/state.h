/* The states of a task, a worker process, a subworker as the control plane sees it, and a client: one [state][event] table each. */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <stdbool.h>

/* Words and transitions are those of FastWorker's documentation; the drawing stands above the table in state.c. */
enum task_state {
	TASK_PENDING, /* made by a client, not yet taken in; never seen by a query */
	TASK_SCHEDULED,
	TASK_QUEUED,
	TASK_ASSIGNED, /* a worker has it, it has not said 'started' */
	TASK_RUNNING,
	TASK_RETRYING,
	TASK_SUCCESS,
	TASK_FAILURE,
	TASK_CANCELLED,
	TASK__STATES
};

enum task_event {
	TASK_EV_ENQUEUE,  /* taken in, or its time has come, or its retry is due */
	TASK_EV_SCHEDULE, /* taken in, for later */
	TASK_EV_ASSIGN,   /* given to a worker: the attempt number grows */
	TASK_EV_START,    /* the runner said 'started' */
	TASK_EV_SUCCEED,
	TASK_EV_FAIL,
	TASK_EV_RETRY, /* failed with retries left */
	TASK_EV_CANCEL,
	TASK_EV_LOSE,      /* its worker is lost: again from the queue */
	TASK_EV_TAKE_BACK, /* back from a worker that had not started it */
	TASK__EVENTS
};

#define STATE_NONE (-1) /* the event is not allowed in this state */

int task_state_next(enum task_state s, enum task_event ev); /* a task_state, or STATE_NONE */
const char *task_state_word(enum task_state s);             /* "queued" */
const char *task_event_word(enum task_event ev);            /* for traces: "assign" */
int task_state_parse(const char *word);                     /* any case; -1 when unknown */
bool task_state_final(enum task_state s);                   /* success, failure, cancelled */

/* A worker process: init -> starting -> running -> draining -> stopping -> stopped. */
enum worker_state {
	WORKER_INIT,
	WORKER_STARTING,
	WORKER_RUNNING,
	WORKER_DRAINING,
	WORKER_STOPPING,
	WORKER_STOPPED,
	WORKER__STATES
};
enum worker_event {
	WORKER_EV_START,
	WORKER_EV_READY,
	WORKER_EV_FAIL,
	WORKER_EV_DRAIN,
	WORKER_EV_RESUME,
	WORKER_EV_STOP,
	WORKER_EV_DONE,
	WORKER__EVENTS
};
int worker_state_next(enum worker_state s, enum worker_event ev);
const char *worker_state_word(enum worker_state s);

/* A subworker as the control plane sees it: discovered -> registering -> active <-> inactive -> removed. */
enum peer_state {
	PEER_DISCOVERED,
	PEER_REGISTERING,
	PEER_ACTIVE,
	PEER_INACTIVE,
	PEER_REMOVED,
	PEER__STATES
};
enum peer_event {
	PEER_EV_KNOCK,
	PEER_EV_REGISTER,
	PEER_EV_SILENT,
	PEER_EV_HEARD,
	PEER_EV_REMOVE,
	PEER__EVENTS
};
int peer_state_next(enum peer_state s, enum peer_event ev);
const char *peer_state_word(enum peer_state s);

/* A client's (and a worker's) connection: disconnected -> discovering -> connected -> reconnecting. */
enum link_state {
	LINK_DISCONNECTED,
	LINK_DISCOVERING,
	LINK_CONNECTED,
	LINK_RECONNECTING,
	LINK__STATES
};
enum link_event { LINK_EV_OPEN, LINK_EV_UP, LINK_EV_LOST, LINK_EV_CLOSE, LINK__EVENTS };
int link_state_next(enum link_state s, enum link_event ev);
const char *link_state_word(enum link_state s);

enum priority { PRIO_CRITICAL, PRIO_HIGH, PRIO_NORMAL, PRIO_LOW, PRIO__COUNT };
const char *priority_word(enum priority p);
int priority_parse(const char *word); /* any case; -1 when unknown */

#endif
