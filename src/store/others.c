/* What is kept beside tasks: who the workers were, and which task names there are. */
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
