/* The list of messages: one entry each with sender, role, fields and a sentence. Change PROTOCOL.md with `make protocol`. */
#include "proto/keyring.h"
#include "proto/msg.h"

#define WORD 64
#define NAME 64
#define SELECTOR 80
#define LINE 1024
#define DOC 2048

#define FIELD(n, t, m, x, d) {.name = n, .type = t, .must = m, .max = x, .doc = d}
#define LIST(n, m, i, d)     {.name = n, .type = F_LIST, .must = m, .items = i, .doc = d}
#define MORE                 FIELD("more", F_BOOL, false, 0, "others follow in another message of the same r")
#define FIELDS(...)          ((const struct msg_field[]){__VA_ARGS__, {.type = F_END}})

/* One task as it is asked for. */
static const struct msg_field submit_task[] = {
	FIELD("id", F_ID, true, 0, "made by the client: UUIDv7; sent again it gets the same answer"),
	FIELD("name", F_STR, true, NAME, "of the task function"),
	FIELD("priority", F_STR, false, WORD, "low, normal, high, critical; normal"),
	FIELD("timeout_ms", F_INT, false, 0, "per attempt; 0 = none; left out: the module's"),
	FIELD("defer", F_BOOL, false, 0, "queue it even when no worker ever announced the name"),
	FIELD("args_blob", F_ID, false, 0, "arguments that were sent before with blob_put, instead of args"),
	FIELD("args", F_LEN, false, 0, "JSON array, as text; left out: []"),
	FIELD("kwargs", F_LEN, false, 0, "JSON object, as text; left out: {}"),
	{.type = F_END},
};

static const struct msg_field submitted_task[] = {
	FIELD("id", F_ID, true, 0, "as given"),
	FIELD("n", F_INT, false, 0, "its short number"),
	FIELD("state", F_STR, false, WORD, "now"),
	FIELD("again", F_BOOL, false, 0, "it was there already"),
	FIELD("code", F_STR, false, WORD, "word of the error: it was not taken in"),
	FIELD("why", F_STR, false, LINE, "the error, for people"),
	{.type = F_END},
};

/* One task as it stands: the record that get, query and event share. */
static const struct msg_field record[] = {
	FIELD("id", F_ID, true, 0, "of the task"),
	FIELD("n", F_INT, true, 0, "its short number"),
	FIELD("name", F_STR, true, NAME, "of the task function"),
	FIELD("state", F_STR, true, WORD, "scheduled, queued, assigned, running, retrying, success, failure, cancelled"),
	FIELD("priority", F_STR, true, WORD, ""),
	FIELD("owner", F_STR, true, NAME, "principal that submitted it"),
	FIELD("attempt", F_INT, true, 0, "how often it was given to a worker"),
	FIELD("worker", F_STR, false, SELECTOR, "of the last attempt"),
	FIELD("created_at", F_INT, true, 0, "ms since 1970, as all times"),
	FIELD("started_at", F_INT, false, 0, ""),
	FIELD("completed_at", F_INT, false, 0, ""),
	FIELD("cause", F_STR, false, WORD, "why it failed or was cancelled"),
	FIELD("exit", F_INT, false, 0, "exit status of its program"),
	FIELD("signal", F_INT, false, 0, "that ended it"),
	FIELD("error", F_STR, false, LINE, "one line"),
	FIELD("cancel_by", F_STR, false, NAME, "principal"),
	FIELD("cancel_reason", F_STR, false, LINE, ""),
	FIELD("args_preview", F_STR, false, LINE, "the beginning of its arguments as JSON text"),
	FIELD("type", F_STR, false, WORD, "of the result: bytes or json"),
	FIELD("size", F_INT, false, 0, "of the result, in bytes"),
	FIELD("result", F_LEN, false, 0, "the result itself, when asked for and not too large: fetch that with blob_get"),
	{.type = F_END},
};

