/* One folder per runner and not per task: making and removing one costs a third of starting a process, looking whether it is empty next to nothing.
 *
 * What lies in it was made by a task: it is taken apart by descriptors and never through a symbolic link. */
#include "node/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"

#define MAX_DEPTH                                                                              \
	256 /* folders in each other; deeper ones are left to the system's cleaner of temporary files */

static char *folder; /* NULL: none yet. A process is one runner, so there is one. */

static char *wish; /* the path that it is to have */

static const char *place(void)
{
	const char *below = getenv("TMPDIR");
	return below && below[0] == '/' ? below : "/tmp";
}

char *scratch_name(void)
{
	struct rng rng;
	rng_system(&rng);
	return xasprintf("%s/fastworker-%016llx", place(), (unsigned long long)rng_u64(&rng));
}

void scratch_use(const char *path)
{
	free(wish);
	wish = path && path[0] == '/' ? xstrdup(path) : NULL;
}

const char *scratch_path(struct err *e)
{
	if (folder)
		return folder;
	if (wish && mkdir(wish, 0700) == 0) {
		folder = xstrdup(wish);
		return folder;
	}
	char *name = xasprintf("%s/fastworker-XXXXXX", place());
	if (mkdtemp(name)) {
		folder = name;
		return folder;
	}
	err_errno(e, ERR_IO, "cannot make a folder for temporary files, %s", name);
	free(name);
	return NULL;
}

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Takes fd. */
static void empty(int fd, int depth) // NOLINT(misc-no-recursion): bounded by MAX_DEPTH
{
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	const struct dirent *d;
	while ((d = readdir(dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, d->d_name, 0) == 0 || errno == ENOENT)
			continue;
		/* A folder; its maker may have closed it. */
		bool may = depth < MAX_DEPTH &&
			   fchmodat(fd, d->d_name, 0700, AT_SYMLINK_NOFOLLOW) == 0;
		int sub = may ? open_folder(fd, d->d_name) : -1;
		if (sub >= 0)
			empty(sub, depth + 1);
		unlinkat(fd, d->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* False: it is not there, or not ours to clean. */
static bool empty_at(const char *path)
{
	int fd = open_folder(AT_FDCWD, path);
	struct stat st;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
		(st.st_mode & 0777) == 0700) {
		empty(fd, 0);
		return true;
	}
	if (fd >= 0)
		close(fd);
	return false;
}

void scratch_empty(void)
{
	/* A task may have removed it, or put another thing in its place: then the next task gets a new one. */
	if (!folder || empty_at(folder))
		return;
	free(folder);
	folder = NULL;
}

static bool beside(char *path, size_t size, const char *folder_, const char *of)
{
	int n = snprintf(path, size, "%s/%s.in", folder_, strrchr(of, '/') + 1);
	return n > 0 && (size_t)n < size;
}

bool scratch_beside(char *path, size_t size, const char *folder_)
{
	return wish && beside(path, size, folder_, wish) && mkdir(path, 0700) == 0;
}

void scratch_remove_at(const char *path)
{
	const char *const folders[] = {place(), "/tmp"};
	char other[PATH_MAX];
	if (empty_at(path))
		rmdir(path);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (beside(other, sizeof(other), folders[i], path) && empty_at(other))
			rmdir(other);
}

void scratch_remove(void)
{
	scratch_empty();
	if (folder)
		rmdir(folder);
	free(folder);
	folder = NULL;
	free(wish);
	wish = NULL;
}
