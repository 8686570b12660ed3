/* Writing log files. */
#include "node/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "base/str.h"
#include "proto/logrec.h"

#define FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

char *logfile_path(const char *dir, uint64_t n, uint32_t attempt, const struct uuid *id)
{
	char text[UUID_TEXT];

	return xasprintf("%s/%" PRIu64 "/%" PRIu64 "-%u-%s.log", dir, n / 1000, n,
		(unsigned)attempt, uuid_text(text, id));
}

void logfile_init(struct logfile *f, char *path, int64_t limit, char *header)
{
	*f = (struct logfile){.path = path,
		.limit = limit < LOGFILE_LIMIT_MIN ? LOGFILE_LIMIT_MIN : limit,
		.header = header,
		.fd = -1,
		.lock_fd = -1,
		.oldest = 1};
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void logfile_fini(struct logfile *f)
{
	close_fd(&f->fd);
	close_fd(&f->lock_fd);
	free(f->path);
	free(f->header);
	buf_fini(&f->tail);
	f->path = f->header = NULL;
}

static int64_t part_size(const struct logfile *f)
{
	return f->limit / LOGFILE_PARTS;
}

int64_t logfile_end(const struct logfile *f)
{
	return f->part * part_size(f) + f->pos;
}

static void part_path(char *dst, size_t size, const struct logfile *f, int64_t part)
{
	if (part == 0)
		snprintf(dst, size, "%s", f->path);
	else
		snprintf(dst, size, "%s.%" PRId64, f->path, part);
}

/* Ends the writing for good; readers find whole records only. */
static void give_up(struct logfile *f, const char *what)
{
	int saved = errno;

	if (f->fd >= 0 && ftruncate(f->fd, f->pos) != 0)
		saved = errno;
	errno = saved;
	err_errno(&f->trouble, ERR_IO, "%s %s", what, f->path);
	close_fd(&f->fd);
}

static void put(struct logfile *f, int stream, int64_t at_ms, const char *p, size_t n)
{
	char head[LOGREC_HEAD_MAX];
	struct iovec v[2] = {{head, logrec_head(head, stream, at_ms, n)}, {(char *)p, n}};
	size_t all = v[0].iov_len + n;
	ssize_t done = writev(f->fd, v, 2);

	if (done == (ssize_t)all) {
		f->pos += done;
		return;
	}
	if (done >= 0)
		errno = ENOSPC; /* a file takes a part only when the rest does not fit */
	give_up(f, "cannot write");
}

static int make_folder(struct logfile *f)
{
	char *end = strrchr(f->path, '/'),
	     *dir = end ? xstrndup(f->path, (size_t)(end - f->path)) : NULL;
	int rc = dir ? paths_make_dir(dir, 0700, &f->trouble) : 0;

	free(dir);
	return rc;
}

static int open_part(struct logfile *f)
{
	char path[4200];

	part_path(path, sizeof(path), f, f->part);
	f->fd = open(path, FLAGS, 0600);
	f->pos = 0;
	if (f->fd >= 0)
		return 0;
	int saved = errno;
	give_up(f, "cannot make");
	errno = saved;
	return -1;
}

static int begin(struct logfile *f, int64_t at_ms)
{
	struct buf text = BUF_INIT;

	/* Mostly the folder is there. An empty one may be removed between the two. */
	for (int tries = 0; f->fd < 0; tries++) {
		f->trouble.code = ERR_NONE;
		if (open_part(f) && (errno != ENOENT || tries == 2 || make_folder(f)))
			return -1;
	}
	f->trouble.code = ERR_NONE;
	/* Whoever tidies up leaves a locked one alone. */
	f->lock_fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
	flock(f->fd, LOCK_SH | LOCK_NB);
	buf_addf(&text, "fastworker 1 %" PRId64 "\n%s", part_size(f),
		f->header ? f->header : "");
	put(f, LOGREC_NOTE, at_ms, text.data, text.len);
	buf_fini(&text);
	return f->fd >= 0 ? 0 : -1;
}

static void delete_oldest(struct logfile *f)
{
	char path[4200];

	while (f->part - f->oldest + 1 > LOGFILE_PARTS - 1) {
		part_path(path, sizeof(path), f, f->oldest++);
		unlink(path);
	}
}

static int next_part(struct logfile *f, int64_t at_ms)
{
	char text[100];
	int n;

	close_fd(&f->fd);
	f->part++;
	delete_oldest(f);
	if (open_part(f))
		return -1;
	n = snprintf(text, sizeof(text),
		"part %" PRId64 ", %" PRId64 " bytes of output before it\n", f->part,
		f->bytes[LOGREC_OUT] + f->bytes[LOGREC_ERR]);
	put(f, LOGREC_NOTE, at_ms, text, (size_t)n);
	return f->fd >= 0 ? 0 : -1;
}

/* Whole records, as many as fit; one that is larger than all of it cannot be. */
static void keep_tail(struct logfile *f, int stream, int64_t at_ms, const char *p, size_t n)
{
	char head[LOGREC_HEAD_MAX];

	buf_add(&f->tail, head, logrec_head(head, stream, at_ms, n));
	buf_add(&f->tail, p, n);
	if (f->tail.len > 4 * LOGFILE_TAIL) /* not at each write: moving costs */
		logfile_tail(f);
}

/* How much of the record at p its line and its bytes take. */
static size_t record_size(const char *p, size_t n, size_t *head)
{
	const char *end = memchr(p, '\n', n), *len;

	if (!end)
		BUG("a tail that does not consist of records");
	*head = (size_t)(end - p) + 1;
	for (len = end; len[-1] != ' '; len--)
		;
	return *head + strtoul(len, NULL, 10);
}

/* Cuts the record at p, so that only the last `keep` of its bytes are left; how much goes. */
static size_t cut_record(char *p, size_t size, size_t keep)
{
	char line[LOGREC_HEAD_MAX];
	long long at_ms;
	size_t n;
	int stream;

	if (sscanf(p, "@%d %lld", &stream, &at_ms) != 2)
		BUG("a tail that does not consist of records");
	n = logrec_head(line, stream, at_ms, keep);
	memcpy(p + size - keep - n, line, n);
	return size - keep - n;
}

const struct buf *logfile_tail(struct logfile *f)
{
	struct buf *t = &f->tail;
	size_t from = 0, head, size, rest;

	while (t->len - from > LOGFILE_TAIL) {
		size = record_size(t->data + from, t->len - from, &head);
		rest = t->len - from - size;
		if (rest < LOGFILE_TAIL) {
			/* The oldest that stays, or its end. */
			if (size - head > LOGFILE_TAIL - rest)
				from += cut_record(t->data + from, size, LOGFILE_TAIL - rest);
			break;
		}
		from += size;
	}
	buf_consume(t, from);
	return t;
}

static void write_file(struct logfile *f, int stream, int64_t at_ms, const char *p, size_t n)
{
	if (!f->path || f->trouble.code != ERR_NONE)
		return;
	if (f->fd < 0 && begin(f, at_ms))
		return;
	if (f->pos + LOGREC_HEAD_MAX + (int64_t)n > part_size(f) && next_part(f, at_ms))
		return;
	put(f, stream, at_ms, p, n);
}

void logfile_write(struct logfile *f, int stream, int64_t at_ms, const char *p, size_t n)
{
	while (n) {
		size_t k = n < LOGFILE_RECORD ? n : LOGFILE_RECORD;
		write_file(f, stream, at_ms, p, k);
		keep_tail(f, stream, at_ms, p, k);
		f->bytes[stream] += (int64_t)k;
		p += k;
		n -= k;
	}
}

void logfile_close(struct logfile *f, int64_t at_ms, const char *footer)
{
	if (f->fd >= 0)
		write_file(f, LOGREC_NOTE, at_ms, footer, strlen(footer));
	close_fd(&f->fd);
	close_fd(&f->lock_fd);
}
