/* The protocol between a runner and the commands that speak from inside its task: lines of JSON over a Unix socket.
 *
 * A task finds the socket's path in FW_SOCKET and its token, made anew for each attempt, in FW_TOKEN. One line is one message, at most INSIDE_MAX_LINE bytes with
 * its newline. The first says who speaks; each request has a number of the sender's choice, which its answer carries; several may be under way.
 *
 *     > {"m":"hello","v":1,"token":"6f1c..."}
 *     < {"m":"hello","v":1,"id":"0193...","attempt":1}
 *     > {"m":"progress","r":1,"progress":0.4,"text":"epoch 2"}
 *     < {"m":"ok","r":1}
 *     < {"m":"error","r":2,"code":"data","why":"..."}
 *
 *   hello      v token                        first line of a connection; v: newest version that the sender speaks
 *   progress   r progress (0 to 1) text       how far the task is; one of the two may be left out: it stays as it was
 *
 * Unknown members are passed over, an unknown request is an error with its number. A line that cannot be read, a wrong token and an attempt that is over end the
 * connection, after an error with r = 0. The sender need not wait for an answer before it sends the next line. */
#ifndef NODE_INSIDE_MSG_H
#define NODE_INSIDE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#define INSIDE_VERSION    1
#define INSIDE_MAX_LINE   (128 * 1024)
#define INSIDE_TOKEN      32  /* characters: 128 random bits as hex */
#define INSIDE_MAX_TEXT   119 /* bytes of a progress text; more is cut */
#define INSIDE_SOCKET_VAR "FW_SOCKET"
#define INSIDE_TOKEN_VAR  "FW_TOKEN"

struct inside_reader { /* set to zero; inside_reader_fini() at the end */
	struct buf in;
	size_t used;    /* bytes of `in` that belong to lines given already */
	size_t scanned; /* bytes behind `used` that hold no newline */
	struct json_doc doc;
	char name[32];
};

struct inside_msg {
	const struct json_node *head; /* borrowed from the reader until the next call */
	const char *name;             /* its "m" */
	int64_t req;                  /* its "r"; 0 = none */
};

/* Appends bytes that came from the peer. */
void inside_feed(struct inside_reader *r, const void *p, size_t n);
/* 1: *m is the next message. 0: not complete yet. -1: the peer is broken, *e (ERR_DATA) says how. */
int inside_next(struct inside_reader *r, struct inside_msg *m, struct err *e);
void inside_reader_fini(struct inside_reader *r);

/* What a `progress` says: -1 and "" when it does not. text: cut to INSIDE_MAX_TEXT bytes of valid UTF-8 on one line. -1 with ERR_DATA. */
int inside_progress(const struct inside_msg *m, int32_t *millionths,
	char text[INSIDE_MAX_TEXT + 1], struct err *e);

/* Begins a message in `out`; add members to *w; inside_end() closes the line. req 0: none. */
void inside_begin(struct json_out *w, struct buf *out, const char *name, int64_t req);
void inside_end(struct json_out *w);

#endif
