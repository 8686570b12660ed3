/* What must hold, whatever happened: kept outside of everything that can crash. */
#include "tests/sim/sim.h"

#include <inttypes.h>

int ledger_find(struct sim *s, const struct uuid *id)
{
	int task = id->b[14] << 8 | id->b[15]; /* client.c puts it there */

	if (task >= s->ntasks || !uuid_eq(&s->tasks[task].id, id))
		broken(s, "a task that nobody submitted");
	return task;
}

/* An attempt's number is given out once, to one process; again only to that one, which may not have heard. */
void ledger_given(struct sim *s, int task, uint32_t attempt, int hand)
{
	struct known *k = &s->tasks[task];
	bool again = attempt == k->attempt && hand == k->hand &&
		     s->plane.instances[hand] == k->instance;

	if (k->final)
		broken(s, "task %d is given out after its end", task);
	if (attempt <= k->attempt && !again)
		broken(s, "task %d: attempt %u is given to worker %d, but %u went to %d before",
			task, attempt, hand, k->attempt, k->hand);
	k->attempt = attempt;
	k->hand = hand;
	k->instance = s->plane.instances[hand];
}

/* Told to the world: it must never be told otherwise. */
void ledger_final(struct sim *s, const struct task *t, uint64_t result)
{
	struct known *k = &s->tasks[ledger_find(s, &t->id)];

	if (!k->final) {
		k->final = true;
		k->state = t->state;
		k->result = result;
		s->nfinal++;
		if (t->state == TASK_CANCELLED && !k->cancel_asked)
			broken(s, "a task is cancelled, and nobody asked for it");
		if (t->state != TASK_CANCELLED && k->ended == 0)
			broken(s, "a task has ended that nobody ran");
		if (t->state != TASK_CANCELLED && result >> 32 != t->attempt)
			broken(s,
				"the result of attempt %" PRIu64 " is recorded for attempt %u",
				result >> 32, t->attempt);
	}
	if (k->state != t->state || k->result != result)
		broken(s, "a task ended as %s with %" PRIx64 ", and now it is %s with %" PRIx64,
			task_state_word(k->state), k->result, task_state_word(t->state),
			result);
}

void ledger_check(struct sim *s)
{
	struct plane *p = &s->plane;

	for (int i = 0; i < s->ntasks; i++) {
		struct known *k = &s->tasks[i];
		bool there = p->core && core_task(p->core, &k->id);
		for (uint64_t n = 1; n <= p->last_n && !there; n++)
			there = p->disk[n].there && uuid_eq(&p->disk[n].task.id, &k->id);
		if (k->acked && !there)
			broken(s, "task %d was acknowledged and is nowhere", i);
	}
}
