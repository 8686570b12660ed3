/* Submitting: many tasks per message, large arguments sent ahead as blobs. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/inside.h"

#define TASKS_PER_MESSAGE 1000

/* One message of a submission, until it is answered. */
struct batch {
	struct client *client;
	struct map *waiting; /* text of id -> anything: not answered yet */
	int64_t watch;       /* number; 0 = none */
	struct uuid group;   /* zero = none */
	submitted_fn *fn;
	void *arg;
	struct list all; /* in client.batches */
};

static void write_task(struct mout *o, const struct submission *t, const struct uuid *blob)
{
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &t->id);
	jout_str(&o->w, "name", t->name);
	if (t->priority)
		jout_str(&o->w, "priority", t->priority);
	if (t->timeout_ms >= 0)
		jout_i64(&o->w, "timeout_ms", t->timeout_ms);
	if (t->defer)
		jout_bool(&o->w, "defer", true);
	if (t->needs)
		jout_str(&o->w, "needs", t->needs);
	if (blob)
		mout_uuid(o, "args_blob", blob);
	else
		mout_put(o, "args", t->args, t->args_len);
	if (t->kwargs)
		mout_put(o, "kwargs", t->kwargs, t->kwargs_len);
	if (t->fed)
		jout_bool(&o->w, "stdin", true);
	if (t->once)
		jout_bool(&o->w, "once", true);
	if (t->stream)
		jout_bool(&o->w, "stream", true);
	jout_end_object(&o->w);
}

static void free_batch(struct batch *b)
{
	list_del(&b->all);
	map_free(&b->waiting);
	free(b);
}

/* No answer comes any more. */
void client_batches_free(struct client *c)
{
	while (!list_empty(&c->batches))
		free_batch(list_first(&c->batches, struct batch, all));
}

static void refused(struct batch *b, const struct uuid *id, const struct err *e)
{
	struct client_watch *w = b->watch ? client_watch_find(b->client, b->watch) : NULL;

	if (w)
		client_watch_refused(w, id);
	b->fn(b->arg, id, 0, NULL, e);
}

/* The whole message was refused, or the control plane is gone: that is the answer of each of its tasks. */
static void refuse_all(struct batch *b, const struct err *e)
{
	struct client *c = b->client;
	const char *key;
	size_t pos = 0;
	void *v;
	struct uuid id;

	while (!c->freed && map_each(b->waiting, &pos, &key, &v))
		if (uuid_parse(key, &id))
			refused(b, &id, e);
}

static void answer_one(struct batch *b, const struct json_node *o)
{
	char text[UUID_TEXT], state[64], word[64], why[1100];
	struct uuid id;
	struct err e;

	msg_str(o, "id", text, sizeof(text));
	if (!map_dels(b->waiting, text) || !uuid_parse(text, &id))
		return;
	if (msg_str(o, "code", word, sizeof(word))) {
		msg_str(o, "why", why, sizeof(why));
		err_set(&e, err_from_word(word), "%s", why);
		refused(b, &id, &e);
	} else {
		msg_str(o, "state", state, sizeof(state));
		b->fn(b->arg, &id, msg_int(o, "n", 0), state, NULL);
	}
}

/* Before the callbacks: they may ask for it. */
static void note_group(const struct batch *b, const struct msg *m)
{
	struct client *c = b->client;
	int64_t n = msg_int(m->head, "group_n", 0);

	if (!n)
		return;
	c->group = b->group;
	c->group_n = n;
}

int64_t client_group_n(const struct client *c, const struct uuid *group)
{
	return uuid_eq(&c->group, group) ? c->group_n : 0;
}

static void on_submitted(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct batch *b = arg;
	struct client *c = b->client;
	const struct json_node *o = m ? msg_list(m->head, "tasks") : NULL;

	if (m)
		note_group(b, m);
	for (; o && !c->freed; o = json_next(o))
		answer_one(b, o);
	if (e && !c->freed)
		refuse_all(b, e);
	/* With its client it went, too: a callback may have ended that. */
	if (!more && !c->freed)
		free_batch(b);
}

static struct batch *new_batch(struct client *c, struct client_watch *w, submitted_fn *fn,
	void *arg)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->client = c;
	b->waiting = map_new();
	list_push_back(&c->batches, &b->all);
	b->watch = w ? client_watch_number(w) : 0;
	b->fn = fn;
	b->arg = arg;
	return b;
}

