/* The runner protocol: what a worker and a runner (or any language's resident host) say to each other over two descriptors.
 *
 * A message is one line of JSON, ended by a newline, then the bodies whose lengths the line gives, one behind the other, with nothing between:
 *
 *     {"m":"task","id":"0193...","attempt":1,"bodies":[5,2]}\n[5,3]{}
 *
 * worker -> runner: hello, task, cancel, signal, recall, credit, answer, bye   runner -> worker: hello, started, output, progress, call, done, returned
 * Both sides begin with hello {"v":1}. Unknown members are passed over; an unknown message from a peer of a higher version, too. Several tasks may be
 * sent before the first is done (pipelining): a runner does them in order. An attempt counts from its `started`.
 *
 *   hello    v scratch              scratch: path that the worker removes when the runner cannot; a free one, not yet made
 *   task     id attempt name kind path function shell timeout_ms grace_ms n log log_limit stream hold stdin
 *            memory nofile cpu_s daemon  limits of each process, see task_limits.h
 *            bodies: args (JSON array), kwargs (JSON object), and of a program its place (program.h)
 *   cancel   id attempt grace_ms
 *   signal   id attempt signal          to the session of what runs
 *   recall   id attempt                 the task, if it has not started, is given back with returned
 *   returned id attempt
 *   started  id attempt pid
 *   credit   id attempt upto      its reader is at this offset of the log: a held task may be a window ahead; -1: nobody reads
 *   output   id attempt size error   the log ends at this offset now, or cannot be written; once per turn. The runner itself writes the file `log`
 *   done     id attempt ok cause exit signal error type wall_ms wall_us user_ms sys_ms rss_kb left left_names outs errs log_error result
 *            bodies: result, tail (the last records of the log, left out when the result says the same; with it, result tells
 *            whether the first body is one); members
 *            that say nothing (none, -1, 0, null) are left out; pid, when started was left out
 *            because it was over at once
 *            (left: processes that were still there when it had ended and were killed; of a cancelled attempt, error says how it ended)
 *   progress id attempt millionths text      what the task said of itself; either may be missing: never said
 *   stdin    id attempt offset eof           bodies: a part of the stdin of a task with `stdin`; at most RUNNER_MAX_STDIN bytes without an answer
 *   stdin_ack id attempt offset closed       so much was written into it; closed: it takes no more
 *   call, answer: reserved with these directions; see docs of later hosts.
 */
#ifndef NODE_RUNNER_MSG_H
#define NODE_RUNNER_MSG_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "core/model.h"

#define RUNNER_VERSION    1
#define RUNNER_MAX_LINE   65536              /* longer: the peer is broken */
#define RUNNER_MAX_BODY   (64 * 1024 * 1024) /* all bodies of one message */
#define RUNNER_MAX_BODIES 4
#define RUNNER_MAX_STDIN  (512 * 1024)

struct runner_msg {
	const struct json_node
		*head;    /* the object; borrowed from the reader until the next call */
	const char *name; /* its "m" */
	size_t nbodies;
	const char *body[RUNNER_MAX_BODIES]; /* borrowed likewise */
	size_t len[RUNNER_MAX_BODIES];
};

struct runner_reader { /* set to zero; runner_reader_fini() at the end */
	struct buf in;
	struct json_doc doc;
	size_t used;    /* bytes of `in` that belong to messages given already */
	size_t scanned; /* bytes behind `used` that hold no newline */
	size_t need;    /* bytes behind `used` that the next message has; 0: not known yet */
	char name[32];
};

/* Appends bytes that came from the peer. */
void runner_feed(struct runner_reader *r, const void *p, size_t n);
/* 1: *m is the next message. 0: not complete yet. -1: the peer is broken, *e says how. */
int runner_next(struct runner_reader *r, struct runner_msg *m, struct err *e);
void runner_reader_fini(struct runner_reader *r);

/* A member that is a whole number, or `absent`. */
int64_t runner_number(const struct runner_msg *m, const char *key, int64_t absent);
/* What a `done` says. *o owns its error and result until runner_outcome_fini(). -1: it does not say how the attempt ended. */
int runner_outcome(const struct runner_msg *m, struct outcome *o, struct err *e);
void runner_outcome_fini(struct outcome *o);

/* Begins a message in `out` ({"m":NAME ...); add members to *w; then runner_end() closes it with its bodies. */
void runner_begin(struct json_out *w, struct buf *out, const char *name);
void runner_end(struct json_out *w, const struct buf *const *bodies, size_t n);

#endif
