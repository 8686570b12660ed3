/* The tables, as numbered migrations: a file of any older version is brought up to date when it is opened, step by step, each step in a transaction of its
 * own. A step that was released once is never changed; a new one is added behind it.
 *
 * A task has one row that changes a few times in its life. What is large (arguments, result) lies beside it and is written once, so that a change costs what
 * the row costs; what is small lies in the row, because a second row would cost more. The row's key is the task's number, so rows and their index by id (UUIDv7, made in the order of time) are only ever appended to. */
#include "base/mem.h"
#include "store/inside.h"

#define APPLICATION_ID 0x46574b31 /* "FWK1": tells `file` and us whose file it is */

static const char *const steps[] = {
	/* 1 */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE task ("
	" n INTEGER PRIMARY KEY,"
	" id BLOB NOT NULL,"
	" name TEXT NOT NULL,"
	" owner TEXT NOT NULL,"
	" priority INTEGER NOT NULL,"
	" state TEXT NOT NULL,"
	" attempt INTEGER NOT NULL,"
	" timeout_ms INTEGER NOT NULL,"
	" created_at INTEGER NOT NULL,"
	" started_at INTEGER,"
	" completed_at INTEGER,"
	" worker TEXT,"
	" cause TEXT,"
	" exit INTEGER,"
	" signal INTEGER,"
	" error TEXT,"
	" cancel_by TEXT,"
	" cancel_reason TEXT,"
	" result_type TEXT,"
	" run_ms INTEGER,"
	" user_ms INTEGER,"
	" sys_ms INTEGER,"
	" rss_kb INTEGER,"
	" nleft INTEGER,"
	" left_names TEXT,"
	" report TEXT,"
	" nlost INTEGER,"
	" flags INTEGER NOT NULL," /* enum flag in rows.c */
	" outs INTEGER,"
	" errs INTEGER,"
	" log_error TEXT,"
	" batch INTEGER,"
	" args BLOB," /* these three only when they are small; else they are bodies */
	" kwargs BLOB,"
	" result BLOB"
	");"
	"CREATE UNIQUE INDEX task_id ON task (id);"
	"CREATE INDEX task_open ON task (n) WHERE completed_at IS NULL;"
	"CREATE TABLE body ("
	" n INTEGER NOT NULL,"
	" part INTEGER NOT NULL," /* 0 args, 1 kwargs, 2 result, 3 needs, 4 tail, 5 place */
	" data BLOB NOT NULL,"
	" PRIMARY KEY (n, part)"
	") WITHOUT ROWID;"
	"CREATE TABLE batch ("
	" n INTEGER PRIMARY KEY,"
	" id BLOB NOT NULL UNIQUE,"
	" owner TEXT NOT NULL,"
	" cancelled INTEGER NOT NULL"
	");"
	"CREATE TABLE worker (id TEXT PRIMARY KEY, instance TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE name (name TEXT PRIMARY KEY) WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('incarnation', 0);",
};

static int number(sqlite3 *db, const char *pragma, int64_t *out)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db, pragma, -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		*out = sqlite3_column_int64(st, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_OK ? 0 : -1;
}

static int run_step(sqlite3 *db, size_t i)
{
	char *end =
		sqlite3_mprintf("PRAGMA user_version = %d; PRAGMA application_id = %d; COMMIT",
			(int)i + 1, APPLICATION_ID);
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, steps[i], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, end, NULL, NULL, NULL);
	sqlite3_free(end);
	return rc == SQLITE_OK ? 0 : -1;
}

static int unreadable(sqlite3 *db, const char *file, struct err *e)
{
	return err_set(e, ERR_IO, "cannot read %s: %s", file, sqlite3_errmsg(db));
}

int schema_migrate(sqlite3 *db, const char *file, struct err *e)
{
	int64_t version, owner, tables;

	if (number(db, "PRAGMA user_version", &version) ||
		number(db, "PRAGMA application_id", &owner) ||
		number(db, "SELECT count(*) FROM sqlite_master", &tables))
		return unreadable(db, file, e);
	if (tables > 0 && owner != APPLICATION_ID)
		return err_set(e, ERR_CONFIG,
			"%s is a database, but not of fastworker; name another folder with --state-dir",
			file);
	if (version > (int64_t)ARRAY_LEN(steps))
		return err_set(e, ERR_CONFIG,
			"%s was written by a newer fastworker (schema %lld, this one knows %zu); install that one, or name another folder with --state-dir",
			file, (long long)version, ARRAY_LEN(steps));
	for (size_t i = (size_t)version; i < ARRAY_LEN(steps); i++)
		if (run_step(db, i))
			return err_set(e, ERR_IO, "cannot bring %s to schema %zu: %s", file,
				i + 1, sqlite3_errmsg(db));
	return 0;
}
