/* Starting processes: posix_spawn/vfork with a clean slate - own session, no descriptors but those named, default signals. */
#ifndef NODE_SPAWN_H
#define NODE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "node/task_limits.h"

#define SPAWN_MORE 4

struct spawn {
	const char *path; /* looked up in the PATH of envp when it has no slash */
	char *const *argv;
	char *const *envp;   /* NULL: ours */
	const char *cwd;     /* NULL: ours */
	const mode_t *umask; /* NULL: ours */
	int fd[3];           /* become 0, 1, 2; -1 = /dev/null */
	const int *more;     /* become 3, 4 ... */
	size_t nmore;        /* at most SPAWN_MORE */
	bool session;        /* setsid() */
	bool no_new_privs;
	const struct task_limits *limits; /* NULL: ours; otherwise also no core files */
	bool die_with_parent; /* KILL when the thread that started it ends; not passed on to its own children */
};

/* The pid, or -1 with *e (ERR_NO_TASK: there is no such program; ERR_NO_WORKER: cannot run it, with path and reason). Never forks a copy of a large caller; all other descriptors are closed in the child,
 * signals are unblocked and default. */
pid_t spawn_start(const struct spawn *s, struct err *e);
/* Path of the running binary, resolved; the caller frees it. */
char *spawn_self(void);

#endif
