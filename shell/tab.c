/* TAB: the candidates of __complete, on readline's line.
 *
 * They may come from the control plane, and readline wants them at once. So the key only asks; when the answer is there - after 30 ms at
 * most, in which no key is read - readline's own completion runs over it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "base/mem.h"
#include "cmd/complete.h"
#include "cmd/words.h"
#include "shell/inside.h"

/* readline is one per process, and so is this. */
static struct {
	struct shell *sh;
	struct complete *asked; /* NULL: nothing is under way */
	bool again;             /* TAB after TAB: show all */
	bool first;             /* the command itself is completed */
	char *last;             /* the word, without quotes */
	char *const *found;     /* only while readline completes */
	size_t n, at;
} tab;

/* The line up to the cursor as words, the last of them unfinished: an x makes it a word even when it is empty, and an open quote is closed. */
static char **words_typed(size_t *n)
{
	static const char *const closers[] = {"", "'", "\""};
	char **words = NULL;

	for (size_t i = 0; i < ARRAY_LEN(closers) && !words; i++) {
		char *line = xasprintf("%s%.*sx%s", buf_str(&tab.sh->lines.text), rl_point,
			rl_line_buffer, closers[i]);
		if (words_split(line, &words, n, NULL))
			words = NULL;
		free(line);
	}
	if (words)
		words[*n - 1][strlen(words[*n - 1]) - 1] = '\0';
	return words;
}

static bool runs_here(const char *candidate)
{
	const struct cmd *cmd = tab.first ? cmd_find(candidate) : NULL;

	return !cmd || !(cmd->flags & (CMD_FACE | CMD_PROCESS));
}

/* readline replaces only what stands behind the last blank or '='; candidates are whole words. */
static char *next_match(const char *text, int state)
{
	size_t typed = strlen(tab.last), part = strlen(text);
	size_t skip =
		typed >= part && strcmp(tab.last + typed - part, text) == 0 ? typed - part : 0;

	if (!state)
		tab.at = 0;
	while (tab.at < tab.n) {
		const char *candidate = tab.found[tab.at++];
		if (runs_here(candidate) && strlen(candidate) >= skip)
			return xstrdup(candidate + skip);
	}
	return NULL;
}

static char **matches(const char *text, int start, int end)
{
	char **found;

	rl_attempted_completion_over = 1;
	if (tab.n == 1 && strcmp(tab.found[0], COMPLETE_FILES) == 0) {
		rl_attempted_completion_over = 0;
		return NULL;
	}
	rl_sort_completion_matches = 0;
	found = tab.n ? rl_completion_matches(text, next_match) : NULL;
	if (found && !found[1] && *found[0] && found[0][strlen(found[0]) - 1] == '=')
		rl_completion_suppress_append = 1;
	return found;
}

static int tab_key(int count, int key);

static void complete_now(void *arg, char *const *candidates, size_t n)
{
	bool late = tab.asked != NULL;

	tab.asked = NULL;
	tab.found = candidates;
	tab.n = n;
	/* This is how rl_complete() knows that it is the second time. */
	rl_last_func = tab.again ? rl_complete : NULL;
	rl_complete(1, '\t');
	rl_last_func = tab_key;
	tab.n = 0;
	if (late) {
		rl_redisplay();
		editor_listen(tab.sh->editor, true);
	}
}

static int tab_key(int count, int key)
{
	size_t n;
	char **words = words_typed(&n);

	if (!words)
		return rl_ding();
	tab.again = rl_last_func == tab_key;
	tab.first = n == 1;
	free(tab.last);
	tab.last = xstrdup(words[n - 1]);
	if (n > 1)
		shell_inherit(tab.sh, &words, &n);
	tab.asked = complete_start(tab.sh->session, words, n, complete_now, NULL);
	if (tab.asked)
		editor_listen(tab.sh->editor, false);
	words_free(&words);
	return 0;
}

void tab_init(struct shell *sh)
{
	tab.sh = sh;
	rl_attempted_completion_function = matches;
	rl_completer_quote_characters = "\"'";
	rl_completer_word_break_characters = (char *)" \t\n=";
	rl_filename_quote_characters = " \t\n\"\\'{[";
	/* These would read keys themselves, past the loop. */
	rl_completion_query_items = -1;
	rl_variable_bind("page-completions", "off");
	rl_bind_key('\t', tab_key);
}

void tab_cancel(void)
{
	complete_cancel(&tab.asked);
	free(tab.last);
	tab.last = NULL;
}
