/* The terminal: taken when the console begins, given back on every way out. The only file that knows how curses gets it. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"

/* A key is a character, or one that has a name: KEY_F(9) of curses becomes NAMED(KEY_F(9)). */
#define NAMED(code)   ((code) | 0x1000000)
#define CTRL_KEY(c)   ((c)&0x1f)
#define KEY_ESCAPE    27
#define KEY_RETURN    '\r'
#define KEY_TABULATOR '\t'

/* Can a screen be drawn here? -1 with ERR_PEER (69): stdout is no terminal, or one that cannot move its cursor. Draws nothing. */
int term_check(struct err *e);
int term_open(bool color, struct err *e);
void term_close(void);  /* may be called again */
int term_fd(void);      /* to read keys from */
int term_key(void);     /* the next key that was pressed, or -1: none */
bool term_utf8(void);   /* false: only ASCII can be shown */
bool term_gone(void);   /* nobody will ever press a key again */
void term_resize(void); /* asks for the size anew */
void term_resume(void); /* takes it again after somebody else had it */
/* ^Z: gives it back and stops; returns when the shell says so. SIGTSTP is handled by (fn, arg) before and after. */
void term_suspend(struct loop *l, loop_signal_fn *fn, void *arg);

#endif
