/* ZeroMQ sockets the way this program uses them: CURVE always, bounded queues, nothing that blocks. With wire.h, zap.h and link.h the only
 * places that know libzmq (besides the loop). The reasons for the options are in sock.c. */
#ifndef PROTO_SOCK_H
#define PROTO_SOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "proto/address.h"
#include "proto/keys.h"

/* One per process: the ZeroMQ context. */
struct net {
	void *zctx;
	struct loop *loop;
};

/* libzmq aborts when descriptors run out while it starts: -1 with ERR_BUSY when too few are left. */
int net_check(struct err *e);
struct net *net_new(struct loop *l);
void net_free(struct net **n); /* all sockets must be closed */

/* A ROUTER that only keys which the ZAP handler lets in can reach. NULL: ERR_CONFIG names the port and, where it can be seen, its holder. */
void *sock_listen(struct net *n, const struct address *a, const struct keypair *server,
	struct err *e);
/* One more address for a ROUTER that listens already. */
int sock_bind(void *sock, const struct address *a, struct err *e);
/* A DEALER, not connected yet: put a monitor on it first. NULL only when descriptors are used up (ERR_BUSY). */
void *sock_dialer(struct net *n, const char *server_key, const struct keypair *own,
	struct err *e);
/* To a numeric address; tries once and never by itself again. */
int sock_connect(void *sock, const struct address *a, struct err *e);
void sock_close(void **sock, int linger_ms); /* nulls it; NULL is fine */

/* What a socket's connections do. */
enum sock_event {
	SOCK_CONNECTED, /* TCP */
	SOCK_READY,     /* the handshake succeeded */
	SOCK_DENIED, /* the other side does not let our key in (400), or cannot ask (other codes) */
	SOCK_SILENT_HANDSHAKE, /* closed during the handshake: wrong server key */
	SOCK_NOT_ZMQ,          /* the other side speaks something else, or no CURVE */
	SOCK_CLOSED,           /* TCP could not be opened: refused, unreachable */
	SOCK_LOST,             /* an open connection ended */
};

struct monitor {
	void *sock, *pair;
};

int monitor_open(struct net *n, void *sock, struct monitor *m, struct err *e);
/* The next event, or false. fd: of the connection. All must be read, always: libzmq stands still when the queue is full. */
bool monitor_next(struct monitor *m, enum sock_event *ev, int *fd);
void monitor_close(struct monitor *m); /* before the socket */

#endif
