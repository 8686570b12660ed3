/* shell: every command without the word fastworker in front of it; on a terminal with history, completion and notices, else as a script. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "shell/inside.h"

static const struct opt opts[] = {
	{.name = "command",
		.letter = 'c',
		.type = OPT_STRING,
		.arg = "LINES",
		.help = "Run these lines and leave"},
	{.name = "keep-going",
		.letter = 'k',
		.type = OPT_FLAG,
		.help = "In a script: go on behind a command that failed"},
	{.name = NULL},
};

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH};

static void on_signal(void *arg, int signo);

/* Stops as the system stops a process: one without a shell that could start it again goes on at once. */
static void suspend(struct shell *sh)
{
	editor_away(sh->editor);
	loop_signal(sh->session->loop, SIGTSTP, NULL, NULL);
	raise(SIGTSTP);
	loop_signal(sh->session->loop, SIGTSTP, on_signal, sh);
	editor_back(sh->editor);
}

static void on_signal(void *arg, int signo)
{
	struct shell *sh = arg;

	if (signo == SIGINT)
		shell_interrupt(sh);
	else if (signo == SIGTSTP)
		suspend(sh);
	else if (signo == SIGWINCH)
		editor_resized(sh->editor);
	else
		shell_end(sh, 128 + signo);
}

static void on_script_signal(void *arg, int signo)
{
	shell_end(arg, 128 + signo);
}

/* Should the command that runs tell of a loss? One that ends what it talks to does not. */
static bool waits_for_link(const struct shell *sh)
{
	const struct client *c = sh->session->client;

	return sh->running && !(sh->running->cmd->flags & CMD_DESTROYS) && c &&
	       !client_failed(c);
}

/* A command that waits goes on waiting; who waits with it should know for what. */
static void tell_link(struct shell *sh)
{
	const char *name = sh->session->argv0;

	if (sh->lost && waits_for_link(sh)) {
		sh->told = true;
		out_note(&sh->out, "%s: %s; trying again (^C stops waiting)", name,
			sh->session->client_down.text);
	} else if (!sh->lost && sh->told) {
		sh->told = false;
		out_note(&sh->out, "%s: connected again", name);
	}
}

static void on_link(void *arg, bool up)
{
	struct shell *sh = arg;

	if (sh->lost == !up)
		return;
	sh->lost = !up;
	tell_link(sh);
	editor_prompt(sh->editor);
}

static void write_out(struct out *o, int stream, const char *p, size_t n)
{
	struct shell *sh = o->arg;

	if (stream == 2) {
		sh->face->say(sh, p, n);
		return;
	}
	if (sh->notices && !sh->elsewhere)
		notices_look(sh->notices, sh->running, p, n);
	sh->plain.write(&sh->plain, stream, p, n);
	o->failed = sh->plain.failed;
	o->error = sh->plain.error;
}

/* Data is seen before the loop sleeps. */
static void flush(void *arg)
{
	shell_flush(arg);
}

void shell_complain(struct shell *sh, const struct err *e)
{
	out_note(&sh->out, "%s: %s", sh->session->argv0, e->text);
}

void shell_end(struct shell *sh, int status)
{
	if (sh->over)
		return;
	sh->over = true;
	if (sh->running)
		cmd_interrupt(&sh->running);
	cmd_done(sh->ctx, status);
}

static void free_shell(void *arg)
{
	free(arg);
}

static void release(struct cmd_ctx *ctx)
{
	struct shell *sh = ctx->state;

	if (!sh)
		return;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal(sh->session->loop, signals[i], NULL, NULL);
	loop_unhook(sh->session->loop, flush, sh);
	sh->session->on_link = NULL;
	notices_free(&sh->notices);
	editor_free(&sh->editor);
	script_free(&sh->script);
	out_flush(&sh->plain);
	lines_fini(&sh->lines);
	client_free(&sh->client);
	free(sh->profile);
	/* It may be on the call stack. */
	loop_defer(sh->session->loop, free_shell, sh);
}

static struct shell *new_shell(struct cmd_ctx *ctx)
{
	struct shell *sh = xcalloc(1, sizeof(*sh));

	ctx->state = sh;
	sh->ctx = ctx;
	sh->session = ctx->session;
	lines_init(&sh->lines);
	out_init_cli(&sh->plain);
	sh->out = sh->plain;
	sh->out.write = write_out;
	sh->out.arg = sh;
	loop_hook(sh->session->loop, flush, sh);
	return sh;
}

static void interactive(struct shell *sh)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal(sh->session->loop, signals[i], on_signal, sh);
	sh->session->on_link = on_link;
	sh->session->on_link_arg = sh;
	sh->face = &editor_face;
	sh->notices = notices_new(sh);
	sh->editor = editor_new(sh);
	shell_next(sh);
}

static void script(struct shell *sh)
{
	const struct opts *o = sh->ctx->opts;
	struct err e;

	loop_signal(sh->session->loop, SIGINT, on_script_signal, sh);
	loop_signal(sh->session->loop, SIGTERM, on_script_signal, sh);
	sh->face = &script_face;
	sh->script = script_new(sh, opts_str(o, "command"), opts_arg(o, 0),
		opts_flag(o, "keep-going"), &e);
	if (!sh->script) {
		sh->over = true;
		cmd_fail(sh->ctx, &e);
		return;
	}
	shell_next(sh);
}

static void exec(struct cmd_ctx *ctx)
{
	struct shell *sh = new_shell(ctx);

	if (!opts_given(ctx->opts, "command") && !opts_nargs(ctx->opts) &&
		isatty(STDIN_FILENO) && (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO)))
		interactive(sh);
	else
		script(sh);
}

const struct cmd cmd_shell_entry = {
	.name = "shell",
	.nargs = 1,
	.alias = "repl",
	.group = "faces",
	.usage = "[-c LINES] [FILE]",
	.help = "Commands without the word fastworker, with history, completion and notices",
	.about =
		"Words are quoted as in sh; nothing is expanded. JSON may stand without quotes and go on in the next line. ^C ends waiting,\n"
		"never the shell: `exit` and ^D do. A task that was submitted with -n is told of when it ends.\n"
		"From a pipe, a FILE or -c there is no prompt and no history; the first command that fails ends it with its status.",
	.examples = "fastworker shell\n"
		    "fastworker shell -c 'submit -n add 5 3'\n"
		    "printf '%s\\n' 'submit add 5 3' tasks | fastworker shell --keep-going",
	.complete = "file",
	.opts = opts,
	.flags = CMD_FACE,
	.exec = exec,
	.release = release,
};