static const struct msg_field event[] = {
	FIELD("seq", F_INT, true, 0, "number in the stream; 0: the state now, not a change"),
	FIELD("at", F_INT, true, 0, "ms since 1970"),
	FIELD("event", F_STR, true, WORD, "task.queued, task.started, task.success, worker.registered, ..."),
	FIELD("id", F_ID, false, 0, "task"),
	FIELD("n", F_INT, false, 0, "task"),
	FIELD("name", F_STR, false, NAME, "task"),
	FIELD("state", F_STR, false, WORD, "after the change"),
	FIELD("priority", F_STR, false, WORD, ""),
	FIELD("attempt", F_INT, false, 0, ""),
	FIELD("worker", F_STR, false, SELECTOR, ""),
	FIELD("cause", F_STR, false, WORD, "with the end of a task, as in a record"),
	FIELD("exit", F_INT, false, 0, ""),
	FIELD("signal", F_INT, false, 0, ""),
	FIELD("text", F_STR, false, LINE, "error or reason"),
	FIELD("type", F_STR, false, WORD, "of the result"),
	FIELD("size", F_INT, false, 0, "of the result"),
	FIELD("result", F_LEN, false, 0, "when asked for and not too large"),
	{.type = F_END},
};

static const struct msg_field attempt[] = {
	FIELD("id", F_ID, true, 0, "task"),
	FIELD("attempt", F_INT, true, 0, "its attempt number: another one is stale"),
	{.type = F_END},
};

static const struct msg_field announced_task[] = {
	FIELD("name", F_STR, true, NAME, ""),
	FIELD("module", F_STR, false, NAME, ""),
	FIELD("doc", F_STR, false, DOC, ""),
	FIELD("params", F_STR, false, LINE, "usage of its arguments"),
	{.type = F_END},
};

static const struct msg_field given_task[] = {
	FIELD("id", F_ID, true, 0, ""),
	FIELD("attempt", F_INT, true, 0, "fencing token: goes back with started and done"),
	FIELD("n", F_INT, true, 0, "short number"),
	FIELD("name", F_STR, true, NAME, ""),
	FIELD("timeout_ms", F_INT, false, 0, "0 = none; left out: the module's"),
	FIELD("size", F_INT, false, 0, "of the arguments, when they are to be fetched with blob_get"),
	FIELD("args", F_LEN, false, 0, "JSON array"),
	FIELD("kwargs", F_LEN, false, 0, "JSON object"),
	{.type = F_END},
};

static const struct msg_field done_task[] = {
	FIELD("id", F_ID, true, 0, ""),
	FIELD("attempt", F_INT, true, 0, ""),
	FIELD("ok", F_BOOL, true, 0, ""),
	FIELD("cancelled", F_BOOL, false, 0, "ended because the control plane asked"),
	FIELD("cause", F_STR, false, WORD, "exit, signal, timeout, start, lost, limit"),
	FIELD("exit", F_INT, false, 0, "status"),
	FIELD("signal", F_INT, false, 0, ""),
	FIELD("error", F_STR, false, LINE, "one line"),
	FIELD("type", F_STR, false, WORD, "of the result: bytes or json"),
	FIELD("result_blob", F_ID, false, 0, "result that was sent before with blob_put"),
	FIELD("result", F_LEN, false, 0, ""),
	{.type = F_END},
};

static const struct msg_field stopped_task[] = {
	FIELD("id", F_ID, true, 0, ""),
	FIELD("attempt", F_INT, true, 0, ""),
	FIELD("grace_ms", F_INT, false, 0, "between TERM and KILL"),
	{.type = F_END},
};

static const struct msg_field cancelled_task[] = {
	FIELD("id", F_ID, false, 0, "left out when the selector names none"),
	FIELD("selector", F_STR, true, SELECTOR, "as given"),
	FIELD("n", F_INT, false, 0, ""),
	FIELD("ok", F_BOOL, true, 0, "cancelled now"),
	FIELD("was", F_STR, false, WORD, "state before"),
	FIELD("state", F_STR, false, WORD, "state now"),
	FIELD("why", F_STR, false, LINE, "when not ok"),
	{.type = F_END},
};

