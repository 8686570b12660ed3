/* One folder per runner and not per task: making and removing one costs a third of starting a process, looking whether it is empty next to nothing.
 *
 * What lies in it was made by a task: it is taken apart by descriptors and never through a symbolic link. */
#include "node/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define MAX_DEPTH                                                                              \
	256 /* folders in each other; deeper ones are left to the system's cleaner of temporary files */

static char *folder; /* NULL: none yet. A process is one runner, so there is one. */

const char *scratch_path(struct err *e)
{
	if (folder)
		return folder;
	const char *below = getenv("TMPDIR");
	char *name =
		xasprintf("%s/fastworker-XXXXXX", below && below[0] == '/' ? below : "/tmp");
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

void scratch_empty(void)
{
	if (!folder)
		return;
	int fd = open_folder(AT_FDCWD, folder);
	struct stat st;
	/* A task may have removed it, or put another thing in its place: then it is not ours to clean, and the next task gets a new one. */
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
		(st.st_mode & 0777) == 0700) {
		empty(fd, 0);
		return;
	}
	if (fd >= 0)
		close(fd);
	free(folder);
	folder = NULL;
}

void scratch_remove(void)
{
	scratch_empty();
	if (folder)
		rmdir(folder);
	free(folder);
	folder = NULL;
}
