/* The watch over a runner that is to end a task and says nothing: it is stopped, or hangs. Then the slot ends the tree, and the runner, itself. */
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "node/platform.h"
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
