/* The gate: a ZAP handler (RFC 27) in the process's own loop. It looks a key up in memory and answers at once. */
#include "proto/zap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/mem.h"

#define ZAP_FRAMES                                                                             \
	8 /* route, empty, version, request id, domain, address, identity, mechanism; then the key */

struct zap {
	void *sock;
	struct loop_io *io;
	zap_allow_fn *allow;
	void *arg;
};

struct request {
	char frame[ZAP_FRAMES + 1][256];
	size_t len[ZAP_FRAMES + 1];
	size_t n;
};

/* False when nothing is there. Frames that are too long or too many are cut: such a request is refused. */
static bool read_request(void *sock, struct request *r)
{
	zmq_msg_t m;
	bool more = true;

	r->n = 0;
	while (more) {
		zmq_msg_init(&m);
		if (zmq_msg_recv(&m, sock, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&m);
			return false;
		}
		more = zmq_msg_more(&m);
		if (r->n <= ZAP_FRAMES) {
			size_t len = zmq_msg_size(&m) < 255 ? zmq_msg_size(&m) : 255;
			memcpy(r->frame[r->n], zmq_msg_data(&m), len);
			r->frame[r->n][len] = '\0';
			r->len[r->n++] = len;
		}
		zmq_msg_close(&m);
	}
	return true;
}

static void send_frame(void *sock, const char *p, size_t len, bool more)
{
	/* The other end is libzmq in this process; a full queue cannot be. */
	if (zmq_send(sock, p, len, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0)
		BUG("zap: %s", zmq_strerror(errno));
}

static void answer(struct zap *z, const struct request *r)
{
	char key[41] = "";
	bool ok = r->n == ZAP_FRAMES + 1 && strcmp(r->frame[7], "CURVE") == 0 &&
		  r->len[8] == 32 && zmq_z85_encode(key, (const uint8_t *)r->frame[8], 32) &&
		  z->allow(z->arg, key, r->frame[5]);

	for (size_t i = 0; i < 4; i++)
		send_frame(z->sock, r->frame[i], r->len[i], true);
	send_frame(z->sock, ok ? "200" : "400", 3, true);
	send_frame(z->sock, ok ? "OK" : "NO", 2, true);
	send_frame(z->sock, key, ok ? strlen(key) : 0, true);
	send_frame(z->sock, "", 0, false);
}

static void on_request(void *arg, unsigned events)
{
	struct zap *z = arg;
	struct request r;

	while (read_request(z->sock, &r))
		if (r.n > 4)
			answer(z, &r);
}

struct zap *zap_new(struct net *n, zap_allow_fn *allow, void *arg, struct err *e)
{
	struct zap *z = xcalloc(1, sizeof(*z));
	int linger = 0;

	z->allow = allow;
	z->arg = arg;
	z->sock = zmq_socket(n->zctx, ZMQ_ROUTER);
	if (!z->sock || zmq_bind(z->sock, "inproc://zeromq.zap.01")) {
		err_set(e, ERR_BUSY, "cannot make the gate for keys: %s", zmq_strerror(errno));
		sock_close(&z->sock, 0);
		free(z);
		return NULL;
	}
	zmq_setsockopt(z->sock, ZMQ_LINGER, &linger, sizeof(linger));
	z->io = loop_sock(n->loop, z->sock, 0, on_request, z);
	return z;
}

void zap_free(struct zap **z)
{
	if (!*z)
		return;
	loop_io_del(&(*z)->io);
	sock_close(&(*z)->sock, 0);
	free(*z);
	*z = NULL;
}

struct gate_test {
	void *sock;
	struct monitor monitor;
	struct loop_io *io;
	struct loop_timer timer;
	zap_test_fn *done;
	void *arg;
};

static void test_end(struct gate_test *t, const char *fault)
{
	struct err e;

	loop_timer_clear(&t->timer);
	loop_io_del(&t->io);
	monitor_close(&t->monitor);
	sock_close(&t->sock, 0);
	if (fault)
		err_set(&e, ERR_CONFIG,
			"self-test: a key made up for the test %s; this libzmq cannot be trusted to keep strangers out",
			fault);
	t->done(t->arg, fault ? &e : NULL);
	free(t);
}

static void on_test_event(void *arg, unsigned events)
{
	struct gate_test *t = arg;
	enum sock_event ev;
	int fd;

	while (monitor_next(&t->monitor, &ev, &fd)) {
		if (ev == SOCK_CONNECTED)
			continue;
		test_end(t, ev == SOCK_DENIED  ? NULL
			    : ev == SOCK_READY ? "was let in"
					       : "was not refused properly");
		return;
	}
}

static void on_test_timeout(void *arg)
{
	test_end(arg, "got no answer in 10 s");
}

void zap_test(struct net *n, const struct address *a, const char *server_key, zap_test_fn *done,
	void *arg)
{
	struct gate_test *t = xcalloc(1, sizeof(*t));
	struct keypair stranger;
	struct err e;

	t->done = done;
	t->arg = arg;
	loop_timer_init(n->loop, &t->timer, on_test_timeout, t);
	keys_make(&stranger);
	t->sock = sock_dialer(n, server_key, &stranger, &e);
	if (!t->sock || monitor_open(n, t->sock, &t->monitor, &e) ||
		sock_connect(t->sock, a, &e)) {
		test_end(t, "could not be tried");
		return;
	}
	t->io = loop_sock(n->loop, t->monitor.pair, 0, on_test_event, t);
	loop_timer_in(&t->timer, 10000);
}
