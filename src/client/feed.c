/* Feeding a task's stdin: parts are read as credit allows, and kept until they are known to be written there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/inside.h"
#include "core/state.h"

#define PARTS  4
#define WINDOW (256 * 1024)
#define PART   (WINDOW / PARTS)

struct feed_part {
	struct client_feed *feed;
	int64_t request; /* 0: this place is free */
	int64_t offset;
	struct buf data;
	bool eof;
};

struct client_feed {
	struct client *client;
	struct uuid id;
	int fd;
	struct loop_io *io; /* set while there is credit */
	client_feed_fn *fn;
	void *arg;
	struct feed_part parts[PARTS];
	int64_t attempt; /* 0: it does not run yet */
	int64_t offset;  /* of what is read next */
	bool eof;        /* all was read */
	bool done;       /* nothing is sent any more */
	bool closed;
};

static void on_ack(void *arg, const struct msg *m, bool more, const struct err *e);

static void send_part(struct feed_part *p)
{
	struct client *c = p->feed->client;
	struct mout *o = &c->out;

	client_begin(c, o, MSG_STDIN);
	mout_uuid(o, "id", &p->feed->id);
	jout_i64(&o->w, "attempt", p->feed->attempt);
	jout_i64(&o->w, "offset", p->offset);
	if (p->eof)
		jout_bool(&o->w, "eof", true);
	mout_put(o, "data", p->data.data, p->data.len);
	p->request = client_send(c, o, on_ack, p);
}

static struct feed_part *free_part(struct client_feed *f)
{
	for (size_t i = 0; i < PARTS; i++)
		if (!f->parts[i].request)
			return &f->parts[i];
	return NULL;
}

static void stop(struct client_feed *f)
{
	f->done = true;
	loop_io_del(&f->io);
	for (size_t i = 0; i < PARTS; i++) {
		if (f->parts[i].request)
			client_forget(f->client, f->parts[i].request);
		f->parts[i].request = 0;
		buf_fini(&f->parts[i].data);
	}
}

static void fail(struct client_feed *f, const struct err *e)
{
	stop(f);
	f->fn(f->arg, e);
}

static void on_input(void *arg, unsigned events);

/* Reads when there is something and credit for it. */
static void want(struct client_feed *f)
{
	bool may = f->attempt && !f->done && !f->eof && free_part(f);

	if (may && !f->io)
		f->io = loop_fd(f->client->net->loop, f->fd, LOOP_READ, 20, on_input, f);
	else if (!may)
		loop_io_del(&f->io);
}

static void on_input(void *arg, unsigned events)
{
	struct client_feed *f = arg;
	struct feed_part *p = free_part(f);
	struct err e;

	buf_reset(&p->data);
	buf_reserve(&p->data, PART);
	ssize_t n = read(f->fd, p->data.data, PART);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		/* Never the end of the input: what came so far must not look like all of it. */
		err_errno(&e, ERR_IO, "cannot read stdin");
		fail(f, &e);
		return;
	}
	p->data.len = (size_t)n;
	p->offset = f->offset;
	p->eof = f->eof = n == 0;
	f->offset += n;
	send_part(p);
	want(f);
}

/* Parts that may be lost are sent again in their order: the worker passes over what it has, and what leaves a gap. */
static void on_ack(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct feed_part *p = arg;
	struct client_feed *f = p->feed;

	p->request = 0;
	if (e) {
		fail(f, e);
	} else if (msg_bool(m->head, "closed")) {
		stop(f);
	} else if (msg_bool(m->head, "again")) {
		send_part(p);
	} else {
		f->done = f->done || p->eof;
		want(f);
	}
}

struct client_feed *client_feed_open(struct client *c, const char *id, int fd,
	client_feed_fn *fn, void *arg)
{
	struct client_feed *f = xcalloc(1, sizeof(*f));

	f->client = c;
	f->fd = fd;
	f->fn = fn;
	f->arg = arg;
	if (!uuid_parse(id, &f->id))
		BUG("feeding a task without an id: %s", id);
	for (size_t i = 0; i < PARTS; i++)
		f->parts[i].feed = f;
	return f;
}

void client_feed_event(struct client_feed *f, const struct json_node *ev)
{
	char word[64];
	int state = msg_str(ev, "state", word, sizeof(word)) ? task_state_parse(word) : -1;

	if (f->done || state < 0)
		return;
	if (task_state_final((enum task_state)state))
		stop(f);
	else if (state == TASK_RUNNING && !f->attempt)
		f->attempt = msg_int(ev, "attempt", 0);
	want(f);
}

bool client_feed_done(const struct client_feed *f)
{
	return f->done;
}

static void free_feed(void *arg)
{
	free(arg);
}

void client_feed_close(struct client_feed **feed)
{
	struct client_feed *f = *feed;

	if (!f)
		return;
	*feed = NULL;
	stop(f);
	loop_defer(f->client->net->loop, free_feed, f);
}
