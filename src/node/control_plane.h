/* The control plane: takes tasks in, hands them to workers, keeps results, tells whoever watches. */
#ifndef NODE_CONTROL_PLANE_H
#define NODE_CONTROL_PLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/paths.h"
#include "proto/address.h"

struct control_plane_conf {  /* all borrowed; must live as long as control_plane_run() */
	const char *profile; /* name of the context file */
	const char *worker_id;
	const struct paths *paths;
	struct address base, discovery; /* port 0: choose free ones */
	const char *const *
		bind; /* addresses to listen on instead of the host of base; NULL = that host */
	size_t nbind;
	int worker_port;      /* 0: base + 5 */
	bool subworkers;      /* listen for subworkers */
	unsigned concurrency; /* slots of the local worker; 0 = no local worker */
	const char *const *modules;
	size_t nmodules;
	const char *has; /* of the local worker: words, db,gpu; or NULL */
	size_t cache_size;
	int64_t cache_ttl_ms;
	size_t max_queued;
	const char *state_dir; /* where the store is; NULL: nothing is kept */
	int64_t lease_ms;
	int64_t idle_exit_ms; /* ends itself when nobody wanted anything for so long; 0 = never */
	bool by_itself; /* started for a command: is nothing but 0 when there is one; takes free ports when those of base are taken */
	int64_t shutdown_ms;         /* for what runs when it is told to stop */
	const char *log_level;       /* word, for the local worker */
	int64_t log_limit, log_keep; /* as in struct worker_conf, for the local worker */
	const char *exe;             /* this binary */
	/* Called once when it serves: for a line on stdout. */
	void (*ready)(void *arg, const char *text);
	void *ready_arg;
};

/* Runs until it is told to stop; the exit status. *e: why it could not start, or code ERR_NONE. */
int control_plane_run(const struct control_plane_conf *conf, struct err *e);

#endif
