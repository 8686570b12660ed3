/* What is kept beside tasks: who the workers were, which task names there are, and the groups of tasks. */
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

static int save_words(struct store *s, enum statement which, const char *a, const char *b,
	struct err *e)
{
	sqlite3_stmt *st = store_begin(s, e) ? NULL : store_statement(s, which, e);

	if (!st)
		return -1;
	sqlite3_bind_text(st, 1, a, -1, SQLITE_STATIC);
	if (b)
		sqlite3_bind_text(st, 2, b, -1, SQLITE_STATIC);
	return store_run(s, st, e);
}

int store_save_worker(struct store *s, const char *id, const char *instance, struct err *e)
{
	return save_words(s, STORE_SAVE_WORKER, id, instance, e);
}

char *store_worker(struct store *s, const char *id, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_WORKER, e);
	char *instance = NULL;

	if (!st)
		return NULL;
	sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW)
		instance = xstrdup((const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return instance;
}

int store_save_name(struct store *s, const char *name, struct err *e)
{
	return save_words(s, STORE_SAVE_NAME, name, NULL, e);
}

int store_names(struct store *s, void (*fn)(void *arg, const char *name), void *arg,
	struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_NAMES, e);
	int rc;

	if (!st)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		fn(arg, (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "cannot read", e);
}

int store_save_group(struct store *s, const struct group *g, struct err *e)
{
	sqlite3_stmt *st = store_begin(s, e) ? NULL : store_statement(s, STORE_SAVE_GROUP, e);

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)g->n);
	sqlite3_bind_blob(st, 2, g->id.b, sizeof(g->id.b), SQLITE_STATIC);
	sqlite3_bind_text(st, 3, g->owner, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 4, g->cancelled);
	return store_run(s, st, e);
}

/* How many there were, or -1. A row that no group can be is passed over: its tasks are in none. */
static int give_groups(struct store *s, sqlite3_stmt *st, store_group_fn *fn, void *arg,
	struct err *e)
{
	int rc, n = 0;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct group g = {.n = (uint64_t)sqlite3_column_int64(st, 0),
			.owner = (char *)(uintptr_t)sqlite3_column_text(st, 2),
			.cancelled = sqlite3_column_int(st, 3) != 0,
			.saved = true};
		if (!g.owner || sqlite3_column_bytes(st, 1) != (int)sizeof(g.id.b))
			continue;
		memcpy(g.id.b, sqlite3_column_blob(st, 1), sizeof(g.id.b));
		fn(arg, &g);
		n++;
	}
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? n : store_fail(s, "cannot read", e);
}

int store_groups(struct store *s, size_t most, store_group_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_GROUPS, e);

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)most);
	return give_groups(s, st, fn, arg, e) < 0 ? -1 : 0;
}

int store_group_n(struct store *s, uint64_t n, store_group_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_GROUP_N, e);

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)n);
	return give_groups(s, st, fn, arg, e);
}

int store_group_id(struct store *s, const struct uuid *id, store_group_fn *fn, void *arg,
	struct err *e)
{
	sqlite3_stmt *st = store_statement(s, STORE_GROUP_ID, e);

	if (!st)
		return -1;
	sqlite3_bind_blob(st, 1, id->b, sizeof(id->b), SQLITE_STATIC);
	return give_groups(s, st, fn, arg, e);
}
