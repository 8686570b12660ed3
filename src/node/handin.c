/* Telling the control plane what became of an attempt, its large result first. */
#include <string.h>

#include "node/labour.h"

struct mout *jobs_list(struct labour *b, struct mout *o, enum msg_id id, size_t need)
{
	if (o->head.len >= PROTO_BATCH || o->body.len + need > PROTO_BATCH)
		labour_flush(b);
	if (!o->head.len) {
		mout_begin(o, id, 0);
		jout_array(&o->w, "tasks");
	}
	return o;
}

static void write_result(struct mout *o, const struct job *j)
{
	static const struct uuid no_blob;
	const struct outcome *c = &j->outcome;

	if (!c->result)
		return;
	jout_str(&o->w, "type", c->result_type == RESULT_JSON ? "json" : "bytes");
	if (uuid_eq(&j->blob, &no_blob))
		mout_put(o, "result", c->result->data, c->result->len);
	else
		mout_uuid(o, "result_blob", &j->blob);
}

static void write_number(struct mout *o, const char *key, int64_t v)
{
	if (v)
		jout_i64(&o->w, key, v);
}

static void write_used(struct mout *o, const struct outcome *c)
{
	write_number(o, "user_ms", c->used.user_ms);
	write_number(o, "sys_ms", c->used.sys_ms);
	write_number(o, "rss_kb", c->used.rss_kb);
	write_number(o, "left", c->nleft);
	if (c->left)
		jout_str(&o->w, "left_names", c->left);
}

static void write_outcome(struct mout *o, const struct job *j)
{
	const struct outcome *c = &j->outcome;

	jout_bool(&o->w, "ok", c->ok);
	if (c->cancelled)
		jout_bool(&o->w, "cancelled", true);
	if (c->cause)
		jout_str(&o->w, "cause", cause_word(c->cause));
	if (c->exit_status >= 0)
		jout_i64(&o->w, "exit", c->exit_status);
	if (c->exit_signal)
		jout_i64(&o->w, "signal", c->exit_signal);
	if (c->run_us > 0)
		jout_i64(&o->w, "run_us", c->run_us);
	if (c->again)
		jout_bool(&o->w, "again", true);
	if (j->error)
		jout_str(&o->w, "error", j->error);
	write_used(o, c);
	if (c->outs)
		jout_i64(&o->w, "outs", c->outs);
	if (c->errs)
		jout_i64(&o->w, "errs", c->errs);
	if (j->log_error)
		jout_str(&o->w, "log_error", j->log_error);
	write_result(o, j);
	if (c->tail)
		mout_put(o, "tail", c->tail->data, c->tail->len);
}

static size_t body_size(const struct job *j)
{
	const struct outcome *c = &j->outcome;
	size_t result = c->result && c->result->len <= PROTO_INLINE_MAX ? c->result->len : 0;

	return result + (c->tail ? c->tail->len : 0);
}

static void send_done(struct job *j)
{
	struct mout *o = jobs_list(j->labour, &j->labour->done, MSG_DONE, body_size(j));

	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &j->id);
	jout_i64(&o->w, "attempt", j->attempt);
	write_outcome(o, j);
	jout_end_object(&o->w);
}

/* The next chunk of a large result; the answer brings the one after it. */
static void send_chunk(struct job *j)
{
	struct labour *b = j->labour;
	const struct bytes *r = j->outcome.result;
	size_t n = r->len - j->sent < PROTO_CHUNK ? r->len - j->sent : PROTO_CHUNK;

	mout_begin(&b->out, MSG_BLOB_PUT, j->serial);
	mout_uuid(&b->out, "blob", &j->blob);
	jout_i64(&b->out.w, "offset", (int64_t)j->sent);
	jout_i64(&b->out.w, "size", (int64_t)r->len);
	mout_put(&b->out, "data", r->data + j->sent, n);
	mout_end(&b->out);
	link_send(b->link, &b->out);
}

void job_hand_in(struct job *j)
{
	struct labour *b = j->labour;

	if (!b->registered)
		return;
	memset(&j->blob, 0, sizeof(j->blob));
	j->sent = 0;
	j->refused = false;
	if (!j->outcome.result || j->outcome.result->len <= PROTO_INLINE_MAX) {
		send_done(j);
		return;
	}
	uuid_make(&j->blob, &(struct uuid){{0}}, b->clock->wall_ms(b->clock), &b->rng);
	send_chunk(j);
}

void job_send_on(struct job *j, size_t have)
{
	j->sent = have;
	if (j->sent < j->outcome.result->len)
		send_chunk(j);
	else
		send_done(j);
}
