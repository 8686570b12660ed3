/* All about one task, live. */
#ifndef TUI_DETAIL_H
#define TUI_DETAIL_H

#include "base/json.h"

struct tui;

/* row: a record of a task. */
void detail_open(struct tui *t, const struct json_node *row);

#endif
