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

/* Takes all tasks of `from`, or none of them: -1 with ERR_DATA when one is there already. */
int module_tasks_move(struct modules *to, struct modules *from, struct err *e);
/* Adds copies of the tasks of old's module `of` that are not there yet, as tasks of the same module. */
void module_tasks_keep(struct modules *to, const struct modules *old, size_t of);
/* The same tasks in the same order, with all that is said of them. */
bool module_tasks_same(const struct modules *a, const struct modules *b);

/* modules.c: one word of the command line; its tasks come behind those that are there, or none of them do. m->list grows by it in any case. */
int module_load(struct modules *m, const char *folder, const char *spec, struct err *e);
int modules_builtin(struct modules *m, struct err *e);
/* module_reload.c: remembers the copies in use, and removes those that were not for long. */
void modules_note_copies(struct modules *m);

/* "builtin", "shell", "exec": on the wire between worker and runner. */
const char *task_kind_word(enum task_kind kind);
int task_kind_parse(const char *word); /* -1 when unknown */

#endif
