/* Adding tasks to a list of modules: what the loader and the parser share. */
#ifndef NODE_MODULE_TASK_H
#define NODE_MODULE_TASK_H

#include "base/buf.h"
#include "node/modules.h"

/* Takes t's strings, on error too, and leaves t empty. ERR_DATA, naming both places, when the name is there already. */
int module_task_add(struct modules *m, struct module_task *t, struct err *e);
/* The module's name from its path: "tasks" of "examples/tasks.sh"; the caller frees it. */
char *module_name(const char *path);
/* If the n bytes are a line `# @WORD REST`: the word's and the rest's begin and length. */
bool module_directive(const char *line, size_t n, const char **word, size_t *nword,
	const char **rest, size_t *nrest);
/* Appends the text of a comment line to the documentation; passes over what is written for other programs. */
void module_doc_line(struct buf *doc, const char *line, size_t n);

/* "builtin", "shell", "exec": on the wire between worker and runner. */
const char *task_kind_word(enum task_kind kind);
int task_kind_parse(const char *word); /* -1 when unknown */

#endif
