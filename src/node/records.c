/* Tasks as clients see them: the record, and `get`. */
#include <stdlib.h>
#include <string.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/logfile.h"
#include "node/server.h"

#define PREVIEW 200 /* bytes of the arguments that a table can show */

static void write_preview(struct json_out *w, const struct task *t)
{
	size_t n = t->args->len;

	if (n > PREVIEW)
		for (n = PREVIEW; n > 0 && ((unsigned char)t->args->data[n] & 0xC0) == 0x80;
			n--)
			;
	jout_strn(w, "args_preview", t->args->data, n);
}

static void write_times(struct json_out *w, const struct task *t)
{
	jout_i64(w, "created_at", t->created_at);
	if (t->started_at)
		jout_i64(w, "started_at", t->started_at);
	if (t->completed_at)
		jout_i64(w, "completed_at", t->completed_at);
}

void progress_write(struct json_out *w, int32_t millionths, const char *text)
{
	char number[12];

	if (millionths >= 0) {
		fraction_text(number, millionths);
		jout_raw(w, "progress", number, strlen(number));
	}
	if (text && *text)
		jout_str(w, "progress_text", text);
}

void used_write(struct json_out *w, const struct task *t)
{
	const struct usage *u = &t->used;

	if (u->run_ms || u->rss_kb) {
		jout_i64(w, "run_ms", u->run_ms);
		jout_i64(w, "user_ms", u->user_ms);
		jout_i64(w, "sys_ms", u->sys_ms);
		jout_i64(w, "rss_kb", u->rss_kb);
	}
	if (t->nleft)
		jout_i64(w, "left", t->nleft);
	if (t->left)
		jout_str(w, "left_names", t->left);
}

static void write_needs(struct json_out *w, const struct core *c, const struct task *t)
{
	char *why = core_why_waiting(c, t);

	if (t->name->needs)
		jout_str(w, "needs", t->name->needs);
	if (why)
		jout_str(w, "waits", why);
	free(why);
}

static void write_end(struct json_out *w, const struct task *t)
{
	if (t->cause)
		jout_str(w, "cause", cause_word(t->cause));
	if (t->exit_status >= 0)
		jout_i64(w, "exit", t->exit_status);
	if (t->exit_signal)
		jout_i64(w, "signal", t->exit_signal);
	if (t->error)
		jout_str(w, "error", t->error);
	used_write(w, t);
	if (t->nlost)
		jout_i64(w, "lost", t->nlost);
	if (t->report)
		jout_str(w, "report", t->report);
	if (t->cancel_by)
		jout_str(w, "cancel_by", t->cancel_by);
	if (t->cancel_reason)
		jout_str(w, "cancel_reason", t->cancel_reason);
	if (t->outs > 0)
		jout_i64(w, "outs", t->outs);
	if (t->errs > 0)
		jout_i64(w, "errs", t->errs);
	if (t->stream)
		jout_bool(w, "stream", true);
	if (t->result) {
		jout_str(w, "type", t->result_type == RESULT_JSON ? "json" : "bytes");
		jout_i64(w, "size", (int64_t)t->result->len);
	}
}

/* Where its output lies; it wrote some. */
static void write_log(struct json_out *w, const struct core *c, const struct task *t)
{
	const struct worker *k = t->worker_id ? core_worker(c, t->worker_id) : NULL;
	char *path;

	if (!k || !k->logs || t->outs + t->errs <= 0 || t->log_error)
		return;
	path = logfile_path(k->logs, t->n, t->attempt, &t->id);
	jout_str(w, "log", path);
	free(path);
}

void record_write(struct json_out *w, const struct core *c, const struct task *t)
{
	char id[UUID_TEXT];

	jout_str(w, "id", uuid_text(id, &t->id));
	jout_i64(w, "n", (int64_t)t->n);
	jout_str(w, "name", t->name->text);
	jout_str(w, "state", task_state_word(t->state));
	jout_str(w, "priority", priority_word(t->priority));
	jout_str(w, "owner", t->owner);
	jout_i64(w, "attempt", t->attempt);
	if (t->worker_id)
		jout_str(w, "worker", t->worker_id);
	if (t->group)
		jout_i64(w, "batch", (int64_t)t->group->n);
	write_needs(w, c, t);
	write_times(w, t);
	write_preview(w, t);
	progress_write(w, t->progress, t->progress_text);
	write_end(w, t);
	write_log(w, c, t);
}

void record_add(struct mout *o, const struct core *c, const struct task *t, bool result)
{
	jout_object(&o->w, NULL);
	record_write(&o->w, c, t);
	if (result && t->result && t->result->len <= PROTO_INLINE_MAX)
		mout_put(o, "result", t->result->data, t->result->len);
	jout_end_object(&o->w);
}

/* A `get` that is being answered, now or when its tasks are final. */
struct getting {
	struct server *server;
	int64_t req, wait_ms;
	bool results;
	struct uuid *ids; /* not pointers: tasks may be dropped while it waits */
	struct task **tasks;
	size_t n, cap;
	char **missing;
	size_t nmissing;
};

static void add_task(void *arg, struct task *t)
{
	struct getting *g = arg;

	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 16;
		g->ids = xreallocarray(g->ids, g->cap, sizeof(*g->ids));
		g->tasks = xreallocarray(g->tasks, g->cap, sizeof(*g->tasks));
	}
	g->ids[g->n] = t->id;
	g->tasks[g->n++] = t;
}

static void free_getting(struct getting *g)
{
	for (size_t i = 0; i < g->nmissing; i++)
		free(g->missing[i]);
	free(g->missing);
	free(g->ids);
	free(g->tasks);
	free(g);
}

static void answer(void *arg, struct peer *p, bool gone)
{
	struct getting *g = arg;
	struct series out;
	struct mout *o;

	if (!gone) {
		series_begin(&out, p, MSG_RECORDS, g->req, "tasks");
		for (size_t i = 0; i < g->n; i++) {
			struct task *t = core_task(g->server->core, &g->ids[i]);
			if (!t)
				continue;
			core_touch(g->server->core, t);
			record_add(series_item(&out), g->server->core, t, g->results);
		}
		series_break(&out); /* they may fill a message of their own */
		o = series_end_list(&out);
		jout_array(&o->w, "missing");
		for (size_t i = 0; i < g->nmissing; i++)
			jout_str(&o->w, NULL, g->missing[i]);
		jout_end_array(&o->w);
		series_end(&out);
	}
	free_getting(g);
}

static void add_missing(struct getting *g, const struct json_node *v)
{
	char *text = json_strdup(v);

	g->missing = xreallocarray(g->missing, g->nmissing + 1, sizeof(*g->missing));
	g->missing[g->nmissing++] = text ? text : xstrdup("?");
}

void get_handle(struct peer *p, const struct msg *m)
{
	struct getting *g;
	char selector[128];
	struct err e;

	if (msg_int(m->head, "wait_ms", 0) > 0 && watch_room(p, &e)) {
		peer_error(p, m->req, &e);
		return;
	}
	g = xcalloc(1, sizeof(*g));
	g->server = p->server;
	g->req = m->req;
	g->results = msg_bool(m->head, "results");
	g->wait_ms = msg_int(m->head, "wait_ms", 0);
	for (const struct json_node *v = msg_list(m->head, "ids"); v; v = json_next(v))
		if (!json_strcpy(v, selector, sizeof(selector)) ||
			!select_tasks(p, selector, add_task, g))
			add_missing(g, v);
	if (g->wait_ms > 0)
		watch_final(p, g->tasks, g->n, g->wait_ms, answer, g);
	else
		answer(g, p, false);
}
