/* Reading logs for the control plane: answered at once, or when there is more. A job that is not here any more is over. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/labour.h"
#include "node/logfile.h"

/* A log_read, while it waits. */
struct read {
	int64_t serial; /* its r */
	struct uuid id;
	uint32_t attempt;
	uint64_t n;
	int64_t offset, had, tail, size;
	bool wait;
	struct list all;
};

char *logs_path(const struct labour *b, uint64_t n, uint32_t attempt, const struct uuid *id)
{
	char *dir, *path;

	if (!b->conf.log_limit || !b->conf.state)
		return NULL;
	dir = xasprintf("%s/logs", b->conf.state);
	path = logfile_path(dir, n, attempt, id);
	free(dir);
	return path;
}

void logs_start(struct labour *b)
{
	char *dir = xasprintf("%s/logs", b->conf.state);

	if (b->conf.log_limit)
		b->keeper = keeper_new(b->loop, dir, b->conf.log_keep);
	free(dir);
}

void logs_announce(const struct labour *b, struct mout *o)
{
	char *dir;

	if (!b->keeper)
		return;
	dir = xasprintf("%s/logs", b->conf.state);
	if (strlen(dir) < 1000)
		jout_str(&o->w, "logs", dir);
	free(dir);
}

static struct job *running(struct labour *b, const struct read *r)
{
	struct job *j = jobs_find(b, &r->id, r->attempt);

	return j && !j->done ? j : NULL;
}

static void answer(struct labour *b, const struct read *r, const struct logfile_got *got,
	const struct buf *data, const char *note, bool end)
{
	struct mout *o = &b->out;

	/* The end of a task is told before the end of its output. */
	if (end)
		labour_flush(b);
	mout_begin(o, MSG_LOG_DATA, r->serial);
	jout_i64(&o->w, "attempt", r->attempt);
	jout_i64(&o->w, "offset", got->offset);
	jout_i64(&o->w, "next", got->next);
	if (end)
		jout_bool(&o->w, "end", true);
	if (end && got->gone)
		jout_bool(&o->w, "gone", true);
	if (got->left_out > 0)
		jout_i64(&o->w, "left_out", got->left_out);
	if (got->skip > 0)
		jout_i64(&o->w, "skip", got->skip);
	if (note)
		jout_str(&o->w, "note", note);
	mout_put(o, "data", buf_str(data), data->len);
	mout_end(o);
	link_send(b->link, o);
}

static int read_file(struct labour *b, const struct read *r, struct buf *data,
	struct logfile_got *got, struct err *e)
{
	char *path = logs_path(b, r->n, r->attempt, &r->id);
	const struct logfile_ask ask = {.path = path,
		.offset = r->offset,
		.had = r->had,
		.tail = r->tail,
		.size = (size_t)r->size};
	int rc = 0;

	*got = (struct logfile_got){.gone = true, .offset = r->offset, .next = r->offset};
	if (path)
		rc = logfile_read(&ask, data, got, e);
	free(path);
	return rc;
}

/* True when it was answered. Trouble with the writing is told with the next data; at once when it is new. */
static bool try_read(struct labour *b, struct read *r, bool new_trouble)
{
	const struct job *j = running(b, r);
	const char *note = j ? j->log_error : NULL;
	struct buf data = BUF_INIT;
	struct logfile_got got;
	struct err e;
	bool end;

	if (read_file(b, r, &data, &got, &e)) {
		log_error("log.unreadable task=%llu: %s", (unsigned long long)r->n, e.text);
		note = e.text;
		j = NULL; /* waiting would bring nothing */
		got.gone = true;
	}
	end = !j && data.len == 0;
	bool now = data.len || end || !r->wait || new_trouble;
	if (now)
		answer(b, r, &got, &data, note, end);
	buf_fini(&data);
	return now;
}

static void forget(struct read *r)
{
	list_del(&r->all);
	free(r);
}

static void forget_serial(struct labour *b, int64_t serial)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->reads) {
		struct read *r = container_of(e, struct read, all);
		if (r->serial == serial)
			forget(r);
	}
}

void logs_forget_all(struct labour *b)
{
	while (!list_empty(&b->reads))
		forget(list_first(&b->reads, struct read, all));
}

static void credit(struct labour *b, const struct read *r, int64_t upto)
{
	struct job *j = running(b, r);

	if (!j)
		return;
	j->hold = upto >= 0;
	if (j->lane)
		slot_credit(j->lane->slot, &j->id, j->attempt, upto);
}

void logs_read(struct labour *b, const struct msg *m)
{
	struct read *r;

	if (msg_bool(m->head, "forget")) {
		forget_serial(b, m->req);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->serial = m->req;
	msg_uuid(m->head, "id", &r->id);
	r->attempt = (uint32_t)msg_int(m->head, "attempt", 0);
	r->n = (uint64_t)msg_int(m->head, "n", 0);
	r->offset = msg_int(m->head, "offset", 0);
	r->had = msg_int(m->head, "had", -1);
	r->tail = msg_int(m->head, "tail", -1);
	r->size = msg_int(m->head, "size", 0);
	r->wait = msg_bool(m->head, "wait");
	if (r->size < 0 || r->size > PROTO_CHUNK)
		r->size = PROTO_CHUNK;
	list_push_back(&b->reads, &r->all);
	if (msg_bool(m->head, "release"))
		credit(b, r, -1);
	else if (msg_bool(m->head, "follower"))
		credit(b, r, r->offset);
	if (msg_bool(m->head, "release") || try_read(b, r, false))
		forget(r);
}

void logs_trouble(struct job *j, const char *why)
{
	if (j->log_error)
		return;
	j->log_error = xstrdup(why);
	log_error("log.failed task=%llu attempt=%u: %s; the task goes on without",
		(unsigned long long)j->n, j->attempt, str_show(why));
}

void logs_wake(struct labour *b, const struct uuid *id, uint32_t attempt, bool new_trouble)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->reads) {
		struct read *r = container_of(e, struct read, all);
		if (r->attempt == attempt && uuid_eq(&r->id, id) && try_read(b, r, new_trouble))
			forget(r);
	}
}
