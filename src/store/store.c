/* The file, its folder and its lock; statements and transactions. What a task's rows look like is in rows.c, the tables are in schema.c. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "base/str.h"
#include "store/inside.h"

/* In the order of enum column in rows.c. */
#define COLUMNS                                                                                                                                                                       \
	"n, id, name, owner, priority, state, attempt, timeout_ms, created_at, started_at, completed_at, worker, cause, exit, signal, error, cancel_by, cancel_reason, result_type, " \
	"run_ms, user_ms, sys_ms, rss_kb, nleft, left_names, report, nlost, flags, outs, errs, log_error, batch, args, kwargs, result"

static const char *const texts[STORE__STATEMENTS] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_INSERT] =
		"INSERT INTO task (" COLUMNS ")"
		" VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,"
		"?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,?31,?32,?33,?34,?35)",
	[STORE_UPDATE] =
		"UPDATE task SET priority=?5, state=?6, attempt=?7, timeout_ms=?8, started_at=?10, completed_at=?11,"
		" worker=?12, cause=?13, exit=?14, signal=?15, error=?16, cancel_by=?17, cancel_reason=?18,"
		" result_type=?19, run_ms=?20, user_ms=?21, sys_ms=?22, rss_kb=?23, nleft=?24, left_names=?25, report=?26,"
		" nlost=?27, flags=?28, outs=?29, errs=?30, log_error=?31, result=?35 WHERE n=?1",
	[STORE_INSERT_BODY] = "INSERT OR REPLACE INTO body VALUES (?1,?2,?3)",
	[STORE_OPEN_TASKS] =
		"SELECT " COLUMNS " FROM task WHERE completed_at IS NULL ORDER BY n",
	[STORE_FINAL_TASKS] =
		"SELECT " COLUMNS " FROM task WHERE completed_at IS NOT NULL ORDER BY n DESC",
	[STORE_FIND_ID] = "SELECT " COLUMNS " FROM task WHERE id=?1",
	[STORE_FIND_N] = "SELECT " COLUMNS " FROM task WHERE n=?1",
	[STORE_BODIES] = "SELECT part, data FROM body WHERE n=?1",
	[STORE_LAST_N] = "SELECT coalesce(max(n), 0) FROM task",
	[STORE_SAVE_WORKER] =
		"INSERT INTO worker VALUES (?1,?2) ON CONFLICT (id) DO UPDATE SET instance=?2 WHERE instance<>?2",
	[STORE_WORKER] = "SELECT instance FROM worker WHERE id=?1",
	[STORE_SAVE_NAME] = "INSERT OR IGNORE INTO name VALUES (?1)",
	[STORE_SAVE_GROUP] =
		"INSERT INTO batch VALUES (?1,?2,?3,?4) ON CONFLICT (n) DO UPDATE SET cancelled=?4",
	[STORE_GROUPS] =
		"SELECT * FROM (SELECT n, id, owner, cancelled FROM batch ORDER BY n DESC LIMIT ?1) ORDER BY n",
	[STORE_GROUP_N] = "SELECT n, id, owner, cancelled FROM batch WHERE n=?1",
	[STORE_GROUP_ID] = "SELECT n, id, owner, cancelled FROM batch WHERE id=?1",
	[STORE_NAMES] = "SELECT name FROM name ORDER BY name",
};

/* File systems on which another machine may write the same file, and where locks and syncs are promises of somebody else. */
static const struct {
	unsigned long type;
	const char *name;
} networks[] = {
	{0x6969, "NFS"},
	{0x517B, "SMB"},
	{0xFF534D42, "CIFS"},
	{0xFE534D42, "SMB2"},
	{0x5346414F, "AFS"},
	{0x00C36400, "Ceph"},
	{0x0BD00BD0, "Lustre"},
	{0x7461636F, "OCFS2"},
	{0x01161970, "GFS2"},
};

int store_fail(struct store *s, const char *what, struct err *e)
{
	int rc = sqlite3_errcode(s->db);

	if (rc == SQLITE_FULL)
		return err_set(e, ERR_BUSY, "%s: there is no room on the disk of %s", what,
			s->folder);
	return err_set(e, ERR_IO, "%s in %s: %s", what, s->file, sqlite3_errmsg(s->db));
}

sqlite3_stmt *store_statement(struct store *s, enum statement which, struct err *e)
{
	sqlite3_stmt **st = &s->statements[which];

	if (*st) {
		sqlite3_reset(*st);
		sqlite3_clear_bindings(*st);
	} else if (sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, st,
			   NULL)) {
		store_fail(s, "cannot prepare a statement", e);
		return NULL;
	}
	return *st;
}

int store_run(struct store *s, sqlite3_stmt *st, struct err *e)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		s->broken = true;
		return store_fail(s, "cannot write", e);
	}
	/* Without it a commit would find a statement under way. */
	sqlite3_reset(st);
	return 0;
}

static int run_word(struct store *s, enum statement which, struct err *e)
{
	sqlite3_stmt *st = store_statement(s, which, e);

	return st ? store_run(s, st, e) : -1;
}

