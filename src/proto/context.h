/* Context files: how commands of the same user find a running control plane and the key that it holds. */
#ifndef PROTO_CONTEXT_H
#define PROTO_CONTEXT_H

#include <stddef.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/address.h"
#include "proto/keys.h"

struct context {
	char name[64];            /* profile: "default" */
	char worker_id[72];       /* of the control plane */
	struct address base;      /* where it can be reached from this host; port 0 = unknown */
	struct address discovery; /* port 0 = none */
	bool subworkers;          /* the worker port is bound */
	char server_key[KEY_TEXT]; /* public */
	int64_t pid;
	uint64_t incarnation;
};

/* NAME.ctx in the runtime folder, 0600. */
int context_write(const char *runtime_dir, const struct context *c, struct err *e);
void context_remove(const char *runtime_dir, const char *name);
/* -1: ERR_PEER when there is none of that name, ERR_CONFIG when it is unsafe or broken. */
int context_read(const char *runtime_dir, const char *name, struct context *out, struct err *e);
/* The one whose discovery address, or any of whose ports, is `a`. False when none is. */
bool context_find(const char *runtime_dir, const struct address *a, struct context *out);
/* Names of all, sorted; the caller frees each and the array. */
size_t context_names(const char *runtime_dir, char ***names);
bool context_alive(const struct context *c); /* its process is there */
/* NAME.lock beside it: one control plane per name. The descriptor to keep, or -1 (ERR_CONFIG names the holder's pid). wait: blocks until it is free. */
int context_lock(const char *runtime_dir, const char *name, bool wait, struct err *e);
/* NAME.start: held by one that starts, before the lock above until its context file is there, and by one that leaves, from the time that it removes its
 * context file. The descriptor, or -1: with ERR_BUSY when it is held and wait is false. */
int context_lock_start(const char *runtime_dir, const char *name, bool wait, struct err *e);
void context_unlock_start(int *fd); /* becomes -1, which is fine */

#endif
