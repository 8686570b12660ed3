/* Asks the shell whether it can read a module: what is found now is told with file and line, and not by each task that fails. */
#include "node/module_check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "node/spawn.h"

#define PATIENCE_MS 5000
#define MAX_SAID    4096

/* What it writes to stderr. True when it has closed it: it has ended. */
static bool listen_to(int fd, struct buf *said)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char chunk[1024];
	ssize_t n;

	while (said->len < MAX_SAID && poll(&p, 1, PATIENCE_MS) > 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EINTR))
			return true;
		if (n > 0)
			buf_add(said, chunk, (size_t)n);
	}
	return false;
}

/* True when it ended and says that something is wrong. */
static bool complains(const char *shell, const char *file, struct buf *said)
{
	char word[] = "-n";
	char *const argv[] = {(char *)(uintptr_t)shell, word, (char *)(uintptr_t)file, NULL};
	char path[] = "PATH=/usr/bin:/bin", lang[] = "LC_ALL=C";
	char *const envp[] = {path, lang, NULL};
	int ends[2], status = 0;
	struct spawn sp = {.path = shell, .argv = argv, .envp = envp, .fd = {-1, -1, -1}};
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	sp.fd[2] = ends[1];
	pid = spawn_start(&sp, NULL);
	close(ends[1]);
	if (pid > 0) {
		if (!listen_to(ends[0], said))
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

/* "FILE: 3: Syntax error ..." of dash, "FILE: line 3: syntax error ..." of bash. */
static int explain(const char *said, const char *file, const char *path, struct err *e)
{
	const char *at = strstr(said, file);
	char *end = NULL;
	long line = 0;

	if (at) {
		at += strlen(file);
		at += strspn(at, ": ");
		if (strncmp(at, "line ", 5) == 0)
			at += 5;
		line = strtol(at, &end, 10);
	}
	if (line <= 0)
		return err_set(e, ERR_DATA, "%s: the shell cannot read it: %s", path,
			str_show(said));
	end += strspn(end, ": ");
	return err_set(e, ERR_DATA, "%s:%ld: %s", path, line, str_show(end));
}

int module_check(const char *shell, const char *file, const char *path, struct err *e)
{
	struct buf said = BUF_INIT;
	char *newline;
	int rc = 0;

	bool wrong = complains(shell, file, &said);
	newline = strchr(buf_str(&said), '\n');
	if (newline)
		*newline = '\0';
	if (wrong && said.len)
		rc = explain(said.data, file, path, e);
	buf_fini(&said);
	return rc;
}
