/* What tasks say while they run, on its way from their runners to the control plane. */
#include <stdlib.h>
#include <string.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "node/labour.h"
#include "node/runner_msg.h"

/* A runner lets at most 10 a second of each task through, so each is sent. */
void job_tell_progress(struct job *j)
{
	struct labour *b = j->labour;
	struct mout *o;

	if (!b->registered || j->unwanted || (j->progress < 0 && !j->progress_text))
		return;
	o = jobs_list(b, &b->progress, MSG_PROGRESS, 0);
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &j->id);
	jout_i64(&o->w, "attempt", j->attempt);
	if (j->progress >= 0)
		jout_i64(&o->w, "millionths", j->progress);
	if (j->progress_text)
		jout_str(&o->w, "text", j->progress_text);
	jout_end_object(&o->w);
}

static void ack_stdin(struct labour *b, const struct uuid *id, uint32_t attempt, int64_t offset,
	bool closed)
{
	struct mout *o = &b->out;

	/* Lost with the connection: the control plane asks for what was not answered again. */
	if (!b->registered)
		return;
	mout_begin(o, MSG_STDIN_ACK, 0);
	mout_uuid(o, "id", id);
	jout_i64(&o->w, "attempt", attempt);
	jout_i64(&o->w, "offset", offset);
	if (closed)
		jout_bool(&o->w, "closed", true);
	mout_end(o);
	link_send(b->link, o);
}

/* Before its turn has come, too: the runner keeps what there is of it. */
void jobs_stdin(struct labour *b, const struct msg *m)
{
	struct uuid id;
	uint32_t attempt = (uint32_t)msg_int(m->head, "attempt", 0);
	struct slot_part part = {.offset = msg_int(m->head, "offset", 0),
		.eof = msg_bool(m->head, "eof")};
	size_t at = 0;

	msg_uuid(m->head, "id", &id);
	part.data = msg_take(m, m->head, "data", &at, &part.len);
	struct job *j = jobs_find(b, &id, attempt);
	if (!j || j->done)
		ack_stdin(b, &id, attempt, part.offset, true);
	else if (j->lane)
		slot_feed(j->lane->slot, &id, attempt, &part);
}

static void take_progress(struct job *j, const struct runner_msg *m)
{
	char text[PROGRESS_TEXT];
	int64_t millionths = runner_number(m, "millionths", -1);

	if (millionths >= 0 && millionths <= FRACTION_ONE)
		j->progress = (int32_t)millionths;
	if (json_strcpy(json_get(m->head, "text"), text, sizeof(text))) {
		free(j->progress_text);
		j->progress_text = xstrdup(text);
	}
	job_tell_progress(j);
}

void jobs_said(void *arg, const struct uuid *id, uint32_t attempt, const struct runner_msg *m)
{
	struct job *j = jobs_find(arg, id, attempt);
	bool closed = false;

	if (j && strcmp(m->name, "progress") == 0)
		take_progress(j, m);
	if (j && strcmp(m->name, "stdin_ack") == 0) {
		json_bool(json_get(m->head, "closed"), &closed);
		ack_stdin(arg, id, attempt, runner_number(m, "offset", 0), closed);
	}
}
