/* What keys do that belong to no panel. */
#include <curses.h>

#include "base/mem.h"
#include "tui/pager.h"
#include "tui/prompt.h"
#include "tui/run.h"
#include "tui/tui.h"

typedef void act_fn(struct tui *t, enum act a);

static void quit(struct tui *t, enum act a)
{
	tui_quit(t, 0);
}

static void show_tab(struct tui *t, enum act a)
{
	panel_switch(t, (int)(a - ACT_TAB_1));
}

static void next_tab(struct tui *t, enum act a)
{
	panel_switch(t, t->tab + (a == ACT_NEXT_TAB ? 1 : -1));
}

static void ask_filter(struct tui *t, enum act a)
{
	prompt_filter(t);
}

static void command(struct tui *t, enum act a)
{
	prompt_command(t);
}

static void help(struct tui *t, enum act a)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "\nKeys:\n");
	key_help(&text);
	buf_adds(&text,
		"\nCommand lines, behind `:` as behind `fastworker` in a shell; :q quits:\n");
	for (size_t i = 0; commands[i]; i++)
		if (!(commands[i]->flags & (CMD_HIDDEN | CMD_PROCESS | CMD_FACE)))
			buf_addf(&text, "  %-14s %s\n", commands[i]->name, commands[i]->help);
	text_open(t, "Help", text.data, text.len);
	buf_fini(&text);
}

static void freeze(struct tui *t, enum act a)
{
	bool thaw = t->frozen_at_ms != 0;

	t->frozen_at_ms = thaw ? 0 : loop_wall_ms(t->loop);
	if (thaw)
		feed_now(t);
	else
		feed_pause(t);
	tui_say(t, false, thaw ? "live again" : "frozen: Z makes it live again");
}

static void reload(struct tui *t, enum act a)
{
	if (!t->client)
		tui_reconnect(t);
	else
		feed_now(t);
}

static void draw_anew(struct tui *t, enum act a)
{
	clearok(curscr, TRUE);
}

static void suspend(struct tui *t, enum act a)
{
	tui_suspend(t);
}

static void interrupt(struct tui *t, enum act a)
{
	if (!run_interrupt(t))
		tui_quit(t, 0);
}

static act_fn *const table[ACT__COUNT] = {
	[ACT_QUIT] = quit,
	[ACT_TAB_1] = show_tab,
	[ACT_TAB_2] = show_tab,
	[ACT_TAB_3] = show_tab,
	[ACT_TAB_4] = show_tab,
	[ACT_NEXT_TAB] = next_tab,
	[ACT_PREVIOUS_TAB] = next_tab,
	[ACT_FILTER] = ask_filter,
	[ACT_COMMAND] = command,
	[ACT_HELP] = help,
	[ACT_FREEZE] = freeze,
	[ACT_RELOAD] = reload,
	[ACT_REDRAW] = draw_anew,
	[ACT_SUSPEND] = suspend,
	[ACT_INTERRUPT] = interrupt,
};

unsigned tui_act(struct tui *t, enum act a)
{
	if (!table[a])
		return 0;
	table[a](t, a);
	return PANEL_REDRAW;
}
