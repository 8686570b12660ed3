/* A task as rows: one in `task`, and one in `body` for each of its texts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

enum part { PART_ARGS, PART_KWARGS, PART_RESULT, PART_NEEDS, PART_TAIL, PART_PLACE };

/* In the order of COLUMNS; ?N of a statement is N = the column's place, from 1. */
enum column {
	COL_N,
	COL_ID,
	COL_NAME,
	COL_OWNER,
	COL_PRIORITY,
	COL_STATE,
	COL_ATTEMPT,
	COL_TIMEOUT,
	COL_CREATED,
	COL_STARTED,
	COL_COMPLETED,
	COL_WORKER,
	COL_CAUSE,
	COL_EXIT,
	COL_SIGNAL,
	COL_ERROR,
	COL_CANCEL_BY,
	COL_CANCEL_REASON,
	COL_RESULT_TYPE,
	COL_RUN_MS,
	COL_USER_MS,
	COL_SYS_MS,
	COL_RSS_KB,
	COL_NLEFT,
	COL_LEFT,
	COL_REPORT,
	COL_NLOST,
	COL_FLAGS,
	COL_OUTS,
	COL_ERRS,
	COL_LOG_ERROR,
	COL_GROUP,
	COL_ARGS,
	COL_KWARGS,
	COL_RESULT,
};

#define SMALL 1024 /* bytes that go into the row */

enum flag { FLAG_ONCE = 1, FLAG_FED = 2, FLAG_STREAM = 4, FLAG_BODIES = 8 /* it has some */ };

static void bind_text(sqlite3_stmt *st, enum column c, const char *text)
{
	if (text)
		sqlite3_bind_text(st, (int)c + 1, text, -1, SQLITE_STATIC);
}

/* A value that stands for 'none' is no value in the file. */
static void bind_unless(sqlite3_stmt *st, enum column c, int64_t v, int64_t none)
{
	if (v != none)
		sqlite3_bind_int64(st, (int)c + 1, v);
}

static void bind_number(sqlite3_stmt *st, enum column c, int64_t v)
{
	sqlite3_bind_int64(st, (int)c + 1, v);
}

static void bind_ending(sqlite3_stmt *st, const struct task *t)
{
	bind_unless(st, COL_RUN_MS, t->used.run_ms, 0);
	bind_unless(st, COL_USER_MS, t->used.user_ms, 0);
	bind_unless(st, COL_SYS_MS, t->used.sys_ms, 0);
	bind_unless(st, COL_RSS_KB, t->used.rss_kb, 0);
	bind_unless(st, COL_NLEFT, t->nleft, 0);
	bind_text(st, COL_LEFT, t->left);
	bind_text(st, COL_REPORT, t->report);
	bind_unless(st, COL_NLOST, t->nlost, 0);
}

static void bind_output(sqlite3_stmt *st, const struct task *t)
{
	bind_unless(st, COL_OUTS, t->outs, -1);
	bind_unless(st, COL_ERRS, t->errs, -1);
	bind_text(st, COL_LOG_ERROR, t->log_error);
}

static bool small(const struct bytes *b)
{
	return !b || b->len <= SMALL;
}

static void bind_small(sqlite3_stmt *st, enum column c, const struct bytes *b)
{
	if (b && small(b))
		sqlite3_bind_blob(st, (int)c + 1, b->data, (int)b->len, SQLITE_STATIC);
}

static bool has_bodies(const struct stored *k)
{
	const struct task *t = k->task;

	return !small(t->args) || !small(t->kwargs) || !small(t->result) || k->needs ||
	       t->tail || t->place;
}

static void bind_changing(sqlite3_stmt *st, const struct stored *k)
{
	const struct task *t = k->task;

	bind_number(st, COL_N, (int64_t)t->n);
	bind_number(st, COL_PRIORITY, t->priority);
	bind_text(st, COL_STATE, task_state_word(t->state));
	bind_number(st, COL_ATTEMPT, t->attempt);
	bind_number(st, COL_TIMEOUT, t->timeout_ms);
	bind_unless(st, COL_STARTED, t->started_at, 0);
	bind_unless(st, COL_COMPLETED, t->completed_at, 0);
	bind_text(st, COL_WORKER, t->worker_id);
	if (t->cause != CAUSE_NONE)
		bind_text(st, COL_CAUSE, cause_word(t->cause));
	bind_unless(st, COL_EXIT, t->exit_status, -1);
	bind_unless(st, COL_SIGNAL, t->exit_signal, 0);
	bind_text(st, COL_ERROR, t->error);
	bind_text(st, COL_CANCEL_BY, t->cancel_by);
	bind_text(st, COL_CANCEL_REASON, t->cancel_reason);
	bind_number(st, COL_FLAGS,
		(t->once ? FLAG_ONCE : 0) | (t->fed ? FLAG_FED : 0) |
			(t->stream ? FLAG_STREAM : 0) | (has_bodies(k) ? FLAG_BODIES : 0));
	if (t->result)
		bind_text(st, COL_RESULT_TYPE,
			t->result_type == RESULT_JSON ? "json" : "bytes");
	bind_ending(st, t);
	bind_output(st, t);
	bind_small(st, COL_RESULT, t->result);
}

