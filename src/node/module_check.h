/* Asks the shell whether it can read a module. */
#ifndef NODE_MODULE_CHECK_H
#define NODE_MODULE_CHECK_H

#include "base/err.h"

/* Runs `shell -n` over `file`. -1 with ERR_DATA, "PATH:LINE: what the shell says", when it is no shell program: `path` is the module as its user knows it. A shell
 * that cannot be run, or that does not answer within 5 s, says nothing. */
int module_check(const char *shell, const char *file, const char *path, struct err *e);

#endif