/* t: one of its tasks. */
static void begin(struct batch *b, struct mout *o, struct client_watch *w,
	const struct submission *t)
{
	client_begin(b->client, o, MSG_SUBMIT);
	if (t->place)
		mout_put(o, "place", t->place, t->place_len);
	if (t->group) {
		b->group = *t->group;
		mout_uuid(o, "group", t->group);
	}
	if (w) {
		jout_i64(&o->w, "watch", client_watch_number(w));
		jout_bool(&o->w, "results", client_watch_results(w));
		if (client_watch_only_ends(w))
			jout_bool(&o->w, "ends", true);
	}
	jout_array(&o->w, "tasks");
}

static void add(struct batch *b, struct mout *o, struct client_watch *w,
	const struct submission *t, const struct uuid *blob)
{
	char text[UUID_TEXT];

	write_task(o, t, blob);
	map_puts(b->waiting, uuid_text(text, &t->id), b);
	if (w)
		client_watch_expect(w, &t->id);
}

static void finish(struct client *c, struct mout *o, struct batch *b)
{
	jout_end_array(&o->w);
	client_send(c, o, on_submitted, b);
}

/* A task whose arguments go ahead of it, a chunk at a time. */
struct ahead {
	struct client *client;
	struct submission task; /* its texts are copies */
	struct uuid group;      /* likewise */
	struct uuid blob;
	size_t sent;
	int64_t watch;
	submitted_fn *fn;
	void *arg;
};

static void free_ahead(struct ahead *a)
{
	free((char *)a->task.name);
	free((char *)a->task.priority);
	free((char *)a->task.args);
	free((char *)a->task.kwargs);
	free((char *)a->task.needs);
	free((char *)a->task.place);
	free(a);
}

static void submit_ahead(struct ahead *a)
{
	struct client *c = a->client;
	struct client_watch *w = a->watch ? client_watch_find(c, a->watch) : NULL;
	struct batch *b = new_batch(c, w, a->fn, a->arg);

	begin(b, &c->out, w, &a->task);
	add(b, &c->out, w, &a->task, &a->blob);
	finish(c, &c->out, b);
	free_ahead(a);
}

static void send_chunk(struct ahead *a);

static void on_have(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct ahead *a = arg;

	if (e) {
		a->fn(a->arg, &a->task.id, 0, NULL, e);
		free_ahead(a);
		return;
	}
	a->sent = (size_t)msg_int(m->head, "have", 0);
	if (a->sent < a->task.args_len)
		send_chunk(a);
	else
		submit_ahead(a);
}

static void send_chunk(struct ahead *a)
{
	struct mout *o = &a->client->out;
	size_t left = a->task.args_len - a->sent;

	client_begin(a->client, o, MSG_BLOB_PUT);
	mout_uuid(o, "blob", &a->blob);
	jout_i64(&o->w, "offset", (int64_t)a->sent);
	jout_i64(&o->w, "size", (int64_t)a->task.args_len);
	mout_put(o, "data", a->task.args + a->sent, left < PROTO_CHUNK ? left : PROTO_CHUNK);
	client_send(a->client, o, on_have, a);
}

static void send_ahead(struct client *c, const struct submission *t, struct client_watch *w,
	submitted_fn *fn, void *arg)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	a->client = c;
	a->task = *t;
	a->task.name = xstrdup(t->name);
	a->task.needs = xstrdup(t->needs);
	a->task.place = t->place ? xmemdup(t->place, t->place_len) : NULL;
	a->task.priority = xstrdup(t->priority);
	a->task.args = xmemdup(t->args, t->args_len);
	a->task.kwargs = t->kwargs ? xmemdup(t->kwargs, t->kwargs_len) : NULL;
	if (t->group) {
		a->group = *t->group;
		a->task.group = &a->group;
	}
	a->watch = w ? client_watch_number(w) : 0;
	a->fn = fn;
	a->arg = arg;
	client_make_id(c, &a->blob);
	send_chunk(a);
}

void client_submit(struct client *c, const struct submission *tasks, size_t n,
	struct client_watch *w, submitted_fn *fn, void *arg)
{
	struct mout o;
	struct batch *b = NULL;

	mout_init(&o);
	for (size_t i = 0; i < n; i++) {
		const struct submission *t = &tasks[i];
		if (t->args_len + t->kwargs_len > PROTO_INLINE_MAX) {
			send_ahead(c, t, w, fn, arg);
			continue;
		}
		if (!b) {
			b = new_batch(c, w, fn, arg);
			begin(b, &o, w, t);
		}
		add(b, &o, w, t, NULL);
		if (map_count(b->waiting) >= TASKS_PER_MESSAGE ||
			o.head.len >= PROTO_BATCH / 2 || o.body.len >= PROTO_BATCH / 2) {
			finish(c, &o, b);
			b = NULL;
		}
	}
	if (b)
		finish(c, &o, b);
	mout_fini(&o);
}
