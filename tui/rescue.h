/* The last words of a console that dies: whatever kills it, the terminal is given back first. */
#ifndef TUI_RESCUE_H
#define TUI_RESCUE_H

#include <stddef.h>
#include <termios.h>

/* From now on a fatal signal writes `sequence` to fd and sets `modes` before it takes its course. What is written to stderr
 * meanwhile would spoil the screen: it is kept, and shown when the terminal is given back. All is copied. */
void rescue_arm(int fd, const struct termios *modes, const char *sequence, size_t len);
/* The terminal was given back in the ordinary way: what was kept of stderr is shown now. */
void rescue_disarm(void);

#endif
