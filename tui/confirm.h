/* The question before something is destroyed. */
#ifndef TUI_CONFIRM_H
#define TUI_CONFIRM_H

struct tui;

/* Asks; on yes the command line is run, which names what it acts on: whatever moved on the screen meanwhile. The first line of `question`
 * is the title. Both are copied. */
void confirm_open(struct tui *t, const char *question, const char *line);

#endif
