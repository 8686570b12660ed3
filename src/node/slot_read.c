/* What a runner says to its slot. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/slot_in.h"

struct flight *slot_find(struct slot *s, const struct uuid *id, int64_t attempt)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->line[i].attempt == attempt && uuid_eq(&s->line[i].id, id))
			return &s->line[i];
	return NULL;
}

/* Out of the line; a copy, because the callback that follows may change it. */
static struct flight take(struct slot *s, struct flight *f)
{
	struct flight copy = *f;
	size_t behind = s->n - 1 - (size_t)(f - s->line);
	memmove(f, f + 1, behind * sizeof(*f));
	s->n--;
	return copy;
}

/* The task of the line that the message is about, or NULL. */
static struct flight *flight_of(struct slot *s, const struct runner_msg *m)
{
	char text[UUID_TEXT];
	struct uuid id;
	if (!json_strcpy(json_get(m->head, "id"), text, sizeof(text)) || !uuid_parse(text, &id))
		return NULL;
	return slot_find(s, &id, runner_number(m, "attempt", -1));
}

static int on_hello(struct slot *s, const struct runner_msg *m, struct err *e)
{
	s->peer_version = runner_number(m, "v", 0);
	if (s->peer_version < 1)
		return err_set(e, ERR_DATA, "runner protocol: a hello without a version");
	return 0;
}

static void say_started(struct slot *s, struct flight *f)
{
	struct uuid id = f->id;
	f->started = true;
	if (f->timeout_ms > 0)
		slot_expect(s, f, f->timeout_ms + f->grace_ms);
	s->ops->started(s->arg, s, &id, f->attempt);
}

static int on_started(struct slot *s, const struct runner_msg *m, struct err *e)
{
	struct flight *f = flight_of(s, m);
	(void)e;
	if (f)
		say_started(s, f);
	return 0;
}

static int on_returned(struct slot *s, const struct runner_msg *m, struct err *e)
{
	struct flight *f = flight_of(s, m);
	(void)e;
	if (!f || f->started)
		return 0;
	struct flight copy = take(s, f);
	s->ops->returned(s->arg, s, &copy.id, copy.attempt);
	return 0;
}

static int on_output(struct slot *s, const struct runner_msg *m, struct err *e)
{
	struct flight *f = flight_of(s, m);
	(void)e;
	if (!f)
		return 0;
	struct uuid id = f->id;
	char *trouble = json_strdup(json_get(m->head, "error"));
	s->ops->output(s->arg, s, &id, f->attempt, runner_number(m, "size", 0), trouble);
	free(trouble);
	return 0;
}

static int on_done(struct slot *s, const struct runner_msg *m, struct err *e)
{
	struct flight *f = flight_of(s, m);
	struct outcome o;

	if (!f)
		return 0;
	if (runner_outcome(m, &o, e))
		return -1;
	/* What was over at once was not said to have started. */
	if (!f->started && runner_number(m, "pid", 0) > 0)
		say_started(s, f);
	struct flight copy = take(s, f);
	s->ops->done(s->arg, s, &copy.id, copy.attempt, &o);
	runner_outcome_fini(&o);
	return 0;
}

static int on_said(struct slot *s, const struct runner_msg *m, struct err *e)
{
	const struct flight *f = flight_of(s, m);
	(void)e;
	if (f && s->ops->said)
		s->ops->said(s->arg, &f->id, f->attempt, m);
	return 0;
}

static const struct handler {
	const char *name;
	int (*fn)(struct slot *s, const struct runner_msg *m,
		struct err *e); /* NULL: passed over */
} handlers[] = {
	{"hello", on_hello},
	{"started", on_started},
	{"done", on_done},
	{"returned", on_returned},
	{"output", on_output},
	{"progress", on_said},
	{"stdin_ack", on_said},
	{"call", NULL},
};

static int handle(struct slot *s, const struct runner_msg *m, struct err *e)
{
	if (!s->peer_version && strcmp(m->name, "hello") != 0)
		return err_set(e, ERR_DATA, "runner protocol: %s before hello",
			str_show(m->name));
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		if (strcmp(handlers[i].name, m->name) == 0)
			return handlers[i].fn ? handlers[i].fn(s, m, e) : 0;
	}
	if (s->peer_version > RUNNER_VERSION)
		return 0;
	return err_set(e, ERR_DATA, "runner protocol: unknown message %s", str_show(m->name));
}

int slot_read(struct slot *s)
{
	struct runner_msg m;
	int fd = s->fd, rc = 0;
	while (!s->freed && s->fd == fd && (rc = runner_next(&s->in, &m, &s->trouble)) > 0) {
		rc = handle(s, &m, &s->trouble);
		if (rc < 0)
			break;
	}
	return rc < 0 && !s->freed ? -1 : 0;
}
