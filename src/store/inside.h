/* What the files of the store share. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include <sqlite3.h>

#include "store/store.h"

enum statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_INSERT,
	STORE_UPDATE,
	STORE_INSERT_BODY,
	STORE_OPEN_TASKS,
	STORE_FINAL_TASKS,
	STORE_FIND_ID,
	STORE_FIND_N,
	STORE_BODIES,
	STORE_LAST_N,
	STORE_SAVE_WORKER,
	STORE_WORKER,
	STORE_SAVE_NAME,
	STORE_NAMES,
	STORE_SAVE_GROUP,
	STORE_GROUPS,
	STORE_GROUP_N,
	STORE_GROUP_ID,
	STORE__STATEMENTS
};

struct store {
	char *folder, *file;
	int lock_fd;
	sqlite3 *db;
	sqlite3_stmt *statements[STORE__STATEMENTS]; /* prepared when first used */
	uint64_t incarnation;
	bool pending; /* a transaction is open */
	bool broken; /* a write failed: SQLite may have undone the transaction, so none of it counts */
};

/* The statement, reset and without values. NULL with *e. */
sqlite3_stmt *store_statement(struct store *s, enum statement which, struct err *e);
/* Steps a statement that gives no rows. */
int store_run(struct store *s, sqlite3_stmt *st, struct err *e);
/* Turns SQLite's last error into *e: ERR_BUSY when the disk is full, ERR_IO otherwise. Returns -1. */
int store_fail(struct store *s, const char *what, struct err *e);
int store_begin(struct store *s, struct err *e); /* unless it has begun */

/* Gives the task of the row that st is at: 1 when more are wanted, 0: enough, -1: *e. */
int store_give(struct store *s, sqlite3_stmt *st, store_more_fn *fn, void *arg, struct err *e);

/* Brings the file to this version's schema (schema.c). */
int schema_migrate(sqlite3 *db, const char *file, struct err *e);

#endif
