/* Power cuts: powercut [--unsynced] LOG ACKS SCRATCH POINTS [SEED]. Rebuilds the files of a store as they may be after the power went at points of its record (disklog.h):
 * what was synced is there; of each later write any of its sectors may be there, missing or half old and half new, and of each truncation, creation
 * and removal whether it happened. From each the store is opened and asked for what had been acknowledged before that moment. With
 * --unsynced, syncs of the write-ahead log are as if they had not been: then promises must be found broken, or this program proves nothing.
 *
 * ACKS: lines of `NS submitted UUID` and `NS success UUID RESULT`, NS the time at which a client read it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "disklog.h"
#include "store/store.h"

#define SECTOR    512
#define FILES_MAX 16

struct file {
	char name[24];
	struct buf synced;   /* what is certainly there */
	bool there, certain; /* it exists now; and that is synced in its folder */
	size_t *pending;     /* entries since its last sync */
	size_t npending, cap;
};

struct ack {
	int64_t at_ns;
	bool success;
	struct uuid id;
	char result[32];
};

static struct disk_entry *entries;
static const char **data;
static size_t nentries;
static struct ack *acks;
static size_t nacks;
static struct file files[FILES_MAX];
static size_t nfiles;
static struct rng rng;
static bool unsynced;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "powercut: %s: %s\n", what, why);
	exit(2);
}

static struct buf read_file(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "re");
	char chunk[65536];
	size_t n;

	if (!f)
		die(path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	return b;
}

static void read_log(const struct buf *b)
{
	size_t at = 0, cap = 0;

	while (at + sizeof(struct disk_entry) <= b->len) {
		if (nentries == cap) {
			cap = cap ? 2 * cap : 1024;
			entries = xreallocarray(entries, cap, sizeof(*entries));
			data = xreallocarray(data, cap, sizeof(*data));
		}
		memcpy(&entries[nentries], b->data + at, sizeof(*entries));
		data[nentries] = b->data + at + sizeof(*entries);
		at += sizeof(*entries) + entries[nentries].len;
		nentries++;
	}
	if (nentries == 0)
		die("the record", "it is empty");
}

