/* ZeroMQ sockets the way this program uses them. Each option here answers a measured weakness of the defaults:
 *
 *   ZAP_DOMAIN + ENFORCE_DOMAIN   without them CURVE lets every key in while no ZAP handler answers
 *   MAXMSGSIZE                    without it a peer without a key makes the server hold what it announces
 *   SNDHWM, RCVHWM                count messages per peer: small, because our own queues are bounded in bytes
 *   ROUTER_MANDATORY              a message to a peer that is gone is an error instead of vanishing
 *   HANDSHAKE_IVL                 a silent connection is closed after 5 s, not 30
 *   RECONNECT_IVL -1              link.c reconnects: it looks names up again and can say what failed
 *   no ROUTING_ID, no HANDOVER    an id that a peer claims would let it take another one's messages
 */
#include "proto/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "base/mem.h"
#include "proto/holder.h"
#include "proto/msg.h"

/* Draft in the header of Debian 12, but built in; zap.c's self-test at start proves it. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

#define SPARE_FDS            24 /* for libzmq's context and a few sockets */
#define HEARTBEAT_MS         15000
#define HEARTBEAT_TIMEOUT_MS 30000

int net_check(struct err *e)
{
	int spare[SPARE_FDS], n = 0, first = open("/dev/null", O_RDONLY | O_CLOEXEC),
			      why = errno;

	while (first >= 0 && n < SPARE_FDS) {
		spare[n] = fcntl(first, F_DUPFD_CLOEXEC, 0);
		if (spare[n] < 0)
			break;
		n++;
	}
	for (int i = 0; i < n; i++)
		close(spare[i]);
	if (first >= 0)
		close(first);
	if (n == SPARE_FDS || (first < 0 && why != EMFILE && why != ENFILE))
		return 0;
	return err_set(e, ERR_BUSY,
		"too few open files are allowed: raise `ulimit -n` to 64 or more");
}

struct net *net_new(struct loop *l)
{
	struct net *n = xcalloc(1, sizeof(*n));

	n->loop = l;
	n->zctx = zmq_ctx_new();
	if (!n->zctx)
		BUG("zmq_ctx_new: %s", zmq_strerror(errno));
	zmq_ctx_set(n->zctx, ZMQ_MAX_SOCKETS, 8192);
	return n;
}

void net_free(struct net **n)
{
	if (!*n)
		return;
	zmq_ctx_term((*n)->zctx);
	free(*n);
	*n = NULL;
}

static void set_int(void *sock, int option, int value)
{
	if (zmq_setsockopt(sock, option, &value, sizeof(value)))
		BUG("zmq_setsockopt(%d, %d): %s", option, value, zmq_strerror(errno));
}

static void set_text(void *sock, int option, const char *value)
{
	if (zmq_setsockopt(sock, option, value, strlen(value)))
		BUG("zmq_setsockopt(%d): %s", option, zmq_strerror(errno));
}

static void *sock_new(struct net *n, int type, int hwm, struct err *e)
{
	void *sock = zmq_socket(n->zctx, type);
	int64_t limit = PROTO_FRAME_MAX;

	if (!sock) {
		err_set(e, ERR_BUSY,
			"cannot make a socket: %s (too many open files? raise `ulimit -n`)",
			zmq_strerror(errno));
		return NULL;
	}
	set_int(sock, ZMQ_LINGER, 0);
	set_int(sock, ZMQ_IPV6, 1);
	set_int(sock, ZMQ_SNDHWM, hwm);
	set_int(sock, ZMQ_RCVHWM, hwm);
	set_int(sock, ZMQ_HANDSHAKE_IVL, 5000);
	if (zmq_setsockopt(sock, ZMQ_MAXMSGSIZE, &limit, sizeof(limit)))
		BUG("ZMQ_MAXMSGSIZE: %s", zmq_strerror(errno));
	return sock;
}

static int bind_error(const struct address *a, struct err *e)
{
	char holder[128], text[300];

	address_text(text, a);
	if (errno == EADDRINUSE) {
		bool known = port_holder(a->port, holder, sizeof(holder));
		return err_set(e, ERR_CONFIG,
			"%s: the port is in use%s%s; choose others with --base-address and --discovery-address, or `auto`",
			text, known ? " by " : "", known ? holder : "");
	}
	if (errno == EADDRNOTAVAIL || errno == ENODEV)
		return err_set(e, ERR_CONFIG, "%s: this host has no such address", text);
	return err_set(e, ERR_CONFIG, "%s: cannot listen: %s", text, zmq_strerror(errno));
}

