/* What workers pass on from tasks that run. */
#include "base/fraction.h"
#include "node/server.h"

void progress_handle(struct peer *p, const struct msg *m)
{
	struct worker *w = worker_of(p, m);
	struct uuid id;
	char text[1100];

	if (!w)
		return;
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		bool said = msg_str(o, "text", text, sizeof(text));
		int64_t far = msg_int(o, "millionths", -1);
		msg_uuid(o, "id", &id);
		core_progress(p->server->core, server_now(p->server), w, &id,
			(uint32_t)msg_int(o, "attempt", 0),
			far < 0 || far > FRACTION_ONE ? -1 : (int32_t)far, said ? text : NULL,
			NULL);
	}
}
