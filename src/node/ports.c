/* The ports of the control plane: listening on them, and finding free ones. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "node/server.h"

#define READ_AT_ONCE                                                                           \
	100 /* messages of one port per turn; ports of higher priority come first in each turn */
#define AUTO_TRIES 50
#define AUTO_FIRST                                                                             \
	20000 /* below the range from which the kernel takes ports for outgoing connections */
#define AUTO_COUNT 1500

static void on_message(void *arg, unsigned events)
{
	struct listener *l = arg;
	struct server *s = l->server;

	for (int i = 0; i < READ_AT_ONCE; i++) {
		struct err e;
		int rc = wire_recv(l->sock, true, FROM_CLIENT | FROM_WORKER, &s->in, &e);
		struct peer *p = rc ? peer_of(s, l) : NULL;
		if (rc == 0)
			return;
		if (p && rc > 0)
			request_handle(p, &s->in.msg);
		else if (p)
			peer_error(p, s->in.msg.req, &e);
	}
}

static void on_monitor(void *arg, unsigned events)
{
	struct listener *l = arg;
	enum sock_event ev;
	int fd;

	while (monitor_next(&l->monitor, &ev, &fd))
		if (ev == SOCK_LOST)
			peer_lost(l->server, l, fd);
}

static int listen_on(struct server *s, int index, const struct address *a, struct err *e)
{
	struct listener *l = &s->listeners[index];

	l->server = s;
	l->index = index;
	l->sock = sock_listen(s->net, a, &s->key, e);
	if (!l->sock)
		return -1;
	if (monitor_open(s->net, l->sock, &l->monitor, e))
		return -1;
	l->monitor_io = loop_sock(s->loop, l->monitor.pair, 1, on_monitor, l);
	l->io = loop_sock(s->loop, l->sock, 10 + index, on_message, l);
	return 0;
}

static void close_listener(struct listener *l)
{
	loop_io_del(&l->io);
	loop_io_del(&l->monitor_io);
	monitor_close(&l->monitor);
	sock_close(&l->sock, 500);
}

/* Also listens on the addresses of --bind; they share the socket of the port. */
static int bind_more(struct server *s, int index, int port, struct err *e)
{
	for (size_t i = 1; i < s->conf.nbind; i++) {
		struct address a = {.port = port};
		snprintf(a.host, sizeof(a.host), "%s", s->conf.bind[i]);
		if (sock_bind(s->listeners[index].sock, &a, e))
			return -1;
	}
	return 0;
}

static int listen_all(struct server *s, struct address base, struct address discovery,
	struct err *e)
{
	const char *host = s->conf.nbind ? s->conf.bind[0] : base.host;
	struct address a = {.port = base.port};

	snprintf(a.host, sizeof(a.host), "%s", host);
	for (int i = 0; i < PORT__COUNT; i++) {
		a.port = i == PORT_WORKER && s->conf.worker_port ? s->conf.worker_port
								 : base.port + i;
		if (i == PORT_WORKER && !s->conf.subworkers)
			continue;
		if (listen_on(s, i, &a, e) || bind_more(s, i, a.port, e))
			return -1;
	}
	a.port = discovery.port;
	if (!s->conf.nbind)
		snprintf(a.host, sizeof(a.host), "%s", discovery.host);
	return listen_on(s, PORT_DISCOVERY, &a, e) || bind_more(s, PORT_DISCOVERY, a.port, e)
		       ? -1
		       : 0;
}

void ports_close(struct server *s)
{
	for (int i = 0; i <= PORT__COUNT; i++)
		close_listener(&s->listeners[i]);
}

static int use(struct server *s, struct address base, struct address discovery)
{
	s->context.base = base;
	s->context.discovery = discovery;
	return 0;
}

/* Listens; ports that were left to us are tried until a free row is found. */
int ports_open(struct server *s, struct err *e)
{
	struct address base = s->conf.base, discovery = s->conf.discovery;
	struct rng rng;
	int rc;

	/* Those that commands of other hosts expect, when nobody else has them. */
	if (s->conf.by_itself && s->conf.base.port) {
		if (listen_all(s, base, discovery, e) == 0)
			return use(s, base, discovery);
		ports_close(s);
		s->conf.base.port = s->conf.discovery.port = 0;
	}
	rng_system(&rng);
	for (int i = 0; i < AUTO_TRIES; i++) {
		int first = AUTO_FIRST + (int)rng_below(&rng, AUTO_COUNT) * 8;
		if (!s->conf.base.port)
			base.port = first + 1;
		if (!s->conf.discovery.port)
			discovery.port = first;
		rc = listen_all(s, base, discovery, e);
		if (rc == 0 || (s->conf.base.port && s->conf.discovery.port))
			break;
		ports_close(s);
	}
	use(s, base, discovery);
	return rc;
}

/* The address by which this host reaches us: "every interface" is loopback from here. */
void ports_reachable(const struct control_plane_conf *conf, struct address *a)
{
	const char *host = conf->nbind ? conf->bind[0] : a->host;

	if (strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	memmove(a->host, host, strlen(host) + 1);
}
