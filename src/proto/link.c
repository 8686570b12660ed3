/* A connection to a control plane. One attempt is: look the name up, connect a fresh socket, handshake, hello, welcome. libzmq's own
 * reconnecting is off: it would keep an old address, and could not tell a refused connection from a refused key. */
#include "proto/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/rng.h"
#include "proto/resolve.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS   5000
#define DENIED_MAX_MS    60000 /* a key that is not let in: an admin may approve it meanwhile */
#define READ_AT_ONCE     64    /* messages per turn: timers and others get their turn */

struct queued {
	struct list all;
	struct buf head, body;
};

struct link {
	struct net *net;
	struct link_conf conf;
	char server_key[KEY_TEXT];
	struct keypair own;
	const struct link_ops *ops;
	void *arg;
	enum link_state state;

	struct resolve *resolve;
	void *sock;
	struct monitor monitor;
	struct loop_io *io, *monitor_io;
	struct loop_timer timer; /* of the attempt, or until the next one */
	struct address
		hop; /* where the attempt goes after the first welcome; port 0 = the address itself */
	bool trying, was_up;
	int nfailed;        /* attempts since the connection was last good */
	int64_t give_up_us; /* mono; -1 = never */

	struct list queue; /* struct queued */
	size_t backlog;
	struct inbound in;
	struct rng rng;
};

static void attempt(struct link *l);
static void fail(struct link *l, const struct err *why);

static void move(struct link *l, enum link_event ev)
{
	int next = link_state_next(l->state, ev);

	if (next == STATE_NONE)
		BUG("link %s in state %s", ev == LINK_EV_UP ? "up" : "event",
			link_state_word(l->state));
	l->state = (enum link_state)next;
}

static void drop_queue(struct link *l)
{
	struct list *e, *tmp;

	list_each (e, tmp, &l->queue) {
		struct queued *q = container_of(e, struct queued, all);
		buf_fini(&q->head);
		buf_fini(&q->body);
		list_del(e);
		free(q);
	}
	l->backlog = 0;
}

static void close_socket(struct link *l, int linger_ms)
{
	resolve_cancel(&l->resolve);
	loop_timer_clear(&l->timer);
	loop_io_del(&l->io);
	loop_io_del(&l->monitor_io);
	monitor_close(&l->monitor);
	sock_close(&l->sock, linger_ms);
	drop_queue(l);
	l->trying = false;
}

static int64_t backoff_ms(struct link *l, enum err_code code)
{
	int64_t max =
		code == ERR_DENIED || code == ERR_SERVER_KEY ? DENIED_MAX_MS : BACKOFF_MAX_MS;
	int64_t ms = max == DENIED_MAX_MS ? 1000 : BACKOFF_FIRST_MS;

	for (int i = 1; i < l->nfailed && ms < max; i++)
		ms *= 2;
	ms = ms < max ? ms : max;
	/* Half of it by chance, so that many peers of a control plane that restarts do not all come at once. */
	return ms / 2 + (int64_t)rng_below(&l->rng, (uint64_t)ms / 2 + 1);
}

static void on_timer(void *arg)
{
	struct link *l = arg;
	struct err e;
	char text[300];

	if (!l->trying) {
		attempt(l);
		return;
	}
	err_set(&e, ERR_PEER,
		"no answer from %s within %lld ms; is it the right host, and is its firewall open?",
		address_text(text, &l->conf.address), (long long)l->conf.connect_timeout_ms);
	fail(l, &e);
}

/* The attempt, or the connection, is over: again later, or the end. */
static void fail(struct link *l, const struct err *why)
{
	int64_t now = loop_now_us(l->net->loop), wait;
	bool again = l->was_up || l->conf.patient;
	struct err e = *why;

	close_socket(l, 0);
	l->hop.port = 0;
	if (l->state == LINK_CONNECTED && l->conf.give_up_ms >= 0)
		l->give_up_us = now + l->conf.give_up_ms * 1000;
	l->nfailed++;
	wait = backoff_ms(l, why->code);
	/* A person who waits learns of a wrong key at once; a daemon tries on, because an admin may let it in. */
	if (!l->conf.patient && (why->code == ERR_DENIED || why->code == ERR_SERVER_KEY))
		again = false;
	if (l->give_up_us >= 0 && now + wait * 1000 > l->give_up_us)
		again = false;
	if (!again) {
		move(l, LINK_EV_CLOSE);
		l->ops->failed(l->arg, &e);
		return;
	}
	if (l->state != LINK_RECONNECTING)
		move(l, LINK_EV_LOST);
	loop_timer_in(&l->timer, wait);
	l->ops->down(l->arg, &e);
}

