/* The shell without a person: lines of a pipe, a file or -c. No prompt, no history; a command that fails ends it with its status. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "shell/inside.h"

struct script {
	struct shell *sh;
	const char *name; /* in messages: the file, "stdin" or "-c" */
	int number;       /* of the line that runs; 0: none */
	int fd;           /* -1: none is read */
	struct loop_io *in;
	bool keep_going;
	int failed; /* last status that was not 0 */
};

/* Read when nothing is left to run: what a command reads from stdin itself is not taken from it, as long as it comes later. */
static void on_input(void *arg, unsigned events)
{
	struct script *sc = arg;
	char text[65536];
	ssize_t n = read(sc->fd, text, sizeof(text));
	struct err e;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	loop_io_want(sc->in, 0);
	if (n < 0) {
		err_errno(&e, ERR_IO, "cannot read %s", str_show(sc->name));
		sc->number = 0;
		shell_complain(sc->sh, &e);
		shell_end(sc->sh, err_exit_code(e.code));
		return;
	}
	if (n > 0)
		lines_add(&sc->sh->lines, text, (size_t)n);
	sc->sh->last = n == 0;
	shell_next(sc->sh);
}

static void end_of_text(struct script *sc, char open)
{
	struct err e;

	if (!open) {
		shell_end(sc->sh, sc->failed);
		return;
	}
	sc->number = sc->sh->lines.number;
	err_set(&e, ERR_USAGE, open == '\\' ? "nothing follows the %c" : "the %c is not closed",
		open);
	shell_complain(sc->sh, &e);
	shell_end(sc->sh, err_exit_code(e.code));
}

static void idle(struct shell *sh, char open)
{
	if (sh->last)
		end_of_text(sh->script, open);
	else
		loop_io_want(sh->script->in, LOOP_READ);
}

static void begun(struct shell *sh, const struct line *line)
{
	sh->script->number = line->number;
}

static void ended(struct shell *sh, int status)
{
	struct script *sc = sh->script;

	if (!status)
		return;
	sc->failed = status;
	if (!sc->keep_going)
		shell_end(sh, status);
}

/* "fastworker: submit: ..." becomes "fastworker: FILE:LINE: submit: ...". */
static void say(struct shell *sh, const char *p, size_t n)
{
	struct script *sc = sh->script;
	size_t len = strlen(sh->session->argv0);
	struct buf b = BUF_INIT;

	if (sc->number && n > len + 2 && memcmp(p, sh->session->argv0, len) == 0 &&
		p[len] == ':') {
		buf_addf(&b, "%s: %s:%d:", sh->session->argv0, str_show(sc->name), sc->number);
		p += len + 1;
		n -= len + 1;
	}
	buf_add(&b, p, n);
	sh->plain.write(&sh->plain, 2, b.data, b.len);
	buf_fini(&b);
}

static int open_text(struct script *sc, const char *path, struct err *e)
{
	sc->name = path ? path : "stdin";
	sc->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (sc->fd < 0)
		return err_errno(e, ERR_IO, "cannot open %s", str_show(path));
	sc->in = loop_fd(sc->sh->session->loop, sc->fd, 0, 10, on_input, sc);
	return 0;
}

struct script *script_new(struct shell *sh, const char *text, const char *path, bool keep_going,
	struct err *e)
{
	struct script *sc = xcalloc(1, sizeof(*sc));

	sc->sh = sh;
	sc->fd = -1;
	sc->keep_going = keep_going;
	if (text) {
		sc->name = "-c";
		lines_add(&sh->lines, text, strlen(text));
		sh->last = true;
	} else if (open_text(sc, path, e)) {
		script_free(&sc);
	}
	return sc;
}

static void free_now(void *arg)
{
	free(arg);
}

void script_free(struct script **script)
{
	struct script *sc = *script;

	if (!sc)
		return;
	loop_io_del(&sc->in);
	if (sc->fd > STDIN_FILENO)
		close(sc->fd);
	/* A command that ends now may still be talking through say(). */
	loop_defer(sc->sh->session->loop, free_now, sc);
	*script = NULL;
}

const struct face script_face = {
	.idle = idle,
	.begun = begun,
	.ended = ended,
	.say = say,
};
