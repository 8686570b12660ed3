/* The runner protocol's reader and writer. The reader keeps what it learned of an incomplete message, so that the time it takes grows with the
 * bytes and not with how they were cut up. */
#include "node/runner_msg.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_NODES   4096          /* values in the line of a message */
#define KEEP_MEMORY (1024 * 1024) /* a buffer that grew larger is given back when it is empty */

/* Drops what was given out, when that is all or the larger part: each byte is moved at most once on average. */
static void forget_used(struct runner_reader *r)
{
	if (r->used < r->in.len && r->used < r->in.len / 2)
		return;
	buf_consume(&r->in, r->used);
	r->used = 0;
	if (r->in.len == 0 && r->in.cap > KEEP_MEMORY)
		buf_fini(&r->in);
}

void runner_feed(struct runner_reader *r, const void *p, size_t n)
{
	forget_used(r);
	buf_add(&r->in, p, n);
}

void runner_reader_fini(struct runner_reader *r)
{
	buf_fini(&r->in);
	json_fini(&r->doc);
	*r = (struct runner_reader){0};
}

static int read_lengths(struct runner_msg *m, struct err *e)
{
	const struct json_node *list = json_get(m->head, "bodies");
	if (!list)
		return 0;
	if (list->type != JSON_ARRAY || list->nchild > RUNNER_MAX_BODIES)
		return err_set(e, ERR_DATA,
			"runner protocol: bodies is no list of at most %d lengths",
			RUNNER_MAX_BODIES);
	int64_t sum = 0, len;
	for (const struct json_node *v = json_first(list); v; v = json_next(v)) {
		if (!json_i64(v, &len) || len < 0 || len > RUNNER_MAX_BODY - sum)
			return err_set(e, ERR_DATA,
				"runner protocol: bodies of more than %d bytes, or no lengths",
				RUNNER_MAX_BODY);
		sum += len;
		m->len[m->nbodies++] = (size_t)len;
	}
	return 0;
}

static int read_head(struct runner_reader *r, const char *line, size_t n, struct runner_msg *m,
	struct err *e)
{
	struct json_fault fault;
	if (json_parse(&r->doc, line, n, JSON_STRICT_KEYS, MAX_NODES, &fault) < 0)
		return err_set(e, ERR_DATA, "runner protocol: byte %zu of a line: %s", fault.at,
			fault.what);
	m->head = r->doc.nodes;
	if (m->head->type != JSON_OBJECT ||
		!json_strcpy(json_get(m->head, "m"), r->name, sizeof(r->name)) || !r->name[0])
		return err_set(e, ERR_DATA,
			"runner protocol: a line that is no object with a name in \"m\"");
	m->name = r->name;
	return read_lengths(m, e);
}

/* Length of the line without its newline. 0: not complete yet. -1: too long, or empty. */
static ptrdiff_t find_line(struct runner_reader *r, const char *at, size_t avail, struct err *e)
{
	size_t limit = avail < RUNNER_MAX_LINE ? avail : RUNNER_MAX_LINE;
	const char *end =
		limit > r->scanned ? memchr(at + r->scanned, '\n', limit - r->scanned) : NULL;
	if (end && end != at)
		return end - at;
	if (end || limit == RUNNER_MAX_LINE)
		return err_set(e, ERR_DATA,
			"runner protocol: a line that is empty or longer than %d bytes",
			RUNNER_MAX_LINE);
	r->scanned = limit;
	return 0;
}

int runner_next(struct runner_reader *r, struct runner_msg *m, struct err *e)
{
	const char *at = buf_str(&r->in) + r->used;
	size_t avail = r->in.len - r->used;
	if (avail < r->need)
		return 0;
	ptrdiff_t line = find_line(r, at, avail, e);
	if (line <= 0)
		return (int)line;
	*m = (struct runner_msg){0};
	if (read_head(r, at, (size_t)line, m, e) < 0)
		return -1;
	size_t need = (size_t)line + 1;
	for (size_t i = 0; i < m->nbodies; i++) {
		m->body[i] = at + need;
		need += m->len[i];
	}
	/* The line is read again when its bodies are there: until then the buffer may move. */
	r->need = avail < need ? need : 0;
	if (r->need)
		return 0;
	r->used += need;
	r->scanned = 0;
	return 1;
}

int64_t runner_number(const struct runner_msg *m, const char *key, int64_t absent)
{
	int64_t v;

	return json_i64(json_get(m->head, key), &v) ? v : absent;
}

int runner_outcome(const struct runner_msg *m, struct outcome *o, struct err *e)
{
	char word[32];
	bool ok, result = m->nbodies > 0;
	int cause = CAUSE_NONE;

	if (json_get(m->head, "cause"))
		cause = json_strcpy(json_get(m->head, "cause"), word, sizeof(word))
				? cause_parse(word)
				: -1;

	if (cause < 0 || !json_bool(json_get(m->head, "ok"), &ok) || m->nbodies > 2)
		return err_set(e, ERR_DATA, "runner protocol: a 'done' that does not say how");
	json_bool(json_get(m->head, "result"), &result);
	*o = (struct outcome){
		.ok = ok,
		.cancelled = cause == CAUSE_CANCELLED,
		.cause = (enum cause)cause,
		.exit_status = (int)runner_number(m, "exit", -1),
		.exit_signal = (int)runner_number(m, "signal", 0),
		.run_us = runner_number(m, "wall_us", 0),
		.error = json_strdup(json_get(m->head, "error")),
		.used = {.run_ms = runner_number(m, "wall_ms", 0),
			.user_ms = runner_number(m, "user_ms", 0),
			.sys_ms = runner_number(m, "sys_ms", 0),
			.rss_kb = runner_number(m, "rss_kb", 0)},
		.nleft = (uint32_t)runner_number(m, "left", 0),
		.left = json_strdup(json_get(m->head, "left_names")),
		.outs = runner_number(m, "outs", 0),
		.errs = runner_number(m, "errs", 0),
		.log_error = json_strdup(json_get(m->head, "log_error")),
		.tail = m->nbodies > 1 ? bytes_new(m->body[1], m->len[1]) : NULL,
		.result = m->nbodies && result ? bytes_new(m->body[0], m->len[0]) : NULL,
		.result_type =
			json_is(json_get(m->head, "type"), "json") ? RESULT_JSON : RESULT_BYTES,
	};
	return 0;
}

void runner_outcome_fini(struct outcome *o)
{
	free((char *)o->error);
	free((char *)o->left);
	free((char *)o->log_error);
	bytes_unref(&o->result);
	bytes_unref(&o->tail);
}

void runner_begin(struct json_out *w, struct buf *out, const char *name)
{
	jout_init(w, out);
	jout_object(w, NULL);
	jout_str(w, "m", name);
}

void runner_end(struct json_out *w, const struct buf *const *bodies, size_t n)
{
	if (n > RUNNER_MAX_BODIES)
		BUG("%zu bodies in a runner message", n);
	jout_array(w, "bodies");
	for (size_t i = 0; i < n; i++)
		jout_i64(w, NULL, (int64_t)bodies[i]->len);
	jout_end_array(w);
	jout_end_object(w);
	buf_addc(w->to, '\n');
	for (size_t i = 0; i < n; i++)
		buf_add(w->to, bodies[i]->data, bodies[i]->len);
}
