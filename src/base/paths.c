/* Where files live, and reading and writing files that nobody else may write or read.
 *
 * What is refused and why follows sshd's StrictModes: a secret is only as safe as every folder above it, since whoever may write a
 * folder may put another file in the place of ours. Messages end with the command that mends it. */
#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"

/* NULL when unset, empty, or relative, which the XDG base directory specification says to ignore. */
static const char *folder_variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

/* $VARIABLE/fastworker, or ~/BELOW_HOME/fastworker. NULL when there is neither. */
static char *user_folder(const char *variable, const char *below_home)
{
	const char *base = folder_variable(variable), *home = folder_variable("HOME");

	if (base)
		return xasprintf("%s/fastworker", base);
	return home ? xasprintf("%s/%s/fastworker", home, below_home) : NULL;
}

static void system_folders(struct paths *p)
{
	p->config = xstrdup("/etc/fastworker");
	p->state = xstrdup("/var/lib/fastworker");
	p->runtime = xstrdup("/run/fastworker");
}

int paths_init(struct paths *p, struct err *e)
{
	const char *runtime = folder_variable("XDG_RUNTIME_DIR");

	*p = (struct paths){.system = geteuid() == 0 && !folder_variable("XDG_CONFIG_HOME")};
	if (p->system) {
		system_folders(p);
		return 0;
	}
	p->config = user_folder("XDG_CONFIG_HOME", ".config");
	p->state = user_folder("XDG_STATE_HOME", ".local/state");
	if (!p->config || !p->state) {
		paths_fini(p);
		return err_set(e, ERR_CONFIG,
			"cannot tell where files belong: neither HOME nor XDG_CONFIG_HOME and XDG_STATE_HOME name a folder; set HOME");
	}
	p->runtime = runtime ? xasprintf("%s/fastworker", runtime) : xstrdup(p->state);
	return 0;
}

void paths_fini(struct paths *p)
{
	free(p->config);
	free(p->state);
	free(p->runtime);
	*p = (struct paths){0};
}

static int check_exists_as_folder(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(e, ERR_IO, "cannot look at %s", str_show(path));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO,
			"cannot make the folder %s: a file of this name is in its place",
			str_show(path));
	return 0;
}

/* chmod() because the umask may have taken from the mode what the caller counts on. */
static int make_one(const char *path, mode_t mode, struct err *e)
{
	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0
			       ? 0
			       : err_errno(e, ERR_IO, "cannot set the mode of %s",
					 str_show(path));
	if (errno == EEXIST)
		return check_exists_as_folder(path, e);
	return err_errno(e, ERR_IO, "cannot make the folder %s", str_show(path));
}

int paths_make_dir(const char *path, mode_t mode, struct err *e)
{
	char *part = xstrdup(path), *p = part;
	int rc = 0;

	while (rc == 0 && *p && (p = strchr(p + 1, '/'))) {
		*p = '\0';
		rc = make_one(part, mode, e);
		*p = '/';
	}
	if (rc == 0)
		rc = make_one(part, mode, e);
	free(part);
	return rc;
}

/* "." for a bare name, "/" for what lies there; the caller frees it. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static int open_error(const char *path, bool *missing, struct err *e)
{
	if (missing && errno == ENOENT)
		*missing = true;
	if (errno == ELOOP)
		return err_set(e, ERR_CONFIG,
			"%s is a symbolic link; put the file itself there", str_show(path));
	return err_errno(e, errno == ENOENT ? ERR_CONFIG : ERR_IO, "cannot open %s",
		str_show(path));
}

/* Leaves `out` as it was when it fails. */
static int read_all(int fd, const char *path, size_t max, struct buf *out, struct err *e)
{
	size_t start = out->len;
	ssize_t n;

	for (;;) {
		buf_reserve(out, 4096);
		n = read(fd, out->data + out->len, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (out->len - start > max)
			break;
	}
	if (n == 0)
		return 0;
	out->len = start;
	out->data[start] = '\0';
	if (n < 0)
		return err_errno(e, ERR_IO, "cannot read %s", str_show(path));
	return err_set(e, ERR_CONFIG, "%s is larger than %zu bytes", str_show(path), max);
}

int paths_read(const char *path, size_t max, struct buf *out, bool *missing, struct err *e)
{
	int fd, rc;

	if (missing)
		*missing = false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return open_error(path, missing, e);
	rc = read_all(fd, path, max, out, e);
	close(fd);
	return rc;
}

/* "PATH WHY; run: COMMAND PATH", quoted so that it can be pasted. */
static int unsafe(struct err *e, const char *path, const char *why, const char *command)
{
	struct buf quoted = BUF_INIT;

	str_shell_quote(&quoted, path);
	err_set(e, ERR_CONFIG, "%s %s; run: %s %s", str_show(path), why, command,
		str_show(buf_str(&quoted)));
	buf_fini(&quoted);
	return -1;
}

static int check_owner(const char *path, const struct stat *st, struct err *e)
{
	char why[64], command[64];

	if (st->st_uid == geteuid() || st->st_uid == 0)
		return 0;
	snprintf(why, sizeof(why), "belongs to user %u, not to us or root",
		(unsigned)st->st_uid);
	snprintf(command, sizeof(command), "chown %u", (unsigned)geteuid());
	return unsafe(e, path, why, command);
}

static int check_folder(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(e, ERR_IO, "cannot look at %s", str_show(path));
	if (check_owner(path, &st, e) < 0)
		return -1;
	/* In root's sticky folders, like the shared temporary one, nobody can replace what is not theirs. */
	if (!(st.st_mode & 022) || ((st.st_mode & S_ISVTX) && st.st_uid == 0))
		return 0;
	return unsafe(e, path, "can be written by others", "chmod go-w");
}

/* Checks a folder and all above it; `real` has no links in it and is shortened on the way. */
static int check_upwards(char *real, struct err *e)
{
	while (check_folder(real, e) == 0) {
		char *slash = strrchr(real, '/');
		if (slash[1] == '\0')
			return 0; /* that was the root */
		slash[slash == real] = '\0';
	}
	return -1;
}

static int check_parents(const char *path, struct err *e)
{
	char *folder = folder_of(path), *real = realpath(folder, NULL);
	int rc = real ? check_upwards(real, e)
		      : err_errno(e, ERR_IO, "cannot resolve %s", str_show(folder));

	free(real);
	free(folder);
	return rc;
}

static int check_secret(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, ERR_IO, "cannot look at %s", str_show(path));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s is not a regular file", str_show(path));
	if (check_owner(path, &st, e) < 0)
		return -1;
	if (st.st_mode & 077)
		return unsafe(e, path, "can be read or written by others", "chmod 600");
	return check_parents(path, e);
}

