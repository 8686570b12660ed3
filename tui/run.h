/* Command lines: from a key or from the prompt, run by the same code as `fastworker ...`; what they say goes into the message line. */
#ifndef TUI_RUN_H
#define TUI_RUN_H

#include <stdbool.h>

#include "base/json.h"

struct tui;
struct key;

void run_line(struct tui *t, const char *line);
/* A key of the table that stands for a command line: about `row`, asking first where the table says so. */
void run_key(struct tui *t, const struct key *k, const struct json_node *row);
/* Replaces each %field by that field of row ("-" when it has none), quoted as one word when `quote`. The caller frees it. */
char *run_expand(const char *text, const struct json_node *row, bool quote);
/* ^C: lets go of the newest one that runs. False: none does. */
bool run_interrupt(struct tui *t);
void run_end_all(struct tui *t);

#endif
