/* The state machines, one [state][event] table each, and the words of states, events and priorities.
 *
 * What a table does not name is not allowed. Cells hold the next state plus one, so that a cell which nobody wrote says 'none'. */
#include "core/state.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define TO(state) ((state) + 1)

/* Bounds are checked in release, too: a state from a broken caller must not become a read behind the table. */
static int step(const signed char *table, int nevents, int nstates, int s, int ev)
{
	if (s < 0 || s >= nstates || ev < 0 || ev >= nevents)
		BUG("no state %d or no event %d", s, ev);
	return table[s * nevents + ev] - 1;
}

static const char *word_of(const char *const *words, int n, int i)
{
	if (i < 0 || i >= n)
		BUG("no word number %d", i);
	return words[i];
}

static int parse(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (strcasecmp(words[i], word) == 0)
			return i;
	return -1;
}

/* A task. Cancel (c) leads from pending, scheduled, queued, assigned, running and retrying to cancelled.
 *
 *            schedule              enqueue             assign               start
 *   pending ----------> scheduled ---------> queued ----------> assigned ---------> running
 *      |                                     ^ ^ ^                 |                 | | |
 *      +-------------------------------------+ | +-----------------+-----------------+ | |
 *                     enqueue                  |      lose, take back (assigned only)  | |
 *                                              |                                       | |
 *                                      enqueue |        retry               fail       | |
 *                                          retrying <--------- failure <---------------+ |
 *                                              |                              succeed    |
 *                                            c |                  success <--------------+
 *                                              v
 *                                          cancelled */
static const signed char task_table[TASK__STATES][TASK__EVENTS] = {
	[TASK_PENDING] = {[TASK_EV_ENQUEUE] = TO(TASK_QUEUED),
		[TASK_EV_SCHEDULE] = TO(TASK_SCHEDULED),
		[TASK_EV_CANCEL] = TO(TASK_CANCELLED)},
	[TASK_SCHEDULED] =
		{[TASK_EV_ENQUEUE] = TO(TASK_QUEUED), [TASK_EV_CANCEL] = TO(TASK_CANCELLED)},
	[TASK_QUEUED] =
		{[TASK_EV_ASSIGN] = TO(TASK_ASSIGNED), [TASK_EV_CANCEL] = TO(TASK_CANCELLED)},
	[TASK_ASSIGNED] = {[TASK_EV_START] = TO(TASK_RUNNING),
		[TASK_EV_CANCEL] = TO(TASK_CANCELLED),
		[TASK_EV_LOSE] = TO(TASK_QUEUED),
		[TASK_EV_TAKE_BACK] = TO(TASK_QUEUED)},
	[TASK_RUNNING] = {[TASK_EV_SUCCEED] = TO(TASK_SUCCESS),
		[TASK_EV_FAIL] = TO(TASK_FAILURE),
		[TASK_EV_CANCEL] = TO(TASK_CANCELLED),
		[TASK_EV_LOSE] = TO(TASK_QUEUED)},
	[TASK_FAILURE] = {[TASK_EV_RETRY] = TO(TASK_RETRYING)},
	[TASK_RETRYING] =
		{[TASK_EV_ENQUEUE] = TO(TASK_QUEUED), [TASK_EV_CANCEL] = TO(TASK_CANCELLED)},
};

static const char *const task_words[TASK__STATES] = {
	[TASK_PENDING] = "pending",
	[TASK_SCHEDULED] = "scheduled",
	[TASK_QUEUED] = "queued",
	[TASK_ASSIGNED] = "assigned",
	[TASK_RUNNING] = "running",
	[TASK_RETRYING] = "retrying",
	[TASK_SUCCESS] = "success",
	[TASK_FAILURE] = "failure",
	[TASK_CANCELLED] = "cancelled",
};

static const char *const task_events[TASK__EVENTS] = {
	[TASK_EV_ENQUEUE] = "enqueue",
	[TASK_EV_SCHEDULE] = "schedule",
	[TASK_EV_ASSIGN] = "assign",
	[TASK_EV_START] = "start",
	[TASK_EV_SUCCEED] = "succeed",
	[TASK_EV_FAIL] = "fail",
	[TASK_EV_RETRY] = "retry",
	[TASK_EV_CANCEL] = "cancel",
	[TASK_EV_LOSE] = "lose",
	[TASK_EV_TAKE_BACK] = "take-back",
};

int task_state_next(enum task_state s, enum task_event ev)
{
	return step(task_table[0], TASK__EVENTS, TASK__STATES, (int)s, (int)ev);
}

const char *task_state_word(enum task_state s)
{
	return word_of(task_words, TASK__STATES, (int)s);
}

const char *task_event_word(enum task_event ev)
{
	return word_of(task_events, TASK__EVENTS, (int)ev);
}

int task_state_parse(const char *word)
{
	return parse(task_words, TASK__STATES, word);
}

bool task_state_final(enum task_state s)
{
	return s == TASK_SUCCESS || s == TASK_FAILURE || s == TASK_CANCELLED;
}

/* A worker process.
 *
 *         start            ready            drain             stop             done
 *   init -------> starting -------> running -------> draining -------> stopping -------> stopped
 *                    |               ^   |              |               ^   ^
 *                    |               |   |    resume    |               |   |
 *                    |               +---|--------------+               |   |
 *                    |                   |             stop             |   |
 *                    |                   +------------------------------+   |
 *                    |                         fail                         |
 *                    +------------------------------------------------------+ */
