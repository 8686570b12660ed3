/* Writing as much as there is to whoever reads slowly: nothing blocks the loop, and little is kept. For stdout and stderr of this process; other faces (the
 * shell's pager, the console) take everything at once. */
#ifndef CMD_POUR_H
#define CMD_POUR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "cmd/out.h"

struct pour;

/* drained: what was full has room again, or nothing can be written any more (out->failed). Never called from inside a pour_ function. */
struct pour *pour_new(struct loop *l, struct out *out, void (*drained)(void *arg), void *arg);
/* stream: 1 stdout, 2 stderr. Takes all of it; look at pour_full() afterwards. */
void pour_write(struct pour *p, int stream, const char *data, size_t n);
bool pour_full(const struct pour *p);  /* no more should be written until drained() */
bool pour_empty(const struct pour *p); /* all of it is written */
void pour_free(struct pour **p);       /* what is not written yet is dropped */

#endif
