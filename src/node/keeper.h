/* Deletes the logs of a worker that are too old, and the oldest ones when all together are too large. A few files per turn of the loop; those that
 * are being written are left alone. */
#ifndef NODE_KEEPER_H
#define NODE_KEEPER_H

#include <stdint.h>

#include "base/loop.h"

struct keeper;

/* dir: the folder with a folder per thousand. It looks at once, after every 1000 tasks, and once an hour. */
struct keeper *keeper_new(struct loop *l, const char *dir, int64_t max_bytes);
void keeper_task(struct keeper *k); /* one more has ended */
void keeper_free(struct keeper **k);

#endif
