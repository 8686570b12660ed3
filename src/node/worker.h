/* A worker: registers with a control plane, runs what it is given in its slots, hands in what became of it. */
#ifndef NODE_WORKER_H
#define NODE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/address.h"
#include "proto/keys.h"

struct worker_conf { /* all borrowed; must live as long as worker_run() */
	const char *id;
	struct address control_plane;
	const char *server_key; /* public */
	const struct keypair *own;
	unsigned slots;
	const char *const *modules;
	size_t nmodules;
	bool programs;       /* runs any program that a client names, see program.h */
	bool local;          /* a control plane's own: ends when its stdin closes */
	const char *has;     /* words, db,gpu: for tasks that need them; or NULL */
	int64_t shutdown_ms; /* for what runs when it is told to stop */
	const char *exe;     /* this binary, for runners */
	const char *state;   /* folder of this worker; its logs lie below */
	int64_t log_limit;   /* bytes of output that are kept of one attempt; 0 = no files */
	int64_t log_keep;    /* bytes of all logs; over it the oldest go */
	/* Called once when it is registered: for a line on stdout. */
	void (*ready)(void *arg, const char *text);
	void *ready_arg;
};

/* Runs until it is told to stop; the exit status. *e: why it could not start or was turned away, or code ERR_NONE. */
int worker_run(const struct worker_conf *conf, struct err *e);

#endif
