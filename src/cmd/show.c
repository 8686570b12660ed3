/* Showing how a task ended: its record, then its result - with the record, or in parts when it is large. */
#include "cmd/show.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cmd/ending.h"
#include "proto/msg.h"

struct show {
	struct cmd_ctx *ctx;
	struct client *client;
	show_fn *fn;
	struct ending ending;
	struct buf record; /* its JSON, kept while the result is fetched */
	struct buf result;
};

/* Ends the showing; what is left of it is the caller's. */
static void finish(struct show *s, int status, const char *text)
{
	struct cmd_ctx *ctx = s->ctx;
	show_fn *fn = s->fn;

	buf_fini(&s->record);
	buf_fini(&s->result);
	free(s);
	if (cmd_let(ctx))
		fn(ctx, status, text);
}

static void fail(struct show *s, const struct err *e)
{
	struct cmd_ctx *ctx = s->ctx;
	bool ended = ctx->ended;

	s->fn = NULL;
	buf_fini(&s->record);
	buf_fini(&s->result);
	free(s);
	cmd_let(ctx);
	if (!ended)
		cmd_fail(ctx, e);
}

static void print(struct show *s, const struct json_node *record, const char *p, size_t n)
{
	struct out *out = s->ctx->out;

	if (s->ctx->ended)
		return;
	if (s->ctx->json) {
		result_object(out, record, &s->ending, p, n);
		return;
	}
	if (msg_bool(record, "stream"))
		out_note(out,
			"task %lld keeps no result: its output is in `fastworker logs %lld`",
			(long long)s->ending.n, (long long)s->ending.n);
	if (p)
		result_print(out, &s->ending, p, n);
	ending_tell(out, &s->ending);
}

static void print_fetched(struct show *s)
{
	struct json_doc doc;
	struct json_fault fault;

	json_init(&doc);
	if (json_parse(&doc, s->record.data, s->record.len, 0, 10000, &fault))
		BUG("a record that was JSON before");
	print(s, doc.nodes, buf_str(&s->result), s->result.len);
	json_fini(&doc);
	finish(s, ending_status(&s->ending), NULL);
}

static bool on_part(void *arg, const char *data, size_t len, bool last, const struct err *e)
{
	struct show *s = arg;

	if (e) {
		fail(s, e);
		return false;
	}
	buf_add(&s->result, data, len);
	if (last)
		print_fetched(s);
	return !last;
}

static void take_record(struct show *s, const struct msg *m, const struct json_node *o)
{
	char text[128];
	size_t at = 0, n, len;
	const char *p = msg_take(m, o, "result", &at, &n), *raw;

	ending_read(&s->ending, o);
	if (!s->ending.final) {
		snprintf(text, sizeof(text), "task %lld is %s", (long long)s->ending.n,
			s->ending.state);
		finish(s, SHOW_RUNNING, text);
	} else if (!p && s->ending.size > 0) {
		raw = json_raw(o, &len);
		buf_add(&s->record, raw, len);
		client_fetch(s->client, s->ending.id, "result", on_part, s);
	} else {
		print(s, o, p, n);
		finish(s, ending_status(&s->ending), NULL);
	}
}

static void on_records(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct show *s = arg;
	const struct json_node *o = m ? msg_list(m->head, "tasks") : NULL;

	if (e)
		fail(s, e);
	else if (o)
		take_record(s, m, o);
	else
		finish(s, SHOW_UNKNOWN, NULL);
}

void show_task(struct cmd_ctx *ctx, struct client *c, const char *selector, show_fn *fn)
{
	struct show *s = xcalloc(1, sizeof(*s));
	struct mout o;

	s->ctx = cmd_hold(ctx);
	s->client = c;
	s->fn = fn;
	mout_init(&o);
	client_begin(c, &o, MSG_GET);
	jout_array(&o.w, "ids");
	jout_str(&o.w, NULL, selector);
	jout_end_array(&o.w);
	jout_bool(&o.w, "results", true);
	client_send(c, &o, on_records, s);
	mout_fini(&o);
}
