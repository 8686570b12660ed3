/* How a task ended: words, exit status and result. */
#include "cmd/ending.h"

#include <string.h>

#include "base/str.h"
#include "core/task.h"
#include "proto/msg.h"

void ending_read(struct ending *e, const struct json_node *o)
{
	int state;

	memset(e, 0, sizeof(*e));
	msg_str(o, "id", e->id, sizeof(e->id));
	msg_str(o, "name", e->name, sizeof(e->name));
	msg_str(o, "state", e->state, sizeof(e->state));
	msg_str(o, "cause", e->cause, sizeof(e->cause));
	msg_str(o, "type", e->type, sizeof(e->type));
	msg_str(o, "worker", e->worker, sizeof(e->worker));
	if (!msg_str(o, "error", e->text, sizeof(e->text)) &&
		!msg_str(o, "cancel_reason", e->text, sizeof(e->text)))
		msg_str(o, "text", e->text, sizeof(e->text));
	e->n = msg_int(o, "n", 0);
	e->exit = msg_int(o, "exit", -1);
	e->signal = msg_int(o, "signal", 0);
	e->size = msg_int(o, "size", 0);
	state = task_state_parse(e->state);
	e->final = state >= 0 && task_state_final((enum task_state)state);
}

int ending_status(const struct ending *e)
{
	if (strcmp(e->state, "success") == 0)
		return 0;
	if (strcmp(e->state, "cancelled") == 0)
		return 143;
	switch (cause_parse(e->cause)) {
	case CAUSE_EXIT:
		return e->exit > 0 && e->exit < 256 ? (int)e->exit : 1;
	case CAUSE_SIGNAL:
		return 128 + (int)e->signal;
	case CAUSE_OOM:
		return 128 + 9;
	case CAUSE_TIMEOUT:
		return 124;
	case CAUSE_START:
		return e->exit == 127 ? 127 : 126;
	default:
		return 125;
	}
}

void ending_tell(struct out *out, const struct ending *e)
{
	bool cancelled = strcmp(e->state, "cancelled") == 0;

	if (strcmp(e->state, "success") == 0)
		return;
	out_note(out, "task %lld (%s) %s%s%s", (long long)e->n, e->name,
		cancelled ? "was cancelled" : "failed", *e->text ? ": " : "", e->text);
}

/* A string's text, or the whole value as written. */
static void value_text(struct buf *text, const char *p, size_t n)
{
	struct json_doc doc;
	struct json_fault fault;

	json_init(&doc);
	if (json_parse(&doc, p, n, 0, 1 << 24, &fault) || !json_unescape(doc.nodes, text))
		buf_add(text, p, n);
	json_fini(&doc);
}

void result_text(struct buf *to, const struct out *out, const struct ending *e, const char *p,
	size_t n)
{
	struct buf text = BUF_INIT;

	if (strcmp(e->type, "json") == 0)
		value_text(&text, p, n);
	else
		buf_add(&text, p, n);
	if (out->tty) {
		str_safe(to, buf_str(&text), text.len, true);
		if (to->len && to->data[to->len - 1] != '\n')
			buf_addc(to, '\n');
	} else {
		buf_add(to, text.data, text.len);
	}
	buf_fini(&text);
}

void result_print(struct out *out, const struct ending *e, const char *p, size_t n)
{
	struct buf text = BUF_INIT;

	result_text(&text, out, e, p, n);
	out_bytes(out, text.data, text.len);
	buf_fini(&text);
}

void result_json(struct buf *json, const struct ending *e, const char *p, size_t n)
{
	struct json_doc doc;
	struct json_fault fault;
	const char *raw;
	size_t len;

	json_init(&doc);
	if (json_parse(&doc, p, n, 0, 1 << 24, &fault) == 0) {
		raw = json_raw(doc.nodes, &len);
		buf_add(json, raw, len);
	} else {
		json_quote(json, p, n && p[n - 1] == '\n' ? n - 1 : n);
	}
	json_fini(&doc);
}

void result_members(struct json_out *w, const struct json_node *record, const struct ending *e,
	const char *p, size_t n)
{
	size_t len;

	for (const struct json_node *k = json_first(record); k; k = json_next(json_next(k))) {
		/* In a message `result` is a length; the others belong to an event, not to the task. */
		if (json_is(k, "result") || json_is(k, "seq") || json_is(k, "at") ||
			json_is(k, "event"))
			continue;
		char key[64];
		json_strcpy(k, key, sizeof(key));
		const char *raw = json_raw(json_next(k), &len);
		jout_raw(w, key, raw, len);
	}
	if (p) {
		struct buf value = BUF_INIT;
		result_json(&value, e, p, n);
		jout_raw(w, "result", value.data, value.len);
		buf_fini(&value);
	}
	jout_i64(w, "exit_status", ending_status(e));
	jout_str(w, "exit_from", "task");
}

void result_object(struct out *out, const struct json_node *record, const struct ending *e,
	const char *p, size_t n)
{
	struct buf line = BUF_INIT;
	struct json_out w;

	jout_init(&w, &line);
	jout_object(&w, NULL);
	jout_i64(&w, "schema", 1);
	result_members(&w, record, e, p, n);
	jout_end_object(&w);
	buf_addc(&line, '\n');
	out_bytes(out, line.data, line.len);
	buf_fini(&line);
}
