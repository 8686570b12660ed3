/* The key table, and everything that is printed from it. */
#include "tui/keys.h"

#include <stdio.h>
#include <string.h>

#include <curses.h>

#include "base/mem.h"
#include "tui/term.h"

#define FKEY(n) NAMED(KEY_F(n))

/* In the order of help. Where two rows match a key, the first one counts. */
static const struct key table[] = {
	{.keys = {FKEY(1), '?'},
		.where = IN_PANELS,
		.act = ACT_HELP,
		.bar = "Help",
		.help = "this help"},
	{.keys = {FKEY(4), '/', '\\'},
		.where = IN_TASKS | IN_RESULTS,
		.act = ACT_FILTER,
		.bar = "Filter",
		.help = "filter: state=failure,cancelled task=resize* worker!=w2"},
	{.keys = {FKEY(9), 'x'},
		.where = IN_TASKS | IN_RESULTS | IN_DETAIL,
		.bar = "Cancel",
		.line = "cancel %id",
		.ask = "Cancel task %n, %name?\nit is %state, worker %worker, of %owner\nid %id\nargs %args_preview",
		.help = "cancel the task, after a question"},
	{.keys = {KEY_RETURN},
		.where = IN_LISTS,
		.act = ACT_OPEN,
		.bar = "open",
		.help = "open: all about a task, or the tasks of a queue or worker"},
	{.keys = {':'},
		.where = IN_PANELS,
		.act = ACT_COMMAND,
		.bar = "command",
		.help = "run a command line"},
	{.keys = {'j', NAMED(KEY_DOWN)}, .where = IN_PANELS, .act = ACT_DOWN, .help = "down"},
	{.keys = {'k', NAMED(KEY_UP)}, .where = IN_PANELS, .act = ACT_UP, .help = "up"},
	{.keys = {NAMED(KEY_NPAGE), CTRL_KEY('d')},
		.where = IN_PANELS,
		.act = ACT_PAGE_DOWN,
		.help = "a page down"},
	{.keys = {NAMED(KEY_PPAGE), CTRL_KEY('u')},
		.where = IN_PANELS,
		.act = ACT_PAGE_UP,
		.help = "a page up"},
	{.keys = {'g', NAMED(KEY_HOME)},
		.where = IN_PANELS,
		.act = ACT_HOME,
		.help = "to the top; in a list of tasks: follow the newest"},
	{.keys = {'G', NAMED(KEY_END)},
		.where = IN_PANELS,
		.act = ACT_END,
		.help = "to the end"},
	{.keys = {'1'}, .where = IN_PANELS, .act = ACT_TAB_1, .help = "tasks"},
	{.keys = {'2'}, .where = IN_PANELS, .act = ACT_TAB_2, .help = "queues"},
	{.keys = {'3'}, .where = IN_PANELS, .act = ACT_TAB_3, .help = "workers"},
	{.keys = {'4'},
		.where = IN_PANELS,
		.act = ACT_TAB_4,
		.help = "results: what is finished"},
	{.keys = {KEY_TABULATOR},
		.where = IN_PANELS,
		.act = ACT_NEXT_TAB,
		.help = "the next of these"},
	{.keys = {NAMED(KEY_BTAB)},
		.where = IN_PANELS,
		.act = ACT_PREVIOUS_TAB,
		.help = "the one before"},
	{.keys = {'Z'},
		.where = IN_PANELS,
		.act = ACT_FREEZE,
		.help = "freeze the picture; again: live"},
	{.keys = {CTRL_KEY('r')},
		.where = IN_PANELS,
		.act = ACT_RELOAD,
		.help = "ask for everything anew"},
	{.keys = {CTRL_KEY('l')},
		.where = IN_ALL,
		.act = ACT_REDRAW,
		.help = "draw everything anew"},
	{.keys = {KEY_ESCAPE, 'q'},
		.where = IN_DETAIL | IN_TEXT,
		.act = ACT_BACK,
		.bar = "back",
		.help = "back"},
	{.keys = {KEY_ESCAPE},
		.where = IN_LISTS,
		.act = ACT_BACK,
		.help = "in a list: take the filter off"},
	{.keys = {FKEY(10), 'q', 'Q'},
		.where = IN_PANELS,
		.act = ACT_QUIT,
		.bar = "Quit",
		.help = "quit (q: in a list)"},
	{.keys = {CTRL_KEY('c')},
		.where = IN_ALL,
		.act = ACT_INTERRUPT,
		.help = "let go of a command that runs; without one: quit"},
	{.keys = {CTRL_KEY('z')}, .where = IN_ALL, .act = ACT_SUSPEND, .help = "suspend"},
};

static const struct {
	int key;
	const char *name;
} names[] = {
	{KEY_RETURN, "Enter"},
	{KEY_ESCAPE, "Esc"},
	{KEY_TABULATOR, "Tab"},
	{' ', "Space"},
	{NAMED(KEY_UP), "Up"},
	{NAMED(KEY_DOWN), "Down"},
	{NAMED(KEY_NPAGE), "PgDn"},
	{NAMED(KEY_PPAGE), "PgUp"},
	{NAMED(KEY_HOME), "Home"},
	{NAMED(KEY_END), "End"},
	{NAMED(KEY_BTAB), "S-Tab"},
};

const char *key_word(char dst[16], int key)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].key == key)
			return memcpy(dst, names[i].name, strlen(names[i].name) + 1);
	if (key > FKEY(0) && key <= FKEY(63))
		snprintf(dst, 16, "F%d", key - FKEY(0));
	else if (key < ' ')
		snprintf(dst, 16, "^%c", key + '@');
	else
		snprintf(dst, 16, "%c", key < 0x7f ? key : '?');
	return dst;
}

static bool knows(const struct key *k, int key)
{
	for (int i = 0; i < KEYS_EACH && k->keys[i]; i++)
		if (k->keys[i] == key)
			return true;
	return false;
}

const struct key *key_find(int key, unsigned where)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((table[i].where & where) && knows(&table[i], key))
			return &table[i];
	return NULL;
}

static void add_names(struct buf *out, const struct key *k)
{
	char name[16];

	for (int i = 0; i < KEYS_EACH && k->keys[i]; i++)
		buf_addf(out, "%s%s", i ? " " : "", key_word(name, k->keys[i]));
}

void key_help(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf keys = BUF_INIT;
		add_names(&keys, &table[i]);
		buf_addf(out, "  %-14s %s", buf_str(&keys), table[i].help);
		if (table[i].line)
			buf_addf(out, "  (:%s)", table[i].line);
		buf_addc(out, '\n');
		buf_fini(&keys);
	}
}

static bool is_function_key(int key)
{
	return key > FKEY(0) && key <= FKEY(63);
}

/* Function keys first, without a blank, as the bars of old had it: `F9Cancel F10Quit  Enter open  : command`. */
void key_bar(struct buf *out, unsigned where)
{
	char name[16];

	for (int plain = 0; plain < 2; plain++)
		for (size_t i = 0; i < ARRAY_LEN(table); i++) {
			const struct key *k = &table[i];
			if (!k->bar || !(k->where & where) ||
				is_function_key(k->keys[0]) == plain)
				continue;
			buf_addf(out, "%s%s%s  ", key_word(name, k->keys[0]), plain ? " " : "",
				k->bar);
		}
}
