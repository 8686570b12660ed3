/* A line of input at the bottom of the screen. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

struct tui;

void prompt_command(struct tui *t); /* `:` runs any command line */
void prompt_filter(struct tui *t);  /* `/` of the list that is shown */

#endif
