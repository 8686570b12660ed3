/* The client library: everything that talks to a control plane uses it. Nothing here blocks: answers come as calls from the loop. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "proto/link.h"
#include "proto/logrec.h"

struct client;

struct client_conf {
	struct link_conf link;
	int retries; /* how often one request is sent again after the connection broke */
	/* Both may be NULL. The connection is up (again), or it broke and is being tried again. */
	void (*up)(void *arg, const struct msg *welcome);
	void (*down)(void *arg, const struct err *why);
	void *arg;
};

struct client *client_new(struct net *n, const struct client_conf *conf);
/* No call comes any more. */
void client_free(struct client **c);
bool client_up(const struct client *c);
bool client_failed(const struct client *c); /* given up: it will never come back */
const struct address *client_address(const struct client *c);
void client_make_id(struct client *c, struct uuid *out);

/* Asking. Exactly one of m and e is not NULL; both are borrowed. Called once per message of the answer: `more` says that others follow; after an error, or with
 * more false, no call comes. */
typedef void client_fn(void *arg, const struct msg *m, bool more, const struct err *e);
/* Begins a request; add fields to o->w, then client_send() it. */
void client_begin(struct client *c, struct mout *o, enum msg_id id);
/* Ends o and sends it, now or when the connection is up; sent again after a lost connection (all requests may be repeated). The number is for client_forget(). */
int64_t client_send(struct client *c, struct mout *o, client_fn *fn, void *arg);
void client_forget(struct client *c, int64_t request); /* the answer is not wanted any more */

/* Watching. Each event of a `event` message is given on its own: ev is the object, m and *at are for msg_take(m, ev, "result", at, &len), which
 * must be called for each event of a watch with results. After a lost connection the watch is made again by itself: `gap` true tells that changes may
 * have been missed (a watch on all), or that the state now comes again (on tasks). */
struct client_watch;
typedef void client_event_fn(void *arg, const struct json_node *ev, const struct msg *m,
	size_t *at, bool gap);
/* On everything that we may see. after: resume behind that event; -1: from now on. */
struct client_watch *client_watch_all(struct client *c, int64_t after, client_event_fn *fn,
	void *arg);
/* On tasks: empty at first; client_watch_add(), or a submission that names it, adds some. `failed` (may be NULL) is called for a selector that names no task. */
struct client_watch *client_watch_tasks(struct client *c, bool results, client_event_fn *fn,
	void (*missing)(void *arg, const char *selector), void *arg);
/* Called when the connection is given up for good: nothing comes any more. Not set: nobody is told. */
void client_watch_on_failed(struct client_watch *w,
	void (*fn)(void *arg, const struct err *why));
/* Before anything is added: only the end of each task is told, none of the changes before. */
void client_watch_ends(struct client_watch *w);
void client_watch_add(struct client_watch *w, const char *const *selectors, size_t n);
/* Counts a task as open before its first event. */
void client_watch_expect_id(struct client_watch *w, const char *id);
/* How many of its tasks are not final yet, as far as is known here. */
size_t client_watch_open(const struct client_watch *w);
void client_unwatch(struct client_watch **w);

/* Submitting. */
struct submission {
	struct uuid id; /* client_make_id() */
	const char *name;
	const char *priority; /* word, or NULL */
	int64_t timeout_ms;   /* -1 = the module's */
	bool defer;
	const char *needs; /* words, db,gpu: what the worker must have; or NULL */
	const char *args;  /* JSON array */
	size_t args_len;
	const char *kwargs; /* JSON object, or NULL */
	size_t kwargs_len;
	const struct uuid
		*group; /* client_make_id(), or NULL. Of all tasks of one call the same */
	bool fed; /* its stdin comes from client_feed_open() on the same connection; it runs at most once */
	const char *
		place; /* of programs: JSON object, or NULL. Of all tasks of one call the same */
	size_t place_len;
	bool once;   /* at most once */
	bool stream; /* no result: its output is read with client_log_open() and hold, and the task waits for that reader */
};

/* One answer per task, in any order. n: its number; state: word. On refusal n is 0 and *e says why. */
typedef void submitted_fn(void *arg, const struct uuid *id, int64_t n, const char *state,
	const struct err *e);
/* Everything is copied. Tasks are sent many per message, large arguments ahead of them. w: NULL, or a watch that they are added to. */
void client_submit(struct client *c, const struct submission *tasks, size_t n,
	struct client_watch *w, submitted_fn *fn, void *arg);

/* Short number of the group that was submitted to last; 0: another one was, or it is not answered yet. */
int64_t client_group_n(const struct client *c, const struct uuid *group);

/* Fetches the result of a task that is too large for a message, a part at a time, in order. last: nothing follows. Returning false from fn ends it. */
typedef bool client_part_fn(void *arg, const char *data, size_t len, bool last,
	const struct err *e);
void client_fetch(struct client *c, const char *selector, const char *part, client_part_fn *fn,
	void *arg);

/* Reading the output of a task, while it runs or afterwards. */
struct client_log;
/* One of: a piece (p), bytes left out (left_out > 0) before what comes next, a note for people (text, as in "worker w2 is away: only the last 64 KiB"),
 * the end (end: everything was given), or e, which ends it, too. After end or e no call comes; client_log_close() is still the caller's, also from inside. */
struct client_log_news {
	const struct log_piece *p;
	int64_t left_out;
	const char *note;
	bool end;
	const struct err *e;
};
typedef void client_log_fn(void *arg, const struct client_log_news *news);
struct client_log_conf {
	bool follow; /* until the task is over, also when it has not begun or begins again; else what is there now */
	bool hold;    /* the task was submitted with `stream` and waits for us; with follow */
	int64_t tail; /* only the last so many bytes of output; 0: all */
};
/* id: UUID or number. Survives lost connections. At most 128 KiB are on their way without having been given. */
struct client_log *client_log_open(struct client *c, const char *id,
	const struct client_log_conf *conf, client_log_fn *fn, void *arg);
/* While paused, nothing more is asked for; what has come is still given (at most 128 KiB). */
void client_log_pause(struct client_log *l, bool paused);
void client_log_close(struct client_log **l); /* a held task goes on without us */

/* Feeding the stdin of a task that was submitted with `fed`, from a descriptor. Nothing is read before the task runs, and never more than 256 KiB
 * that it has not taken. The end of the descriptor is the end of its stdin; when the task takes no more, reading stops quietly. Survives lost connections. When the
 * feed is closed before its end, the task is ended by the control plane once the connection goes: end the process, or cancel it. */
struct client_feed;
/* e: it cannot go on (ERR_IO: reading failed; else the control plane refused). Called at most once; then nothing is read any more. */
typedef void client_feed_fn(void *arg, const struct err *e);
/* fd: borrowed, may block. */
struct client_feed *client_feed_open(struct client *c, const char *id, int fd,
	client_feed_fn *fn, void *arg);
/* Each event of the task, as it comes: it begins when the task runs. */
void client_feed_event(struct client_feed *f, const struct json_node *ev);
void client_feed_close(struct client_feed **f);     /* NULL is fine; no call comes any more */
bool client_feed_done(const struct client_feed *f); /* all was taken, or it takes no more */

#endif
