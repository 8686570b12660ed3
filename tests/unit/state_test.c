/* The state tables against an independent list of what FastWorker's documentation allows: all pairs of state and event are tried. */
#include "tests/unit/test.h"

#include "base/mem.h"
#include "core/event.h"
#include "core/state.h"
#include "core/task.h"

struct allowed {
	int from, event, to;
};

/* Every pair that is not in the list must be refused. */
static void check_table(const char *what, int (*next)(int s, int ev), int nstates, int nevents,
	const struct allowed *list, size_t n)
{
	for (int s = 0; s < nstates; s++) {
		for (int ev = 0; ev < nevents; ev++) {
			int want = STATE_NONE, got = next(s, ev);
			for (size_t i = 0; i < n; i++)
				if (list[i].from == s && list[i].event == ev)
					want = list[i].to;
			if (got != want)
				TEST_FAIL("%s: state %d, event %d leads to %d, not %d", what, s,
					ev, got, want);
		}
	}
}

static int next_task(int s, int ev)
{
	return task_state_next((enum task_state)s, (enum task_event)ev);
}

static void task_table(void)
{
	static const struct allowed list[] = {
		{TASK_PENDING, TASK_EV_ENQUEUE, TASK_QUEUED},
		{TASK_PENDING, TASK_EV_SCHEDULE, TASK_SCHEDULED},
		{TASK_PENDING, TASK_EV_CANCEL, TASK_CANCELLED},
		{TASK_SCHEDULED, TASK_EV_ENQUEUE, TASK_QUEUED},
		{TASK_SCHEDULED, TASK_EV_CANCEL, TASK_CANCELLED},
		{TASK_QUEUED, TASK_EV_ASSIGN, TASK_ASSIGNED},
		{TASK_QUEUED, TASK_EV_CANCEL, TASK_CANCELLED},
		{TASK_ASSIGNED, TASK_EV_START, TASK_RUNNING},
		{TASK_ASSIGNED, TASK_EV_CANCEL, TASK_CANCELLED},
		{TASK_ASSIGNED, TASK_EV_LOSE, TASK_QUEUED},
		{TASK_ASSIGNED, TASK_EV_TAKE_BACK, TASK_QUEUED},
		{TASK_RUNNING, TASK_EV_SUCCEED, TASK_SUCCESS},
		{TASK_RUNNING, TASK_EV_FAIL, TASK_FAILURE},
		{TASK_RUNNING, TASK_EV_CANCEL, TASK_CANCELLED},
		{TASK_RUNNING, TASK_EV_LOSE, TASK_QUEUED},
		{TASK_FAILURE, TASK_EV_RETRY, TASK_RETRYING},
		{TASK_RETRYING, TASK_EV_ENQUEUE, TASK_QUEUED},
		{TASK_RETRYING, TASK_EV_CANCEL, TASK_CANCELLED},
	};

	check_table("task", next_task, TASK__STATES, TASK__EVENTS, list, ARRAY_LEN(list));
}

static int next_worker(int s, int ev)
{
	return worker_state_next((enum worker_state)s, (enum worker_event)ev);
}

static void worker_table(void)
{
	static const struct allowed list[] = {
		{WORKER_INIT, WORKER_EV_START, WORKER_STARTING},
		{WORKER_STARTING, WORKER_EV_READY, WORKER_RUNNING},
		{WORKER_STARTING, WORKER_EV_FAIL, WORKER_STOPPING},
		{WORKER_RUNNING, WORKER_EV_DRAIN, WORKER_DRAINING},
		{WORKER_RUNNING, WORKER_EV_STOP, WORKER_STOPPING},
		{WORKER_DRAINING, WORKER_EV_RESUME, WORKER_RUNNING},
		{WORKER_DRAINING, WORKER_EV_STOP, WORKER_STOPPING},
		{WORKER_STOPPING, WORKER_EV_DONE, WORKER_STOPPED},
	};

	check_table("worker", next_worker, WORKER__STATES, WORKER__EVENTS, list,
		ARRAY_LEN(list));
}

static int next_peer(int s, int ev)
{
	return peer_state_next((enum peer_state)s, (enum peer_event)ev);
}

