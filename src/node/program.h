/* Programs that a client names itself, with `run` and `map -- CMD`: a task that workers offer when they were told to. */
#ifndef NODE_PROGRAM_H
#define NODE_PROGRAM_H

#include "base/err.h"
#include "base/json.h"
#include "node/args.h"
#include "node/modules.h"

#define PROGRAM_NAME                                                                           \
	"fw.run" /* no module can define it: a name that begins with "fw." is ours */

/* Its arguments are the words of the command line; beside them goes the place: {"cwd":"/home/ada","umask":18,"env":{"PATH":"..."}}. All members may be
 * missing: then they are as for any other task. */
extern const struct module_task program_task;

struct place {
	char *cwd; /* NULL: the runner's */
	int umask; /* -1: likewise */
};

/* Reads a place (its JSON text, from the client), and puts its variables into *env, where each replaces one of the same name. ERR_DATA when it is no place. */
int program_place(const char *json, size_t len, struct place *p, struct words *env,
	struct err *e);
void program_place_fini(struct place *p);

#endif
