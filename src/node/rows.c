/* `query`: rows of a kind - tasks, workers, queues, names, status. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/query.h"
#include "node/server.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

typedef int rows_fn(struct peer *p, const struct msg *m, struct mout *o, struct err *e);

static int task_rows(struct peer *p, const struct msg *m, struct mout *o, struct err *e)
{
	char text[1100];
	struct query q = {.oldest_first = msg_bool(m->head, "oldest_first"),
		.cursor = (uint64_t)msg_int(m->head, "cursor", 0),
		.offset = (uint64_t)msg_int(m->head, "offset", 0)};
	int64_t limit = msg_int(m->head, "limit", LIMIT_DEFAULT);
	struct query_page page;
	struct filter *filter;
	struct task **rows;
	bool total = msg_bool(m->head, "total");

	msg_str(m->head, "filter", text, sizeof(text));
	filter = filter_parse(text, e);
	if (!filter)
		return -1;
	q.limit = limit < 1 ? 1 : limit > LIMIT_MAX ? LIMIT_MAX : (size_t)limit;
	q.filter = filter;
	q.owner = p->roles & (ROLE_QUERY | ROLE_ADMIN) ? NULL : p->principal;
	rows = xcalloc(q.limit, sizeof(*rows));
	core_query(p->server->core, &q, total, rows, &page);
	jout_array(&o->w, "rows");
	for (size_t i = 0; i < page.n; i++) {
		/* A page that grows too large ends early: the cursor goes on behind it. */
		if (o->head.len > PROTO_BATCH) {
			page.next = rows[i - 1]->n;
			break;
		}
		jout_object(&o->w, NULL);
		record_write(&o->w, p->server->core, rows[i]);
		jout_end_object(&o->w);
	}
	jout_end_array(&o->w);
	jout_i64(&o->w, "next", (int64_t)page.next);
	if (total)
		jout_i64(&o->w, "total", (int64_t)page.total);
	free(rows);
	filter_free(&filter);
	return 0;
}

static int worker_rows(struct peer *p, const struct msg *m, struct mout *o, struct err *err)
{
	int64_t offset = msg_int(m->head, "offset", 0), cursor = msg_int(m->head, "cursor", 0),
		i = 0, next = 0;
	struct list *e, *tmp, *workers = core_workers(p->server->core);

	struct map *seen = modules_compared(p->server->core);

	if (cursor > offset)
		offset = cursor;
	jout_array(&o->w, "rows");
	list_each (e, tmp, workers) {
		if (i++ < offset)
			continue;
		if (o->head.len > PROTO_BATCH) {
			next = i - 1;
			break;
		}
		worker_row(&o->w, container_of(e, struct worker, all), seen);
	}
	jout_end_array(&o->w);
	jout_i64(&o->w, "next", next);
	map_free(&seen);
	return 0;
}

static int queue_rows(struct peer *p, const struct msg *m, struct mout *o, struct err *e)
{
	struct core_counts c;
	int64_t now = server_now(p->server).wall_ms;

	core_counts(p->server->core, &c);
	jout_array(&o->w, "rows");
	for (int i = 0; i < PRIO__COUNT; i++) {
		int64_t oldest = core_oldest(p->server->core, (enum priority)i);
		jout_object(&o->w, NULL);
		jout_str(&o->w, "priority", priority_word((enum priority)i));
		jout_i64(&o->w, "queued", (int64_t)c.queued[i]);
		jout_i64(&o->w, "oldest_ms", oldest && now > oldest ? now - oldest : 0);
		jout_end_object(&o->w);
	}
	jout_end_array(&o->w);
	return 0;
}

static void name_row(struct json_out *w, const struct name *n)
{
	jout_object(w, NULL);
	jout_str(w, "name", n->text);
	if (n->module)
		jout_str(w, "module", n->module);
	if (n->params)
		jout_str(w, "params", n->params);
	if (n->doc)
		jout_str(w, "doc", n->doc);
	jout_i64(w, "workers", (int64_t)n->nworkers);
	jout_i64(w, "queued", (int64_t)core_name_waiting(n));
	jout_end_object(w);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct name *const *)a)->text, (*(struct name *const *)b)->text);
}

