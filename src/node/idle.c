/* --idle-exit: a control plane that nobody needs ends itself. What is finished stays in the store; nothing else is left then.
 *
 * A command reads the context file and then connects. So the file goes first, and who has read it just before has a moment to come; then it is
 * written again. While it is gone we hold the lock of starting: who wants to start waits until it is decided. */
#include "base/log.h"
#include "node/server.h"

#define LEAVING_MS 1000

static bool wants(const struct peer *p)
{
	return !list_empty(&p->watches) || !list_empty(&p->uploads) ||
	       !list_empty(&p->cancels) || !list_empty(&p->outbox) || !list_empty(&p->reads) ||
	       !list_empty(&p->feeds) || !list_empty(&p->holds) ||
	       (p->worker && !p->worker->local);
}

static bool needed(struct server *s)
{
	struct core_counts c;
	struct list *e, *tmp;

	core_counts(s->core, &c);
	for (int i = 0; i < TASK__STATES; i++)
		if (!task_state_final((enum task_state)i) && c.by_state[i])
			return true;
	list_each (e, tmp, &s->all_peers)
		if (wants(container_of(e, struct peer, all)))
			return true;
	return false;
}

static void leave(struct server *s)
{
	s->start_fd = context_lock_start(s->conf.paths->runtime, s->conf.profile, false, NULL);
	if (s->start_fd < 0) {
		/* Somebody is looking whether we are here. */
		loop_timer_in(&s->idle, LEAVING_MS);
		return;
	}
	context_remove(s->conf.paths->runtime, s->conf.profile);
	s->leaving = true;
	loop_timer_in(&s->idle, LEAVING_MS);
}

static void on_idle(void *arg)
{
	struct server *s = arg;
	int64_t due = s->heard_us + s->conf.idle_exit_ms * 1000;

	if (s->stopping)
		return;
	if (s->leaving) {
		log_info("idle.exit after_ms=%lld", (long long)s->conf.idle_exit_ms);
		control_plane_stop(s);
	} else if (needed(s)) {
		/* The end of what goes on is heard. */
		loop_timer_in(&s->idle, s->conf.idle_exit_ms);
	} else if (due > loop_now_us(s->loop)) {
		loop_timer_at_us(&s->idle, due);
	} else {
		leave(s);
	}
}

static void stay(struct server *s)
{
	struct err e;

	s->leaving = false;
	if (context_write(s->conf.paths->runtime, &s->context, &e))
		log_error("idle: %s", e.text);
	context_unlock_start(&s->start_fd);
	loop_timer_in(&s->idle, s->conf.idle_exit_ms);
}

void idle_heard(struct server *s)
{
	s->heard_us = loop_now_us(s->loop);
	if (s->leaving && !s->stopping)
		stay(s);
}

void idle_lost(struct server *s)
{
	s->heard_us = loop_now_us(s->loop);
}

void idle_start(struct server *s)
{
	s->heard_us = loop_now_us(s->loop);
	if (s->conf.idle_exit_ms > 0)
		loop_timer_in(&s->idle, s->conf.idle_exit_ms);
}

void idle_init(struct server *s)
{
	loop_timer_init(s->loop, &s->idle, on_idle, s);
}

void idle_fini(struct server *s)
{
	loop_timer_clear(&s->idle);
}
