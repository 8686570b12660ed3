/* Any Unix: what POSIX has, and nothing more. See platform.h; docs/design.md says what that costs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/platform.h"

const char *platform_lacks(void)
{
	return "this build sees process groups only: what a task starts in a session or group of its own is not ended with it, nothing is "
	       "told of processes left behind or of memory that ran out, and tasks may gain privileges";
}

bool platform_sees_trees(void)
{
	return false;
}

int platform_keep_orphans(bool on)
{
	(void)on;
	return 0;
}

int platform_no_new_privs(void)
{
	return 0;
}

int platform_die_with(pid_t parent)
{
	if (getppid() != parent)
		_exit(127);
	return 0;
}

void platform_close_from(int first)
{
	long max = sysconf(_SC_OPEN_MAX);
	for (long fd = first; fd < (max > 0 ? max : 1024); fd++)
		close((int)fd);
}

void platform_children(pid_t of, platform_pid_fn *fn, void *arg)
{
	(void)of;
	(void)fn;
	(void)arg;
}

void platform_processes(platform_pid_fn *fn, void *arg)
{
	(void)fn;
	(void)arg;
}

bool platform_look(pid_t pid, struct platform_process *p)
{
	(void)pid;
	*p = (struct platform_process){0};
	return false;
}

int platform_environment(pid_t pid, struct buf *env)
{
	(void)pid;
	(void)env;
	return 0;
}

int64_t platform_oom_kills(void)
{
	return -1;
}

int platform_notice_open(void)
{
	errno = ENOSYS;
	return -1;
}

int platform_notice_add(int fd, const char *folder)
{
	(void)fd;
	(void)folder;
	return -1;
}

void platform_notice_read(int fd, platform_notice_fn *fn, void *arg)
{
	(void)fd;
	(void)fn;
	(void)arg;
}

int platform_pidfd(pid_t pid)
{
	(void)pid;
	errno = ENOSYS;
	return -1;
}

/* By the name that it was started with: the shell that found it in PATH looked in the same places. */
char *platform_exe(void)
{
	const char *name = program_invocation_name, *path = getenv("PATH");
	char found[PATH_MAX];
	if (strchr(name, '/'))
		return realpath(name, NULL);
	while (path && *path) {
		size_t n = strcspn(path, ":");
		snprintf(found, sizeof(found), "%.*s/%s", (int)n, path, name);
		if (n > 0 && access(found, X_OK) == 0)
			return realpath(found, NULL);
		path += n + (path[n] == ':');
	}
	return NULL;
}
