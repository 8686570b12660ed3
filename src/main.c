/* fastworker: the command from argv[0] or argv[1]; nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "node/runner.h"

struct run {
	struct session session;
	struct out out;
	struct cmd_ctx *ctx;
	int status;
};

static void on_done(void *arg, int status)
{
	struct run *r = arg;

	r->status = status;
	r->ctx = NULL;
	loop_stop(r->session.loop);
}

static void on_interrupt(void *arg, int signo)
{
	struct run *r = arg;

	if (r->ctx && r->ctx->cmd->signal && r->ctx->cmd->signal(r->ctx, signo))
		return;
	if (r->ctx)
		cmd_interrupt(&r->ctx);
	r->status = 128 + signo;
	loop_stop(r->session.loop);
}

static int run(struct run *r, char **words, size_t n)
{
	const struct cmd *cmd = cmd_find(words[0]);

	/* Processes and faces handle signals themselves. */
	if (cmd && !(cmd->flags & (CMD_PROCESS | CMD_FACE))) {
		loop_signal(r->session.loop, SIGINT, on_interrupt, r);
		loop_signal(r->session.loop, SIGTERM, on_interrupt, r);
	}
	if (cmd && cmd->signal) {
		loop_signal(r->session.loop, SIGHUP, on_interrupt, r);
		loop_signal(r->session.loop, SIGQUIT, on_interrupt, r);
	}
	r->ctx = cmd_start(&r->session, &r->out, words, n, on_done, r);
	if (r->ctx)
		loop_run(r->session.loop);
	if (!out_flush(&r->out) && r->status == 0) {
		/* A reader that has seen enough is no error. */
		r->status = r->out.error == EPIPE || !cmd ? 0 : cmd_exit_code(cmd, ERR_IO);
		if (r->status)
			fprintf(stderr, "fastworker: cannot write to stdout: %s\n",
				strerror(r->out.error));
	}
	return r->status;
}

/* The words of the command line: `fw console`, and links named fwconsole or fwshell, are `fastworker console`. */
static char **words_of(int argc, char **argv, size_t *n)
{
	static char *linked[64];
	const char *base = strrchr(argv[0], '/');

	base = base ? base + 1 : argv[0];
	*n = (size_t)argc - 1;
	if (strncmp(base, "fw", 2) != 0 || !base[2] || !cmd_find(base + 2) || argc >= 63)
		return argv + 1;
	linked[0] = (char *)base + 2;
	memcpy(linked + 1, argv + 1, (size_t)argc * sizeof(*argv));
	*n = (size_t)argc;
	return linked;
}

/* `fastworker --version`, `--help`, and options before the command. */
static const char *global_word(const char *word)
{
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return "version";
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return "help";
	return NULL;
}

/* Moves a command that stands behind options to the front: `fastworker --json tasks`. */
static void command_first(char **words, size_t n)
{
	for (size_t i = 1; *words[0] == '-' && i < n; i++) {
		if (*words[i] == '-' || !cmd_find(words[i]))
			continue;
		char *command = words[i];
		memmove(words + 1, words, i * sizeof(*words));
		words[0] = command;
	}
}

/* A file of ours must not get the number of a closed stdin, stdout or stderr, and be written into. What cannot be read or written stays an error. */
static void fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(70);
}

int main(int argc, char **argv)
{
	static struct run r;
	struct err e;
	size_t n;
	char **words = words_of(argc, argv, &n);
	char *alone[2] = {NULL, NULL};

	fill_standard();
	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN);
	if (n == 0) {
		struct buf text = BUF_INIT;
		cmd_help_all(&text);
		fputs(buf_str(&text), stderr);
		buf_fini(&text);
		return 64;
	}
	/* A runner is started for every slot: it needs no configuration. */
	if (strcmp(words[0], "__runner") == 0)
		return runner_main();
	if (global_word(words[0])) {
		alone[0] = (char *)global_word(words[0]);
		words = alone;
		n = 1;
	}
	command_first(words, n);
	out_init_cli(&r.out);
	const struct cmd *cmd = cmd_find(words[0]);
	if (cmd && (cmd->flags & CMD_INSIDE)) {
		session_bare(&r.session, "fastworker");
	} else if (session_init(&r.session, "fastworker", &e)) {
		fprintf(stderr, "fastworker: %s\n", e.text);
		return err_exit_code(e.code);
	}
	run(&r, words, n);
	session_fini(&r.session);
	cmd_fini();
	return r.status;
}