int sock_bind(void *sock, const struct address *a, struct err *e)
{
	char text[300];

	return zmq_bind(sock, address_text(text, a)) ? bind_error(a, e) : 0;
}

void *sock_listen(struct net *n, const struct address *a, const struct keypair *server,
	struct err *e)
{
	void *sock = sock_new(n, ZMQ_ROUTER, 256, e);

	if (!sock)
		return NULL;
	set_int(sock, ZMQ_CURVE_SERVER, 1);
	set_text(sock, ZMQ_CURVE_SECRETKEY, server->secret);
	set_text(sock, ZMQ_ZAP_DOMAIN, "fastworker");
	set_int(sock, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
	set_int(sock, ZMQ_ROUTER_MANDATORY, 1);
	set_int(sock, ZMQ_BACKLOG, 1024);
	if (sock_bind(sock, a, e))
		sock_close(&sock, 0);
	return sock;
}

void *sock_dialer(struct net *n, const char *server_key, const struct keypair *own,
	struct err *e)
{
	void *sock = sock_new(n, ZMQ_DEALER, 256, e);

	if (!sock)
		return NULL;
	set_text(sock, ZMQ_CURVE_SERVERKEY, server_key);
	set_text(sock, ZMQ_CURVE_PUBLICKEY, own->public);
	set_text(sock, ZMQ_CURVE_SECRETKEY, own->secret);
	set_int(sock, ZMQ_RECONNECT_IVL, -1);
	set_int(sock, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
	set_int(sock, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
	return sock;
}

int sock_connect(void *sock, const struct address *a, struct err *e)
{
	char text[300];

	if (zmq_connect(sock, address_text(text, a)))
		return err_set(e, ERR_PEER, "%s: cannot connect: %s", text,
			zmq_strerror(errno));
	return 0;
}

void sock_close(void **sock, int linger_ms)
{
	if (!*sock)
		return;
	zmq_setsockopt(*sock, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
	zmq_close(*sock);
	*sock = NULL;
}

static const struct {
	int zmq;
	enum sock_event ev;
} events[] = {
	{ZMQ_EVENT_CONNECTED, SOCK_CONNECTED},
	{ZMQ_EVENT_HANDSHAKE_SUCCEEDED, SOCK_READY},
	{ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, SOCK_DENIED},
	{ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, SOCK_SILENT_HANDSHAKE},
	{ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, SOCK_NOT_ZMQ},
	{ZMQ_EVENT_CLOSED, SOCK_CLOSED},
	{ZMQ_EVENT_DISCONNECTED, SOCK_LOST},
};

int monitor_open(struct net *n, void *sock, struct monitor *m, struct err *e)
{
	char name[64];
	int mask = 0;

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		mask |= events[i].zmq;
	snprintf(name, sizeof(name), "inproc://monitor-%p", sock);
	m->sock = sock;
	if (zmq_socket_monitor(sock, name, mask))
		return err_set(e, ERR_BUSY, "cannot watch a socket: %s", zmq_strerror(errno));
	m->pair = zmq_socket(n->zctx, ZMQ_PAIR);
	if (!m->pair) {
		zmq_socket_monitor(sock, NULL, 0);
		return err_set(e, ERR_BUSY, "cannot make a socket: %s", zmq_strerror(errno));
	}
	set_int(m->pair, ZMQ_RCVHWM, 0);
	set_int(m->pair, ZMQ_LINGER, 0);
	if (zmq_connect(m->pair, name))
		BUG("%s: %s", name, zmq_strerror(errno));
	return 0;
}

bool monitor_next(struct monitor *m, enum sock_event *ev, int *fd)
{
	struct {
		uint16_t id;
		uint32_t value;
	} __attribute__((packed)) head;
	char address[256];

	while (zmq_recv(m->pair, &head, sizeof(head), ZMQ_DONTWAIT) == (int)sizeof(head)) {
		zmq_recv(m->pair, address, sizeof(address), ZMQ_DONTWAIT);
		for (size_t i = 0; i < ARRAY_LEN(events); i++) {
			if (events[i].zmq != head.id)
				continue;
			*ev = events[i].ev;
			*fd = (int)head.value;
			return true;
		}
	}
	return false;
}

void monitor_close(struct monitor *m)
{
	if (!m->pair)
		return;
	/* In this order: a monitor whose reader is gone stops the I/O thread. */
	zmq_socket_monitor(m->sock, NULL, 0);
	zmq_close(m->pair);
	m->pair = NULL;
}
