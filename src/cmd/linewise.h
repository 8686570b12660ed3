/* The output of tasks as text for people: cut into lines with something before each, or passed on as it is. */
#ifndef CMD_LINEWISE_H
#define CMD_LINEWISE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proto/logrec.h"

struct linewise_conf {
	bool by_line;       /* cut; what is said below needs it */
	const char *prefix; /* before each line, or NULL; borrowed */
	bool times;         /* and when it was read */
	bool safe;          /* for a terminal: nothing in it is obeyed */
	int64_t json_n; /* above 0: each line as an object of JSON, with this number of its task */
};

/* One stream of one task; set to zero. */
struct linewise {
	struct buf held; /* the beginning of a line, or of a character */
	int64_t held_ms;
};

/* Appends to `to` what can be shown now. */
void linewise_add(struct linewise *l, const struct linewise_conf *conf, struct buf *to,
	const struct log_piece *p);
/* What is held still: the end has come. */
void linewise_end(struct linewise *l, const struct linewise_conf *conf, struct buf *to,
	int stream);
void linewise_fini(struct linewise *l);

#endif
