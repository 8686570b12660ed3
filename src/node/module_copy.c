/* Private copies of shell modules, see module_copy.h. */
#include "node/module_copy.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"

typedef void each_fn(const char *path, const char *name);

static void each(const char *folder, each_fn *fn)
{
	DIR *d = opendir(folder);
	const struct dirent *f;

	if (!d)
		return;
	while ((f = readdir(d))) {
		char *path;
		if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		path = xasprintf("%s/%s", folder, f->d_name);
		fn(path, f->d_name);
		free(path);
	}
	closedir(d);
}

static void remove_file(const char *path, const char *name)
{
	(void)name;
	unlink(path);
}

static void remove_version(const char *path, const char *name)
{
	(void)name;
	each(path, remove_file);
	rmdir(path);
}

static void remove_own(const char *path)
{
	each(path, remove_version);
	rmdir(path);
}

static const char *host(void)
{
	static char name[HOST_NAME_MAX + 1] = "host";

	gethostname(name, sizeof(name) - 1);
	return name;
}

/* The folder of a process of this host that is not there any more. */
static void remove_stale(const char *path, const char *name)
{
	size_t n = strlen(host());
	char *end;
	long pid;

	if (strncmp(name, host(), n) != 0 || name[n] != '.')
		return;
	pid = strtol(name + n + 1, &end, 10);
	if (*end || pid <= 0 || pid > INT_MAX)
		return;
	if (pid == getpid() || (kill((pid_t)pid, 0) < 0 && errno == ESRCH))
		remove_own(path);
}

char *module_copy_open(const char *folder, struct err *e)
{
	char *own = xasprintf("%s/%s.%ld", folder, host(), (long)getpid());

	each(folder, remove_stale);
	if (paths_make_dir(own, 0700, e) == 0)
		return own;
	free(own);
	return NULL;
}

char *module_copy_put(const char *own, const char *digest, const char *path, const char *text,
	size_t len, struct err *e)
{
	char *version = xasprintf("%s/%s", own, digest);
	char *copy = xasprintf("%s/%s", version, strrchr(path, '/') + 1);

	if (access(copy, R_OK) != 0 &&
		(paths_make_dir(version, 0700, e) < 0 ||
			paths_write(copy, 0400, text, len, false, NULL, e) < 0)) {
		free(copy);
		copy = NULL;
	}
	free(version);
	return copy;
}

void module_copy_drop(const char *copy)
{
	char *version = xstrndup(copy, (size_t)(strrchr(copy, '/') - copy));

	unlink(copy);
	rmdir(version);
	free(version);
}

void module_copy_close(char **own)
{
	if (!*own)
		return;
	remove_own(*own);
	free(*own);
	*own = NULL;
}