static const signed char worker_table[WORKER__STATES][WORKER__EVENTS] = {
	[WORKER_INIT] = {[WORKER_EV_START] = TO(WORKER_STARTING)},
	[WORKER_STARTING] = {[WORKER_EV_READY] = TO(WORKER_RUNNING),
		[WORKER_EV_FAIL] = TO(WORKER_STOPPING)},
	[WORKER_RUNNING] = {[WORKER_EV_DRAIN] = TO(WORKER_DRAINING),
		[WORKER_EV_STOP] = TO(WORKER_STOPPING)},
	[WORKER_DRAINING] = {[WORKER_EV_RESUME] = TO(WORKER_RUNNING),
		[WORKER_EV_STOP] = TO(WORKER_STOPPING)},
	[WORKER_STOPPING] = {[WORKER_EV_DONE] = TO(WORKER_STOPPED)},
};

static const char *const worker_words[WORKER__STATES] = {
	[WORKER_INIT] = "init",
	[WORKER_STARTING] = "starting",
	[WORKER_RUNNING] = "running",
	[WORKER_DRAINING] = "draining",
	[WORKER_STOPPING] = "stopping",
	[WORKER_STOPPED] = "stopped",
};

int worker_state_next(enum worker_state s, enum worker_event ev)
{
	return step(worker_table[0], WORKER__EVENTS, WORKER__STATES, (int)s, (int)ev);
}

const char *worker_state_word(enum worker_state s)
{
	return word_of(worker_words, WORKER__STATES, (int)s);
}

/* A subworker as the control plane sees it.
 *
 *               knock               register           silent
 *   discovered -------> registering --------> active ----------> inactive
 *                            |                 |  ^                |   |
 *                            |                 |  +----------------+   |
 *                            |                 |        heard          |
 *                            |                 v remove                |
 *                            +------------> removed <------------------+
 *                               remove                  remove */
static const signed char peer_table[PEER__STATES][PEER__EVENTS] = {
	[PEER_DISCOVERED] = {[PEER_EV_KNOCK] = TO(PEER_REGISTERING)},
	[PEER_REGISTERING] =
		{[PEER_EV_REGISTER] = TO(PEER_ACTIVE), [PEER_EV_REMOVE] = TO(PEER_REMOVED)},
	[PEER_ACTIVE] =
		{[PEER_EV_SILENT] = TO(PEER_INACTIVE), [PEER_EV_REMOVE] = TO(PEER_REMOVED)},
	[PEER_INACTIVE] =
		{[PEER_EV_HEARD] = TO(PEER_ACTIVE), [PEER_EV_REMOVE] = TO(PEER_REMOVED)},
};

static const char *const peer_words[PEER__STATES] = {
	[PEER_DISCOVERED] = "discovered",
	[PEER_REGISTERING] = "registering",
	[PEER_ACTIVE] = "active",
	[PEER_INACTIVE] = "inactive",
	[PEER_REMOVED] = "removed",
};

int peer_state_next(enum peer_state s, enum peer_event ev)
{
	return step(peer_table[0], PEER__EVENTS, PEER__STATES, (int)s, (int)ev);
}

const char *peer_state_word(enum peer_state s)
{
	return word_of(peer_words, PEER__STATES, (int)s);
}

/* A connection. Close leads from every state to disconnected, also from disconnected.
 *
 *                 open               up               lost
 *   disconnected ------> discovering ---> connected -------> reconnecting
 *                             |               ^                |      ^
 *                             |               +----------------+      |
 *                             |                       up              |
 *                             +---------------------------------------+
 *                                              lost */
static const signed char link_table[LINK__STATES][LINK__EVENTS] = {
	[LINK_DISCONNECTED] = {[LINK_EV_OPEN] = TO(LINK_DISCOVERING),
		[LINK_EV_CLOSE] = TO(LINK_DISCONNECTED)},
	[LINK_DISCOVERING] = {[LINK_EV_UP] = TO(LINK_CONNECTED),
		[LINK_EV_LOST] = TO(LINK_RECONNECTING),
		[LINK_EV_CLOSE] = TO(LINK_DISCONNECTED)},
	[LINK_CONNECTED] = {[LINK_EV_LOST] = TO(LINK_RECONNECTING),
		[LINK_EV_CLOSE] = TO(LINK_DISCONNECTED)},
	[LINK_RECONNECTING] =
		{[LINK_EV_UP] = TO(LINK_CONNECTED), [LINK_EV_CLOSE] = TO(LINK_DISCONNECTED)},
};

static const char *const link_words[LINK__STATES] = {
	[LINK_DISCONNECTED] = "disconnected",
	[LINK_DISCOVERING] = "discovering",
	[LINK_CONNECTED] = "connected",
	[LINK_RECONNECTING] = "reconnecting",
};

int link_state_next(enum link_state s, enum link_event ev)
{
	return step(link_table[0], LINK__EVENTS, LINK__STATES, (int)s, (int)ev);
}

const char *link_state_word(enum link_state s)
{
	return word_of(link_words, LINK__STATES, (int)s);
}

static const char *const priority_words[PRIO__COUNT] = {
	[PRIO_CRITICAL] = "critical",
	[PRIO_HIGH] = "high",
	[PRIO_NORMAL] = "normal",
	[PRIO_LOW] = "low",
};

const char *priority_word(enum priority p)
{
	return word_of(priority_words, PRIO__COUNT, (int)p);
}

int priority_parse(const char *word)
{
	return parse(priority_words, PRIO__COUNT, word);
}
