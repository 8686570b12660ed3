/* Requests and their answers, over one link that may break and come back. */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "client/inside.h"

struct request {
	int64_t number;
	struct buf head, body; /* kept until the last answer: it may have to be sent again */
	int tries;
	bool too_large; /* for a frame: it is refused from the loop, and never sent */
	client_fn *fn;
	void *arg;
	struct list all;
};

static void free_request(struct request *r)
{
	list_del(&r->all);
	buf_fini(&r->head);
	buf_fini(&r->body);
	free(r);
}

static void transmit(struct client *c, struct request *r)
{
	struct mout o = {.head = r->head, .body = r->body};

	r->tries++;
	link_send(c->link, &o);
}

static struct request *find(struct client *c, int64_t number)
{
	struct list *e, *tmp;

	list_each (e, tmp, &c->requests) {
		struct request *r = container_of(e, struct request, all);
		if (r->number == number)
			return r;
	}
	return NULL;
}

static void refuse(struct request *r, const struct err *e)
{
	client_fn *fn = r->fn;
	void *arg = r->arg;

	free_request(r);
	fn(arg, NULL, false, e);
}

static void on_up(void *arg, const struct msg *welcome)
{
	struct client *c = arg;
	struct list *e, *tmp;
	struct err why;

	err_set(&why, ERR_PEER,
		"the connection to the control plane broke %d times while it was asked",
		c->conf.retries + 1);
	list_each (e, tmp, &c->requests) {
		struct request *r = container_of(e, struct request, all);
		if (r->tries > c->conf.retries)
			refuse(r, &why);
		else if (!r->too_large)
			transmit(c, r);
	}
	if (c->ever)
		client_watches_again(c);
	c->ever = true;
	if (c->conf.up)
		c->conf.up(c->conf.arg, welcome);
}

static void on_down(void *arg, const struct err *why)
{
	struct client *c = arg;

	if (c->conf.down)
		c->conf.down(c->conf.arg, why);
}

static void on_failed(void *arg, const struct err *why)
{
	struct client *c = arg;
	struct err e = *why;

	c->failed = true;
	c->fault = e;
	/* A callback may ask again: that is refused at once, too, so the list empties. */
	while (!list_empty(&c->requests) && !c->freed)
		refuse(list_first(&c->requests, struct request, all), &e);
	if (!c->freed)
		client_watches_failed(c, &e);
	if (!c->freed && c->conf.down)
		c->conf.down(c->conf.arg, &e);
}

static void on_answer(struct client *c, const struct msg *m)
{
	struct request *r = m->req ? find(c, m->req) : NULL;
	bool more = msg_bool(m->head, "more");
	struct err e;

	if (!r)
		return;
	if (m->id == MSG_ERROR) {
		msg_error(m, &e);
		refuse(r, &e);
		return;
	}
	client_fn *fn = r->fn;
	void *arg = r->arg;
	if (!more)
		free_request(r);
	fn(arg, m, more, NULL);
}

static void on_msg(void *arg, const struct msg *m)
{
	if (m->id == MSG_EVENT)
		client_event(arg, m);
	else
		on_answer(arg, m);
}

static const struct link_ops ops = {.up = on_up,
	.down = on_down,
	.msg = on_msg,
	.failed = on_failed};

struct client *client_new(struct net *n, const struct client_conf *conf)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->net = n;
	c->conf = *conf;
	list_init(&c->requests);
	list_init(&c->watches);
	list_init(&c->batches);
	mout_init(&c->out);
	rng_system(&c->rng);
	c->link = link_new(n, &conf->link, &ops, c);
	return c;
}

static void free_now(void *arg)
{
	free(arg);
}

void client_free(struct client **client)
{
	struct client *c = *client;

	if (!c)
		return;
	c->freed = true;
	while (!list_empty(&c->requests))
		free_request(list_first(&c->requests, struct request, all));
	client_watches_free(c);
	client_batches_free(c);
	link_free(&c->link);
	mout_fini(&c->out);
	/* It may be on the call stack, below the answer that ends it. */
	loop_defer(c->net->loop, free_now, c);
	*client = NULL;
}

bool client_up(const struct client *c)
{
	return link_up(c->link);
}

bool client_failed(const struct client *c)
{
	return c->failed;
}

const struct address *client_address(const struct client *c)
{
	return link_address(c->link);
}

void client_make_id(struct client *c, struct uuid *out)
{
	uuid_make(out, &c->last_id, loop_wall_ms(c->net->loop), &c->rng);
}

void client_begin(struct client *c, struct mout *o, enum msg_id id)
{
	mout_begin(o, id, ++c->number);
}

/* A client whose link is given up answers from the loop, as all answers come. */
static void refuse_later(void *arg)
{
	struct client *c = arg;

	if (!c->freed)
		on_failed(c, &c->fault);
}

static void refuse_large(void *arg)
{
	struct client *c = arg;
	struct list *e, *tmp;
	struct err why;

	if (c->freed)
		return;
	list_each (e, tmp, &c->requests) {
		struct request *r = container_of(e, struct request, all);
		if (!r->too_large)
			continue;
		err_set(&why, ERR_USAGE,
			"this request has %zu KiB, and %d are the limit: ask for fewer at a time",
			(r->head.len + r->body.len) / 1024, PROTO_FRAME_MAX / 1024);
		refuse(r, &why);
		/* The callback may have ended other requests, or the client: the list is not walked on. */
		if (!c->freed)
			loop_defer(c->net->loop, refuse_large, c);
		return;
	}
}

int64_t client_send(struct client *c, struct mout *o, client_fn *fn, void *arg)
{
	struct request *r = xcalloc(1, sizeof(*r));

	mout_end(o);
	r->number = c->number;
	buf_add(&r->head, o->head.data, o->head.len);
	buf_add(&r->body, o->body.data, o->body.len);
	r->fn = fn;
	r->arg = arg;
	list_push_back(&c->requests, &r->all);
	r->too_large = r->head.len > PROTO_FRAME_MAX || r->body.len > PROTO_FRAME_MAX;
	if (c->failed)
		loop_defer(c->net->loop, refuse_later, c);
	else if (r->too_large)
		loop_defer(c->net->loop, refuse_large, c);
	else if (link_up(c->link))
		transmit(c, r);
	return r->number;
}

void client_forget(struct client *c, int64_t number)
{
	struct request *r = find(c, number);

	if (r)
		free_request(r);
}
