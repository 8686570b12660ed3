/* Reading log files, also while they are written and while parts of them are deleted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/logfile.h"
#include "proto/logrec.h"

#define NO_PART   (-1)
#define PART_MIN  (LOGFILE_LIMIT_MIN / LOGFILE_PARTS)
#define WINDOW    65536
#define FIRST_MAX 256 /* bytes of the first record that are looked at */

/* The descriptor of a part; -1 with errno. */
static int open_part(const char *path, int64_t part)
{
	char name[4200];

	if (part == 0)
		snprintf(name, sizeof(name), "%s", path);
	else
		snprintf(name, sizeof(name), "%s.%" PRId64, path, part);
	return open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

/* The text of the first record of a part, cut. */
static bool first_text(int fd, char text[FIRST_MAX])
{
	char raw[FIRST_MAX];
	ssize_t n = pread(fd, raw, sizeof(raw) - 1, 0);
	struct logrec_parser parser = {0};
	struct log_piece p;
	const char *at = raw;
	size_t left = n > 0 ? (size_t)n : 0;

	if (!logrec_next(&parser, &at, &left, &p) || p.stream != LOGREC_NOTE)
		return false;
	memcpy(text, p.data, p.len);
	text[p.len] = '\0';
	return true;
}

/* PART of a log: its open first part. */
static int64_t part_size(int fd)
{
	char text[FIRST_MAX], *end;
	static const char magic[] = "fastworker 1 ";
	int64_t size;

	if (!first_text(fd, text) || strncmp(text, magic, sizeof(magic) - 1) != 0)
		return 0;
	size = strtoll(text + sizeof(magic) - 1, &end, 10);
	return *end == '\n' && size >= PART_MIN && size <= INT64_MAX / 4096 ? size : 0;
}

/* Bytes of output before part k; -1 when it does not say. */
static int64_t bytes_before(int fd)
{
	char text[FIRST_MAX];
	long long part, before;

	if (first_text(fd, text) &&
		sscanf(text, "part %lld, %lld bytes", &part, &before) == 2 && before >= 0)
		return before;
	return -1;
}

/* The number of a file that is a part of the log with this name, or NO_PART. */
static int64_t part_of(const char *file, const char *name, size_t len)
{
	int64_t part;

	if (strncmp(file, name, len) != 0)
		return NO_PART;
	if (file[len] == '\0')
		return 0;
	return file[len] == '.' && str_i64(file + len + 1, 1, INT64_MAX / 4096, &part)
		       ? part
		       : NO_PART;
}

/* The parts that are there, from `from` on: the first of them, and the last below `below`. NO_PART when there is none. */
static void find_parts(const char *path, int64_t from, int64_t below, int64_t *first,
	int64_t *last)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	DIR *d = opendir(dir);
	size_t len = strlen(name);
	struct dirent *ent;

	*first = *last = NO_PART;
	while (d && (ent = readdir(d))) {
		int64_t k = part_of(ent->d_name, name, len);
		if (k >= from && k < below && (*first == NO_PART || k < *first))
			*first = k;
		if (k >= from && k < below && k > *last)
			*last = k;
	}
	if (d)
		closedir(d);
	free(dir);
}

/* A walk over the records of a part. */
struct walk {
	int fd;
	int64_t at;     /* of the next byte to be read */
	int64_t record; /* where the record of the last piece begins */
	struct logrec_parser parser;
	char window[WINDOW];
	const char *p;
	size_t n;
};

static bool walk_next(struct walk *w, struct log_piece *piece)
{
	for (;;) {
		int64_t here = w->at - (int64_t)w->n;
		if (!w->parser.left && !w->parser.nhead)
			w->record = here;
		if (logrec_next(&w->parser, &w->p, &w->n, piece))
			return true;
		if (w->parser.broken)
			return false;
		ssize_t n = pread(w->fd, w->window, sizeof(w->window), w->at);
		if (n <= 0)
			return false;
		w->p = w->window;
		w->n = (size_t)n;
		w->at += n;
	}
}

static struct walk *walk_new(int fd)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->fd = fd;
	return w;
}

static int64_t output_of(const struct log_piece *p)
{
	return p->stream == LOGREC_NOTE ? 0 : (int64_t)p->len;
}

static int64_t count_output(int fd)
{
	struct walk *w = walk_new(fd);
	struct log_piece p;
	int64_t sum = 0;

	while (walk_next(w, &p))
		sum += output_of(&p);
	free(w);
	return sum;
}

