/* How a task ended: what a command prints of it and passes on. */
#ifndef CMD_ENDING_H
#define CMD_ENDING_H

#include "base/buf.h"
#include "cmd/cmd.h"

/* Read from a record or an event: both have these fields. */
struct ending {
	char id[37], name[80], state[32], cause[32], text[1100], type[16], worker[80];
	int64_t n, exit, signal, size;
	bool final;
};

void ending_read(struct ending *e, const struct json_node *o);
/* 0; the program's status; 128+n for a signal; 143 cancelled; 124 time-out; 126 it could not be started; 125 for all else. */
int ending_status(const struct ending *e);
/* "task 42 (add) failed: exit status 3: ..." on stderr; nothing for a success. */
void ending_tell(struct out *out, const struct ending *e);
/* What of a result is printed there: see result_print(). */
void result_text(struct buf *to, const struct out *out, const struct ending *e, const char *p,
	size_t n);
/* The result on stdout: bytes as they are, a JSON string without its quotes, other JSON as written. */
void result_print(struct out *out, const struct ending *e, const char *p, size_t n);
/* The result as a JSON value: bytes that are one whole value are that value, others a string without the last newline. */
void result_json(struct buf *json, const struct ending *e, const char *p, size_t n);
/* The members of a record or event, its result put in (p not NULL), and exit_status: into an object that is open. */
void result_members(struct json_out *w, const struct json_node *record, const struct ending *e,
	const char *p, size_t n);
/* A record (raw JSON object) with "result" put in, as one line of --json. */
void result_object(struct out *out, const struct json_node *record, const struct ending *e,
	const char *p, size_t n);

#endif
