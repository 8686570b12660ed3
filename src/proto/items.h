/* What the elements of lists in messages consist of, and the words in which fields are written down. For messages.c. */
#ifndef PROTO_ITEMS_H
#define PROTO_ITEMS_H

#include "proto/msg.h"

/* Bytes at most, of strings. */
#define WORD     64
#define NAME     64
#define SELECTOR 80
#define LINE     1024
#define DOC      2048

#define FIELD(n, t, m, x, d)                                                                   \
	{                                                                                      \
		.name = n, .type = t, .must = m, .max = x, .doc = d                            \
	}
#define LIST(n, m, i, d)                                                                       \
	{                                                                                      \
		.name = n, .type = F_LIST, .must = m, .items = i, .doc = d                     \
	}

extern const struct msg_field items_submit_task[];
extern const struct msg_field items_submitted_task[];
extern const struct msg_field items_record[];
extern const struct msg_field items_event[];
extern const struct msg_field items_attempt[];
extern const struct msg_field items_progress_task[];
extern const struct msg_field items_announced_task[];
extern const struct msg_field items_announced_module[];
extern const struct msg_field items_given_task[];
extern const struct msg_field items_done_task[];
extern const struct msg_field items_stopped_task[];
extern const struct msg_field items_cancelled_task[];
extern const struct msg_field items_drained_worker[];

#endif
