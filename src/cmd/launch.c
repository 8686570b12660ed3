/* Starting a control plane and waiting until it says that it is ready, or ends. */
#include "cmd/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/spawn.h"

struct launch {
	struct session *session;
	launch_fn *fn;
	void *arg;
	char *log_path;
	off_t log_from; /* what stood in the log before */
	int out;        /* the child's stdout: one line when it is ready */
	struct loop_io *io;
	struct buf line;
	pid_t pid;
	bool watched; /* its end is told to us */
};

const char *launch_log(const struct launch *l)
{
	return l->log_path;
}

void launch_free(struct launch **launch)
{
	struct launch *l = *launch;

	*launch = NULL;
	if (!l)
		return;
	if (l->watched)
		loop_child(l->session->loop, l->pid, NULL, NULL);
	loop_io_del(&l->io);
	if (l->out >= 0)
		close(l->out);
	buf_fini(&l->line);
	free(l->log_path);
	free(l);
}

/* What the child said before it ended. Records of the log are for the log: the reason is a line for people. */
static void read_log(struct launch *l, struct buf *said)
{
	char text[8192];
	int fd = open(l->log_path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text) - 1, l->log_from) : -1;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line && strncmp(line, "ts=", 3) != 0)
			buf_addf(said, "%s%s", said->len ? "\n" : "", line);
	}
}

static void ended(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	struct launch *l = arg;
	struct buf said = BUF_INIT;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 70;

	l->watched = false;
	if (code)
		read_log(l, &said);
	l->fn(l->arg, code, code ? buf_str(&said) : NULL);
	buf_fini(&said);
}

static void on_output(void *arg, unsigned events)
{
	struct launch *l = arg;
	char text[1024];
	ssize_t n = read(l->out, text, sizeof(text));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		buf_add(&l->line, text, (size_t)n);
	if (n <= 0) {
		/* Its end comes as a signal: that tells the status. */
		loop_io_del(&l->io);
	} else if (strchr(buf_str(&l->line), '\n')) {
		loop_io_del(&l->io);
		loop_child(l->session->loop, l->pid, NULL, NULL);
		l->watched = false;
		l->fn(l->arg, 0, buf_str(&l->line));
	}
}

static int open_log(struct launch *l, struct err *e)
{
	struct session *s = l->session;
	struct stat info;
	int fd;

	if (paths_make_dir(s->paths.state, 0700, e))
		return -1;
	l->log_path =
		xasprintf("%s/%s.log", s->paths.state, s->profile ? s->profile : "default");
	fd = open(l->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(e, ERR_IO, "%s", l->log_path);
	l->log_from = fstat(fd, &info) == 0 ? info.st_size : 0;
	return fd;
}

static int spawn(struct launch *l, char **argv, struct err *e)
{
	int ends[2] = {-1, -1}, log = open_log(l, e);
	struct spawn sp = {.path = l->session->exe, .argv = argv, .session = true};

	if (log >= 0 && pipe2(ends, O_CLOEXEC)) {
		err_errno(e, ERR_BUSY, "cannot make a pipe");
	} else if (log >= 0) {
		sp.fd[0] = -1;
		sp.fd[1] = ends[1];
		sp.fd[2] = log;
		l->pid = spawn_start(&sp, e);
		close(ends[1]);
		l->out = ends[0];
	}
	if (log >= 0)
		close(log);
	return l->pid > 0 ? 0 : -1;
}

struct launch *launch_new(struct session *s, char *const *words, size_t n, launch_fn *fn,
	void *arg, struct err *e)
{
	struct launch *l = xcalloc(1, sizeof(*l));
	char **argv = xcalloc(n + 3, sizeof(*argv));

	l->session = s;
	l->fn = fn;
	l->arg = arg;
	l->out = -1;
	argv[0] = s->exe; /* it may look itself up by this name */
	argv[1] = (char *)"control-plane";
	memcpy(argv + 2, words, n * sizeof(*argv));
	if (spawn(l, argv, e)) {
		launch_free(&l);
	} else {
		loop_child(s->loop, l->pid, ended, l);
		l->watched = true;
		l->io = loop_fd(s->loop, l->out, LOOP_READ, 10, on_output, l);
	}
	free(argv);
	return l;
}