static const struct msg_field none[] = {{.type = F_END}};

static const struct msg_def defs[MSG__COUNT] = {
	[MSG_HELLO] = {"hello", FROM_CLIENT | FROM_WORKER, 0, true, MSG_WELCOME,
		FIELDS(FIELD("v", F_INT, true, 0, "newest protocol version that the sender speaks"),
			FIELD("vmin", F_INT, true, 0, "oldest one"),
			FIELD("software", F_STR, false, WORD, "name and version, for the log")),
		"Begins a conversation; a client that leaves it out speaks version 1."},
	[MSG_WELCOME] = {"welcome", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("v", F_INT, true, 0, "version that both speak from now on"),
			FIELD("id", F_STR, true, SELECTOR, "worker id of the control plane"),
			FIELD("incarnation", F_INT, true, 0, "grows with each start"),
			FIELD("principal", F_STR, true, NAME, "who you are here"),
			FIELD("roles", F_STR, true, WORD, "what you may"),
			FIELD("base_port", F_INT, true, 0, "critical, high, normal, low, query: this and the four above it, on the host that you reached"),
			FIELD("worker_port", F_INT, true, 0, "for workers; 0: it takes no subworkers"),
			FIELD("seq", F_INT, true, 0, "newest event")),
		"Answers hello. Only port numbers are told: a peer keeps the host that it reached."},
	[MSG_ERROR] = {"error", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("code", F_STR, true, WORD, "word: no, usage, data, busy, denied, no-task, bug, ..."),
			FIELD("why", F_STR, true, LINE, "for people: what failed and what to do")),
		"Answers any request that was refused as a whole."},
	[MSG_SUBMIT] = {"submit", FROM_CLIENT, ROLE_SUBMIT, true, MSG_SUBMITTED,
		FIELDS(LIST("tasks", true, submit_task, "in order"),
			FIELD("watch", F_INT, false, 0, "adds them to this watch of the sender, made when new"),
			FIELD("results", F_BOOL, false, 0, "of that watch: send results too")),
		"Queues tasks, each on its own: one that is refused does not hold up the others."},
	[MSG_SUBMITTED] = {"submitted", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(LIST("tasks", true, submitted_task, "in the same order"), MORE), "Answers submit."},
	[MSG_GET] = {"get", FROM_CLIENT, ROLE_SUBMIT | ROLE_QUERY, true, MSG_RECORDS,
		FIELDS(FIELD("ids", F_WORDS, true, SELECTOR, "UUID, number, last, or range 3-7"),
			FIELD("results", F_BOOL, false, 0, "send results of up to 96 KiB too"),
			FIELD("wait_ms", F_INT, false, 0, "answer when all are final, or after this time")),
		"Asks for tasks as they stand."},
	[MSG_RECORDS] = {"records", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(LIST("tasks", true, record, "those that were found"),
			FIELD("missing", F_WORDS, false, SELECTOR, "selectors that name no task"),
			MORE),
		"Answers get."},
	[MSG_QUERY] = {"query", FROM_CLIENT, ROLE_SUBMIT | ROLE_QUERY, true, MSG_ROWS,
		FIELDS(FIELD("what", F_STR, true, WORD, "tasks, workers, queues, names, status, config"),
			FIELD("filter", F_STR, false, LINE, "terms: state=failure task=res* worker=w2"),
			FIELD("limit", F_INT, false, 0, "rows at most; 100"),
			FIELD("offset", F_INT, false, 0, "rows to pass over"),
			FIELD("cursor", F_INT, false, 0, "next of the page before"),
			FIELD("oldest_first", F_BOOL, false, 0, "newest first otherwise"),
			FIELD("total", F_BOOL, false, 0, "count what matches")),
		"The one windowed query: rows of a kind, filtered by the control plane."},
	[MSG_ROWS] = {"rows", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("rows", F_JSON, true, 0, "array of objects; tasks: the record of get"),
			FIELD("next", F_INT, false, 0, "cursor of the next page; 0 or left out: none"),
			FIELD("total", F_INT, false, 0, "when asked for"),
			FIELD("seq", F_INT, true, 0, "event number up to which the rows are true")),
		"Answers query."},
	[MSG_CANCEL] = {"cancel", FROM_CLIENT, ROLE_SUBMIT, true, MSG_CANCELLED,
		FIELDS(FIELD("ids", F_WORDS, true, SELECTOR, "as in get"), FIELD("reason", F_STR, false, LINE, ""),
			FIELD("grace_ms", F_INT, false, 0, "between TERM and KILL; 10 s")),
		"Cancels tasks: recorded at once, what runs is stopped."},
	[MSG_CANCELLED] = {"cancelled", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(LIST("tasks", true, cancelled_task, "one each"), MORE), "Answers cancel."},
	[MSG_WATCH] = {"watch", FROM_CLIENT, ROLE_SUBMIT | ROLE_QUERY, true, MSG_WATCHING,
		FIELDS(FIELD("watch", F_INT, true, 0, "number that the sender chose; each event carries it"),
			FIELD("ids", F_WORDS, false, SELECTOR, "these tasks: their state now comes at once, then each change until the end"),
			FIELD("all", F_BOOL, false, 0, "every event that the sender may see"),
			FIELD("after", F_INT, false, 0, "with all: first what happened since that event"),
			FIELD("results", F_BOOL, false, 0, "send results with the end of a task")),
		"Asks for events. Nothing is sent to a peer that did not ask."},
	[MSG_WATCHING] = {"watching", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("watch", F_INT, true, 0, ""), FIELD("seq", F_INT, true, 0, "newest event"),
			FIELD("gap", F_BOOL, false, 0, "events after `after` were dropped already: ask again for what you show"),
			FIELD("missing", F_WORDS, false, SELECTOR, "selectors that name no task")),
		"Answers watch; events follow it."},
	[MSG_EVENT] = {"event", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("watch", F_INT, true, 0, ""), LIST("events", true, event, "in order"),
			FIELD("gap", F_BOOL, false, 0, "the reader was too slow: some were dropped before these")),
		"What happened."},
	[MSG_UNWATCH] = {"unwatch", FROM_CLIENT, ROLE_SUBMIT | ROLE_QUERY, true, MSG_UNWATCHED,
		FIELDS(FIELD("watch", F_INT, true, 0, "")), "Ends a watch."},
	[MSG_UNWATCHED] = {"unwatched", FROM_SERVER, 0, true, MSG__COUNT, FIELDS(FIELD("watch", F_INT, true, 0, "")),
		"Answers unwatch: no event of it comes any more."},
	[MSG_BLOB_PUT] = {"blob_put", FROM_CLIENT | FROM_WORKER, ROLE_SUBMIT | ROLE_WORKER, true, MSG_BLOB_HAVE,
		FIELDS(FIELD("blob", F_ID, true, 0, "made by the sender"), FIELD("offset", F_INT, true, 0, "of this chunk"),
			FIELD("size", F_INT, true, 0, "of the whole, at most 64 MiB"),
			FIELD("data", F_LEN, true, 0, "at most 128 KiB")),
		"Sends a large value in chunks, before the message that refers to it. One chunk may be on its way without an answer, up to 4 of them."},
	[MSG_BLOB_HAVE] = {"blob_have", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("blob", F_ID, true, 0, ""), FIELD("have", F_INT, true, 0, "bytes from the start without a gap")),
		"Answers blob_put: credit for the next chunk."},
	[MSG_BLOB_GET] = {"blob_get", FROM_CLIENT | FROM_WORKER, ROLE_SUBMIT | ROLE_QUERY | ROLE_WORKER, true, MSG_BLOB,
		FIELDS(FIELD("id", F_STR, true, SELECTOR, "task"), FIELD("part", F_STR, true, WORD, "args, kwargs or result"),
			FIELD("offset", F_INT, true, 0, ""), FIELD("size", F_INT, true, 0, "at most 128 KiB")),
		"Fetches a part of a large value. A worker may fetch the arguments of tasks that it holds."},
	[MSG_BLOB] = {"blob", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("offset", F_INT, true, 0, ""), FIELD("size", F_INT, true, 0, "of the whole"),
			FIELD("data", F_LEN, true, 0, "")),
		"Answers blob_get."},
	[MSG_SHUTDOWN] = {"shutdown", FROM_CLIENT, ROLE_ADMIN, true, MSG_STOPPING, none,
		"Ends the control plane: running tasks of its local worker get 30 s."},
	[MSG_STOPPING] = {"stopping", FROM_SERVER, 0, true, MSG__COUNT, FIELDS(FIELD("pid", F_INT, true, 0, "")),
		"Answers shutdown."},
	[MSG_REGISTER] = {"register", FROM_WORKER, ROLE_WORKER, true, MSG_REGISTERED,
		FIELDS(FIELD("worker", F_STR, true, SELECTOR, "id"), FIELD("host", F_STR, true, 255, ""),
			FIELD("instance", F_ID, true, 0, "random for each process"), FIELD("pid", F_INT, true, 0, ""),
			FIELD("slots", F_INT, true, 0, "tasks at a time: its credit"),
			FIELD("local", F_BOOL, false, 0, "gets tasks only when no other worker has a free slot"),
			FIELD("draining", F_BOOL, false, 0, "takes nothing new"),
			LIST("tasks", true, announced_task, "what it can run")),
		"A worker offers itself; again after each reconnect and each change of its tasks."},
	[MSG_REGISTERED] = {"registered", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(FIELD("lease_ms", F_INT, true, 0, "silence after which its tasks go to others"),
			FIELD("heartbeat_ms", F_INT, true, 0, "how often to send heartbeat"),
			LIST("held", true, attempt, "attempts that are still its own: it stops all others")),
		"Answers register; tasks follow."},
	[MSG_TASK] = {"task", FROM_SERVER, 0, false, MSG__COUNT, FIELDS(LIST("tasks", true, given_task, "")),
		"Work for a worker, never more than it has slots."},
	[MSG_STARTED] = {"started", FROM_WORKER, ROLE_WORKER, true, MSG__COUNT, FIELDS(LIST("tasks", true, attempt, "")),
		"The runner has begun."},
	[MSG_DONE] = {"done", FROM_WORKER, ROLE_WORKER, true, MSG_DONE_OK, FIELDS(LIST("tasks", true, done_task, "")),
		"Attempts that ended. Sent again until answered."},
	[MSG_DONE_OK] = {"done_ok", FROM_SERVER, 0, true, MSG__COUNT,
		FIELDS(LIST("tasks", true, attempt, "recorded, or refused as stale: forget them")), "Answers done."},
	[MSG_STOP] = {"stop", FROM_SERVER, 0, true, MSG__COUNT, FIELDS(LIST("tasks", true, stopped_task, "")),
		"Attempts to end: cancelled. Each is answered with done."},
	[MSG_HEARTBEAT] = {"heartbeat", FROM_WORKER, ROLE_WORKER, true, MSG_ALIVE, none, "A worker is alive."},
	[MSG_ALIVE] = {"alive", FROM_SERVER, 0, true, MSG__COUNT, none, "Answers heartbeat: the leases run on."},
	[MSG_LEAVE] = {"leave", FROM_WORKER, ROLE_WORKER, true, MSG_LEFT, none, "A worker goes; what it still holds is queued again."},
	[MSG_LEFT] = {"left", FROM_SERVER, 0, true, MSG__COUNT, none, "Answers leave."},
};

const struct msg_def *msg_def(enum msg_id id)
{
	return &defs[id];
}
