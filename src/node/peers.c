/* Connections: who is on them, what is still to be sent, and their end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "node/server.h"

#define BACKLOG_MAX (16u * 1024 * 1024)
#define RESEND_MS                                                                              \
	5 /* ROUTER cannot say when one peer's queue has room again; only while one is full */

struct unsent {
	struct list all;
	struct buf head, body;
};

struct peer_key {
	uint8_t listener, len, id[8];
};

static size_t key_of(struct peer_key *k, const struct listener *l, const struct route *r)
{
	memset(k, 0, sizeof(*k));
	k->listener = (uint8_t)l->index;
	k->len = r->len;
	memcpy(k->id, r->id, r->len);
	return sizeof(*k);
}

static void drop_outbox(struct peer *p)
{
	struct list *e, *tmp;

	list_each (e, tmp, &p->outbox) {
		struct unsent *u = container_of(e, struct unsent, all);
		buf_fini(&u->head);
		buf_fini(&u->body);
		list_del(e);
		free(u);
	}
	p->backlog = 0;
}

static void free_peer(void *arg)
{
	struct peer *p = arg;

	drop_outbox(p);
	mout_fini(&p->tasks);
	mout_fini(&p->stops);
	mout_fini(&p->recalls);
	mout_fini(&p->dones);
	free(p);
}

/* Nothing is sent to it from now on; it is freed when nobody up the stack can hold it any more. */
static void kill_peer(struct peer *p)
{
	struct peer_key k;

	if (p->dead)
		return;
	p->dead = true;
	idle_lost(p->server);
	map_del(p->server->peers, &k, key_of(&k, p->listener, &p->route));
	list_del(&p->all);
	list_del(&p->dirty);
	watches_drop(p);
	uploads_drop(p);
	cancels_drop(p);
	reads_drop(p);
	holds_drop(p);
	feeds_drop(p);
	herd_peer_gone(p);
	loop_defer(p->server->loop, free_peer, p);
}

static void bury(void *arg)
{
	kill_peer(arg);
}

/* For senders: the peer is on some list that is being walked up the stack, so its end must wait. free_peer() is deferred behind this call. */
static void doom(struct peer *p)
{
	if (p->doomed || p->dead)
		return;
	p->doomed = true;
	loop_defer(p->server->loop, bury, p);
}

static struct peer *new_peer(struct server *s, struct listener *l, const struct principal *who)
{
	struct peer *p = xcalloc(1, sizeof(*p));
	struct peer_key k;

	p->server = s;
	p->listener = l;
	p->route = s->in.from;
	p->fd = s->in.fd;
	snprintf(p->key, sizeof(p->key), "%s", s->in.key);
	snprintf(p->address, sizeof(p->address), "%s", s->in.address);
	snprintf(p->principal, sizeof(p->principal), "%s", who->name);
	list_init(&p->watches);
	list_init(&p->uploads);
	list_init(&p->cancels);
	list_init(&p->outbox);
	list_init(&p->reads);
	list_init(&p->holds);
	list_init(&p->feeds);
	list_push_back(&s->all_peers, &p->all);
	map_put(s->peers, &k, key_of(&k, l, &p->route), p);
	return p;
}

struct peer *peer_of(struct server *s, struct listener *l)
{
	const struct principal *who = keyring_find(s->keyring, s->in.key);
	struct peer_key k;
	struct peer *p;

	/* Asked anew for each message: a key that was taken out must not go on by an open connection. */
	if (!who) {
		struct err e;
		err_set(&e, ERR_DENIED, "your key is not authorised here any more");
		mout_error(&s->out, s->in.msg.req, &e);
		wire_send(l->sock, &s->in.from, &s->out.head, NULL);
		return NULL;
	}
	p = map_get(s->peers, &k, key_of(&k, l, &s->in.from));
	if (!p)
		p = new_peer(s, l, who);
	p->roles = who->roles;
	p->route.delimiter = s->in.from.delimiter;
	return p;
}

void peer_lost(struct server *s, struct listener *l, int fd)
{
	struct list *e, *tmp;

	list_each (e, tmp, &s->all_peers) {
		struct peer *p = container_of(e, struct peer, all);
		if (p->fd == fd && p->listener == l)
			kill_peer(p);
	}
}

