/* The one list of messages: what the codec checks, the log names, the round-trip tests and the table in PROTOCOL.md come from. */
#ifndef PROTO_MSG_H
#define PROTO_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/uuid.h"

#define PROTO_VERSION     1
#define PROTO_VERSION_MIN 1

/* Limits, in bytes; a peer that goes over them is cut off or refused. */
#define PROTO_FRAME_MAX (256 * 1024) /* one frame on the wire (ZMQ_MAXMSGSIZE) */
#define PROTO_INLINE_MAX                                                                       \
	(96 * 1024) /* one argument list or result inside a message; larger ones travel as blobs */
#define PROTO_BATCH                                                                            \
	(160 * 1024) /* a sender begins a new message when head or body passes this */
#define PROTO_CHUNK     (128 * 1024)       /* of a blob */
#define PROTO_BLOB_MAX  (64 * 1024 * 1024) /* arguments, or result, of one task */
#define PROTO_NODES_MAX 65536              /* JSON values in a header */

enum msg_id {
	MSG_HELLO,
	MSG_WELCOME,
	MSG_ERROR,
	MSG_SUBMIT,
	MSG_SUBMITTED,
	MSG_GET,
	MSG_RECORDS,
	MSG_QUERY,
	MSG_ROWS,
	MSG_CANCEL,
	MSG_CANCELLED,
	MSG_WATCH,
	MSG_WATCHING,
	MSG_EVENT,
	MSG_UNWATCH,
	MSG_UNWATCHED,
	MSG_BLOB_PUT,
	MSG_BLOB_HAVE,
	MSG_BLOB_GET,
	MSG_BLOB,
	MSG_LOG,
	MSG_LOG_READ,
	MSG_LOG_DATA,
	MSG_SIGNAL,
	MSG_SIGNALLED,
	MSG_RAISE,
	MSG_DRAIN,
	MSG_DRAINED,
	MSG_REST,
	MSG_SHUTDOWN,
	MSG_STOPPING,
	MSG_REGISTER,
	MSG_REGISTERED,
	MSG_TASK,
	MSG_RECALL,
	MSG_RETURNED,
	MSG_STARTED,
	MSG_PROGRESS,
	MSG_STDIN,
	MSG_STDIN_ACK,
	MSG_DONE,
	MSG_DONE_OK,
	MSG_STOP,
	MSG_HEARTBEAT,
	MSG_ALIVE,
	MSG_LEAVE,
	MSG_LEFT,
	MSG__COUNT
};

enum msg_from { FROM_CLIENT = 1, FROM_WORKER = 2, FROM_SERVER = 4 };

enum field_type {
	F_END, /* ends a field list */
	F_INT,
	F_BOOL,
	F_STR,   /* at most `max` bytes after unescaping */
	F_ID,    /* a UUID as text */
	F_WORDS, /* array of strings of at most `max` bytes each */
	F_LIST,  /* array of objects with the fields of `items` */
	F_LEN, /* a whole number: so many bytes of the body belong here; the lengths stand in the order of the body and add up to it */
	F_JSON, /* any value */
};

struct msg_field {
	const char *name;
	enum field_type type;
	bool must;
	size_t max;
	const struct msg_field *items;
	const char *doc;
};

struct msg_def {
	const char *name;
	unsigned from;      /* bits of enum msg_from */
	unsigned roles;     /* one of these roles is needed; 0 = any key that is let in */
	bool repeat;        /* may be sent again after a lost answer: nothing happens twice */
	enum msg_id answer; /* what it is answered with (or error); MSG__COUNT = nothing */
	const struct msg_field *fields;
	const char *doc;
};

const struct msg_def *msg_def(enum msg_id id);
int msg_find(const char *name); /* -1: unknown */

/* A decoded message: the header is checked against its list, so that a reader need not check again. */
struct msg {
	enum msg_id id;
	int64_t req; /* number of the request that this is or answers; 0 = none */
	const struct json_node *head; /* the object */
	const char *body;
	size_t body_len;
	struct json_doc doc;
};

void msg_init(struct msg *m);
void msg_fini(struct msg *m);
/* Decodes a header (borrowed, must outlive m). `from` says what kind of peer sent it. -1 with ERR_DATA. */
int msg_decode(struct msg *m, const char *head, size_t head_len, const char *body,
	size_t body_len, unsigned from, struct err *e);

/* Reading, of m->head or of an item of a list. Fields that must be there are. */
int64_t msg_int(const struct json_node *o, const char *name, int64_t absent);
bool msg_bool(const struct json_node *o, const char *name); /* absent: false */
bool msg_str(const struct json_node *o, const char *name, char *dst,
	size_t size); /* absent: "" and false */
bool msg_uuid(const struct json_node *o, const char *name, struct uuid *out);
const struct json_node *msg_list(const struct json_node *o,
	const char *name); /* first element or NULL; json_next() goes on */
/* The next len = o.NAME bytes of the body; *at begins with 0 and grows. NULL when the field is absent. */
const char *msg_take(const struct msg *m, const struct json_node *o, const char *name,
	size_t *at, size_t *len);

/* Writing. */
struct mout {
	enum msg_id id;
	struct buf head, body;
	struct json_out w; /* add fields here */
};

void mout_init(struct mout *o);
void mout_fini(struct mout *o);
void mout_begin(struct mout *o, enum msg_id id, int64_t req); /* empties it first */
void mout_end(struct mout *o);
/* Writes the length as a field and the bytes into the body. */
void mout_put(struct mout *o, const char *name, const void *p, size_t len);
void mout_uuid(struct mout *o, const char *name, const struct uuid *id);
/* A finished error message. */
void mout_error(struct mout *o, int64_t req, const struct err *e);
/* What an error message says. */
void msg_error(const struct msg *m, struct err *e);

/* An example of a message, from its list: for round-trip tests and PROTOCOL.md. Ended. */
void msg_example(enum msg_id id, struct mout *o);
/* The tables of PROTOCOL.md, as Markdown. */
void msg_document(struct buf *out);

#endif