static void flush(struct link *l)
{
	struct queued *q;

	while ((q = list_first(&l->queue, struct queued, all))) {
		enum wire_sent sent = wire_send(l->sock, NULL, &q->head, &q->body);
		if (sent != WIRE_SENT)
			break;
		l->backlog -= q->head.len + q->body.len;
		buf_fini(&q->head);
		buf_fini(&q->body);
		list_del(&q->all);
		free(q);
	}
	loop_io_want(l->io, list_empty(&l->queue) ? LOOP_READ : LOOP_READ | LOOP_WRITE);
}

/* Says hello; allowed before `up`, as everything else is not. */
static void say_hello(struct link *l)
{
	struct mout o;

	mout_init(&o);
	mout_begin(&o, MSG_HELLO, 0);
	jout_i64(&o.w, "v", PROTO_VERSION);
	jout_i64(&o.w, "vmin", PROTO_VERSION_MIN);
	jout_str(&o.w, "software", "fastworker " FW_VERSION);
	mout_end(&o);
	wire_send(l->sock, NULL, &o.head, NULL);
	mout_fini(&o);
}

/* The port to go on to, or 0 to stay. */
static int next_port(const struct link *l, const struct msg *welcome)
{
	int64_t port = msg_int(welcome->head, "base_port", 0) + l->conf.want;

	if (l->conf.want < 0 || l->hop.port)
		return 0;
	if (l->conf.want == PORT_WORKER)
		port = msg_int(welcome->head, "worker_port", 0);
	return port == l->conf.address.port ? 0 : (int)port;
}

static void hop(struct link *l, int port)
{
	close_socket(l, 0);
	l->hop = l->conf.address;
	l->hop.port = port;
	attempt(l);
}

static void on_welcome(struct link *l)
{
	int port = next_port(l, &l->in.msg);

	if (port) {
		hop(l, port);
		return;
	}
	l->hop.port = 0;
	loop_timer_clear(&l->timer);
	l->trying = false;
	l->was_up = true;
	l->nfailed = 0;
	l->give_up_us = -1;
	move(l, LINK_EV_UP);
	l->ops->up(l->arg, &l->in.msg);
}

/* An answer to hello that is no welcome: no common version, or no right to be here. */
static void on_unwelcome(struct link *l)
{
	struct err e;

	if (l->in.msg.id == MSG_ERROR)
		msg_error(&l->in.msg, &e);
	else
		err_set(&e, ERR_SERVER_KEY, "the control plane answered hello with %s",
			msg_def(l->in.msg.id)->name);
	fail(l, &e);
}

static void on_message(struct link *l)
{
	if (l->state == LINK_CONNECTED)
		l->ops->msg(l->arg, &l->in.msg);
	else if (l->in.msg.id == MSG_WELCOME)
		on_welcome(l);
	else
		on_unwelcome(l);
}

static void on_socket(void *arg, unsigned events)
{
	struct link *l = arg;
	void *sock = l->sock;
	struct err e;
	int rc = 1;

	if (events & LOOP_WRITE)
		flush(l);
	/* Callbacks may end this connection: then l->sock is another one, or none. */
	for (int i = 0; i < READ_AT_ONCE && l->sock == sock && rc; i++) {
		rc = wire_recv(sock, false, FROM_SERVER, &l->in, &e);
		if (rc > 0)
			on_message(l);
	}
}

static void trouble(const struct link *l, enum sock_event ev, struct err *e)
{
	char text[300], mark[20];

	address_text(text, &l->conf.address);
	switch (ev) {
	case SOCK_CLOSED:
		err_set(e, ERR_PEER,
			"nobody listens at %s; `fastworker start` starts a control plane",
			text);
		break;
	case SOCK_DENIED:
		err_set(e, ERR_DENIED,
			"the control plane at %s does not know your key %s; its owner adds it to authorized_keys:\n  %s role=%s name=NAME",
			text, keys_fingerprint(mark, l->own.public), l->own.public,
			l->conf.roles);
		break;
	case SOCK_SILENT_HANDSHAKE:
		err_set(e, ERR_SERVER_KEY,
			"the server at %s does not hold the key that is expected of it (%s); was it installed anew, or is it another one?",
			text, keys_fingerprint(mark, l->server_key));
		break;
	case SOCK_NOT_ZMQ:
		err_set(e, ERR_SERVER_KEY, "what listens at %s is no fastworker control plane",
			text);
		break;
	default:
		err_set(e, ERR_PEER, "the connection to %s broke", text);
	}
}