static void peer_table(void)
{
	static const struct allowed list[] = {
		{PEER_DISCOVERED, PEER_EV_KNOCK, PEER_REGISTERING},
		{PEER_REGISTERING, PEER_EV_REGISTER, PEER_ACTIVE},
		{PEER_REGISTERING, PEER_EV_REMOVE, PEER_REMOVED},
		{PEER_ACTIVE, PEER_EV_SILENT, PEER_INACTIVE},
		{PEER_ACTIVE, PEER_EV_REMOVE, PEER_REMOVED},
		{PEER_INACTIVE, PEER_EV_HEARD, PEER_ACTIVE},
		{PEER_INACTIVE, PEER_EV_REMOVE, PEER_REMOVED},
	};

	check_table("peer", next_peer, PEER__STATES, PEER__EVENTS, list, ARRAY_LEN(list));
}

static int next_link(int s, int ev)
{
	return link_state_next((enum link_state)s, (enum link_event)ev);
}

static void link_table(void)
{
	static const struct allowed list[] = {
		{LINK_DISCONNECTED, LINK_EV_OPEN, LINK_DISCOVERING},
		{LINK_DISCOVERING, LINK_EV_UP, LINK_CONNECTED},
		{LINK_DISCOVERING, LINK_EV_LOST, LINK_RECONNECTING},
		{LINK_CONNECTED, LINK_EV_LOST, LINK_RECONNECTING},
		{LINK_RECONNECTING, LINK_EV_UP, LINK_CONNECTED},
		{LINK_DISCONNECTED, LINK_EV_CLOSE, LINK_DISCONNECTED},
		{LINK_DISCOVERING, LINK_EV_CLOSE, LINK_DISCONNECTED},
		{LINK_CONNECTED, LINK_EV_CLOSE, LINK_DISCONNECTED},
		{LINK_RECONNECTING, LINK_EV_CLOSE, LINK_DISCONNECTED},
	};

	check_table("link", next_link, LINK__STATES, LINK__EVENTS, list, ARRAY_LEN(list));
}

static void words(void)
{
	for (int i = 0; i < TASK__STATES; i++)
		CHECK_INT(task_state_parse(task_state_word((enum task_state)i)), i);
	for (int i = 0; i < PRIO__COUNT; i++)
		CHECK_INT(priority_parse(priority_word((enum priority)i)), i);
	for (int i = 0; i < CAUSE__COUNT; i++)
		CHECK_INT(cause_parse(cause_word((enum cause)i)), i);
	for (int i = 0; i < EVENT__COUNT; i++)
		CHECK_INT(event_parse(event_word((enum event_type)i)), i);
	CHECK_INT(task_state_parse("RuNNing"), TASK_RUNNING);
	CHECK_INT(task_state_parse("runnin"), -1);
	CHECK_INT(priority_parse("Critical"), PRIO_CRITICAL);
	CHECK_INT(priority_parse(""), -1);
	CHECK_INT(cause_parse("tired"), -1);
	CHECK_INT(event_parse("task."), -1);
	CHECK_STR(task_event_word(TASK_EV_TAKE_BACK), "take-back");
	CHECK_STR(worker_state_word(WORKER_DRAINING), "draining");
	CHECK_STR(peer_state_word(PEER_INACTIVE), "inactive");
	CHECK_STR(link_state_word(LINK_RECONNECTING), "reconnecting");
}

static void kinds(void)
{
	static const bool final[TASK__STATES] =
		{[TASK_SUCCESS] = true, [TASK_FAILURE] = true, [TASK_CANCELLED] = true};

	for (int i = 0; i < TASK__STATES; i++)
		CHECK(task_state_final((enum task_state)i) == final[i]);
	for (int i = 0; i < EVENT__COUNT; i++)
		CHECK(event_is_task((enum event_type)i) ==
			(strncmp(event_word((enum event_type)i), "task.", 5) == 0));
}

static const struct test tests[] = {
	{"task_table", task_table},
	{"worker_table", worker_table},
	{"peer_table", peer_table},
	{"link_table", link_table},
	{"words", words},
	{"kinds", kinds},
};

TEST_MAIN(tests)
