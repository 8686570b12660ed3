/* What a slot does for a runner that cannot: one that is to end a task and says nothing - it is stopped, or hangs - is watched, and killed with all that is
 * below it; what a dead one left is cleared away. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "node/platform.h"
#include "node/scratch.h"
#include "node/slot_in.h"
#include "node/tree.h"

#define WATCH_MS                                                                               \
	7000 /* more than a runner may need for a process that the kernel holds (5 s) */

static void arm(struct slot *s)
{
	int64_t next = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->line[i].due_us && (!next || s->line[i].due_us < next))
			next = s->line[i].due_us;
	if (next)
		loop_timer_at_us(&s->watch, next);
	else
		loop_timer_clear(&s->watch);
}

void slot_expect(struct slot *s, struct flight *f, int64_t ms)
{
	int64_t due = loop_now_us(s->loop) + (ms + WATCH_MS) * 1000;
	if (!f->due_us || due < f->due_us)
		f->due_us = due;
	if (!loop_timer_set(&s->watch) || due < s->watch.at_us)
		loop_timer_at_us(&s->watch, due);
}

void slot_end_wedged(struct slot *s)
{
	size_t n = tree_end_below(s->pid);
	log_error("runner.wedged pid=%d processes=%zu: it and they are killed", (int)s->pid, n);
	err_set(&s->trouble, ERR_PEER,
		"it did not answer for %d s, so it was killed with the %zu process%s below it",
		WATCH_MS / 1000, n, n == 1 ? "" : "es");
	s->wedged = true;
	kill(s->pid, SIGKILL);
}

void slot_watch(void *arg)
{
	struct slot *s = arg;
	bool late = false;
	for (size_t i = 0; i < s->n; i++)
		late |= s->line[i].due_us && s->line[i].due_us <= loop_now_us(s->loop);
	if (late && s->pid && !s->wedged)
		slot_end_wedged(s);
	else if (!s->wedged)
		arm(s);
}

bool slot_stopped(const struct slot *s)
{
	struct platform_process p;
	return s->pid && platform_look(s->pid, &p) && p.stopped;
}

/* A runner that was killed could not end its task's tree; the first process died with it. */
static void kill_strays(const struct flight *f)
{
	if (f->kind == TASK_KIND_BUILTIN)
		return;
	char uuid[UUID_TEXT], id[64], attempt[32];
	snprintf(id, sizeof(id), "FW_TASK_ID=%s", uuid_text(uuid, &f->id));
	snprintf(attempt, sizeof(attempt), "FW_ATTEMPT=%u", (unsigned)f->attempt);
	const char *const marks[] = {id, attempt};
	tree_kill_strays(marks, ARRAY_LEN(marks));
}

/* What a resident shell forked has the shell's environment, as seen from outside: see resident.c. */
static void kill_calls(const struct slot *s)
{
	char runner[32];
	snprintf(runner, sizeof(runner), "FW_RUNNER=%d", (int)s->gone);
	const char *const marks[] = {runner};
	if (s->line[0].kind == TASK_KIND_RESIDENT && s->gone > 0)
		tree_kill_strays(marks, ARRAY_LEN(marks));
}

/* What became of the first of the line, whose runner is gone. */
enum cause slot_cause(const struct slot *s)
{
	const struct flight *f = &s->line[0];
	if (!s->wedged)
		return CAUSE_LOST;
	return f->cancelled ? CAUSE_CANCELLED : CAUSE_TIMEOUT;
}

void slot_remove_scratch(struct slot *s)
{
	if (s->scratch)
		scratch_remove_at(s->scratch);
	free(s->scratch);
	s->scratch = NULL;
}

void slot_clear_away(struct slot *s)
{
	/* What came behind the first may have begun without our having heard of it. */
	for (size_t i = 0; i < s->n; i++)
		kill_strays(&s->line[i]);
	kill_calls(s);
	slot_remove_scratch(s);
}
