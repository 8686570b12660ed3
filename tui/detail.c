/* All about one task: the fields of its record, its times, and the beginning of its result; asked for again when an event names it. */
#include "tui/detail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/cells.h"
#include "tui/pager.h"
#include "tui/tui.h"

#define PREVIEW 16384 /* bytes of a result that are shown */

struct detail {
	struct panel panel;
	char id[UUID_TEXT];
	bool stale;      /* an event named it since it was asked for */
	int64_t request; /* 0: none is on its way */
	struct buf text; /* the record as it came; nodes of doc point into it */
	struct json_doc doc;
	struct buf result;
	bool has_result, gone;
	struct pager pager;
};

static struct detail *of(struct panel *p)
{
	return container_of(p, struct detail, panel);
}

static const struct json_node *record(const struct detail *d)
{
	return d->doc.n ? d->doc.nodes : NULL;
}

static void keep_record(struct detail *d, const struct json_node *row)
{
	struct json_fault fault;
	size_t n;
	const char *raw = json_raw(row, &n);

	buf_reset(&d->text);
	buf_add(&d->text, raw, n);
	if (json_parse(&d->doc, d->text.data, d->text.len, 0, PROTO_NODES_MAX, &fault))
		BUG("a record that was parsed before is no JSON: %s", fault.what);
}

static void keep_result(struct detail *d, const struct msg *m, const struct json_node *row)
{
	size_t at = 0, len = 0;
	const char *data = msg_take(m, row, "result", &at, &len);

	buf_reset(&d->result);
	d->has_result = data != NULL;
	if (data)
		buf_add(&d->result, data, len < PREVIEW ? len : PREVIEW);
}

static void on_record(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct detail *d = arg;
	const struct json_node *row = e ? NULL : msg_list(m->head, "tasks");

	if (row) {
		keep_record(d, row);
		keep_result(d, m, row);
	} else if (e) {
		tui_say(d->panel.tui, true, "%s", e->text);
	} else if (!more) {
		d->gone = true;
	}
	if (more)
		return;
	d->request = 0;
	feed_answered(d->panel.tui);
}

static void fetch(struct panel *p)
{
	struct detail *d = of(p);
	struct client *c = p->tui->client;
	struct mout o;

	if (!d->stale || d->request || !c)
		return;
	d->stale = false;
	mout_init(&o);
	client_begin(c, &o, MSG_GET);
	jout_array(&o.w, "ids");
	jout_str(&o.w, NULL, d->id);
	jout_end_array(&o.w);
	jout_bool(&o.w, "results", true);
	feed_asked(p->tui);
	d->request = client_send(c, &o, on_record, d);
	mout_fini(&o);
}

static void event(struct panel *p, const char *id)
{
	if (!*id || strcmp(id, of(p)->id) == 0)
		of(p)->stale = true;
}

static const struct json_node *selected(struct panel *p)
{
	return record(of(p));
}

static void add_fields(struct buf *out, const struct json_node *row,
	const struct cell_clock *clock)
{
	static const struct cell fields[] = {
		{.title = "state", .key = "state", .text = cell_state},
		{.title = "priority", .key = "priority", .text = cell_text},
		{.title = "worker", .key = "worker", .text = cell_text},
		{.title = "attempt", .key = "attempt", .text = cell_text},
		{.title = "owner", .key = "owner", .text = cell_text},
		{.title = "age", .key = "created_at", .text = cell_since},
		{.title = "ran for", .key = "started_at", .text = cell_run},
		{.title = "progress", .key = "progress", .text = cell_progress},
		{.title = "says", .key = "progress_text", .text = cell_text},
		{.title = "cause", .key = "cause", .text = cell_text},
		{.title = "exit", .key = "exit", .text = cell_text},
		{.title = "signal", .key = "signal", .text = cell_text},
		{.title = "error", .key = "error", .text = cell_text},
		{.title = "cancelled by", .key = "cancel_by", .text = cell_text},
		{.title = "reason", .key = "cancel_reason", .text = cell_text},
		{.title = "arguments", .key = "args_preview", .text = cell_text},
		{.title = "id", .key = "id", .text = cell_text},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!json_get(row, fields[i].key))
			continue;
		buf_addf(out, "%-13s ", fields[i].title);
		fields[i].text(out, row, fields[i].key, clock);
		buf_addc(out, '\n');
	}
}