/* O_NONBLOCK: a pipe in the place of the file must not make us wait for its other end. */
int paths_read_secret(const char *path, size_t max, struct buf *out, bool *missing,
	struct err *e)
{
	int fd, rc;

	if (missing)
		*missing = false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return open_error(path, missing, e);
	rc = check_secret(fd, path, e);
	if (rc == 0)
		rc = read_all(fd, path, max, out, e);
	close(fd);
	return rc;
}

/* `real` has no links in it; O_PATH because only its owner and mode matter here. */
static int check_target(const char *real, struct err *e)
{
	int fd = open(real, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0)
		return open_error(real, NULL, e);
	rc = fstat(fd, &st);
	close(fd);
	if (rc < 0)
		return err_errno(e, ERR_IO, "cannot look at %s", str_show(real));
	if (check_owner(real, &st, e) < 0)
		return -1;
	if (st.st_mode & 022)
		return unsafe(e, real, "can be written by others", "chmod go-w");
	return check_parents(real, e);
}

/* Modules may be links: then both what they point at and the folder where the link itself could be replaced are checked. */
int paths_check_unwritable(const char *path, struct err *e)
{
	char *real = realpath(path, NULL);
	int rc;

	if (!real)
		return open_error(path, NULL, e);
	rc = check_target(real, e);
	if (rc == 0)
		rc = check_parents(path, e);
	free(real);
	return rc;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

/* A new name beside `path`, hidden and not to be guessed; the caller frees it. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash + 1 - path) : 0;
	struct rng rng;

	rng_system(&rng);
	return xasprintf("%.*s.%s.%016llx", folder, path, path + folder,
		(unsigned long long)rng_u64(&rng));
}

/* fchmod() because of the umask: it only takes away, so that the mode was never wider than asked for. */
static int make_temporary(const char *path, mode_t mode, const void *data, size_t len,
	struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_errno(e, ERR_IO, "cannot make %s", str_show(path));
	if (fchmod(fd, mode) < 0 || write_all(fd, data, len) < 0 || fsync(fd) < 0) {
		err_errno(e, ERR_IO, "cannot write %s", str_show(path));
		close(fd);
		unlink(path);
		return -1;
	}
	close(fd);
	return 0;
}

/* Some file systems cannot sync a folder and say EINVAL: there is nothing that we could do then. */
static int sync_folder(const char *path, struct err *e)
{
	char *folder = folder_of(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		rc = err_errno(e, ERR_IO, "cannot sync the folder %s", str_show(folder));
	if (fd >= 0)
		close(fd);
	free(folder);
	return rc;
}

/* A link and not a rename where the file must be new: link(2) never replaces. */
static int move_into_place(const char *from, const char *path, bool excl, bool *exists,
	struct err *e)
{
	int rc = excl ? link(from, path) : rename(from, path);

	if (rc == 0) {
		if (excl)
			unlink(from);
		return sync_folder(path, e);
	}
	if (excl && errno == EEXIST) {
		if (exists)
			*exists = true;
		err_set(e, ERR_CONFIG, "%s exists already", str_show(path));
	} else {
		err_errno(e, ERR_IO, "cannot put %s into its place", str_show(path));
	}
	unlink(from);
	return -1;
}

int paths_write(const char *path, mode_t mode, const void *data, size_t len, bool excl,
	bool *exists, struct err *e)
{
	char *temporary = temporary_name(path);
	int rc;

	if (exists)
		*exists = false;
	rc = make_temporary(temporary, mode, data, len, e);
	if (rc < 0)
		err_prefix(e, "cannot write %s", str_show(path));
	else
		rc = move_into_place(temporary, path, excl, exists, e);
	free(temporary);
	return rc;
}
