/* Attempts on a worker: fetching large arguments, running in a slot, sending the outcome until it is acknowledged. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/labour.h"

#define RETRY_MS 500 /* after the control plane had no room for a large result */
#define GRACE_MS 10000

/* The key of a job in labour.by_id. */
struct key {
	struct uuid id;
	uint32_t attempt;
};

static struct key key_of(const struct uuid *id, uint32_t attempt)
{
	return (struct key){*id, attempt};
}

static void free_job(struct job *j)
{
	struct labour *b = j->labour;
	struct key k = key_of(&j->id, j->attempt);

	map_del(b->by_id, &k, sizeof(k));
	list_del(&j->all);
	list_del(&j->begun);
	lane_leave(j);
	buf_fini(&j->args);
	buf_fini(&j->kwargs);
	bytes_unref(&j->outcome.result);
	free(j->error);
	free(j);
	labour_idle(b);
}

struct job *jobs_find(const struct labour *b, const struct uuid *id, uint32_t attempt)
{
	struct key k = key_of(id, attempt);

	return map_get(b->by_id, &k, sizeof(k));
}

static struct job *find_serial(struct labour *b, int64_t serial)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->jobs) {
		struct job *j = container_of(e, struct job, all);
		if (j->serial == serial)
			return j;
	}
	return NULL;
}

static struct mout *open_list(struct labour *b, struct mout *o, enum msg_id id)
{
	if (o->head.len >= PROTO_BATCH || o->body.len >= PROTO_BATCH)
		labour_flush(b);
	if (!o->head.len) {
		mout_begin(o, id, 0);
		jout_array(&o->w, "tasks");
	}
	return o;
}

static void write_outcome(struct mout *o, const struct job *j)
{
	static const struct uuid no_blob;
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
	if (!c->result)
		return;
	jout_str(&o->w, "type", c->result_type == RESULT_JSON ? "json" : "bytes");
	if (uuid_eq(&j->blob, &no_blob))
		mout_put(o, "result", c->result->data, c->result->len);
	else
		mout_uuid(o, "result_blob", &j->blob);
}

static void send_done(struct job *j)
{
	struct mout *o = open_list(j->labour, &j->labour->done, MSG_DONE);

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

/* Tells the outcome, its large result first. From the start, also after a new connection. */
static void hand_in(struct job *j)
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

static void keep_outcome(struct job *j, const struct outcome *o)
{
	j->outcome = *o;
	j->outcome.result = bytes_ref(o->result);
	j->error = xstrdup(o->error);
	j->done = true;
	list_del(&j->begun); /* the end says it, too */
}

void job_end(struct job *j, const struct outcome *o)
{
	if (j->unwanted) {
		free_job(j);
		return;
	}
	keep_outcome(j, o);
	hand_in(j);
}

void job_fail(struct job *j, const char *error)
{
	const struct outcome o = {.cause = CAUSE_START, .exit_status = -1, .error = error};

	job_end(j, &o);
}

static void add_attempt(struct mout *o, const struct job *j)
{
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &j->id);
	jout_i64(&o->w, "attempt", j->attempt);
	jout_end_object(&o->w);
}

void jobs_begun(struct labour *b)
{
	struct job *j;

	while ((j = list_first(&b->begun, struct job, begun))) {
		list_del(&j->begun);
		if (b->registered && !j->unwanted)
			add_attempt(open_list(b, &b->started, MSG_STARTED), j);
	}
}

void job_return(struct job *j)
{
	struct labour *b = j->labour;

	if (b->registered && !j->unwanted)
		add_attempt(open_list(b, &b->returned, MSG_RETURNED), j);
	free_job(j);
}

static void fetch(struct job *j)
{
	struct labour *b = j->labour;

	mout_begin(&b->out, MSG_BLOB_GET, j->serial);
	mout_uuid(&b->out, "id", &j->id);
	jout_str(&b->out.w, "part", "args");
	jout_i64(&b->out.w, "offset", (int64_t)j->args.len);
	jout_i64(&b->out.w, "size", PROTO_CHUNK);
	mout_end(&b->out);
	link_send(b->link, &b->out);
}

static void take_job(struct labour *b, const struct msg *m, const struct json_node *o,
	size_t *at)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct key k;
	size_t args_len, kwargs_len;
	const char *args = msg_take(m, o, "args", at, &args_len);
	const char *kwargs = msg_take(m, o, "kwargs", at, &kwargs_len);

	j->labour = b;
	j->serial = ++b->serial;
	j->stop_ms = -1;
	msg_uuid(o, "id", &j->id);
	j->attempt = (uint32_t)msg_int(o, "attempt", 0);
	j->n = (uint64_t)msg_int(o, "n", 0);
	msg_str(o, "name", j->name, sizeof(j->name));
	j->timeout_ms = msg_int(o, "timeout_ms", -1);
	j->args_size = (size_t)msg_int(o, "size", 0);
	buf_add(&j->args, args, args_len);
	buf_add(&j->kwargs, kwargs, kwargs_len);
	list_push_back(&b->jobs, &j->all);
	k = key_of(&j->id, j->attempt);
	map_put(b->by_id, &k, sizeof(k), j);
	if (j->args_size > j->args.len)
		fetch(j);
	else
		lane_wait(j);
}