/* `queued 2026-11-22T12:04:18.118Z > started +13ms > ended +22ms` */
static void add_trace(struct buf *out, const struct json_node *row)
{
	static const struct {
		const char *key, *word;
	} steps[] = {{"started_at", "started"}, {"completed_at", "ended"}};
	char text[32];
	int64_t last = row_int(row, "created_at", 0);

	buf_addf(out, "%-13s queued %s", "trace", str_time(text, last));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int64_t at = row_int(row, steps[i].key, 0);
		if (!at)
			continue;
		buf_addf(out, " > %s +%s", steps[i].word,
			str_age(text, at > last ? at - last : 0));
		last = at;
	}
	buf_addc(out, '\n');
}

static void add_result(struct buf *out, const struct detail *d)
{
	int64_t size = row_int(record(d), "size", -1);
	char text[16];

	if (size < 0)
		return;
	buf_addf(out, "\nresult        ");
	row_text(out, record(d), "type");
	buf_addf(out, ", %s", str_count(text, size, true));
	if (!d->has_result)
		buf_addf(out, "; `:result %s` fetches it", d->id);
	else if ((int64_t)d->result.len < size)
		buf_addf(out, "; the first %d bytes:", PREVIEW);
	buf_addc(out, '\n');
	buf_add(out, d->result.data, d->result.len);
}

static void draw_title(const struct detail *d, struct area a, const struct cell_clock *clock)
{
	struct buf title = BUF_INIT;

	buf_adds(&title, "Task ");
	row_text(&title, record(d), "n");
	buf_addc(&title, ' ');
	row_text(&title, record(d), "name");
	buf_adds(&title, "  ");
	cell_state(&title, record(d), "state", clock);
	if (d->gone)
		buf_adds(&title, "  (the control plane dropped it meanwhile)");
	draw_line(a.y, a.x, a.w, STYLE_HEAD, buf_str(&title));
	buf_fini(&title);
}

/* Ages grow, so the text is made anew for each picture. */
static void draw(struct panel *p, struct area a)
{
	struct detail *d = of(p);
	int64_t now = tui_now(p->tui);
	struct cell_clock clock = {.now_ms = now, .at_ms = now};
	struct buf text = BUF_INIT;

	draw_title(d, a, &clock);
	add_fields(&text, record(d), &clock);
	add_trace(&text, record(d));
	add_result(&text, d);
	pager_set(&d->pager, text.data, text.len);
	pager_draw(&d->pager, (struct area){.y = a.y + 1, .x = a.x, .h = a.h - 1, .w = a.w});
	buf_fini(&text);
}

static unsigned act(struct panel *p, enum act a)
{
	if (a == ACT_BACK)
		return PANEL_CLOSE | PANEL_REDRAW;
	return pager_act(&of(p)->pager, a) ? PANEL_REDRAW : PANEL_UNUSED;
}

static void free_detail(struct panel *p)
{
	struct detail *d = of(p);

	if (d->request) {
		if (p->tui->client)
			client_forget(p->tui->client, d->request);
		feed_answered(p->tui);
	}
	buf_fini(&d->text);
	json_fini(&d->doc);
	buf_fini(&d->result);
	pager_fini(&d->pager);
	free(d);
}

static const struct panel_ops ops = {
	.draw = draw,
	.act = act,
	.row = selected,
	.event = event,
	.fetch = fetch,
	.free = free_detail,
};

void detail_open(struct tui *t, const struct json_node *row)
{
	struct detail *d = xcalloc(1, sizeof(*d));

	d->panel = (struct panel){.ops = &ops, .tui = t, .where = IN_DETAIL};
	json_strcpy(json_get(row, "id"), d->id, sizeof(d->id));
	json_init(&d->doc);
	keep_record(d, row);
	d->stale = true;
	panel_open(t, &d->panel);
	fetch(&d->panel);
}
