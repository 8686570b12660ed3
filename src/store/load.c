/* Reading tasks back: all that are open, the newest final ones, one by its id or number. */
#include "store/inside.h"

/* How many rows were given, or -1. */
static int give_some(struct store *s, sqlite3_stmt *st, store_more_fn *fn, void *arg,
	struct err *e)
{
	int n = 0, rc, more = 1;

	while (more > 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		more = store_give(s, st, fn, arg, e);
		n++;
	}
	sqlite3_reset(st);
	if (more < 0)
		return -1;
	return more == 0 || rc == SQLITE_DONE ? n : store_fail(s, "cannot read", e);
}

struct each {
	store_task_fn *fn;
	void *arg;
};

static bool give_each(void *arg, const struct stored *t)
{
	const struct each *each = arg;

	each->fn(each->arg, t);
	return true;
}

static int give_all(struct store *s, sqlite3_stmt *st, store_task_fn *fn, void *arg,
	struct err *e)
{
	return give_some(s, st, give_each, &(struct each){fn, arg}, e);
}

int store_load_final(struct store *s, store_more_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_FINAL_TASKS, e);

	return st && give_some(s, st, fn, arg, e) >= 0 ? 0 : -1;
}

int store_load(struct store *s, store_task_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_OPEN_TASKS, e);

	return st && give_all(s, st, fn, arg, e) >= 0 ? 0 : -1;
}

int store_find(struct store *s, const struct uuid *id, store_task_fn *fn, void *arg,
	struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_FIND_ID, e);

	if (!st)
		return -1;
	sqlite3_bind_blob(st, 1, id->b, sizeof(id->b), SQLITE_STATIC);
	return give_all(s, st, fn, arg, e);
}

int store_find_n(struct store *s, uint64_t n, store_task_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_FIND_N, e);

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)n);
	return give_all(s, st, fn, arg, e);
}

int store_last_n(struct store *s, uint64_t *n, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_LAST_N, e);

	if (!st)
		return -1;
	if (sqlite3_step(st) != SQLITE_ROW)
		return store_fail(s, "cannot read", e);
	*n = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}