static int save_body(struct store *s, const struct task *t, enum part part,
	const struct bytes *b, struct err *e)
{
	sqlite3_stmt *st;

	if (!b)
		return 0;
	st = store_statement(s, STORE_INSERT_BODY, e);
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)t->n);
	sqlite3_bind_int(st, 2, (int)part);
	sqlite3_bind_blob64(st, 3, b->data, b->len, SQLITE_STATIC);
	return store_run(s, st, e);
}

static int save_large(struct store *s, const struct task *t, enum part part,
	const struct bytes *b, struct err *e)
{
	return small(b) ? 0 : save_body(s, t, part, b, e);
}

static int save_needs(struct store *s, const struct task *t, const char *needs, struct err *e)
{
	struct bytes *b;
	int rc;

	if (!needs)
		return 0;
	b = bytes_new(needs, strlen(needs));
	rc = save_body(s, t, PART_NEEDS, b, e);
	bytes_unref(&b);
	return rc;
}

static int insert(struct store *s, const struct stored *k, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_INSERT, e);
	const struct task *t = k->task;

	if (!st)
		return -1;
	bind_changing(st, k);
	sqlite3_bind_blob(st, COL_ID + 1, t->id.b, sizeof(t->id.b), SQLITE_STATIC);
	bind_text(st, COL_NAME, k->name);
	bind_text(st, COL_OWNER, t->owner);
	bind_unless(st, COL_GROUP, (int64_t)k->group, 0);
	bind_number(st, COL_CREATED, t->created_at);
	bind_small(st, COL_ARGS, t->args);
	bind_small(st, COL_KWARGS, t->kwargs);
	if (store_run(s, st, e))
		return -1;
	return save_large(s, t, PART_ARGS, t->args, e) ||
			       save_large(s, t, PART_KWARGS, t->kwargs, e) ||
			       save_needs(s, t, k->needs, e) ||
			       save_body(s, t, PART_PLACE, t->place, e)
		       ? -1
		       : 0;
}

static int update(struct store *s, const struct stored *t, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_UPDATE, e);

	if (!st)
		return -1;
	bind_changing(st, t);
	return store_run(s, st, e);
}

int store_save(struct store *s, const struct stored *k, struct err *e)
{
	const struct task *t = k->task;

	if (store_begin(s, e))
		return -1;
	if (t->saved ? update(s, k, e) : insert(s, k, e))
		return -1;
	return save_body(s, t, PART_TAIL, t->tail, e) ||
			       save_large(s, t, PART_RESULT, t->result, e)
		       ? -1
		       : 0;
}

static const char *text_of(sqlite3_stmt *st, enum column c)
{
	return (const char *)sqlite3_column_text(st, (int)c);
}

static int64_t number_of(sqlite3_stmt *st, enum column c, int64_t none)
{
	return sqlite3_column_type(st, (int)c) == SQLITE_NULL
		       ? none
		       : sqlite3_column_int64(st, (int)c);
}

static void read_ending(sqlite3_stmt *st, struct task *t)
{
	t->used = (struct usage){.run_ms = number_of(st, COL_RUN_MS, 0),
		.user_ms = number_of(st, COL_USER_MS, 0),
		.sys_ms = number_of(st, COL_SYS_MS, 0),
		.rss_kb = number_of(st, COL_RSS_KB, 0)};
	t->nleft = (uint32_t)number_of(st, COL_NLEFT, 0);
	t->nlost = (uint32_t)number_of(st, COL_NLOST, 0);
	t->outs = number_of(st, COL_OUTS, -1);
	t->errs = number_of(st, COL_ERRS, -1);
}

