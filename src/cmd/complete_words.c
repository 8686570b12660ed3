/* Where in a command line its last word stands, and what the tables know for that place.
 *
 * The walk follows opt_words.c, but forgives: the line is not finished, so nothing in it is an error. */
#include "cmd/complete_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cmd/complete.h"

/* The walk over the words before the last one. */
struct walk {
	struct place *place;
	size_t npos;     /* positionals behind the command */
	size_t waits_at; /* index of the option that waits for a value */
	const struct opt *waits;
	bool words_taken; /* an OPT_WORDS has one value and may take more */
	bool only_args;
};

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '.' && !isdigit((unsigned char)word[1]);
}

static const struct opt *in_table(const struct opt *o, const char *name, size_t len,
	char letter)
{
	for (; o && o->name; o++)
		if (letter ? o->letter == letter
			   : strncmp(o->name, name, len) == 0 && !o->name[len])
			return o;
	return NULL;
}

static const struct opt *find_opt(const struct cmd *cmd, const char *name, size_t len,
	char letter)
{
	const struct opt *o = cmd ? in_table(cmd->opts, name, len, letter) : NULL;

	return o ? o : in_table(global_opts, name, len, letter);
}

/* -x, -xyz, -x VALUE, -xVALUE: the one whose value is the next word, or NULL. */
static const struct opt *letters_wait(const struct cmd *cmd, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		const struct opt *o = find_opt(cmd, NULL, 0, *c);
		if (!o || (o->type != OPT_FLAG && c[1]))
			return NULL;
		if (o->type != OPT_FLAG)
			return o;
	}
	return NULL;
}

static const struct opt *option_waits(const struct cmd *cmd, const char *word)
{
	const struct opt *o;

	if (word[1] != '-')
		return letters_wait(cmd, word);
	if (strchr(word, '='))
		return NULL;
	o = find_opt(cmd, word + 2, strlen(word + 2), 0);
	return o && o->type != OPT_FLAG ? o : NULL;
}

static void step_positional(struct walk *w, const char *word, size_t at)
{
	struct place *p = w->place;

	if (p->cmd || p->unknown) {
		w->npos++;
		w->only_args = w->only_args || (p->cmd && (p->cmd->flags & CMD_EARLY));
		return;
	}
	p->cmd = cmd_find(word);
	p->cmd_at = at;
	p->unknown = !p->cmd;
}

static void step(struct walk *w, const char *word, size_t at)
{
	bool option = !w->only_args && is_option(word) && word[1];

	if (w->waits && !(option && w->words_taken)) {
		w->words_taken = w->waits->type == OPT_WORDS;
		w->waits = w->words_taken ? w->waits : NULL;
		return;
	}
	w->waits = NULL;
	w->words_taken = false;
	if (!option) {
		step_positional(w, word, at);
	} else if (strcmp(word, "--") == 0) {
		w->only_args = true;
	} else {
		w->waits = option_waits(w->place->cmd, word);
		w->waits_at = at;
	}
}

/* submit TASK ARG..., help COMMAND: the first is of that kind. What follows a task may be anything; a file is the best guess. */
static const char *positional_kind(const struct cmd *cmd, size_t npos)
{
	const char *kind = cmd ? cmd->complete : NULL;

	if (kind && npos && strcmp(kind, "task") == 0)
		return "file";
	if (kind && npos && strcmp(kind, "command") == 0)
		return NULL;
	return kind;
}

/* --name=VALUE in the last word. */
static bool place_joined(struct place *p)
{
	size_t len = strcspn(p->last, "=");

	if (strncmp(p->last, "--", 2) != 0 || !p->last[len])
		return false;
	p->value_of = find_opt(p->cmd, p->last + 2, len - 2, 0);
	p->prefix = len + 1;
	p->kind = p->value_of ? p->value_of->complete : NULL;
	return true;
}

static void place_last(struct walk *w)
{
	struct place *p = w->place;
	bool option = !w->only_args && p->last[0] == '-';

	if (w->waits && !(option && w->words_taken)) {
		p->value_of = w->waits;
		p->kind = w->waits->complete;
		p->complete_words = w->words_taken ? p->complete_words : w->waits_at;
	} else if (option) {
		p->option = !place_joined(p);
	} else if (p->cmd) {
		p->kind = positional_kind(p->cmd, w->npos);
	} else if (!p->unknown) {
		p->kind = "command";
	}
}

void place_find(struct place *p, char *const *words, size_t n)
{
	struct walk w = {.place = p};

	*p = (struct place){.last = n ? words[n - 1] : "", .complete_words = n ? n - 1 : 0};
	for (size_t i = 0; i + 1 < n; i++)
		step(&w, words[i], i);
	place_last(&w);
}

/* What was typed of a choice may be in any case, as when it is parsed. */
static bool begins(const struct place *p, const char *text)
{
	const char *typed = p->last + p->prefix;
	bool choice = p->value_of && p->value_of->type == OPT_CHOICE;

	return (choice ? strncasecmp : strncmp)(text, typed, strlen(typed)) == 0;
}

static void push(struct candidates *c, char *text)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 32;
		c->items = xreallocarray(c->items, c->cap, sizeof(*c->items));
	}
	c->items[c->n++] = text;
}

void candidates_add(struct candidates *c, const char *text)
{
	if (begins(c->place, text))
		push(c, xasprintf("%.*s%s", (int)c->place->prefix, c->place->last, text));
}

void candidates_fini(struct candidates *c)
{
	while (c->n)
		free(c->items[--c->n]);
	free(c->items);
	*c = (struct candidates){.place = c->place};
}

static void add_commands(struct candidates *c)
{
	for (size_t i = 0; commands[i]; i++)
		if (!(commands[i]->flags & CMD_HIDDEN))
			candidates_add(c, commands[i]->name);
}

/* One value goes behind '='; a list of words does not. */
static void add_options(struct candidates *c, const struct opt *o)
{
	for (; o && o->name; o++) {
		char *text;
		if (o->hidden)
			continue;
		text = xasprintf("--%s%s", o->name,
			o->type == OPT_FLAG || o->type == OPT_WORDS ? "" : "=");
		candidates_add(c, text);
		free(text);
	}
}

static void add_choices(struct candidates *c, const char *choices)
{
	while (*choices) {
		size_t len = strcspn(choices, "|");
		char *word = xstrndup(choices, len);
		candidates_add(c, word);
		free(word);
		choices += len + (choices[len] == '|');
	}
}

void candidates_static(struct candidates *c)
{
	const struct place *p = c->place;

	if (p->option) {
		add_options(c, p->cmd ? p->cmd->opts : NULL);
		add_options(c, global_opts);
	} else if (p->value_of && p->value_of->choices) {
		add_choices(c, p->value_of->choices);
	} else if (p->kind && strcmp(p->kind, "command") == 0) {
		add_commands(c);
	} else if (p->kind && strcmp(p->kind, "id") == 0) {
		candidates_add(c, "last");
	} else if (p->kind && strcmp(p->kind, "file") == 0) {
		push(c, xstrdup(COMPLETE_FILES));
	}
}
