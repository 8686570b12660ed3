/* Running lines: words, the few that belong to the shell itself, and commands of the table, one at a time. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/words.h"
#include "shell/inside.h"

static void next(void *arg)
{
	shell_next(arg);
}

/* stdout takes nothing: the status that this is for the command. A reader that has seen enough is no error, and ends a script. */
static int unwritable(struct shell *sh)
{
	struct err e;

	if (sh->plain.error == EPIPE && sh->script) {
		shell_end(sh, 0);
		return 0;
	}
	err_set(&e, ERR_IO, "cannot write to stdout: %s", strerror(sh->plain.error));
	sh->plain.failed = false;
	shell_complain(sh, &e);
	return err_exit_code(e.code);
}

/* Back from another control plane. */
static void come_home(struct shell *sh)
{
	if (!sh->elsewhere)
		return;
	sh->elsewhere = false;
	client_free(&sh->session->client);
	sh->session->client = sh->client;
	sh->client = NULL;
	sh->lost = sh->session->client && !client_up(sh->session->client);
	free(sh->session->profile);
	sh->session->profile = sh->profile;
	sh->profile = NULL;
}

/* The next one starts from the loop: this may be called deep inside of the command that ends. */
static void ended(void *arg, int status)
{
	struct shell *sh = arg;

	sh->running = NULL;
	sh->busy = false;
	sh->status = out_flush(&sh->plain) ? status : unwritable(sh);
	come_home(sh);
	if (!sh->over)
		sh->face->ended(sh, sh->status);
	if (!sh->over)
		loop_defer(sh->session->loop, next, sh);
}

static void refuse(struct shell *sh, const struct err *e)
{
	shell_complain(sh, e);
	ended(sh, err_exit_code(e->code));
}

/* Options of the shell that every command knows, too. Values from elsewhere than its command line are found by the commands themselves. */
static bool is_inherited(const struct shell *sh, const struct opt *o)
{
	return strcmp(o->name, "help") != 0 &&
	       opts_origin(sh->ctx->opts, o->name, NULL) == OPT_GIVEN;
}

static char *inherited(const struct shell *sh, const struct opt *o)
{
	if (o->type != OPT_FLAG)
		return xasprintf("--%s=%s", o->name, opts_str(sh->ctx->opts, o->name));
	return xasprintf("--%s%s", opts_flag(sh->ctx->opts, o->name) ? "" : "no-", o->name);
}

void shell_inherit(struct shell *sh, char ***words, size_t *n)
{
	char **w = *words;

	for (const struct opt *o = global_opts; o->name && *n; o++) {
		if (!is_inherited(sh, o))
			continue;
		w = xreallocarray(w, *n + 2, sizeof(*w));
		/* Behind the command: what the line itself says comes later and counts. */
		memmove(w + 2, w + 1, *n * sizeof(*w));
		w[1] = inherited(sh, o);
		++*n;
	}
	*words = w;
}

static bool is_leaving(const char *word)
{
	return strcmp(word, "exit") == 0 || strcmp(word, "quit") == 0;
}

/* exit [STATUS]: without one, a script ends with that of its last command, as sh does. */
static void leave(struct shell *sh, char *const *words, size_t n)
{
	int64_t status = sh->script ? sh->status : 0;
	struct err e;

	if (n > 2 || (n == 2 && !str_i64(words[1], 0, 255, &status))) {
		err_set(&e, ERR_USAGE, "%s: a status from 0 to 255 may follow, nothing else",
			words[0]);
		refuse(sh, &e);
		return;
	}
	shell_end(sh, (int)status);
}

/* A process has a loop of its own, a face takes the terminal: neither can run inside of us. */
static int check(const struct cmd *cmd, struct err *e)
{
	if (cmd && (cmd->flags & CMD_FACE))
		return err_set(e, ERR_USAGE,
			"%s takes the whole terminal; leave the shell first (^D), then `fastworker %s`",
			cmd->name, cmd->name);
	if (cmd && (cmd->flags & CMD_PROCESS))
		return err_set(e, ERR_USAGE,
			"%s is a process of its own; run `fastworker %s` outside of the shell%s",
			cmd->name, cmd->name,
			strcmp(cmd->name, "control-plane") == 0 ? ", or `start` here" : "");
	return 0;
}

/* A control plane that went away may be back with another address or key, which its context file tells: a new command asks there, and fails at once
 * when there is none. */
static void drop_lost(struct shell *sh)
{
	if (!sh->lost || !sh->session->client)
		return;
	notices_forget(sh->notices);
	client_free(&sh->session->client);
}

/* Does the line say itself where it goes? */
static bool names_place(struct shell *sh, const struct cmd *cmd, char *const *words, size_t n)
{
	static const char *const names[] = {"profile", "discovery-address", "server-key"};
	const struct opt *const tables[] = {cmd->opts ? cmd->opts : global_opts, global_opts};
	struct opts *o = opts_parse(tables, 2, words + 1, n - 1, cmd->flags & CMD_EARLY,
		session_config, sh->session, NULL);
	bool found = false;

	for (size_t i = 0; o && i < ARRAY_LEN(names); i++)
		found = found || opts_origin(o, names[i], NULL) == OPT_GIVEN;
	opts_free(&o);
	return found;
}

/* Commands share one connection and one profile: a line that goes to another control plane gets its own, and the shell's are kept for later. */
static void go_elsewhere(struct shell *sh)
{
	sh->elsewhere = true;
	sh->client = sh->session->client;
	sh->session->client = NULL;
	sh->profile = xstrdup(sh->session->profile);
}

static void start(struct shell *sh, char ***words, size_t n)
{
	const struct cmd *cmd = cmd_find((*words)[0]);
	struct err e;

	if (check(cmd, &e)) {
		refuse(sh, &e);
		return;
	}
	if (cmd && names_place(sh, cmd, *words, n))
		go_elsewhere(sh);
	else
		drop_lost(sh);
	shell_inherit(sh, words, &n);
	sh->running = cmd_start(sh->session, &sh->out, *words, n, ended, sh);
}

static void run(struct shell *sh, const char *command)
{
	char **words;
	struct err e;
	size_t n;

	if (words_split(command, &words, &n, &e)) {
		refuse(sh, &e);
		return;
	}
	if (n && is_leaving(words[0]))
		leave(sh, words, n);
	else if (n)
		start(sh, &words, n);
	else
		ended(sh, sh->status);
	words_free(&words);
}

void shell_next(struct shell *sh)
{
	struct line line;
	char open;

	if (sh->busy || sh->over)
		return;
	if (lines_next(&sh->lines, sh->last, &line, &open) != LINES_READY) {
		sh->face->idle(sh, open);
		return;
	}
	sh->busy = true;
	sh->told = false;
	sh->face->begun(sh, &line);
	run(sh, line.command);
	line_fini(&line);
}

void shell_flush(struct shell *sh)
{
	if (out_flush(&sh->plain) || !sh->busy || sh->over)
		return;
	if (sh->running)
		cmd_interrupt(&sh->running);
	ended(sh, 0);
}

void shell_interrupt(struct shell *sh)
{
	lines_clear(&sh->lines);
	if (!sh->busy) {
		sh->face->interrupt(sh);
		return;
	}
	/* What it says about itself stands on a line of its own, behind the terminal's ^C. */
	sh->out.write(&sh->out, 2, "\n", 1);
	if (sh->running)
		cmd_interrupt(&sh->running);
	ended(sh, 128 + SIGINT);
}