static void on_monitor(void *arg, unsigned events)
{
	struct link *l = arg;
	void *sock = l->sock;
	enum sock_event ev;
	struct err e;
	int fd;

	while (l->sock == sock && sock && monitor_next(&l->monitor, &ev, &fd)) {
		if (ev == SOCK_CONNECTED)
			continue;
		if (ev == SOCK_READY) {
			say_hello(l);
			continue;
		}
		/* What has arrived before the end still counts. */
		if (ev == SOCK_LOST && l->state == LINK_CONNECTED)
			on_socket(l, LOOP_READ);
		if (l->sock != sock)
			return;
		trouble(l, ev, &e);
		fail(l, &e);
	}
}

static int open_socket(struct link *l, const struct address *numeric, struct err *e)
{
	l->sock = sock_dialer(l->net, l->server_key, &l->own, e);
	if (!l->sock || monitor_open(l->net, l->sock, &l->monitor, e))
		return -1;
	/* The monitor comes first in a turn: a welcome is read only after the handshake is known to be good. */
	l->monitor_io = loop_sock(l->net->loop, l->monitor.pair, 8, on_monitor, l);
	l->io = loop_sock(l->net->loop, l->sock, 10, on_socket, l);
	return sock_connect(l->sock, numeric, e);
}

static void on_resolved(void *arg, const struct address *numeric, const struct err *why)
{
	struct link *l = arg;
	struct err e;

	l->resolve = NULL;
	if (!numeric)
		fail(l, why);
	else if (open_socket(l, numeric, &e))
		fail(l, &e);
}

static void attempt(struct link *l)
{
	l->trying = true;
	loop_timer_in(&l->timer, l->conf.connect_timeout_ms);
	l->resolve = resolve_start(l->net->loop, l->hop.port ? &l->hop : &l->conf.address,
		on_resolved, l);
}

struct link *link_new(struct net *n, const struct link_conf *conf, const struct link_ops *ops,
	void *arg)
{
	struct link *l = xcalloc(1, sizeof(*l));

	l->net = n;
	l->conf = *conf;
	snprintf(l->server_key, sizeof(l->server_key), "%s", conf->server_key);
	l->own = *conf->own;
	l->ops = ops;
	l->arg = arg;
	l->state = LINK_DISCONNECTED;
	l->give_up_us =
		conf->give_up_ms < 0 ? -1 : loop_now_us(n->loop) + conf->give_up_ms * 1000;
	list_init(&l->queue);
	wire_init(&l->in);
	rng_system(&l->rng);
	loop_timer_init(n->loop, &l->timer, on_timer, l);
	move(l, LINK_EV_OPEN);
	attempt(l);
	return l;
}

static void free_now(void *arg)
{
	struct link *l = arg;

	wire_fini(&l->in);
	explicit_bzero(&l->own, sizeof(l->own));
	free(l);
}

void link_free(struct link **l)
{
	if (!*l)
		return;
	close_socket(*l, (*l)->state == LINK_CONNECTED ? 100 : 0);
	/* It may be on the call stack, below the callback that frees it. */
	loop_defer((*l)->net->loop, free_now, *l);
	*l = NULL;
}

enum link_state link_state(const struct link *l)
{
	return l->state;
}

bool link_up(const struct link *l)
{
	return l->state == LINK_CONNECTED;
}

void link_send(struct link *l, const struct mout *o)
{
	struct queued *q;

	if (l->state != LINK_CONNECTED)
		return;
	if (list_empty(&l->queue) && wire_send(l->sock, NULL, &o->head, &o->body) == WIRE_SENT)
		return;
	q = xcalloc(1, sizeof(*q));
	buf_add(&q->head, o->head.data, o->head.len);
	buf_add(&q->body, o->body.data, o->body.len);
	list_push_back(&l->queue, &q->all);
	l->backlog += o->head.len + o->body.len;
	loop_io_want(l->io, LOOP_READ | LOOP_WRITE);
}

size_t link_backlog(const struct link *l)
{
	return l->backlog;
}

const struct address *link_address(const struct link *l)
{
	return &l->conf.address;
}
