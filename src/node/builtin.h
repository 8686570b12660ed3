/* Tasks that every worker has: they run inside the runner and start no process. */
#ifndef NODE_BUILTIN_H
#define NODE_BUILTIN_H

#include <stddef.h>

#include "base/json.h"
#include "node/job.h"

struct builtin {
	const char *name, *doc, *params;
	void (*run)(
		struct job *j, const struct json_node *args); /* ends the job, or sets j->nap */
};

extern const struct builtin builtins[];
extern const size_t nbuiltins;

/* Runs the one that j->name names: the job is over, or its pid is ours. */
void builtin_start(struct job *j);

#endif
