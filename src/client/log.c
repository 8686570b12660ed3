/* Reading the output of a task: one request at a time, from the offset where the answer before ended.
 *
 * A follower watches the task, too: the log says when an attempt is over, the watch says whether another one comes. Only when both agree it ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "client/inside.h"

struct client_log {
	struct client *client;
	char *id;
	struct client_log_conf conf;
	client_log_fn *fn;
	void *arg;
	struct client_watch *watch; /* of a follower */
	int64_t request;            /* that is under way; 0 = none */
	int64_t attempt;            /* whose output is read; 0 = not known yet */
	int64_t newest;             /* attempt, as the watch says */
	bool final;                 /* likewise: nothing comes after it */
	int64_t offset, had;
	bool began; /* the first answer with output has come: `tail` is used up */
	bool over;  /* all of this attempt was given */
	bool idle;  /* the task has not begun: the watch tells when */
	bool paused, ended, closed;
	struct logrec_parser parser;
	char note[256]; /* that was given last: each is said once */
};

static void pump(struct client_log *l);

static void tell(struct client_log *l, const struct client_log_news *news)
{
	if (!l->closed)
		l->fn(l->arg, news);
}

static void finish(struct client_log *l, const struct err *e)
{
	if (l->ended)
		return;
	l->ended = true;
	tell(l, &(struct client_log_news){.end = !e, .e = e});
}

static void tell_note(struct client_log *l, const char *note)
{
	if (strcmp(l->note, note) == 0)
		return;
	snprintf(l->note, sizeof(l->note), "%s", note);
	tell(l, &(struct client_log_news){.note = note});
}

/* Where the task begins anew, so does its output. */
static void next_attempt(struct client_log *l)
{
	char note[120];

	snprintf(note, sizeof(note), "attempt %lld begins: its output from the start",
		(long long)l->newest);
	tell_note(l, note);
	l->attempt = l->newest;
	l->offset = l->had = 0;
	l->over = false;
	l->parser = (struct logrec_parser){0};
}

/* At most `size` bytes of output that were not asked for stand before those that were. */
static void give_pieces(struct client_log *l, const struct msg *m)
{
	size_t at = 0, n, skip = (size_t)msg_int(m->head, "skip", 0);
	const char *data = msg_take(m, m->head, "data", &at, &n);
	struct log_piece p;

	while (data && !l->closed && logrec_next(&l->parser, &data, &n, &p)) {
		size_t k = p.len < skip ? p.len : skip;
		if (p.stream == LOGREC_NOTE)
			k = 0;
		else
			l->had += (int64_t)p.len;
		skip -= k;
		p.data += k;
		p.len -= k;
		if (p.len)
			tell(l, &(struct client_log_news){.p = &p});
	}
}

static void take_data(struct client_log *l, const struct msg *m)
{
	int64_t left_out = msg_int(m->head, "left_out", 0);
	char note[1100], from[64];
	struct err e;

	/* The control plane's own copy begins with a record, wherever we were. */
	if (msg_str(m->head, "from", from, sizeof(from)) && strcmp(from, "tail") == 0)
		l->parser = (struct logrec_parser){0};
	if (left_out > 0) {
		l->parser = (struct logrec_parser){0};
		l->had += left_out;
		tell(l, &(struct client_log_news){.left_out = left_out});
	}
	if (msg_str(m->head, "note", note, sizeof(note)))
		tell_note(l, note);
	l->began = true;
	l->offset = msg_int(m->head, "next", l->offset);
	l->over = msg_bool(m->head, "end");
	give_pieces(l, m);
	if (l->parser.broken) {
		err_set(&e, ERR_DATA,
			"the log of this task is damaged: what is left of it cannot be read");
		finish(l, &e);
	}
}

static bool is_final(const struct msg *m)
{
	char word[64];
	int state = msg_str(m->head, "state", word, sizeof(word)) ? task_state_parse(word) : -1;

	return state >= 0 && task_state_final((enum task_state)state);
}

/* The task has not begun, or never did. */
static void take_nothing(struct client_log *l, const struct msg *m)
{
	char word[64], note[128];

	if (!is_final(m) && l->conf.follow) {
		l->idle = l->newest == 0;
		return;
	}
	msg_str(m->head, "state", word, sizeof(word));
	snprintf(note, sizeof(note), "it is %s and has not begun: no output", word);
	tell_note(l, note);
	finish(l, NULL);
}

