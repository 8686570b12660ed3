/* The log file of one attempt: what a task wrote, as records (proto/logrec.h), written by its runner and read by its worker at the same time.
 *
 * A place in it is a logical offset. Part k of it, PART bytes of them, lies in the file PATH (k = 0) or PATH.k; a record never straddles two parts, so the end of a
 * part may be empty. A part is limit / 8. When all parts together reach the limit, the first one and the newest ones stay, and the ones in the
 * middle are deleted. The first record of PATH says `fastworker 1 PART`, the first of PATH.k `part K, N bytes of output before it`: so a
 * reader can say how many bytes are missing. */
#ifndef NODE_LOGFILE_H
#define NODE_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"

#define LOGFILE_PARTS     8
#define LOGFILE_LIMIT_MIN (1024 * 1024)
#define LOGFILE_RECORD    65536 /* bytes of output in one record, at most */
#define LOGFILE_TAIL      65536 /* of records at the end that are kept in memory */

/* "DIR/<n/1000>/<n>-<attempt>-<uuid>.log"; the caller frees it. */
char *logfile_path(const char *dir, uint64_t n, uint32_t attempt, const struct uuid *id);

struct logfile {
	char *path;    /* NULL: no file is kept, only the tail */
	int64_t limit; /* bytes of all parts; at least LOGFILE_LIMIT_MIN */
	char *header;  /* our own words at its beginning */

	int fd, lock_fd; /* of the newest part; of the first one, held as long as it is written. -1 = none */
	int64_t part, pos; /* the newest part, and bytes in it */
	int64_t oldest;   /* of the parts behind the first that are there; part + 1 when none */
	int64_t bytes[3]; /* of output, by stream */
	struct err trouble; /* why nothing is written any more; code ERR_NONE: all is well */
	struct buf tail;    /* the last records */
};

/* Takes path and header. */
void logfile_init(struct logfile *f, char *path, int64_t limit, char *header);
/* Adds output; the file is made by the first. A failure ends the writing and stays in f->trouble. */
void logfile_write(struct logfile *f, int stream, int64_t at_ms, const char *p, size_t n);
/* The logical offset behind all that was written; 0 when there is no file. */
int64_t logfile_end(const struct logfile *f);
/* Writes the footer, if there is a file, and closes it. The tail stays. */
void logfile_close(struct logfile *f, int64_t at_ms, const char *footer);
/* The records of the last LOGFILE_TAIL bytes; a line more at most. */
const struct buf *logfile_tail(struct logfile *f);
void logfile_fini(struct logfile *f);

/* Reading. */
struct logfile_ask {
	const char *path;
	int64_t offset;
	int64_t had;  /* bytes of output that the reader knows of; -1 = not said */
	int64_t tail; /* begin so many bytes of output before the end; -1 = at offset */
	size_t size;  /* at most so many bytes */
};

struct logfile_got {
	bool gone;              /* there is no such file */
	int64_t offset, next;   /* of the data, and what comes after it */
	int64_t left_out, skip; /* as in the message log_data */
};

/* Appends what is there to data, which may be nothing. -1 (ERR_IO) when the file cannot be read, ERR_DATA when it is no log. */
int logfile_read(const struct logfile_ask *ask, struct buf *data, struct logfile_got *got,
	struct err *e);

#endif
