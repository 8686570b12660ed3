/* When the control plane is asked. */
#include "tui/feed.h"

#include "proto/msg.h"
#include "tui/tui.h"

#define PACE_MS 1000

static void ask(struct tui *t)
{
	struct feed *f = &t->feed;

	f->dirty = false;
	loop_timer_clear(&f->timer);
	if (!t->client)
		return;
	f->asked_us = loop_now_us(t->loop);
	rows_ask(&t->status, &(struct rows_query){.what = "status"}, 1);
	rows_ask(&t->queues, &(struct rows_query){.what = "queues"}, 1);
	panel_fetch(t);
}

static void on_timer(void *arg)
{
	ask(arg);
}

/* A frozen picture stays as it is; what happened meanwhile is asked for when it thaws. */
static void plan(struct tui *t)
{
	struct feed *f = &t->feed;

	if (!f->dirty || f->waiting || t->frozen_at_ms || loop_timer_set(&f->timer))
		return;
	loop_timer_at_us(&f->timer, f->asked_us + PACE_MS * 1000);
}

void feed_dirty(struct tui *t)
{
	t->feed.dirty = true;
	plan(t);
}

void feed_now(struct tui *t)
{
	panel_event(t, "");
	ask(t);
}

void feed_pause(struct tui *t)
{
	loop_timer_clear(&t->feed.timer);
}

void feed_asked(struct tui *t)
{
	t->feed.waiting++;
}

void feed_answered(struct tui *t)
{
	t->feed.waiting--;
	t->redraw = true;
	plan(t);
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *m, size_t *at,
	bool gap)
{
	struct tui *t = arg;
	char id[UUID_TEXT];

	if (!msg_str(ev, "id", id, sizeof(id)))
		id[0] = '\0';
	/* The header counts everything, so every event changes something; panels may know better what concerns them. */
	panel_event(t, gap ? "" : id);
	feed_dirty(t);
}

void feed_init(struct tui *t)
{
	loop_timer_init(t->loop, &t->feed.timer, on_timer, t);
}

void feed_start(struct tui *t)
{
	t->feed.watch = client_watch_all(t->client, -1, on_event, t);
	feed_now(t);
}

void feed_stop(struct tui *t)
{
	loop_timer_clear(&t->feed.timer);
	client_unwatch(&t->feed.watch);
}
