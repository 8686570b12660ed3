/* The socket of a runner for commands that speak from inside its task: inside_msg.h has what is said.
 *
 * One per runner, in a private folder (0700) beside the task's TMPDIR; path under 100 bytes. It takes processes of our own user only; of those, who knows the
 * token of the attempt that runs now. It has no key and knows no other host. */
#ifndef NODE_INSIDE_H
#define NODE_INSIDE_H

#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/uuid.h"
#include "node/args.h"
#include "node/inside_msg.h"

struct inside;

/* What the task says. At most 10 calls a second; the newest wins, and the last one comes at the latest with inside_over(). progress: millionths, -1 = never said;
 * text: at most INSIDE_MAX_TEXT bytes, "" = never said. */
typedef void inside_progress_fn(void *arg, int32_t progress, const char *text);

struct inside *inside_new(struct loop *l, inside_progress_fn *progress, void *arg);
void inside_free(struct inside **in); /* removes socket and folder */
/* An attempt begins: opens the socket if need be, and adds FW_SOCKET and FW_TOKEN to env. -1 with ERR_IO. */
int inside_start(struct inside *in, const struct uuid *id, int64_t attempt, struct words *env,
	struct err *e);
/* The attempt is over: its token and its connections, too. */
void inside_over(struct inside *in);
/* A private file of the attempt beside the socket, 0600, gone with inside_over(): its path (borrowed until then), or NULL with ERR_IO. */
const char *inside_file(struct inside *in, const char *name, const void *data, size_t len,
	struct err *e);

#endif