/* Whoever edits the file by hand, or a damaged page, must not become a state that no table knows. */
static int read_row(struct store *s, sqlite3_stmt *st, struct task *t, struct err *e)
{
	const char *state = text_of(st, COL_STATE), *cause = text_of(st, COL_CAUSE);
	int64_t priority = number_of(st, COL_PRIORITY, -1);
	int known_state = state ? task_state_parse(state) : -1,
	    known_cause = cause ? cause_parse(cause) : CAUSE_NONE;

	t->n = (uint64_t)number_of(st, COL_N, 0);
	if (known_state < 0 || known_cause < 0 || priority < 0 || priority >= PRIO__COUNT ||
		!text_of(st, COL_NAME) || !text_of(st, COL_OWNER) ||
		sqlite3_column_bytes(st, COL_ID) != (int)sizeof(t->id.b))
		return err_set(e, ERR_IO,
			"task %llu in %s has values that no task can have: restore a backup",
			(unsigned long long)t->n, s->file);
	memcpy(t->id.b, sqlite3_column_blob(st, COL_ID), sizeof(t->id.b));
	t->state = (enum task_state)known_state;
	t->cause = (enum cause)known_cause;
	t->priority = (enum priority)priority;
	t->attempt = (uint32_t)number_of(st, COL_ATTEMPT, 0);
	t->timeout_ms = number_of(st, COL_TIMEOUT, -1);
	t->created_at = number_of(st, COL_CREATED, 0);
	t->started_at = number_of(st, COL_STARTED, 0);
	t->completed_at = number_of(st, COL_COMPLETED, 0);
	t->exit_status = (int)number_of(st, COL_EXIT, -1);
	t->exit_signal = (int)number_of(st, COL_SIGNAL, 0);
	read_ending(st, t);
	int64_t flags = number_of(st, COL_FLAGS, 0);
	t->once = flags & FLAG_ONCE;
	t->fed = flags & FLAG_FED;
	t->stream = flags & FLAG_STREAM;
	t->saved = true;
	return 0;
}

/* SQLite's own memory lives until the next step: it is only looked at by the callback. */
static void borrow_texts(sqlite3_stmt *st, struct task *t)
{
	const char *type = text_of(st, COL_RESULT_TYPE);

	t->owner = (char *)(uintptr_t)text_of(st, COL_OWNER);
	t->worker_id = (char *)(uintptr_t)text_of(st, COL_WORKER);
	t->error = (char *)(uintptr_t)text_of(st, COL_ERROR);
	t->left = (char *)(uintptr_t)text_of(st, COL_LEFT);
	t->log_error = (char *)(uintptr_t)text_of(st, COL_LOG_ERROR);
	t->report = (char *)(uintptr_t)text_of(st, COL_REPORT);
	t->cancel_by = (char *)(uintptr_t)text_of(st, COL_CANCEL_BY);
	t->cancel_reason = (char *)(uintptr_t)text_of(st, COL_CANCEL_REASON);
	t->result_type = type && strcmp(type, "json") == 0 ? RESULT_JSON : RESULT_BYTES;
}

static struct bytes *read_small(sqlite3_stmt *st, enum column c)
{
	if (sqlite3_column_type(st, (int)c) == SQLITE_NULL)
		return NULL;
	return bytes_new(sqlite3_column_blob(st, (int)c),
		(size_t)sqlite3_column_bytes(st, (int)c));
}

static int read_bodies(struct store *s, struct task *t, struct bytes **needs, struct err *e)
{
	struct bytes **const parts[] = {[PART_ARGS] = &t->args,
		[PART_KWARGS] = &t->kwargs,
		[PART_RESULT] = &t->result,
		[PART_NEEDS] = needs,
		[PART_TAIL] = &t->tail,
		[PART_PLACE] = &t->place};
	sqlite3_stmt *st = store_statement(s, STORE_BODIES, e);
	int rc;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)t->n);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int part = sqlite3_column_int(st, 0);
		if (part >= 0 && part < (int)ARRAY_LEN(parts) && !*parts[part])
			*parts[part] = bytes_new(sqlite3_column_blob(st, 1),
				(size_t)sqlite3_column_bytes(st, 1));
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "cannot read", e);
}

static int read_texts(struct store *s, sqlite3_stmt *row, struct task *t, struct bytes **needs,
	struct err *e)
{
	t->args = read_small(row, COL_ARGS);
	t->kwargs = read_small(row, COL_KWARGS);
	t->result = read_small(row, COL_RESULT);
	if ((number_of(row, COL_FLAGS, 0) & FLAG_BODIES) && read_bodies(s, t, needs, e))
		return -1;
	/* Its bodies were purged. */
	if (!t->args)
		t->args = bytes_new("[]", 2);
	if (!t->kwargs)
		t->kwargs = bytes_new("{}", 2);
	return 0;
}

int store_give(struct store *s, sqlite3_stmt *st, store_more_fn *fn, void *arg, struct err *e)
{
	struct task t = {0};
	struct bytes *needs = NULL;
	char *text = NULL;
	int rc = read_row(s, st, &t, e);

	if (rc == 0 && (rc = read_texts(s, st, &t, &needs, e)) == 0) {
		borrow_texts(st, &t);
		text = needs ? xstrndup(needs->data, needs->len) : NULL;
		rc = fn(arg, &(struct stored){.task = &t,
				     .name = text_of(st, COL_NAME),
				     .needs = text,
				     .group = (uint64_t)number_of(st, COL_GROUP, 0)});
	}
	bytes_unref(&t.args);
	bytes_unref(&t.kwargs);
	bytes_unref(&t.place);
	bytes_unref(&t.result);
	bytes_unref(&t.tail);
	bytes_unref(&needs);
	free(text);
	return rc;
}
