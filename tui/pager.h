/* Text of many lines that can be scrolled: what help, the output of a command and the detail of a task are shown with. */
#ifndef TUI_PAGER_H
#define TUI_PAGER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "tui/draw.h"
#include "tui/keys.h"

struct pager {
	struct buf text;
	size_t top; /* first line on the screen */
	int height; /* as drawn last */
};

void pager_set(struct pager *p, const char *text, size_t n); /* keeps its place */
void pager_draw(struct pager *p, struct area a);
bool pager_act(struct pager *p, enum act a); /* false: no key for scrolling */
void pager_fini(struct pager *p);

struct tui;
/* A panel with text, over the others. */
void text_open(struct tui *t, const char *title, const char *text, size_t n);

#endif