static void read_acks(struct buf *b)
{
	char *save = NULL, word[16], id[64];
	long long at;

	if (b->len == 0)
		die("the acknowledgements", "there are none");
	for (char *line = strtok_r(b->data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		acks = xreallocarray(acks, nacks + 1, sizeof(*acks));
		struct ack *a = &acks[nacks];
		*a = (struct ack){0};
		if (sscanf(line, "%lld %15s %63s %31s", &at, word, id, a->result) < 3 ||
			!uuid_parse(id, &a->id))
			die("the acknowledgements", line);
		a->at_ns = at;
		a->success = strcmp(word, "success") == 0;
		nacks++;
	}
}

static struct file *file_of(const char *name)
{
	for (size_t i = 0; i < nfiles; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	if (nfiles == FILES_MAX)
		die("the record", "it has too many files");
	snprintf(files[nfiles].name, sizeof(files[nfiles].name), "%s", name);
	return &files[nfiles++];
}

static void put(struct buf *b, size_t offset, const char *p, size_t n)
{
	if (b->len < offset + n) {
		size_t old = b->len;
		buf_reserve(b, offset + n - old);
		memset(b->data + old, 0, offset + n - old);
		b->len = offset + n;
	}
	memcpy(b->data + offset, p, n);
}

static void resize(struct buf *b, size_t n)
{
	if (b->len < n)
		put(b, n - 1, "", 1);
	b->len = n;
}

static void apply(struct buf *b, size_t i)
{
	const struct disk_entry *e = &entries[i];

	if (e->op == DISK_WRITE)
		put(b, e->offset, data[i], e->len);
	else if (e->op == DISK_TRUNCATE)
		resize(b, e->offset);
	else if (e->op == DISK_OPEN)
		b->len = 0;
}

/* The sectors of a write that reached the disk; one of them may be torn. */
static void apply_some(struct buf *b, size_t i)
{
	const struct disk_entry *e = &entries[i];
	uint64_t kind = rng_below(&rng, 3);

	if (kind == 0)
		return;
	if (kind == 1 || e->op != DISK_WRITE) {
		apply(b, i);
		return;
	}
	for (size_t at = 0; at < e->len;) {
		size_t n = SECTOR - (e->offset + at) % SECTOR;
		if (n > e->len - at)
			n = e->len - at;
		uint64_t fate = rng_below(&rng, 5);
		if (fate == 0 && n > 1)
			put(b, e->offset + at, data[i] + at, 1 + rng_below(&rng, n - 1));
		else if (fate > 2)
			put(b, e->offset + at, data[i] + at, n);
		at += n;
	}
}

static void pend(struct file *f, size_t i)
{
	if (f->npending == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 64;
		f->pending = xreallocarray(f->pending, f->cap, sizeof(*f->pending));
	}
	f->pending[f->npending++] = i;
}

static void settle_folder(void)
{
	for (size_t i = 0; i < nfiles; i++)
		files[i].certain = files[i].there;
}

/* One entry is in the past now. */
static void pass(size_t i)
{
	const struct disk_entry *e = &entries[i];
	struct file *f = file_of(e->name);

	switch ((enum disk_op)e->op) {
	case DISK_OPEN:
		f->there = true;
		pend(f, i);
		break;
	case DISK_WRITE:
	case DISK_TRUNCATE:
		f->there = true;
		pend(f, i);
		break;
	case DISK_SYNC:
		if (strcmp(e->name, ".") == 0) {
			settle_folder();
			break;
		}
		if (unsynced && strstr(f->name, "-wal"))
			break;
		for (size_t k = 0; k < f->npending; k++)
			apply(&f->synced, f->pending[k]);
		f->npending = 0;
		/* A journalling file system makes a new file's name durable with its content. */
		f->certain = f->there;
		break;
	case DISK_UNLINK:
		f->there = false;
		f->npending = 0;
		break;
	case DISK_RENAME:
		die("the record", "a rename: teach this program what it means");
	}
}

static void write_all(const char *folder, const struct file *f, const struct buf *b)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", folder, f->name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, b->data, b->len) != (ssize_t)b->len)
		die(path, strerror(errno));
	close(fd);
}

static void empty(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

/* What the next start finds. Locks and shared memory are no promise: SQLite makes them anew. */
static void build(const char *folder)
{
	empty(folder);
	for (size_t i = 0; i < nfiles; i++) {
		struct file *f = &files[i];
		struct buf b = BUF_INIT;
		bool there = f->there == f->certain ? f->there : rng_below(&rng, 2) == 0;
		if (!there || !strcmp(f->name, ".") || strstr(f->name, "-shm") ||
			!strcmp(f->name, "lock") || !strcmp(f->name, "reserve"))
			continue;
		buf_add(&b, f->synced.data, f->synced.len);
		for (size_t k = 0; k < f->npending; k++)
			apply_some(&b, f->pending[k]);
		write_all(folder, f, &b);
		buf_fini(&b);
	}
}

struct looking {
	const struct ack *ack;
	size_t cut;
	bool good;
};

static void look(void *arg, const struct stored *t)
{
	struct looking *l = arg;
	const struct bytes *r = t->task->result;

	l->good = !l->ack->success ||
		  (t->task->state == TASK_SUCCESS && r && r->len == strlen(l->ack->result) &&
			  memcmp(r->data, l->ack->result, r->len) == 0);
}

static void count(void *arg, const struct stored *t)
{
	(void)t;
	++*(size_t *)arg;
}

/* False: something that was promised is not there. */
static bool check(const char *folder, size_t cut)
{
	struct err e = {0};
	struct store *s = store_open(&(struct store_conf){.folder = folder}, &e);
	size_t open_tasks = 0;
	bool good = true;

	if (!s) {
		printf("cut %zu of %zu: the store is refused: %s\n", cut, nentries, e.text);
		return false;
	}
	if (store_load(s, count, &open_tasks, &e)) {
		printf("cut %zu: %s\n", cut, e.text);
		good = false;
	}
	for (size_t i = 0; i < nacks && good; i++) {
		struct looking l = {.ack = &acks[i], .cut = cut};
		char id[UUID_TEXT];
		if (acks[i].at_ns >= entries[cut].at_ns)
			continue;
		if (store_find(s, &acks[i].id, look, &l, &e) == 1 && l.good)
			continue;
		printf("cut %zu of %zu: task %s, %s %lld us before, is lost\n", cut, nentries,
			uuid_text(id, &acks[i].id),
			acks[i].success ? "successful" : "acknowledged",
			(long long)(entries[cut].at_ns - acks[i].at_ns) / 1000);
		good = false;
	}
	store_close(&s);
	return good;
}

/* For comparing with strace's counts. */
static void print_counts(void)
{
	size_t n[DISK_RENAME + 1] = {0};

	for (size_t i = 0; i < nentries; i++)
		n[entries[i].op <= DISK_RENAME ? entries[i].op : 0]++;
	printf("writes=%zu syncs=%zu truncations=%zu removals=%zu\n", n[DISK_WRITE],
		n[DISK_SYNC], n[DISK_TRUNCATE], n[DISK_UNLINK]);
}

static int by_number(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--unsynced") == 0) {
		unsynced = true;
		argv++;
		argc--;
	}
	if (argc < 5)
		die("usage", "powercut LOG ACKS SCRATCH POINTS [SEED]");
	struct buf log = read_file(argv[1]), ack_text = read_file(argv[2]);
	size_t npoints = (size_t)atol(argv[4]), bad = 0;
	size_t *points = xcalloc(npoints + 1, sizeof(*points));

	rng_seeded(&rng, argc > 5 ? (uint64_t)atoll(argv[5]) : 1);
	read_log(&log);
	read_acks(&ack_text);
	print_counts();
	for (size_t i = 0; i < npoints; i++)
		points[i] = rng_below(&rng, nentries);
	qsort(points, npoints, sizeof(*points), by_number);
	for (size_t i = 0, passed = 0; i < npoints && bad < 5; i++) {
		while (passed < points[i])
			pass(passed++);
		build(argv[3]);
		bad += !check(argv[3], points[i]);
	}
	empty(argv[3]);
	printf("%zu cuts in %zu entries, %zu acknowledgements: %zu bad\n", npoints, nentries,
		nacks, bad);
	return bad ? 1 : 0;
}