/* The record in which byte `byte` of the part's output lies, and how many bytes of its output stand before it. */
static void find_byte(int fd, int64_t byte, int64_t *record, int64_t *skip)
{
	struct walk *w = walk_new(fd);
	struct log_piece p;
	int64_t sum = 0, before = 0, last = -1;

	*record = *skip = 0;
	while (walk_next(w, &p)) {
		if (w->record != last)
			before = sum;
		last = w->record;
		sum += output_of(&p);
		if (sum > byte) {
			*record = w->record;
			*skip = byte - before;
			break;
		}
	}
	free(w);
}

/* Where the last `tail` bytes of output begin. */
static void find_tail(const char *path, int64_t size, int64_t tail, struct logfile_got *got)
{
	int64_t part = INT64_MAX, first, record;

	got->offset = 0;
	for (;;) {
		find_parts(path, 0, part, &first, &part);
		int fd = part == NO_PART ? -1 : open_part(path, part);
		if (fd < 0)
			return;
		int64_t here = count_output(fd);
		if (here >= tail)
			find_byte(fd, here - tail, &record, &got->skip);
		else
			record = 0;
		close(fd);
		got->offset = part * size + record;
		if (here >= tail)
			return;
		tail -= here;
	}
}

/* Reads from one part, at pos. Bytes read, 0 at its end; -1 with errno (ENOENT: it was deleted, or is not made yet). */
static ssize_t read_part(const char *path, int64_t part, int64_t pos, size_t size,
	struct buf *data)
{
	int fd = open_part(path, part), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	buf_reserve(data, size);
	n = pread(fd, data->data + data->len, size, pos);
	saved = errno;
	if (n > 0)
		data->len += (size_t)n;
	close(fd);
	errno = saved;
	return n;
}

/* How many bytes of output lie between what the reader had and part `to`, which is the next one there is. */
static int64_t missing(const struct logfile_ask *ask, int64_t from, int64_t to, int64_t size)
{
	int fd = open_part(ask->path, to);
	int64_t before = fd >= 0 ? bytes_before(fd) : -1;

	if (fd >= 0)
		close(fd);
	if (before >= 0 && ask->had >= 0)
		return before > ask->had ? before - ask->had : 0;
	return to * size - from;
}

/* Reads at got->offset, or from the next part that is there. */
static int read_on(const struct logfile_ask *ask, int64_t size, struct buf *data,
	struct logfile_got *got, struct err *e)
{
	int64_t part = got->offset / size, next, last;
	ssize_t n = read_part(ask->path, part, got->offset % size, ask->size, data);

	if (n == 0 || (n < 0 && errno == ENOENT)) {
		find_parts(ask->path, part + 1, INT64_MAX, &next, &last);
		/* Written to its end meanwhile: nothing is added to a part that another follows. */
		if (n == 0)
			n = read_part(ask->path, part, got->offset % size, ask->size, data);
		if (n <= 0 && next != NO_PART) {
			if (next != part + 1 || n < 0)
				got->left_out = missing(ask, got->offset, next, size);
			got->offset = next * size;
			n = read_part(ask->path, next, 0, ask->size, data);
		}
	}
	if (n < 0 && errno != ENOENT)
		return err_errno(e, ERR_IO, "%s", ask->path);
	got->next = got->offset + (n > 0 ? n : 0);
	return 0;
}

/* Its runner has made it just now, and its first line is not there yet, or not all of it. */
static bool just_made(int fd)
{
	char text[FIRST_MAX];
	ssize_t n = pread(fd, text, sizeof(text), 0);

	return n >= 0 && (size_t)n < sizeof(text) && !memchr(text, '\n', (size_t)n);
}

int logfile_read(const struct logfile_ask *ask, struct buf *data, struct logfile_got *got,
	struct err *e)
{
	int fd = open_part(ask->path, 0);
	int64_t size;

	*got = (struct logfile_got){.offset = ask->offset, .next = ask->offset};
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		got->gone = true;
		return 0;
	}
	if (fd < 0)
		return err_errno(e, ERR_IO, "%s", ask->path);
	size = part_size(fd);
	bool early = !size && just_made(fd);
	close(fd);
	if (early)
		return 0;
	if (!size)
		return err_set(e, ERR_DATA, "%s is not a log of fastworker", ask->path);
	if (ask->tail >= 0)
		find_tail(ask->path, size, ask->tail, got);
	return read_on(ask, size, data, got, e);
}
