/* `drain` and `undrain`: workers that are to get nothing new, for as long as their process lives.
 *
 * The worker is told and remembers it: it says so whenever it registers, so a broken connection or a new control plane changes nothing. What was asked while it is
 * away waits here, and counts more than what it says until it has heard of it. */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "node/server.h"

static void send_rest(struct peer *p, bool on)
{
	struct mout *o = &p->server->out;

	mout_begin(o, MSG_REST, 0);
	jout_bool(&o->w, "on", on);
	mout_end(o);
	peer_send(p, o);
}

void drains_joined(struct peer *p, struct worker *w, const struct msg *m)
{
	bool says = msg_bool(m->head, "drained");

	w->leaving = msg_bool(m->head, "draining");
	if (w->order == DRAIN_ORDER_NONE || says == (w->order == DRAIN_ORDER_ON)) {
		w->order = DRAIN_ORDER_NONE;
		w->drained = says;
	} else {
		w->drained = w->order == DRAIN_ORDER_ON;
		send_rest(p, w->drained);
	}
	core_worker_drain(p->server->core, server_now(p->server), w, w->leaving || w->drained);
}

static void drain_one(struct peer *p, struct mout *o, const char *id, bool on)
{
	struct server *s = p->server;
	struct worker *w = core_worker(s->core, id);

	jout_object(&o->w, NULL);
	jout_str(&o->w, "worker", id);
	jout_bool(&o->w, "ok", w != NULL);
	if (!w) {
		jout_str(&o->w, "why", "no such worker; `fastworker workers` shows them");
		jout_end_object(&o->w);
		return;
	}
	log_info("%s worker=%s by=%s", on ? "drain" : "undrain", w->id, p->principal);
	if (w->drained == on)
		jout_bool(&o->w, "again", true);
	w->drained = on;
	w->order = on ? DRAIN_ORDER_ON : DRAIN_ORDER_OFF;
	core_worker_drain(s->core, server_now(s), w, w->leaving || on);
	if (w->peer)
		send_rest(w->peer, on);
	jout_i64(&o->w, "running", (int64_t)(w->nheld + w->nghosts));
	jout_bool(&o->w, "draining", w->draining);
	if (w->leaving)
		jout_bool(&o->w, "leaving", true);
	jout_end_object(&o->w);
}

void drain_handle(struct peer *p, const struct msg *m)
{
	bool on = msg_bool(m->head, "on");
	struct series out;
	char id[128];

	series_begin(&out, p, MSG_DRAINED, m->req, "workers");
	for (const struct json_node *v = msg_list(m->head, "workers"); v; v = json_next(v)) {
		json_strcpy(v, id, sizeof(id));
		/* s->out, which is used for `rest`, is not the series' own. */
		drain_one(p, series_item(&out), id, on);
	}
	series_end(&out);
}