static int name_rows(struct peer *p, const struct msg *m, struct mout *o, struct err *e)
{
	const struct map *names = core_names(p->server->core);
	struct name **sorted = xcalloc(map_count(names) + 1, sizeof(*sorted));
	size_t n = 0, pos = 0, i = (size_t)msg_int(m->head, "cursor", 0);
	void *v;

	while (map_each(names, &pos, NULL, &v)) {
		const struct name *one = v;
		if (!one->withdrawn || core_name_waiting(one))
			sorted[n++] = v;
	}
	qsort(sorted, n, sizeof(*sorted), compare_names);
	jout_array(&o->w, "rows");
	for (; i < n && o->head.len < PROTO_BATCH; i++)
		name_row(&o->w, sorted[i]);
	jout_end_array(&o->w);
	jout_i64(&o->w, "next", i < n ? (int64_t)i : 0);
	free(sorted);
	return 0;
}

static void status_counts(struct json_out *w, struct server *s)
{
	struct core_counts c;

	core_counts(s->core, &c);
	for (int i = 0; i < TASK__STATES; i++)
		if (i != TASK_PENDING)
			jout_i64(w, task_state_word((enum task_state)i),
				(int64_t)c.by_state[i]);
	jout_i64(w, "submitted_total", (int64_t)c.submitted);
	jout_i64(w, "success_total", (int64_t)c.succeeded);
	jout_i64(w, "failure_total", (int64_t)c.failed);
	jout_i64(w, "cancelled_total", (int64_t)c.cancelled);
	jout_i64(w, "lost_total", (int64_t)c.lost);
	jout_i64(w, "stale_total", (int64_t)c.stale);
	jout_i64(w, "workers", (int64_t)c.workers);
	jout_i64(w, "slots", (int64_t)c.slots);
	jout_i64(w, "busy", (int64_t)c.busy);
	jout_i64(w, "cached", (int64_t)c.cached);
	jout_i64(w, "cache_size", (int64_t)s->conf.cache_size);
	jout_i64(w, "cache_ttl_ms", s->conf.cache_ttl_ms);
}

static int status_rows(struct peer *p, const struct msg *m, struct mout *o, struct err *e)
{
	struct server *s = p->server;
	char text[300];

	jout_array(&o->w, "rows");
	jout_object(&o->w, NULL);
	jout_str(&o->w, "worker_id", s->conf.worker_id);
	jout_str(&o->w, "version", FW_VERSION);
	jout_i64(&o->w, "pid", getpid());
	jout_str(&o->w, "base_address", address_text(text, &s->context.base));
	jout_str(&o->w, "discovery_address", address_text(text, &s->context.discovery));
	jout_i64(&o->w, "incarnation", (int64_t)s->context.incarnation);
	jout_i64(&o->w, "uptime_ms", loop_wall_ms(s->loop) - s->started_wall_ms);
	jout_bool(&o->w, "stopping", s->stopping);
	status_counts(&o->w, s);
	jout_end_object(&o->w);
	jout_end_array(&o->w);
	return 0;
}

static const struct {
	const char *what;
	unsigned
		roles; /* one of these, or admin; rows of tasks are filtered by owner instead */
	rows_fn *fn;
} kinds[] = {
	{"tasks", ROLE_SUBMIT | ROLE_QUERY, task_rows},
	{"workers", ROLE_QUERY, worker_rows},
	{"queues", ROLE_QUERY, queue_rows},
	{"names", ROLE_SUBMIT | ROLE_QUERY, name_rows},
	{"status", ROLE_SUBMIT | ROLE_QUERY, status_rows},
};

static rows_fn *find_kind(struct peer *p, const char *what, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].what, what) != 0)
			continue;
		if (p->roles & (kinds[i].roles | ROLE_ADMIN))
			return kinds[i].fn;
		err_set(e, ERR_DENIED,
			"%s may be asked for with the role query; your key (%s) has not got it",
			what, p->principal);
		return NULL;
	}
	err_set(e, ERR_USAGE, "\"%s\" cannot be queried: tasks, workers, queues, names, status",
		str_show(what));
	return NULL;
}

void query_handle(struct peer *p, const struct msg *m)
{
	struct mout *o = &p->server->out;
	char what[80];
	rows_fn *fn;
	struct err e;

	msg_str(m->head, "what", what, sizeof(what));
	fn = find_kind(p, what, &e);
	mout_begin(o, MSG_ROWS, m->req);
	if (!fn || fn(p, m, o, &e)) {
		peer_error(p, m->req, &e);
		return;
	}
	jout_i64(&o->w, "seq", (int64_t)core_event_last(p->server->core));
	mout_end(o);
	peer_send(p, o);
}
