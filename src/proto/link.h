/* A connection to a control plane, for clients and workers: finding it, the handshake, and coming back after a loss live here only. */
#ifndef PROTO_LINK_H
#define PROTO_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/state.h"
#include "proto/sock.h"
#include "proto/wire.h"

struct link;

struct link_conf {
	struct address address; /* a name is looked up again at each attempt */
	const char *server_key; /* public; copied */
	const struct keypair *own;
	const char *
		roles; /* what to ask for when our key is not known: "submit,query"; static text */
	int want; /* enum port: once welcomed, go on to this port of the same host; -1 = stay */
	int64_t connect_timeout_ms; /* of one attempt: silence */
	int64_t give_up_ms; /* after a loss: how long to try to come back; -1 = for ever */
	bool patient; /* the first attempt may fail, too (a daemon): give_up_ms counts from the start */
};

struct link_ops {
	/* Connected and welcomed; again after each loss. welcome is borrowed. */
	void (*up)(void *arg, const struct msg *welcome);
	/* The connection broke, or (patient) an attempt failed; it is being tried again. */
	void (*down)(void *arg, const struct err *why);
	/* A message from the control plane; borrowed. */
	void (*msg)(void *arg, const struct msg *m);
	/* The end: refused, given up. No call comes after it. The link may be freed here. */
	void (*failed)(void *arg, const struct err *why);
};

struct link *link_new(struct net *n, const struct link_conf *conf, const struct link_ops *ops,
	void *arg);
/* Sends what is queued if it can be sent at once. No call comes any more. */
void link_free(struct link **l);
enum link_state link_state(const struct link *l);
bool link_up(const struct link *l);
/* Queued until it can be sent; what was queued or on its way when the connection broke is gone: `up` tells the owner to ask again. Does nothing while not
 * up. The message is copied. */
void link_send(struct link *l, const struct mout *o);
/* Bytes queued here that the socket did not take yet. */
size_t link_backlog(const struct link *l);
const struct address *link_address(const struct link *l);

#endif
