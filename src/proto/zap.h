/* The gate: asked by libzmq at each handshake whether a key may come in. */
#ifndef PROTO_ZAP_H
#define PROTO_ZAP_H

#include "proto/sock.h"

/* True when the public key may connect. address: where it comes from, without a port. */
typedef bool zap_allow_fn(void *arg, const char *key, const char *address);

struct zap;

/* Must be there before the first socket listens. */
struct zap *zap_new(struct net *n, zap_allow_fn *allow, void *arg, struct err *e);
void zap_free(struct zap **z);

/* Proves that the gate is closed: connects to `a` with a key made for this, which must be refused. `done` is called with NULL when it was,
 * else with what went wrong: then nothing may be served. */
typedef void zap_test_fn(void *arg, const struct err *e);
void zap_test(struct net *n, const struct address *a, const char *server_key, zap_test_fn *done,
	void *arg);

#endif
