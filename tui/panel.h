/* A panel is what fills the screen, or lies over a part of it. Panels stand in a stack; the top one gets the keys. A handler draws nothing
 * and frees nothing, it changes its panel and returns bits. */
#ifndef TUI_PANEL_H
#define TUI_PANEL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "tui/draw.h"
#include "tui/keys.h"

struct tui;
struct panel;

enum panel_bits {
	PANEL_REDRAW = 1,
	PANEL_CLOSE =
		2, /* the panel is taken from the stack and freed, once its handler has returned */
	PANEL_UNUSED = 4, /* not mine: the next one that may know the key gets it */
};

struct panel_ops {
	bool over;   /* what lies below stays in sight */
	bool cursor; /* the terminal's cursor is where it drew last */
	void (*draw)(struct panel *p, struct area a);
	/* Raw keys, before the key table; NULL: none are wanted. */
	unsigned (*key)(struct panel *p, int key);
	/* What the key table makes of a key. NULL, or PANEL_UNUSED: left to the console as a whole. */
	unsigned (*act)(struct panel *p, enum act act);
	/* The record that the %id of a command line comes from; NULL: nothing is selected. Borrowed until the next turn. */
	const struct json_node *(*row)(struct panel *p);
	/* Something happened to the task `id`, or ("") to anything: what is shown of it is stale now. */
	void (*event)(struct panel *p, const char *id);
	/* Asks the control plane for what is stale. */
	void (*fetch)(struct panel *p);
	/* A few words for the end of the line with the tabs. */
	void (*note)(struct panel *p, struct buf *out);
	void (*free)(struct panel *p);
};

/* Embedded as the first member. */
struct panel {
	const struct panel_ops *ops;
	struct tui *tui;
	unsigned where; /* its bit in the key table */
	struct panel *below;
};

void panel_open(struct tui *t, struct panel *p); /* p becomes the top one; owned by the stack */
void panel_close(struct tui *t, struct panel *p);
void panel_close_all(struct tui *t);       /* all but the tab at the bottom */
void panel_switch(struct tui *t, int tab); /* closes all and shows another tab */
void panel_press(struct tui *t, int key);
void panel_draw(struct tui *t, struct area body);
/* What is in sight asks the control plane for what is stale. */
void panel_fetch(struct tui *t);
void panel_event(struct tui *t, const char *id);

#endif
