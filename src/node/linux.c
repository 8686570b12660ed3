/* Linux: subreapers, /proc, pidfds, cgroups. See platform.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/platform.h"

const char *platform_lacks(void)
{
	return NULL;
}

bool platform_sees_trees(void)
{
	return true;
}

int platform_keep_orphans(bool on)
{
	return prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0);
}

int platform_no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int platform_die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return -1;
	if (getppid() != parent) /* it died before we asked */
		_exit(127);
	return 0;
}

void platform_close_from(int first)
{
	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
	struct rlimit max;
	if (getrlimit(RLIMIT_NOFILE, &max) != 0)
		return;
	for (rlim_t fd = (rlim_t)first; fd < max.rlim_cur; fd++) /* a kernel before 5.9 */
		close((int)fd);
}

/* As much of a small file as fits, with a NUL behind it; bytes read. By system calls only: a process that forks fast is gone before stdio is ready. */
static size_t slurp(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;
	while (fd >= 0 && len < size - 1 && n > 0) {
		n = read(fd, to + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	to[len] = '\0';
	return len;
}

/* Numbers with a space behind each; what does not fit is seen when the first of them are gone. */
static void children_of_thread(const char *path, platform_pid_fn *fn, void *arg)
{
	char text[16384];
	size_t len = slurp(path, text, sizeof(text));
	while (len > 0 && text[len - 1] != ' ')
		text[--len] = '\0';
	char *at = text, *end;
	for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at; at = end)
		fn(arg, (pid_t)pid);
}

/* Each thread has its own children. */
void platform_children(pid_t of, platform_pid_fn *fn, void *arg)
{
	char path[sizeof("/proc//task//children") + 32 + 256];
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)of, (int)of);
	children_of_thread(path, fn, arg);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)of);
	DIR *threads = opendir(path);
	const struct dirent *d;
	while (threads && (d = readdir(threads))) {
		if (d->d_name[0] == '.' || strtol(d->d_name, NULL, 10) == of)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)of, d->d_name);
		children_of_thread(path, fn, arg);
	}
	if (threads)
		closedir(threads);
}

void platform_processes(platform_pid_fn *fn, void *arg)
{
	DIR *proc = opendir("/proc");
	const struct dirent *d;
	while (proc && (d = readdir(proc))) {
		long pid = strtol(d->d_name, NULL, 10);
		if (pid > 1)
			fn(arg, (pid_t)pid);
	}
	if (proc)
		closedir(proc);
}

bool platform_look(pid_t pid, struct platform_process *p)
{
	char path[64], line[1024], *save = NULL;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	*p = (struct platform_process){0};
	if (slurp(path, line, sizeof(line)) == 0)
		return false;
	char *name = strchr(line, '('),
	     *behind = strrchr(line, ')'); /* the name may hold anything */
	if (!name || !behind || behind < name)
		return false;
	snprintf(p->name, sizeof(p->name), "%.*s", (int)(behind - name - 1), name + 1);
	/* proc(5): the state is field 3, the group 5, the beginning of the stack 28; that one is another after each exec, and the same after a fork. */
	const char *field = strtok_r(behind + 1, " ", &save);
	for (int i = 3; field; field = strtok_r(NULL, " ", &save), i++) {
		if (i == 3) {
			p->dead = *field == 'Z' || *field == 'X';
			p->stopped = *field == 'T';
		} else if (i == 5)
			p->group = (pid_t)strtol(field, NULL, 10);
		else if (i == 28)
			p->program = strtoul(field, NULL, 10);
	}
	return true;
}

int platform_environment(pid_t pid, struct buf *env)
{
	char path[64], chunk[4096];
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? 1 : 0;
	while (n > 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(env, chunk, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (env->len > 0)
		return 1;
	return -(readlink(path, chunk, sizeof(chunk)) > 0);
}

/* Path below the mounted hierarchy that a line of /proc/self/cgroup ("N:CONTROLLERS:PATH") names, with `file` behind it. */
static bool counter_path(const char *line, char *path, size_t size)
{
	const char *list = strchr(line, ':'), *where = list ? strchr(list + 1, ':') : NULL;
	if (!where)
		return false;
	int n = (int)strcspn(where + 1, "\n");
	const char *inside = n == 1 ? "" : where + 1; /* the root */
	n = *inside ? n : 0;
	if (strncmp(list, ":memory:", 8) == 0)
		snprintf(path, size, "/sys/fs/cgroup/memory%.*s/memory.oom_control", n, inside);
	else if (where == list + 1)
		snprintf(path, size, "/sys/fs/cgroup%.*s/memory.events", n, inside);
	else
		return false;
	return true;
}

/* "oom_kill N" on a line of its own, in either version of cgroups. */
static int64_t counter(const char *path)
{
	char text[1024];
	if (slurp(path, text, sizeof(text)) == 0)
		return -1;
	const char *at =
		strncmp(text, "oom_kill ", 9) == 0 ? text : strstr(text, "\noom_kill ");
	return at ? strtoll(strchr(at, ' ') + 1, NULL, 10) : -1;
}

int64_t platform_oom_kills(void)
{
	static char found[PATH_MAX]; /* a process stays in its group */
	char text[8192], path[PATH_MAX], *save = NULL;
	if (found[0])
		return counter(found);
	slurp("/proc/self/cgroup", text, sizeof(text));
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!counter_path(l, path, sizeof(path)) || counter(path) < 0)
			continue;
		snprintf(found, sizeof(found), "%s", path);
		return counter(found);
	}
	return -1;
}

int platform_notice_open(void)
{
	return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

/* Not each write: a file counts when its writer closes it, or when it gets its name. */
int platform_notice_add(int fd, const char *folder)
{
	return inotify_add_watch(fd, folder,
		IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
			IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

void platform_notice_read(int fd, platform_notice_fn *fn, void *arg)
{
	union {
		struct inotify_event first;
		char bytes[4096];
	} in;
	ssize_t n = read(fd, in.bytes, sizeof(in.bytes));
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *ev = (const void *)(in.bytes + at);
		fn(arg, ev->wd, ev->len ? ev->name : NULL);
		at += (ssize_t)(sizeof(*ev) + ev->len);
	}
}

int platform_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

char *platform_exe(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	return n < 0 || (size_t)n == sizeof(path) ? NULL : xstrndup(path, (size_t)n);
}
