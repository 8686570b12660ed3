/* Answers that are lists, cut into messages that fit on the wire. */
#include "node/server.h"

#define SMALL 4096 /* bytes of a header that leave room for any list of selectors */

static void begin(struct series *s)
{
	mout_begin(&s->out, s->id, s->req);
	jout_array(&s->out.w, s->list);
}

void series_begin(struct series *s, struct peer *p, enum msg_id id, int64_t req,
	const char *list)
{
	s->peer = p;
	s->id = id;
	s->req = req;
	s->list = list;
	mout_init(&s->out);
	begin(s);
}

static void send_part(struct series *s)
{
	jout_end_array(&s->out.w);
	jout_bool(&s->out.w, "more", true);
	mout_end(&s->out);
	peer_send(s->peer, &s->out);
	begin(s);
}

struct mout *series_item(struct series *s)
{
	if (s->out.head.len >= PROTO_BATCH || s->out.body.len >= PROTO_BATCH)
		send_part(s);
	return &s->out;
}

void series_break(struct series *s)
{
	if (s->out.head.len >= SMALL)
		send_part(s);
}

struct mout *series_end_list(struct series *s)
{
	jout_end_array(&s->out.w);
	s->list = NULL;
	return &s->out;
}

void series_end(struct series *s)
{
	if (s->list)
		series_end_list(s);
	mout_end(&s->out);
	peer_send(s->peer, &s->out);
	mout_fini(&s->out);
}
