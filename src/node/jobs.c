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
	buf_fini(&j->place);
	bytes_unref(&j->outcome.result);
	bytes_unref(&j->outcome.tail);
	free(j->error);
	free(j->log_error);
	free(j->progress_text);
	free((char *)j->outcome.left);
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

static void keep_outcome(struct job *j, const struct outcome *o)
{
	j->outcome = *o;
	j->outcome.result = bytes_ref(o->result);
	j->outcome.tail = bytes_ref(o->tail);
	j->outcome.left = xstrdup(o->left);
	j->error = xstrdup(o->error);
	if (o->log_error && !j->log_error)
		j->log_error = xstrdup(o->log_error);
	j->done = true;
	list_del(&j->begun); /* the end says it, too */
}

void job_end(struct job *j, const struct outcome *o)
{
	struct labour *b = j->labour;
	const struct uuid id = j->id;
	uint32_t attempt = j->attempt;

	if (j->unwanted) {
		free_job(j);
	} else {
		keep_outcome(j, o);
		job_hand_in(j);
	}
	logs_wake(b, &id, attempt, false);
	if (b->keeper)
		keeper_task(b->keeper);
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
			add_attempt(jobs_list(b, &b->started, MSG_STARTED, 0), j);
	}
}

void job_return(struct job *j)
{
	struct labour *b = j->labour;

	if (b->registered && !j->unwanted)
		add_attempt(jobs_list(b, &b->returned, MSG_RETURNED, 0), j);
	const struct uuid id = j->id;
	uint32_t attempt = j->attempt;
	free_job(j);
	logs_wake(b, &id, attempt, false);
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
	struct job *j;
	struct uuid id;
	struct key k;
	size_t args_len, kwargs_len, place_len;
	const char *args = msg_take(m, o, "args", at, &args_len);
	const char *kwargs = msg_take(m, o, "kwargs", at, &kwargs_len);
	const char *place = msg_take(m, o, "place", at, &place_len);

	/* It was under way to us when we registered once more: it was sent again, and must not run twice. */
	msg_uuid(o, "id", &id);
	if (jobs_find(b, &id, (uint32_t)msg_int(o, "attempt", 0)))
		return;
	j = xcalloc(1, sizeof(*j));
	j->labour = b;
	j->serial = ++b->serial;
	j->stop_ms = -1;
	j->progress = -1;
	j->id = id;
	j->attempt = (uint32_t)msg_int(o, "attempt", 0);
	j->n = (uint64_t)msg_int(o, "n", 0);
	msg_str(o, "name", j->name, sizeof(j->name));
	j->timeout_ms = msg_int(o, "timeout_ms", -1);
	j->args_size = (size_t)msg_int(o, "size", 0);
	j->fed = msg_bool(o, "stdin");
	j->stream = msg_bool(o, "stream");
	j->hold = msg_bool(o, "hold");
	buf_add(&j->args, args, args_len);
	buf_add(&j->kwargs, kwargs, kwargs_len);
	buf_add(&j->place, place, place_len);
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
	job_send_on(j, (size_t)msg_int(m->head, "have", 0));
}

void jobs_retry(struct labour *b)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->jobs) {
		struct job *j = container_of(e, struct job, all);
		if (j->refused)
			job_hand_in(j);
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
	job_hand_in(j);
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

void jobs_raise(struct labour *b, const struct msg *m)
{
	struct uuid id;
	struct job *j;

	msg_uuid(m->head, "id", &id);
	j = jobs_find(b, &id, (uint32_t)msg_int(m->head, "attempt", 0));
	if (j && j->lane)
		slot_signal(j->lane->slot, &j->id, j->attempt,
			(int)msg_int(m->head, "signal", 0));
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

void jobs_registered(struct labour *b, const struct msg *m, bool anew)
{
	struct list *e, *tmp;

	list_each (e, tmp, &b->jobs) {
		struct job *j = container_of(e, struct job, all);
		if (j->done) {
			if (anew)
				job_hand_in(j);
			continue;
		}
		if (!held(m, j)) {
			log_info("task.unwanted task=%llu attempt=%u: another worker has it",
				(unsigned long long)j->n, j->attempt);
			j->unwanted = true;
			stop_job(j, GRACE_MS);
			continue;
		}
		if (!anew)
			continue;
		j->recalled = false; /* it is asked for again, if need be */
		if (j->started && !list_linked(&j->begun))
			list_push_back(&b->begun, &j->begun);
		job_tell_progress(j);
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
