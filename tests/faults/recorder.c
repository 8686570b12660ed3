/* LD_PRELOAD=recorder.so FW_RECORD_FOLDER=... FW_RECORD_LOG=...: writes down every write, truncation, rename, removal and sync of files directly in the
 * folder, in the order in which they happened. Counts are compared with strace's by the test that uses it: a call that is missed here would make the
 * proof worthless. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "disklog.h"

#define FD_MAX 1024

static int log_fd = -1;
static char folder[PATH_MAX];
static char names[FD_MAX][24]; /* of the open files that lie in the folder; "" = another file */

static __attribute__((constructor)) void begin(void)
{
	const char *log = getenv("FW_RECORD_LOG"), *dir = getenv("FW_RECORD_FOLDER");

	if (!log || !dir || !realpath(dir, folder))
		return;
	log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd >= 0)
		log_fd = fcntl(log_fd, F_DUPFD_CLOEXEC, 900);
}

static ssize_t real_write(int fd, const void *p, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	return real(fd, p, n);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void record(enum disk_op op, const char *name, uint64_t offset, const void *data,
	size_t len, int64_t at_ns)
{
	struct disk_entry e = {.at_ns = at_ns,
		.offset = offset,
		.len = (uint32_t)len,
		.op = op};

	snprintf(e.name, sizeof(e.name), "%s", name);
	if (real_write(log_fd, &e, sizeof(e)) != (ssize_t)sizeof(e) ||
		(len && real_write(log_fd, data, len) != (ssize_t)len))
		abort();
}

/* The name in the folder, "." for itself, NULL for anything else. */
static const char *inside(const char *path)
{
	char full[PATH_MAX], parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (log_fd < 0)
		return NULL;
	if (realpath(path, full) && strcmp(full, folder) == 0)
		return ".";
	if (!slash || (size_t)(slash - path) >= sizeof(parent))
		return NULL;
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	return realpath(parent, full) && strcmp(full, folder) == 0 ? slash + 1 : NULL;
}

static void opened(int fd, const char *path, int flags, bool fresh)
{
	const char *name = fd >= 0 ? inside(path) : NULL;

	if (fd < 0 || fd >= FD_MAX)
		return;
	snprintf(names[fd], sizeof(names[fd]), "%s", name ? name : "");
	if (name && strcmp(name, ".") != 0 && (fresh || (flags & O_TRUNC)))
		record(DISK_OPEN, name, 0, NULL, 0, now());
}

#define OPEN(function)                                                                         \
	int function(const char *path, int flags, ...)                                         \
	{                                                                                      \
		static int (*real)(const char *, int, ...);                                    \
		mode_t mode = 0;                                                               \
		if (!real)                                                                     \
			real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #function);   \
		if (flags & O_CREAT) {                                                         \
			va_list ap;                                                            \
			va_start(ap, flags);                                                   \
			mode = va_arg(ap, mode_t);                                             \
			va_end(ap);                                                            \
		}                                                                              \
		bool fresh = (flags & O_CREAT) && access(path, F_OK) != 0;                     \
		int fd = real(path, flags, mode);                                              \
		opened(fd, path, flags, fresh);                                                \
		return fd;                                                                     \
	}

OPEN(open)
OPEN(open64)

static const char *name_of(int fd)
{
	return log_fd >= 0 && fd >= 0 && fd < FD_MAX && names[fd][0] ? names[fd] : NULL;
}

int close(int fd)
{
	static int (*real)(int);

	if (!real)
		real = (int (*)(int))dlsym(RTLD_NEXT, "close");
	if (fd >= 0 && fd < FD_MAX)
		names[fd][0] = '\0';
	return real(fd);
}

ssize_t write(int fd, const void *p, size_t n)
{
	const char *name = name_of(fd);
	int64_t at = name ? now() : 0;
	off_t offset = name ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t done = real_write(fd, p, n);

	if (name && done > 0)
		record(DISK_WRITE, name, (uint64_t)offset, p, (size_t)done, at);
	return done;
}

static ssize_t position_write(const char *function, int fd, const void *p, size_t n,
	off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) =
		(ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, function);
	int64_t at = now();
	ssize_t done = real(fd, p, n, offset);
	const char *name = name_of(fd);

	if (name && done > 0)
		record(DISK_WRITE, name, (uint64_t)offset, p, (size_t)done, at);
	return done;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t offset)
{
	return position_write("pwrite", fd, p, n, offset);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t offset)
{
	return position_write("pwrite64", fd, p, n, offset);
}

/* Nobody here writes with it: if somebody begins to, the test must know of it. */
ssize_t writev(int fd, const struct iovec *v, int n)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	if (!real)
		real = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
	if (name_of(fd))
		abort();
	return real(fd, v, n);
}

static int truncate_to(const char *function, int fd, off_t size)
{
	int (*real)(int, off_t) = (int (*)(int, off_t))dlsym(RTLD_NEXT, function);
	int64_t at = now();
	int rc = real(fd, size);
	const char *name = name_of(fd);

	if (name && rc == 0)
		record(DISK_TRUNCATE, name, (uint64_t)size, NULL, 0, at);
	return rc;
}

int ftruncate(int fd, off_t size)
{
	return truncate_to("ftruncate", fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	return truncate_to("ftruncate64", fd, size);
}

static int sync_file(const char *function, int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, function);
	int rc = real(fd);
	const char *name = name_of(fd);

	if (name && rc == 0)
		record(DISK_SYNC, name, 0, NULL, 0, now());
	return rc;
}

int fsync(int fd)
{
	return sync_file("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_file("fdatasync", fd);
}

int unlink(const char *path)
{
	static int (*real)(const char *);
	const char *name = inside(path);
	int64_t at = now();

	if (!real)
		real = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
	int rc = real(path);
	if (name && rc == 0)
		record(DISK_UNLINK, name, 0, NULL, 0, at);
	return rc;
}

int rename(const char *from, const char *to)
{
	static int (*real)(const char *, const char *);
	const char *name = inside(from), *target = inside(to);
	int64_t at = now();

	if (!real)
		real = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
	int rc = real(from, to);
	if (name && target && rc == 0)
		record(DISK_RENAME, name, 0, target, strlen(target), at);
	return rc;
}
