/* What the control plane itself has of a task's output: the last records of it, or a result that is all that it wrote. */
#include <stdio.h>

#include "base/str.h"
#include "node/server.h"
#include "proto/logrec.h"

#define FROM_RESULT (64 * 1024) /* bytes of a result that count as the end of the output */

struct tail {
	const char *data; /* records */
	size_t len;
	int64_t payload; /* bytes of output in them */
	int64_t total;   /* that there were; -1 = not known */
	struct buf made; /* what data points at when it was made from the result */
};

static int64_t payload_of(const char *data, size_t len)
{
	struct logrec_parser parser = {0};
	struct log_piece piece;
	int64_t sum = 0;

	while (logrec_next(&parser, &data, &len, &piece))
		sum += piece.stream == LOGREC_NOTE ? 0 : (int64_t)piece.len;
	return sum;
}

static bool result_is_output(const struct task *t)
{
	return t->result && t->result_type == RESULT_BYTES && t->errs == 0 &&
	       t->outs == (int64_t)t->result->len;
}

static void make_from_result(struct tail *tail, const struct task *t)
{
	char head[LOGREC_HEAD_MAX];
	size_t n = t->result->len < FROM_RESULT ? t->result->len : FROM_RESULT;

	if (!n)
		return;
	buf_add(&tail->made, head, logrec_head(head, LOGREC_OUT, t->completed_at, n));
	buf_add(&tail->made, t->result->data + t->result->len - n, n);
	tail->data = tail->made.data;
	tail->len = tail->made.len;
	tail->payload = (int64_t)n;
}

static void look(struct tail *tail, const struct task *t)
{
	*tail = (struct tail){.data = "",
		.total = t->outs < 0 || t->errs < 0 ? -1 : t->outs + t->errs};
	if (t->tail) {
		tail->data = t->tail->data;
		tail->len = t->tail->len;
		tail->payload = payload_of(tail->data, tail->len);
	} else if (result_is_output(t)) {
		make_from_result(tail, t);
	}
	if (tail->total < tail->payload && tail->total >= 0)
		tail->total = tail->payload;
}

static void explain(char note[400], const struct tail *tail, const struct task *t,
	const char *why)
{
	if (!task_state_final(t->state))
		snprintf(note, 400, "%s: its output cannot be read now", why);
	else if (tail->total < 0 || (tail->total > 0 && !tail->payload))
		snprintf(note, 400, "%s: its output is not here", why);
	else if (tail->total > tail->payload)
		snprintf(note, 400, "%s: only the last %lld KiB of its output are here", why,
			(long long)(tail->payload + 1023) / 1024);
	else
		snprintf(note, 400, "%s: this output was kept by the control plane", why);
}

void tail_answer(struct peer *p, int64_t req, const struct task *t, const struct log_ask *ask,
	const char *why)
{
	struct mout *o = &p->server->out;
	int64_t skip = 0, left_out = 0, before, had = ask->had > 0 ? ask->had : 0;
	struct tail tail;
	char note[400];

	look(&tail, t);
	before = tail.total > tail.payload ? tail.total - tail.payload : 0;
	if (ask->tail >= 0)
		skip = tail.payload > ask->tail ? tail.payload - ask->tail : 0;
	else if (had < before)
		left_out = before - had;
	else
		skip = had - before < tail.payload ? had - before : tail.payload;
	mout_begin(o, MSG_LOG_DATA, req);
	jout_i64(&o->w, "attempt", t->attempt);
	jout_i64(&o->w, "offset", ask->offset);
	jout_i64(&o->w, "next", ask->offset);
	jout_bool(&o->w, "end", true);
	if (left_out)
		jout_i64(&o->w, "left_out", left_out);
	if (skip)
		jout_i64(&o->w, "skip", skip);
	jout_str(&o->w, "from", "tail");
	jout_str(&o->w, "state", task_state_word(t->state));
	if (t->worker_id)
		jout_str(&o->w, "worker", t->worker_id);
	if (tail.total != 0) {
		explain(note, &tail, t, why);
		jout_str(&o->w, "note", note);
	}
	mout_put(o, "data", tail.data, tail.len);
	mout_end(o);
	peer_send(p, o);
	buf_fini(&tail.made);
}