void jobs_task(struct labour *b, const struct msg *m)
{
	size_t at = 0;

	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		take_job(b, m, o, &at);
}

void jobs_blob(struct labour *b, const struct msg *m)
{
	struct job *j = find_serial(b, m->req);
	size_t at = 0, len;
	const char *data;

	if (!j || j->args.len >= j->args_size)
		return;
	data = msg_take(m, m->head, "data", &at, &len);
	if ((size_t)msg_int(m->head, "offset", 0) != j->args.len || len == 0)
		return;
	buf_add(&j->args, data, len);
	if (j->args.len < j->args_size)
		fetch(j);
	else
		lane_wait(j);
}

void jobs_have(struct labour *b, const struct msg *m)
{
	struct job *j = find_serial(b, m->req);

	if (!j || !j->done || !j->outcome.result)
		return;
	j->sent = (size_t)msg_int(m->head, "have", 0);
	if (j->sent < j->outcome.result->len)
		send_chunk(j);
	else
		send_done(j);
}

void jobs_retry(struct labour *b)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->jobs) {
		struct job *j = container_of(e, struct job, all);
		if (j->refused)
			hand_in(j);
	}
}

void jobs_refused(struct labour *b, const struct msg *m)
{
	struct job *j = find_serial(b, m->req);
	struct err e;

	if (!j)
		return;
	msg_error(m, &e);
	if (!j->done) {
		job_fail(j, e.text);
		return;
	}
	if (e.code == ERR_BUSY) {
		if (!loop_timer_set(&b->retry))
			loop_timer_in(&b->retry, RETRY_MS);
		j->refused = true;
		return;
	}
	/* Its result was refused: tell that it ended, without it. */
	bytes_unref(&j->outcome.result);
	j->outcome.ok = false;
	j->outcome.cause = CAUSE_LIMIT;
	free(j->error);
	j->error = xstrdup(e.text);
	hand_in(j);
}

static void stop_job(struct job *j, int64_t grace_ms)
{
	if (!j->done)
		lane_stop(j, grace_ms);
}

void jobs_recall(struct labour *b, const struct msg *m)
{
	struct uuid id;

	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		msg_uuid(o, "id", &id);
		struct job *j = jobs_find(b, &id, (uint32_t)msg_int(o, "attempt", 0));
		if (j && !j->done && !j->started)
			lane_recall(j);
	}
}

void jobs_stop(struct labour *b, const struct msg *m)
{
	struct uuid id;

	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		msg_uuid(o, "id", &id);
		struct job *j = jobs_find(b, &id, (uint32_t)msg_int(o, "attempt", 0));
		if (j)
			stop_job(j, msg_int(o, "grace_ms", GRACE_MS));
	}
}

void jobs_acked(struct labour *b, const struct msg *m)
{
	struct uuid id;

	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o)) {
		msg_uuid(o, "id", &id);
		struct job *j = jobs_find(b, &id, (uint32_t)msg_int(o, "attempt", 0));
		if (j && j->done)
			free_job(j);
	}
}

static bool held(const struct msg *m, const struct job *j)
{
	struct uuid id;

	for (const struct json_node *o = msg_list(m->head, "held"); o; o = json_next(o)) {
		msg_uuid(o, "id", &id);
		if (uuid_eq(&id, &j->id) && msg_int(o, "attempt", 0) == j->attempt)
			return true;
	}
	return false;
}

void jobs_registered(struct labour *b, const struct msg *m)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->jobs) {
		struct job *j = container_of(e, struct job, all);
		if (j->done) {
			hand_in(j);
			continue;
		}
		if (!held(m, j)) {
			log_info("task.unwanted task=%llu attempt=%u: another worker has it",
				(unsigned long long)j->n, j->attempt);
			j->unwanted = true;
			stop_job(j, GRACE_MS);
			continue;
		}
		j->recalled = false; /* it is asked for again, if need be */
		if (j->started && !list_linked(&j->begun))
			list_push_back(&b->begun, &j->begun);
		if (!j->ready)
			fetch(j);
	}
}

void jobs_free(struct labour *b)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->jobs)
		free_job(container_of(e, struct job, all));
}