static void on_data(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct client_log *l = arg;
	struct client *c = l->client;
	bool nothing;

	l->request = 0;
	if (e) {
		/* Lost too often in a row, but the connection comes back: asked again. */
		if (e->code != ERR_PEER || c->failed)
			finish(l, e);
		pump(l);
		return;
	}
	if (!l->attempt)
		l->attempt = msg_int(m->head, "attempt", 0);
	if (!l->attempt) {
		take_nothing(l, m);
		pump(l);
		return;
	}
	nothing = msg_int(m->head, "data", 0) == 0;
	l->final = l->final || (is_final(m) && l->newest <= l->attempt);
	take_data(l, m);
	if (!l->conf.follow && (l->over || nothing))
		finish(l, NULL);
	pump(l);
}

static void ask(struct client_log *l)
{
	struct mout *o = &l->client->out;

	client_begin(l->client, o, MSG_LOG);
	jout_str(&o->w, "id", l->id);
	if (l->attempt)
		jout_i64(&o->w, "attempt", l->attempt);
	jout_i64(&o->w, "offset", l->offset);
	if (l->conf.tail <= 0)
		jout_i64(&o->w, "had", l->had);
	else if (!l->began)
		jout_i64(&o->w, "tail", l->conf.tail);
	jout_i64(&o->w, "size", PROTO_CHUNK);
	jout_bool(&o->w, "wait", l->conf.follow);
	if (l->conf.hold)
		jout_bool(&o->w, "follower", true);
	l->request = client_send(l->client, o, on_data, l);
}

static void pump(struct client_log *l)
{
	if (l->closed || l->ended || l->paused || l->request || l->idle)
		return;
	if (l->over) {
		if (l->newest > l->attempt)
			next_attempt(l);
		else if (l->final)
			finish(l, NULL);
		if (l->over || l->closed)
			return;
	}
	ask(l);
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *m, size_t *at,
	bool gap)
{
	struct client_log *l = arg;
	int64_t attempt = msg_int(ev, "attempt", 0);
	char word[64];
	int state = msg_str(ev, "state", word, sizeof(word)) ? task_state_parse(word) : -1;

	if (l->ended || state < 0)
		return;
	if (attempt > l->newest)
		l->newest = attempt;
	l->final = task_state_final((enum task_state)state);
	l->idle = l->idle && !l->newest && !l->final;
	/* The attempt that we read was given up: its worker may never answer. */
	if (l->attempt && l->newest > l->attempt && l->request) {
		client_forget(l->client, l->request);
		l->request = 0;
		l->over = true;
	}
	pump(l);
}

static void on_failed(void *arg, const struct err *why)
{
	finish(arg, why);
}

struct client_log *client_log_open(struct client *c, const char *id,
	const struct client_log_conf *conf, client_log_fn *fn, void *arg)
{
	struct client_log *l = xcalloc(1, sizeof(*l));

	l->client = c;
	l->id = xstrdup(id);
	l->conf = *conf;
	l->fn = fn;
	l->arg = arg;
	if (conf->follow) {
		l->watch = client_watch_tasks(c, false, on_event, NULL, l);
		client_watch_on_failed(l->watch, on_failed);
		client_watch_add(l->watch, &id, 1);
	}
	ask(l);
	return l;
}

void client_log_pause(struct client_log *l, bool paused)
{
	l->paused = paused;
	pump(l);
}

static void on_released(void *arg, const struct msg *m, bool more, const struct err *e)
{
}

/* A held task must not wait for ever for a reader that goes. */
static void release(struct client_log *l)
{
	struct mout *o = &l->client->out;

	client_begin(l->client, o, MSG_LOG);
	jout_str(&o->w, "id", l->id);
	jout_i64(&o->w, "offset", 0);
	jout_i64(&o->w, "size", 0);
	jout_bool(&o->w, "release", true);
	client_send(l->client, o, on_released, NULL);
}

static void free_log(void *arg)
{
	struct client_log *l = arg;

	free(l->id);
	free(l);
}

void client_log_close(struct client_log **log)
{
	struct client_log *l = *log;

	if (!l)
		return;
	*log = NULL;
	l->closed = true;
	if (l->request)
		client_forget(l->client, l->request);
	if (l->conf.hold && !l->ended)
		release(l);
	client_unwatch(&l->watch);
	/* It may be on the call stack. */
	loop_defer(l->client->net->loop, free_log, l);
}