int store_begin(struct store *s, struct err *e)
{
	if (s->broken)
		return err_set(e, ERR_IO, "a write in %s failed before", s->file);
	if (s->pending)
		return 0;
	if (run_word(s, STORE_BEGIN, e))
		return -1;
	s->pending = true;
	return 0;
}

int store_commit(struct store *s, struct err *e)
{
	if (!s->pending)
		return 0;
	if (s->broken)
		return err_set(e, ERR_IO, "a write in %s failed before", s->file);
	if (run_word(s, STORE_COMMIT, e))
		return -1;
	s->pending = false;
	return 0;
}

int store_again(struct store *s, struct err *e)
{
	/* SQLite may have undone it already. */
	if (!sqlite3_get_autocommit(s->db) && sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL))
		return store_fail(s, "cannot undo", e);
	for (int i = 0; i < STORE__STATEMENTS; i++)
		sqlite3_reset(s->statements[i]);
	s->broken = s->pending = false;
	return 0;
}

bool store_pending(const struct store *s)
{
	return s->pending;
}

const char *store_file(const struct store *s)
{
	return s->file;
}

uint64_t store_incarnation(const struct store *s)
{
	return s->incarnation;
}

static int check_local(const char *folder, struct err *e)
{
	struct statfs fs;

	if (statfs(folder, &fs))
		return err_errno(e, ERR_IO, "cannot look at %s", folder);
	for (size_t i = 0; i < ARRAY_LEN(networks); i++)
		if (networks[i].type == (unsigned long)fs.f_type)
			return err_set(e, ERR_CONFIG,
				"%s lies on a network file system (%s), which loses what was synced; name a folder on a disk of this machine with --state-dir",
				folder, networks[i].name);
	return 0;
}

static int check_private(const char *folder, struct err *e)
{
	struct stat st;

	if (stat(folder, &st))
		return err_errno(e, ERR_IO, "cannot look at %s", folder);
	if (st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return 0;
	return err_set(e, ERR_CONFIG,
		"others can read or write %s; run: chown %d %s && chmod 700 %s", folder,
		(int)geteuid(), folder, folder);
}

static int locked_by_other(struct store *s, struct err *e)
{
	char holder[64] = "";
	ssize_t n = pread(s->lock_fd, holder, sizeof(holder) - 1, 0);

	holder[n > 0 ? n : 0] = '\0';
	return err_set(e, ERR_CONFIG,
		"the folder %s belongs to a control plane that runs (%s); stop it, or name another folder with --state-dir",
		s->folder, *holder ? str_show(holder) : "it did not say who it is");
}

/* The lock goes with the process, however that ends; what is written in it is for people. */
static int take_lock(struct store *s, struct err *e)
{
	char *path = xasprintf("%s/lock", s->folder);
	int rc = 0;

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		rc = err_errno(e, ERR_IO, "cannot open %s", path);
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB))
		rc = errno == EWOULDBLOCK ? locked_by_other(s, e)
					  : err_errno(e, ERR_IO, "cannot lock %s", path);
	else if (ftruncate(s->lock_fd, 0) || dprintf(s->lock_fd, "pid %d", (int)getpid()) < 0)
		rc = err_errno(e, ERR_IO, "cannot write %s", path);
	free(path);
	return rc;
}

static int exec(struct store *s, const char *sql, struct err *e)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return store_fail(s, "cannot open the store", e);
}

static int open_file(struct store *s, struct err *e)
{
	mode_t mask = umask(077); /* SQLite makes its files with 0644 */
	int rc = sqlite3_open_v2(s->file, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		rc = err_set(e, ERR_IO, "cannot open %s: %s", s->file,
			s->db ? sqlite3_errmsg(s->db) : "no memory");
	else
		/* Somebody who looks in with sqlite3 may hold a lock for a moment. */
		rc = sqlite3_busy_timeout(s->db, 5000) ||
		     exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8192",
			     e);
	umask(mask);
	return rc ? -1 : 0;
}

static int count_start(struct store *s, struct err *e)
{
	sqlite3_stmt *st;

	if (exec(s, "UPDATE meta SET value = value + 1 WHERE key = 'incarnation'", e))
		return -1;
	if (sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE key = 'incarnation'", -1,
		    &st, NULL) ||
		sqlite3_step(st) != SQLITE_ROW) {
		store_fail(s, "cannot read", e);
		sqlite3_finalize(st);
		return -1;
	}
	s->incarnation = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return 0;
}

struct store *store_open(const struct store_conf *conf, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->lock_fd = -1;
	s->folder = xstrdup(conf->folder);
	s->file = xasprintf("%s/store.db", conf->folder);
	if (paths_make_dir(s->folder, 0700, e) || check_private(s->folder, e) ||
		check_local(s->folder, e) || take_lock(s, e) || open_file(s, e) ||
		schema_migrate(s->db, s->file, e) || count_start(s, e))
		store_close(&s);
	return s;
}

void store_close(struct store **store)
{
	struct store *s = *store;

	if (!s)
		return;
	for (int i = 0; i < STORE__STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->folder);
	free(s->file);
	free(s);
	*store = NULL;
}
