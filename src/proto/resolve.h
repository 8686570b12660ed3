/* Host names to numbers without blocking the loop. */
#ifndef PROTO_RESOLVE_H
#define PROTO_RESOLVE_H

#include "base/loop.h"
#include "proto/address.h"

struct resolve;

/* numeric: the first address found, or NULL with *e (ERR_PEER). Called from the loop, never from within resolve_start(). */
typedef void resolve_fn(void *arg, const struct address *numeric, const struct err *e);

/* A numeric host is passed through. The caller may drop it before it is done with resolve_cancel(). */
struct resolve *resolve_start(struct loop *l, const struct address *a, resolve_fn *fn,
	void *arg);
void resolve_cancel(struct resolve **r);

#endif
