/* All attempts of a worker together: what it tells of them when it registers, and their end when it stops. */
#include "base/list.h"
#include "base/mem.h"
#include "node/labour.h"

void jobs_write_held(struct labour *b, struct mout *o)
{
	struct list *e, *tmp;

	jout_array(&o->w, "held");
	list_each (e, tmp, &b->jobs) {
		struct job *j = container_of(e, struct job, all);
		jout_object(&o->w, NULL);
		mout_uuid(o, "id", &j->id);
		jout_i64(&o->w, "attempt", j->attempt);
		jout_end_object(&o->w);
	}
	jout_end_array(&o->w);
}

void jobs_cancel_all(struct labour *b, int64_t grace_ms)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->jobs) {
		struct job *j = container_of(e, struct job, all);
		if (!j->done && j->lane)
			lane_stop(j, grace_ms);
	}
}
