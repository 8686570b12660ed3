/* Deleting old logs, in slices:
 *
 *     idle --start--> count: each folder in order, what is too old goes --all counted--> trim: the lowest numbers go until the rest fits --> idle
 *
 * Numbers of tasks grow, so the order of folders and files is that of time; nothing but the folder at hand is kept in memory. */
#include "node/keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define SLICE     100 /* files per turn */
#define SLICE_MS  1
#define TASKS     1000
#define HOUR_MS   3600000
#define MAX_AGE_S (30 * 86400LL)

struct folder {
	int64_t number, bytes;
};

struct keeper {
	struct loop *loop;
	char *dir;
	int64_t max, total;
	unsigned tasks; /* since the last look */
	struct loop_timer slice, hourly;
	struct folder *folders; /* sorted */
	size_t n, cap, at;      /* at: the one at hand */
	DIR *open;              /* counting: of it */
	char **names;           /* trimming: what is in it, sorted */
	size_t nnames, next;
	bool trimming;
	uint64_t ndeleted;
};

static void folder_path(const struct keeper *k, char *dst, size_t size)
{
	snprintf(dst, size, "%s/%" PRId64, k->dir, k->folders[k->at].number);
}

/* Nobody writes it: a runner holds a lock on the first part as long as it does. `name` may be another part of it. */
static bool is_written(int dir, const char *name)
{
	const char *end = strstr(name, ".log");
	char *first = end ? xstrndup(name, (size_t)(end - name) + 4) : xstrdup(name);
	int fd = openat(dir, first, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;

	if (fd >= 0)
		close(fd);
	free(first);
	return busy;
}

static void delete_file(struct keeper *k, int dir, const char *name)
{
	if (!is_written(dir, name) && unlinkat(dir, name, 0) == 0)
		k->ndeleted++;
}

static int64_t size_on_disk(const struct stat *s)
{
	return (int64_t)s->st_blocks * 512;
}

static int64_t wall_s(const struct keeper *k)
{
	return loop_wall_ms(k->loop) / 1000;
}

static int by_number(const void *a, const void *b)
{
	const struct folder *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* By the number of the task, then by name: the first part comes before the others. */
static int by_task(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	long long m = strtoll(x, NULL, 10), n = strtoll(y, NULL, 10);

	return m != n ? (m < n ? -1 : 1) : strcmp(x, y);
}

static void list_folders(struct keeper *k)
{
	DIR *d = opendir(k->dir);
	struct dirent *ent;
	int64_t number;

	k->n = 0;
	while (d && (ent = readdir(d))) {
		if (!str_i64(ent->d_name, 0, INT64_MAX, &number))
			continue;
		if (k->n == k->cap) {
			k->cap = k->cap ? 2 * k->cap : 16;
			k->folders = xreallocarray(k->folders, k->cap, sizeof(*k->folders));
		}
		k->folders[k->n++] = (struct folder){number, 0};
	}
	if (d)
		closedir(d);
	if (k->n)
		qsort(k->folders, k->n, sizeof(*k->folders), by_number);
}

static void forget_names(struct keeper *k)
{
	for (size_t i = 0; i < k->nnames; i++)
		free(k->names[i]);
	free(k->names);
	k->names = NULL;
	k->nnames = k->next = 0;
}

static void close_folder(struct keeper *k)
{
	if (k->open)
		closedir(k->open);
	k->open = NULL;
	forget_names(k);
}

static void open_folder(struct keeper *k)
{
	char path[4200];

	folder_path(k, path, sizeof(path));
	k->open = opendir(path);
}

/* An empty folder goes, too; one that is not empty stays by itself. */
static void next_folder(struct keeper *k)
{
	char path[4200];

	folder_path(k, path, sizeof(path));
	close_folder(k);
	if (k->at + 1 < k->n)
		rmdir(path);
	k->at++;
}

static void finish(struct keeper *k)
{
	if (k->ndeleted)
		log_info("logs.deleted files=%llu", (unsigned long long)k->ndeleted);
	k->ndeleted = 0;
	k->trimming = false;
	k->at = 0;
	loop_timer_in(&k->hourly, HOUR_MS);
}

static void count_some(struct keeper *k)
{
	struct dirent *ent = NULL;
	struct stat s;

	if (!k->open)
		open_folder(k);
	for (int i = 0; i < SLICE && k->open && (ent = readdir(k->open)); i++) {
		if (fstatat(dirfd(k->open), ent->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0 ||
			!S_ISREG(s.st_mode))
			continue;
		if (s.st_mtime < wall_s(k) - MAX_AGE_S)
			delete_file(k, dirfd(k->open), ent->d_name);
		else
			k->total += size_on_disk(&s);
	}
	if (!ent)
		next_folder(k);
}

static void read_names(struct keeper *k)
{
	struct dirent *ent;
	size_t cap = 0;

	open_folder(k);
	while (k->open && (ent = readdir(k->open))) {
		if (ent->d_name[0] == '.')
			continue;
		if (k->nnames == cap) {
			cap = cap ? 2 * cap : 256;
			k->names = xreallocarray(k->names, cap, sizeof(*k->names));
		}
		k->names[k->nnames++] = xstrdup(ent->d_name);
	}
	if (k->nnames)
		qsort(k->names, k->nnames, sizeof(*k->names), by_task);
}

static void trim_some(struct keeper *k)
{
	struct stat s;

	if (!k->open)
		read_names(k);
	for (int i = 0; i < SLICE && k->next < k->nnames && k->total > k->max; i++) {
		const char *name = k->names[k->next++];
		int dir = dirfd(k->open);
		uint64_t before = k->ndeleted;
		if (fstatat(dir, name, &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode))
			continue;
		delete_file(k, dir, name);
		if (k->ndeleted > before)
			k->total -= size_on_disk(&s);
	}
	if (k->next == k->nnames || k->total <= k->max)
		next_folder(k);
}

static void on_slice(void *arg)
{
	struct keeper *k = arg;

	if (k->at < k->n && (!k->trimming || k->total > k->max)) {
		if (k->trimming)
			trim_some(k);
		else
			count_some(k);
	} else if (!k->trimming && k->total > k->max) {
		k->trimming = true;
		k->at = 0;
	} else {
		finish(k);
		return;
	}
	loop_timer_in(&k->slice, SLICE_MS);
}

static void start(void *arg)
{
	struct keeper *k = arg;

	if (loop_timer_set(&k->slice))
		return;
	k->tasks = 0;
	k->total = 0;
	list_folders(k);
	loop_timer_in(&k->slice, SLICE_MS);
}

struct keeper *keeper_new(struct loop *l, const char *dir, int64_t max_bytes)
{
	struct keeper *k = xcalloc(1, sizeof(*k));

	k->loop = l;
	k->dir = xstrdup(dir);
	k->max = max_bytes;
	loop_timer_init(l, &k->slice, on_slice, k);
	loop_timer_init(l, &k->hourly, start, k);
	start(k);
	return k;
}

void keeper_task(struct keeper *k)
{
	if (++k->tasks >= TASKS)
		start(k);
}

void keeper_free(struct keeper **keeper)
{
	struct keeper *k = *keeper;

	if (!k)
		return;
	loop_timer_clear(&k->slice);
	loop_timer_clear(&k->hourly);
	close_folder(k);
	free(k->folders);
	free(k->dir);
	free(k);
	*keeper = NULL;
}
