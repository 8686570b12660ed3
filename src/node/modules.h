/* Task modules: shell files whose functions stand under a `# @task` comment, folders of executables, and what is built in.
 *
 *     # @task                      the function below is a task; its name is the function's
 *     # @task report.daily timeout=30s     another name; options of the task
 *     # Adds two numbers.          other comment lines directly above the function are documentation
 *     add() {
 *
 * `# @runner resident` anywhere says that one shell per slot loads the file once, and forks for each call.
 *
 * A line `# @WORD ...` is a directive anywhere in the file; an unknown WORD is an error with file and line. The shell is `sh`, or bash where the
 * file's first line says so. The file itself may run without arguments: then it does nothing but define functions. */
#ifndef NODE_MODULES_H
#define NODE_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "node/task_limits.h"

enum task_kind {
	TASK_KIND_BUILTIN,
	TASK_KIND_SHELL,
	TASK_KIND_EXEC,
	TASK_KIND_RESIDENT, /* a shell function in a shell that stays */
	TASK_KIND_PROGRAM,  /* of a client's own: program.h */
};

struct module_task {
	char *name;   /* what people submit */
	char *module; /* "tasks" of examples/tasks.sh, the folder's name, "builtin" */
	char *doc;    /* documentation, lines joined by \n; "" when none */
	char *params; /* usage of the arguments from `# @usage A B [C]`, or NULL */
	char *needs;  /* a set of core/needs.h, from `# @task needs=db,gpu`; or NULL */
	enum task_kind kind;
	char *path;   /* module file or executable, absolute; NULL for builtin */
	char *source; /* shell only: copy of the text that was loaded, which a task sources instead of path; NULL: none */
	size_t of;    /* index in modules.list; MODULE_NONE for builtin */
	char *function;     /* shell only */
	char *shell;        /* shell only: "/bin/sh" or "/bin/bash" */
	int line;           /* of the definition */
	int64_t timeout_ms; /* 0 = none, -1 = not said (300 s) */
	struct task_limits limits;
};

#define MODULE_NONE SIZE_MAX

struct module {                   /* what one word of the command line names */
	char *spec;               /* the word */
	char *name;               /* as in struct module_task */
	char *path;               /* absolute, links resolved; NULL: it was never there */
	char digest[DIGEST_TEXT]; /* of the version in use */
	char *broken; /* why the newest version cannot be used; the one before it is. NULL = it can */
};

struct modules {
	struct module_task *tasks; /* built-in ones first, then in order of loading */
	size_t n, cap;
	struct module *list; /* in the order of the command line */
	size_t nlist;
	char *folder;  /* where copies of shell modules are kept; NULL = there are none */
	char **copies; /* all of them, the latest use last */
	size_t ncopies;
};

/* Loads builtin tasks and all of specs (paths, as given on the command line; module files end in .sh or .bash or have a sh/bash first line). ERR_DATA with
 * file:line for what is wrong inside, ERR_CONFIG for one that others can write (with the chmod), ERR_DATA for a name given twice (both places named, and
 * how to name one of them `# @task MODULE.NAME`), for a Python module name (what to do instead), for a missing file. */
int modules_load(struct modules *m, const char *const *specs, size_t n, struct err *e);
/* The same; tasks of shell modules run from copies below `folder` (module_copy.h), so that they run what was loaded, whatever becomes of the file. Not so a module that
 * asks where it lies (BASH_SOURCE), and none when the folder cannot be written: that is logged. */
int modules_open(struct modules *m, const char *folder, const char *const *specs, size_t n,
	struct err *e);
/* Loads all of it again. A module that is broken now, or that defines a name which an earlier one has, stays as it was before, with `broken` set. Returns whether
 * anything is different. Pointers to tasks are no longer valid. */
bool modules_reload(struct modules *m);
void modules_fini(struct modules *m);
const struct module_task *modules_find(const struct modules *m,
	const char *name); /* NULL: none */

/* One shell module from its text (fuzzed): adds its tasks. */
int module_parse(struct modules *m, const char *path, const char *text, size_t len,
	struct err *e);

#endif
