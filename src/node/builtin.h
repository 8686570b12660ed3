/* Tasks that every worker has: they run inside the runner and start no process. */
#ifndef NODE_BUILTIN_H
#define NODE_BUILTIN_H

#include <stddef.h>

#include "base/json.h"
#include "node/run.h"

struct builtin {
	const char *name, *doc, *params;
	void (*run)(struct run *run,
		const struct json_node *args); /* ends the run, or sets run->nap */
};

extern const struct builtin builtins[];
extern const size_t nbuiltins;

/* Runs the one that run->name names: it is over, or its pid is ours. */
void builtin_start(struct run *run);

#endif
