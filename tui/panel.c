/* The stack of panels: who gets a key, who is drawn, who asks. */
#include "tui/panel.h"

#include "tui/run.h"
#include "tui/tui.h"

void panel_open(struct tui *t, struct panel *p)
{
	p->below = t->top;
	t->top = p;
	t->redraw = true;
}

/* Not always the top one: what a dialog started may have opened a panel above it. */
void panel_close(struct tui *t, struct panel *p)
{
	struct panel **at = &t->top;

	while (*at != p)
		at = &(*at)->below;
	*at = p->below;
	p->ops->free(p);
	t->redraw = true;
	/* What was hidden has not been asked for. */
	feed_dirty(t);
}

void panel_close_all(struct tui *t)
{
	while (t->top && t->top->below)
		panel_close(t, t->top);
}

void panel_switch(struct tui *t, int tab)
{
	panel_close_all(t);
	t->tab = (tab + TABS) % TABS;
	t->top = t->tabs[t->tab];
	t->redraw = true;
	feed_now(t);
}

/* The panel at p that hides all below it. */
static struct panel *visible_base(struct tui *t)
{
	struct panel *p = t->top;

	while (p->ops->over && p->below)
		p = p->below;
	return p;
}

static unsigned by_table(struct panel *p, int code)
{
	const struct key *k = key_find(code, p->where);
	unsigned bits = PANEL_UNUSED;

	if (!k)
		return 0;
	if (k->line) {
		run_key(p->tui, k, p->ops->row ? p->ops->row(p) : NULL);
		return PANEL_REDRAW;
	}
	if (p->ops->act)
		bits = p->ops->act(p, k->act);
	return bits & PANEL_UNUSED ? tui_act(p->tui, k->act) : bits;
}

void panel_press(struct tui *t, int key)
{
	struct panel *p = t->top;
	unsigned bits = p->ops->key ? p->ops->key(p, key) : PANEL_UNUSED;

	if (bits & PANEL_UNUSED)
		bits = by_table(p, key);
	if (bits & PANEL_CLOSE)
		panel_close(t, p);
	if (bits & PANEL_REDRAW)
		t->redraw = true;
}

static void draw_up(struct panel *p, const struct panel *base, struct area body)
{
	if (p != base)
		draw_up(p->below, base, body);
	p->ops->draw(p, body);
}

void panel_draw(struct tui *t, struct area body)
{
	draw_up(t->top, visible_base(t), body);
}

void panel_fetch(struct tui *t)
{
	struct panel *p = visible_base(t);

	if (p->ops->fetch)
		p->ops->fetch(p);
}

void panel_event(struct tui *t, const char *id)
{
	for (struct panel *p = t->top; p; p = p->below)
		if (p->ops->event)
			p->ops->event(p, id);
}
