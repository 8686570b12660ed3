/* Watches on the client's side: which tasks are still open, and making the watch again after a reconnect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "client/inside.h"

#define IDS_PER_MESSAGE 1000

struct client_watch {
	struct client *client;
	int64_t number;
	bool all, results, ends;
	bool gap;         /* the next event is the first after a reconnect */
	int64_t after;    /* of a watch on all: number of the last event seen */
	struct map *open; /* of a watch on tasks: text of id -> itself */
	client_event_fn *fn;
	void (*missing)(void *arg, const char *selector);
	void (*failed)(void *arg, const struct err *why);
	void *arg;
	struct list list;
};

int64_t client_watch_number(const struct client_watch *w)
{
	return w->number;
}

bool client_watch_results(const struct client_watch *w)
{
	return w->results;
}

bool client_watch_only_ends(const struct client_watch *w)
{
	return w->ends;
}

void client_watch_ends(struct client_watch *w)
{
	w->ends = true;
}

static void add_open(struct client_watch *w, const char *id)
{
	if (!map_gets(w->open, id))
		map_puts(w->open, id, w);
}

void client_watch_expect_id(struct client_watch *w, const char *id)
{
	add_open(w, id);
}

void client_watch_expect(struct client_watch *w, const struct uuid *id)
{
	char text[UUID_TEXT];

	add_open(w, uuid_text(text, id));
}

void client_watch_refused(struct client_watch *w, const struct uuid *id)
{
	char text[UUID_TEXT];

	map_dels(w->open, uuid_text(text, id));
}

size_t client_watch_open(const struct client_watch *w)
{
	return map_count(w->open);
}

struct client_watch *client_watch_find(struct client *c, int64_t number)
{
	struct list *e, *tmp;

	list_each (e, tmp, &c->watches) {
		struct client_watch *w = container_of(e, struct client_watch, list);
		if (w->number == number)
			return w;
	}
	return NULL;
}

static void note(struct client_watch *w, const struct json_node *ev)
{
	char id[UUID_TEXT], word[64];
	int state = -1;

	if (w->all) {
		w->after = msg_int(ev, "seq", w->after);
		return;
	}
	if (msg_str(ev, "state", word, sizeof(word)))
		state = task_state_parse(word);
	if (!msg_str(ev, "id", id, sizeof(id)) || state < 0)
		return;
	if (task_state_final((enum task_state)state))
		map_dels(w->open, id);
	else
		add_open(w, id);
}

void client_event(struct client *c, const struct msg *m)
{
	int64_t number = msg_int(m->head, "watch", 0);
	struct client_watch *w = client_watch_find(c, number);
	size_t at = 0;

	for (const struct json_node *ev = msg_list(m->head, "events"); ev && w;
		ev = json_next(ev)) {
		bool gap = w->gap || msg_bool(m->head, "gap");
		w->gap = false;
		note(w, ev);
		w->fn(w->arg, ev, m, &at, gap);
		/* The callback may end it. */
		w = c->freed ? NULL : client_watch_find(c, number);
	}
}

static void on_watching(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct client_watch *w;
	char selector[128];

	if (e)
		return; /* the link is given up: whoever waits hears of that from conf.down */
	w = client_watch_find(arg, msg_int(m->head, "watch", 0));
	if (!w)
		return;
	if (msg_bool(m->head, "gap"))
		w->gap = true;
	if (w->all && w->after < 0)
		w->after = msg_int(m->head, "seq", 0);
	for (const struct json_node *v = msg_list(m->head, "missing"); v; v = json_next(v)) {
		if (!json_strcpy(v, selector, sizeof(selector)))
			continue;
		map_dels(w->open, selector);
		if (w->missing)
			w->missing(w->arg, selector);
	}
}

static void ask(struct client_watch *w, const char *const *ids, size_t n)
{
	struct client *c = w->client;
	struct mout *o = &c->out;

	client_begin(c, o, MSG_WATCH);
	jout_i64(&o->w, "watch", w->number);
	if (w->all) {
		jout_bool(&o->w, "all", true);
		if (w->after >= 0)
			jout_i64(&o->w, "after", w->after);
	} else {
		jout_array(&o->w, "ids");
		for (size_t i = 0; i < n; i++)
			jout_str(&o->w, NULL, ids[i]);
		jout_end_array(&o->w);
		jout_bool(&o->w, "results", w->results);
		if (w->ends)
			jout_bool(&o->w, "ends", true);
	}
	client_send(c, o, on_watching, c);
}

static struct client_watch *new_watch(struct client *c, client_event_fn *fn, void *arg)
{
	struct client_watch *w = xcalloc(1, sizeof(*w));

	w->client = c;
	w->number = ++c->watch_number;
	w->fn = fn;
	w->arg = arg;
	w->open = map_new();
	list_push_back(&c->watches, &w->list);
	return w;
}

struct client_watch *client_watch_all(struct client *c, int64_t after, client_event_fn *fn,
	void *arg)
{
	struct client_watch *w = new_watch(c, fn, arg);

	w->all = true;
	w->after = after;
	ask(w, NULL, 0);
	return w;
}

struct client_watch *client_watch_tasks(struct client *c, bool results, client_event_fn *fn,
	void (*missing)(void *arg, const char *selector), void *arg)
{
	struct client_watch *w = new_watch(c, fn, arg);

	w->results = results;
	w->missing = missing;
	return w;
}

void client_watch_add(struct client_watch *w, const char *const *selectors, size_t n)
{
	for (size_t i = 0; i < n; i += IDS_PER_MESSAGE)
		ask(w, selectors + i, n - i < IDS_PER_MESSAGE ? n - i : IDS_PER_MESSAGE);
}

static void again(struct client_watch *w)
{
	const char *ids[IDS_PER_MESSAGE], *key;
	size_t pos = 0, n = 0;
	void *v;

	w->gap = true;
	if (w->all) {
		ask(w, NULL, 0);
		return;
	}
	while (map_each(w->open, &pos, &key, &v)) {
		ids[n++] = key;
		if (n == IDS_PER_MESSAGE) {
			ask(w, ids, n);
			n = 0;
		}
	}
	if (n)
		ask(w, ids, n);
}

void client_watches_again(struct client *c)
{
	struct list *e, *tmp;

	list_each (e, tmp, &c->watches)
		again(container_of(e, struct client_watch, list));
}

void client_watch_on_failed(struct client_watch *w,
	void (*fn)(void *arg, const struct err *why))
{
	w->failed = fn;
}

void client_watches_failed(struct client *c, const struct err *why)
{
	struct list *e, *tmp;

	/* Each callback may end its own watch, and the client with it. */
	list_each (e, tmp, &c->watches) {
		struct client_watch *w = container_of(e, struct client_watch, list);
		if (w->failed)
			w->failed(w->arg, why);
		if (c->freed)
			return;
	}
}

static void free_watch(struct client_watch *w)
{
	list_del(&w->list);
	map_free(&w->open);
	free(w);
}

void client_watches_free(struct client *c)
{
	while (!list_empty(&c->watches))
		free_watch(list_first(&c->watches, struct client_watch, list));
}

static void on_unwatched(void *arg, const struct msg *m, bool more, const struct err *e)
{
}

void client_unwatch(struct client_watch **watch)
{
	struct client_watch *w = *watch;

	if (!w)
		return;
	client_begin(w->client, &w->client->out, MSG_UNWATCH);
	jout_i64(&w->client->out.w, "watch", w->number);
	client_send(w->client, &w->client->out, on_unwatched, NULL);
	free_watch(w);
	*watch = NULL;
}
