/* Rows that the control plane was asked for. A picture is made of parts, one per message; new parts are gathered aside until all are there. */
#include "tui/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/tui.h"

struct rows_part {
	struct rows *rows;
	char *what; /* to go on asking when the rows do not fit into one message; NULL: a window */
	bool upward;
	int64_t request; /* 0: answered */
	int64_t next, total;
	struct buf text; /* the rows as they came; nodes of doc point into it */
	struct json_doc doc;
};

static void on_part(void *arg, const struct msg *m, bool more, const struct err *e);

void rows_init(struct rows *r, struct tui *t, void (*done)(void *arg), void *arg)
{
	*r = (struct rows){.tui = t, .done = done, .arg = arg, .total = -1};
}

static void free_part(struct rows_part *p)
{
	if (p->request && p->rows->tui->client)
		client_forget(p->rows->tui->client, p->request);
	buf_fini(&p->text);
	json_fini(&p->doc);
	free(p->what);
	free(p);
}

static void free_parts(struct rows_part ***parts, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free_part((*parts)[i]);
	free(*parts);
	*parts = NULL;
	*n = 0;
}

static void drop_coming(struct rows *r)
{
	for (; r->nwaiting; r->nwaiting--)
		feed_answered(r->tui);
	free_parts(&r->coming, &r->ncoming);
}

void rows_fini(struct rows *r)
{
	if (!r->tui)
		return;
	drop_coming(r);
	free_parts(&r->parts, &r->nparts);
	free(r->row);
	r->tui = NULL;
}

static void send_query(struct rows_part *p, const struct rows_query *q)
{
	struct client *c = p->rows->tui->client;
	struct mout o;

	mout_init(&o);
	client_begin(c, &o, MSG_QUERY);
	jout_str(&o.w, "what", q->what);
	if (q->filter && *q->filter)
		jout_str(&o.w, "filter", q->filter);
	if (q->limit)
		jout_i64(&o.w, "limit", q->limit);
	if (q->cursor)
		jout_i64(&o.w, "cursor", q->cursor);
	jout_bool(&o.w, "oldest_first", q->upward);
	jout_bool(&o.w, "total", q->total);
	p->request = client_send(c, &o, on_part, p);
	mout_fini(&o);
}

static void add_part(struct rows *r, const struct rows_query *q)
{
	struct rows_part *p = xcalloc(1, sizeof(*p));

	p->rows = r;
	p->upward = q->upward;
	p->total = -1;
	if (!q->limit)
		p->what = xstrdup(q->what);
	r->coming = xreallocarray(r->coming, r->ncoming + 1, sizeof(struct rows_part *));
	r->coming[r->ncoming++] = p;
	r->nwaiting++;
	feed_asked(r->tui);
	send_query(p, q);
}

void rows_ask(struct rows *r, const struct rows_query *queries, size_t n)
{
	if (!r->tui->client)
		return;
	/* Counted before what it replaces is dropped, so that it is never taken for the last answer in between. */
	feed_asked(r->tui);
	drop_coming(r);
	r->fault.code = ERR_NONE;
	for (size_t i = 0; i < n; i++)
		add_part(r, &queries[i]);
	feed_answered(r->tui);
}

bool rows_asking(const struct rows *r)
{
	return r->nwaiting > 0;
}

static void gather(struct rows *r, const struct rows_part *p)
{
	const struct json_node *array = p->doc.n ? p->doc.nodes : NULL;
	size_t count = array ? array->nchild : 0, i = r->n;

	r->row = xreallocarray(r->row, r->n + count + 1, sizeof(const struct json_node *));
	for (const struct json_node *v = json_first(array); v; v = json_next(v), i++)
		r->row[p->upward ? 2 * r->n + count - 1 - i : i] = v;
	r->n += count;
	if (p->total >= 0)
		r->total = p->total;
	if (p->upward)
		r->before = p->next != 0;
	else
		r->after = p->next != 0;
}

static void show_coming(struct rows *r)
{
	free_parts(&r->parts, &r->nparts);
	r->parts = r->coming;
	r->nparts = r->ncoming;
	r->coming = NULL;
	r->n = r->ncoming = 0;
	r->before = r->after = false;
	r->total = -1;
	r->at_ms = loop_wall_ms(r->tui->loop);
	for (size_t i = 0; i < r->nparts; i++)
		gather(r, r->parts[i]);
}

static void complete(struct rows *r)
{
	if (r->fault.code == ERR_NONE)
		show_coming(r);
	else
		free_parts(&r->coming, &r->ncoming);
	if (r->done)
		r->done(r->arg);
}

static void take(struct rows_part *p, const struct msg *m)
{
	const struct json_node *rows = json_get(m->head, "rows");
	struct json_fault fault;
	size_t n;
	const char *raw = json_raw(rows, &n);

	buf_add(&p->text, raw, n);
	p->next = msg_int(m->head, "next", 0);
	p->total = msg_int(m->head, "total", -1);
	if (rows->type != JSON_ARRAY ||
		json_parse(&p->doc, p->text.data, p->text.len, 0, PROTO_NODES_MAX, &fault))
		err_set(&p->rows->fault, ERR_DATA,
			"the control plane sent rows that cannot be read");
	if (p->what && p->next)
		add_part(p->rows, &(struct rows_query){.what = p->what, .cursor = p->next});
}

static void on_part(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct rows_part *p = arg;
	struct rows *r = p->rows;
	struct tui *t = r->tui;

	p->request = 0;
	if (e)
		r->fault = *e;
	else
		take(p, m);
	if (--r->nwaiting == 0)
		complete(r);
	feed_answered(t);
}

int64_t row_int(const struct json_node *row, const char *key, int64_t absent)
{
	int64_t v;

	return json_i64(json_get(row, key), &v) ? v : absent;
}

void row_text(struct buf *out, const struct json_node *row, const char *key)
{
	const struct json_node *v = json_get(row, key);
	const char *raw;
	size_t n;

	if (!v || v->type == JSON_NULL || json_unescape(v, out))
		return;
	raw = json_raw(v, &n);
	buf_add(out, raw, n);
}

bool row_is(const struct json_node *row, const char *key, const char *value)
{
	return json_is(json_get(row, key), value);
}
