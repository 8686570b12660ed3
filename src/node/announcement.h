/* What a worker says of itself in `register`, copied out of the message for the core. */
#ifndef NODE_ANNOUNCEMENT_H
#define NODE_ANNOUNCEMENT_H

#include "core/model.h"
#include "core/needs.h"
#include "proto/msg.h"

struct announcement {
	struct worker_task *tasks;
	size_t n;
	struct worker_module *modules;
	size_t nmodules;
	char has[NEEDS_TEXT];
};

/* Names that no task can have are passed over. -1 with ERR_DATA: what it has are no words. announcement_fini() in any case. */
int announcement_read(struct announcement *a, const struct msg *m, struct err *e);
void announcement_fini(struct announcement *a);

#endif