static void keep(struct peer *p, const struct mout *o)
{
	struct unsent *u = xcalloc(1, sizeof(*u));

	buf_add(&u->head, o->head.data, o->head.len);
	buf_add(&u->body, o->body.data, o->body.len);
	list_push_back(&p->outbox, &u->all);
	if (persist_holds(p->server))
		peer_dirty(p);
	p->backlog += o->head.len + o->body.len;
	if (p->backlog > BACKLOG_MAX) {
		log_warning("peer.slow address=%s principal=%s bytes=%zu: cut off", p->address,
			p->principal, p->backlog);
		doom(p);
	} else if (!persist_holds(p->server) && !loop_timer_set(&p->server->resend)) {
		loop_timer_in(&p->server->resend, RESEND_MS);
	}
}

void peer_send(struct peer *p, const struct mout *o)
{
	enum wire_sent sent = WIRE_FULL;

	if (p->dead || p->doomed)
		return;
	if (list_empty(&p->outbox) && !persist_holds(p->server))
		sent = wire_send(p->listener->sock, &p->route, &o->head, &o->body);
	if (sent == WIRE_FULL)
		keep(p, o);
	else if (sent == WIRE_GONE)
		doom(p);
}

void peer_error(struct peer *p, int64_t req, const struct err *e)
{
	mout_error(&p->server->out, req, e);
	peer_send(p, &p->server->out);
}

/* False when its queue is full still. */
static bool empty_outbox(struct peer *p)
{
	while (!list_empty(&p->outbox)) {
		struct unsent *u = list_first(&p->outbox, struct unsent, all);
		enum wire_sent sent =
			wire_send(p->listener->sock, &p->route, &u->head, &u->body);
		if (sent == WIRE_FULL)
			return false;
		if (sent == WIRE_GONE) {
			doom(p);
			return true;
		}
		p->backlog -= u->head.len + u->body.len;
		buf_fini(&u->head);
		buf_fini(&u->body);
		list_del(&u->all);
		free(u);
	}
	return true;
}

static void on_resend(void *arg)
{
	struct server *s = arg;
	struct list *e, *tmp;
	bool full = false;

	/* What waits may be of this very turn. */
	if (persist_holds(s)) {
		loop_timer_in(&s->resend, RESEND_MS);
		return;
	}
	list_each (e, tmp, &s->all_peers) {
		struct peer *p = container_of(e, struct peer, all);
		if (!list_empty(&p->outbox) && !empty_outbox(p))
			full = true;
	}
	if (full)
		loop_timer_in(&s->resend, RESEND_MS);
}

bool peer_may_see(const struct peer *p, const struct task *t)
{
	return (p->roles & (ROLE_QUERY | ROLE_ADMIN)) || strcmp(t->owner, p->principal) == 0;
}

void peer_dirty(struct peer *p)
{
	if (!list_linked(&p->dirty))
		list_push_back(&p->server->dirty, &p->dirty);
}

static void flush_list(struct peer *p, struct mout *o)
{
	if (!o->head.len)
		return;
	jout_end_array(&o->w);
	mout_end(o);
	peer_send(p, o);
	buf_reset(&o->head);
	buf_reset(&o->body);
}

void peers_flush(struct server *s)
{
	struct peer *p;

	while ((p = list_first(&s->dirty, struct peer, dirty))) {
		list_del(&p->dirty);
		if (!list_empty(&p->outbox) && !empty_outbox(p) && !loop_timer_set(&s->resend))
			loop_timer_in(&s->resend, RESEND_MS);
		flush_list(p, &p->dones);
		flush_list(p, &p->stops);
		flush_list(p, &p->recalls);
		flush_list(p, &p->tasks);
	}
}

void peers_init(struct server *s)
{
	s->peers = map_new();
	list_init(&s->feeds);
	s->reads = map_new();
	list_init(&s->all_peers);
	list_init(&s->dirty);
	list_init(&s->cancels);
	loop_timer_init(s->loop, &s->resend, on_resend, s);
}

void peers_fini(struct server *s)
{
	struct list *e, *tmp;

	list_each (e, tmp, &s->all_peers)
		kill_peer(container_of(e, struct peer, all));
	loop_timer_clear(&s->resend);
	feeds_fini(s);
	map_free(&s->peers);
	map_free(&s->reads);
}
