/* The terminal. curses itself gives it back on SIGINT and SIGTERM only, and accepts a terminal that cannot move its cursor;
 * so it is checked before, rescue.c stands by for the hard deaths, and all other signals come through the loop. */
#include "tui/term.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "base/mem.h"
#include "tui/rescue.h"

#define ESC_DELAY_MS                                                                           \
	25 /* an Esc alone must not feel slow; an arrow key over ssh comes in one packet */

static struct {
	SCREEN *screen; /* NULL: not taken */
	WINDOW *keys;   /* a pad: reading from it, unlike from a window, never draws */
	FILE *in;
	struct termios modes; /* as they were */
	bool own_in;
} term;

static char last_words[512];
static size_t last_len;

int term_check(struct err *e)
{
	const char *name = getenv("TERM");
	int code = 0;
	bool moves;

	if (!isatty(STDOUT_FILENO))
		return err_set(e, ERR_PEER,
			"the console draws on a terminal, and stdout is none; for scripts there "
			"are `fastworker tasks`, `workers` and `queues`, with --json");
	if (!name || !*name || setupterm(name, STDOUT_FILENO, &code) != OK)
		return err_set(e, ERR_PEER,
			"the terminal \"%s\" is not known here, so no screen can be drawn; set TERM "
			"to what it is (TERM=xterm), or use `fastworker tasks`",
			name ? name : "");
	moves = tigetstr("cup") && tigetstr("cup") != (char *)-1;
	del_curterm(cur_term);
	if (!moves)
		return err_set(e, ERR_PEER,
			"the terminal \"%s\" cannot move its cursor, so no screen can be drawn; use "
			"`fastworker tasks`, or set TERM to what it is (TERM=xterm)",
			name);
	return 0;
}

static int keep_byte(int c)
{
	if (last_len < sizeof(last_words))
		last_words[last_len++] = (char)c;
	return c;
}

static void keep_capability(const char *name)
{
	const char *s = tigetstr(name);

	if (s && s != (char *)-1)
		tputs(s, 1, keep_byte);
}

static bool has_second_screen(void)
{
	const char *s = tigetstr("rmcup");

	return s && s != (char *)-1;
}

/* Plain text, no keypad, a cursor, and the screen that was there before; or an empty one, where there is no second screen. */
static void prepare_last_words(void)
{
	last_len = 0;
	keep_capability("sgr0");
	keep_capability("rmkx");
	keep_capability("cnorm");
	keep_capability(has_second_screen() ? "rmcup" : "clear");
	keep_byte('\r');
}

static int open_input(struct err *e)
{
	term.own_in = !isatty(STDIN_FILENO);
	term.in = term.own_in ? fopen("/dev/tty", "re") : stdin;
	if (!term.in)
		return err_errno(e, ERR_PEER,
			"the console reads keys from a terminal: /dev/tty");
	return 0;
}

static void set_modes(bool color)
{
	set_escdelay(ESC_DELAY_MS);
	raw();
	noecho();
	nonl();
	curs_set(0);
	if (color && has_colors()) {
		start_color();
		use_default_colors();
	}
	term.keys = newpad(1, 1);
	keypad(term.keys, TRUE);
	nodelay(term.keys, TRUE);
	typeahead(-1); /* it would look for keys, and flush, at every few lines of a picture */
	/* Its own handler would stop us in the middle of a picture. */
	signal(SIGTSTP, SIG_DFL);
}

int term_open(bool color, struct err *e)
{
	static bool registered;

	setlocale(LC_CTYPE, "");
	if (open_input(e))
		return -1;
	tcgetattr(fileno(term.in), &term.modes);
	term.screen = newterm(NULL, stdout, term.in);
	if (!term.screen)
		return err_set(e, ERR_PEER, "curses cannot draw on the terminal \"%s\"",
			getenv("TERM"));
	prepare_last_words();
	set_modes(color);
	rescue_arm(fileno(term.in), &term.modes, last_words, last_len);
	if (!registered)
		atexit(term_close); /* memory may run out anywhere */
	registered = true;
	return 0;
}

void term_close(void)
{
	if (!term.screen)
		return;
	if (!has_second_screen()) {
		erase();
		refresh();
	}
	endwin();
	rescue_disarm();
	tcsetattr(fileno(term.in), TCSADRAIN, &term.modes);
	delwin(term.keys);
	delscreen(term.screen);
	if (term.own_in)
		fclose(term.in);
	memset(&term, 0, sizeof(term));
}

int term_fd(void)
{
	return fileno(term.in);
}

bool term_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool term_gone(void)
{
	struct termios now;

	return tcgetattr(fileno(term.in), &now) < 0;
}

/* Keys that terminals call by different names get one. */
static int one_name(int key)
{
	switch (key) {
	case '\n':
	case NAMED(KEY_ENTER):
		return KEY_RETURN;
	case '\b':
	case 0x7f:
		return NAMED(KEY_BACKSPACE);
	case NAMED(KEY_FIND):
		return NAMED(KEY_HOME);
	case NAMED(KEY_SELECT):
		return NAMED(KEY_END);
	default:
		return key;
	}
}

int term_key(void)
{
	wint_t c;
	int rc;

	do
		rc = wget_wch(term.keys, &c);
	while (rc == KEY_CODE_YES && c == KEY_RESIZE); /* SIGWINCH told us already */
	if (rc == ERR)
		return -1;
	return one_name(rc == KEY_CODE_YES ? NAMED((int)c) : (int)c);
}

void term_resize(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
}

void term_resume(void)
{
	reset_prog_mode();
	term_resize();
	clearok(curscr, TRUE);
}

/* The whole process group stops, as it would if the terminal had sent the signal. Where there is no shell that could wake us,
 * the kernel lets the signal fall and this returns at once. */
void term_suspend(struct loop *l, loop_signal_fn *fn, void *arg)
{
	endwin();
	tcsetattr(fileno(term.in), TCSADRAIN, &term.modes);
	loop_signal(l, SIGTSTP, NULL, NULL);
	kill(0, SIGTSTP);
	loop_signal(l, SIGTSTP, fn, arg);
	term_resume();
}
