/* The shell on a terminal: readline as one more thing on the loop.
 *
 * readline has the terminal only while a line is edited. When a line is there, its handler is taken out, the terminal is as it was before,
 * and the command may do with it what it likes; when all commands are done, the next prompt takes it again. Signals are never readline's: they
 * come as calls from the loop like everything else. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

#include "base/mem.h"
#include "shell/inside.h"

struct editor {
	struct shell *sh;
	struct loop_io *in;
	bool editing; /* readline has the terminal */
	char open;    /* what the next line goes on with, or 0 */
	bool got;     /* a line has come, or the end; */
	char *line;   /* NULL: it is the end */
};

static struct editor *current; /* readline gives its callbacks no argument */

static char *prompt(const struct editor *ed)
{
	const char *name = ed->sh->session->profile;

	if (ed->open)
		return xasprintf("%c-> ", ed->open);
	return xasprintf("fw %s%s%s> ", name ? name : "default", ed->sh->lost ? "(lost)" : "",
		ed->sh->status ? "!" : "");
}

void editor_listen(struct editor *ed, bool on)
{
	loop_io_want(ed->in, on ? LOOP_READ : 0);
}

static void stop_editing(struct editor *ed)
{
	if (!ed->editing)
		return;
	tab_cancel();
	rl_callback_handler_remove();
	editor_listen(ed, false);
	ed->editing = false;
}

/* Called from inside of readline: what is to be done is done when it has returned. */
static void on_line(char *line)
{
	stop_editing(current);
	current->got = true;
	current->line = line;
}

static void start_editing(struct editor *ed)
{
	char *text = prompt(ed);

	out_flush(&ed->sh->plain);
	rl_eof_found = 0; /* or each line after a ^D would end with an empty one */
	rl_callback_handler_install(text, on_line);
	editor_listen(ed, true);
	ed->editing = true;
	free(text);
}

/* ^D on an empty line: drops what is not closed, or leaves. readline ends the line itself, but only where it has bracketed paste to turn off. */
static void take_end(struct editor *ed)
{
	if (strcmp(rl_variable_value("enable-bracketed-paste"), "on") != 0)
		fputc('\n', rl_outstream);
	fflush(rl_outstream);
	if (!ed->open) {
		shell_end(ed->sh, 0);
		return;
	}
	lines_clear(&ed->sh->lines);
	shell_next(ed->sh);
}

static void take_line(struct editor *ed)
{
	char *line = ed->line;

	ed->got = false;
	ed->line = NULL;
	if (!line) {
		take_end(ed);
		return;
	}
	lines_add(&ed->sh->lines, line, strlen(line));
	lines_add(&ed->sh->lines, "\n", 1);
	free(line);
	shell_next(ed->sh);
}

static void on_input(void *arg, unsigned events)
{
	struct editor *ed = arg;

	rl_callback_read_char();
	if (ed->got)
		take_line(ed);
}

static void idle(struct shell *sh, char open)
{
	sh->editor->open = open;
	start_editing(sh->editor);
}

/* The terminal may have another width now. */
static void begun(struct shell *sh, const struct line *line)
{
	history_keep(line->typed);
	out_init_cli(&sh->plain);
	sh->out.width = sh->plain.width;
	sh->out.failed = false;
}

static void ended(struct shell *sh, int status)
{
}

static void interrupt(struct shell *sh)
{
	struct editor *ed = sh->editor;

	if (!ed->editing)
		return;
	/* Out of a search or a half-typed key sequence, and below all rows of the line. */
	rl_callback_sigcleanup();
	rl_point = rl_end;
	rl_redisplay();
	fputs("^C\n", rl_outstream);
	fflush(rl_outstream);
	rl_free_line_state();
	stop_editing(ed);
	ed->open = 0;
	start_editing(ed);
}

/* Puts what is written between the two above the line. */
static void leave_line(struct editor *ed)
{
	if (!ed->editing)
		return;
	rl_clear_visible_line();
	fflush(rl_outstream);
}

static void return_to_line(struct editor *ed)
{
	if (!ed->editing)
		return;
	rl_on_new_line();
	rl_redisplay();
}

static void say(struct shell *sh, const char *p, size_t n)
{
	leave_line(sh->editor);
	sh->plain.write(&sh->plain, 2, p, n);
	return_to_line(sh->editor);
}

void editor_prompt(struct editor *ed)
{
	char *text = prompt(ed);

	leave_line(ed);
	if (ed->editing)
		rl_set_prompt(text);
	return_to_line(ed);
	free(text);
}

void editor_resized(struct editor *ed)
{
	if (ed->editing)
		rl_resize_terminal();
	else
		rl_reset_screen_size();
}

void editor_away(struct editor *ed)
{
	if (!ed->editing)
		return;
	rl_callback_sigcleanup();
	rl_deprep_terminal();
	fflush(rl_outstream);
}

void editor_back(struct editor *ed)
{
	if (!ed->editing)
		return;
	rl_prep_terminal(1);
	rl_reset_screen_size();
	rl_on_new_line();
	rl_redisplay();
}

struct editor *editor_new(struct shell *sh)
{
	struct editor *ed = xcalloc(1, sizeof(*ed));

	ed->sh = sh;
	ed->in = loop_fd(sh->session->loop, STDIN_FILENO, 0, 10, on_input, ed);
	current = ed;
	rl_readline_name = "fastworker";
	rl_outstream = isatty(STDOUT_FILENO) ? stdout : stderr;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_variable_bind("enable-bracketed-paste", "on");
	rl_initialize();
	tab_init(sh);
	history_load(&sh->session->paths);
	return ed;
}

static void free_now(void *arg)
{
	free(arg);
}

void editor_free(struct editor **editor)
{
	struct editor *ed = *editor;

	if (!ed)
		return;
	stop_editing(ed);
	loop_io_del(&ed->in);
	free(ed->line);
	ed->line = NULL;
	/* It may be on the call stack, below the line that ends it. */
	loop_defer(ed->sh->session->loop, free_now, ed);
	*editor = NULL;
}

const struct face editor_face = {
	.idle = idle,
	.begun = begun,
	.ended = ended,
	.interrupt = interrupt,
	.say = say,
};
