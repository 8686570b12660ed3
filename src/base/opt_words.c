/* The words of a command line: which are options, which are their values, which are positionals. */
#include "base/opt_slot.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

/* The words as they are gone through. */
struct parse {
	struct opts *o;
	char *const *words;
	size_t n, at; /* at: the next one */
	struct err *e;
};

static struct opt_slot *find_letter(const struct opts *o, char letter)
{
	for (size_t i = 0; i < o->nslots; i++)
		if (o->slots[i].opt->letter == letter)
			return &o->slots[i];
	return NULL;
}

static void add_arg(struct opts *o, const char *word)
{
	o->args = xreallocarray(o->args, o->nargs + 1, sizeof(*o->args));
	o->args[o->nargs++] = xstrdup(word);
}

static int put_given(struct parse *p, struct opt_slot *s, const char *text)
{
	int r;

	s->origin = OPT_GIVEN;
	if (s->opt->type == OPT_WORDS && s->opt->commas)
		r = opt_slot_put_split(s, text, ",", ERR_USAGE, p->e);
	else
		r = opt_slot_put(s, text, ERR_USAGE, p->e);
	return r < 0 ? err_prefix(p->e, "--%s", s->opt->name) : 0;
}

/* A word that an option starts with; "-", -5 and -.5 are none, but a digit alone may be an option's letter: -0. */
static bool is_option(const struct opts *o, const char *word)
{
	if (word[0] != '-' || !word[1] || word[1] == '.')
		return false;
	return !isdigit((unsigned char)word[1]) || (!word[2] && find_letter(o, word[1]));
}

/* `value` is what stood in the same word, or NULL: then the next word is the value, or all up to the next option. */
static int take_value(struct parse *p, struct opt_slot *s, const char *value)
{
	bool words = s->opt->type == OPT_WORDS;

	if (value)
		return put_given(p, s, value);
	if (p->at == p->n || (words && is_option(p->o, p->words[p->at])))
		return err_set(p->e, ERR_USAGE, "--%s: a value is missing: --%s %s",
			s->opt->name, s->opt->name, s->opt->arg ? s->opt->arg : "VALUE");
	do {
		if (put_given(p, s, p->words[p->at++]) < 0)
			return -1;
	} while (words && p->at < p->n && !is_option(p->o, p->words[p->at]));
	return 0;
}

/* The option of exactly this long name; *no: it is a flag and was named with "no-". */
static struct opt_slot *find_exact(const struct opts *o, const char *word, bool *no)
{
	struct opt_slot *s = opt_slot_find(o, word);

	*no = false;
	if (s || strncmp(word, "no-", 3) != 0)
		return s;
	*no = true;
	s = opt_slot_find(o, word + 3);
	return s && s->opt->type == OPT_FLAG ? s : NULL;
}

/* Does the name begin with this? Hidden ones must be written out: no message could list them. */
static bool has_prefix(const struct opt_slot *s, const char *word, bool no)
{
	if (no && (s->opt->type != OPT_FLAG || strncmp(word, "no-", 3) != 0))
		return false;
	word += no ? 3 : 0;
	return *word && !s->opt->hidden && strncmp(s->opt->name, word, strlen(word)) == 0;
}

/* How many names begin with the word; *slot and *no get the last one, `list` all. */
static size_t find_prefix(const struct opts *o, const char *word, struct opt_slot **slot,
	bool *no, struct buf *list)
{
	size_t n = 0;

	for (size_t i = 0; i < 2 * o->nslots; i++) {
		struct opt_slot *s = &o->slots[i / 2];
		bool negated = i & 1;
		if (!has_prefix(s, word, negated))
			continue;
		*slot = s;
		*no = negated;
		buf_addf(list, "%s--%s%s", n++ ? ", " : "", negated ? "no-" : "", s->opt->name);
	}
	return n;
}

/* The name nearest to a long word, or NULL. */
static const char *nearest(const struct opts *o, const char *word, bool flags)
{
	const char **names = xreallocarray(NULL, o->nslots + 1, sizeof(*names));
	const char *found;
	size_t n = 0;

	for (size_t i = 0; i < o->nslots; i++)
		if (!o->slots[i].opt->hidden && (!flags || o->slots[i].opt->type == OPT_FLAG))
			names[n++] = o->slots[i].opt->name;
	found = str_nearest(word, names, n);
	free(names);
	return found;
}

/* `shown` is the option as it was written, `word` what its long name may have been meant to be. */
static int unknown(struct parse *p, const char *shown, const char *word)
{
	const char *name = nearest(p->o, word, false);
	bool no = !name && strncmp(word, "no-", 3) == 0;

	if (no)
		name = nearest(p->o, word + 3, true);
	if (!name)
		return err_set(p->e, ERR_USAGE, "unknown option %s", str_show(shown));
	return err_set(p->e, ERR_USAGE, "unknown option %s (did you mean --%s%s?)",
		str_show(shown), no ? "no-" : "", name);
}

static int unknown_letter(struct parse *p, const char *word, char letter)
{
	char *shown = word[2] ? xasprintf("-%c in %s", letter, word) : xstrdup(word);

	unknown(p, shown, word + 1);
	free(shown);
	return -1;
}

static struct opt_slot *find_long(struct parse *p, const char *shown, const char *word,
	bool *no)
{
	struct opt_slot *slot = find_exact(p->o, word, no);
	struct buf list = BUF_INIT;
	size_t n;

	if (slot)
		return slot;
	n = find_prefix(p->o, word, &slot, no, &list);
	if (n > 1)
		err_set(p->e, ERR_USAGE, "%s is ambiguous: %s", str_show(shown),
			buf_str(&list));
	else if (!n)
		unknown(p, shown, word);
	buf_fini(&list);
	return n == 1 ? slot : NULL;
}

/* --NAME, --no-NAME, --NAME=VALUE, --NAME VALUE */
static int take_long(struct parse *p, const char *word)
{
	size_t len = strcspn(word, "=");
	const char *value = word[len] ? word + len + 1 : NULL;
	char *shown = xstrndup(word, len);
	bool no;
	struct opt_slot *s = find_long(p, shown, shown + 2, &no);
	int r = -1;

	if (s && s->opt->type != OPT_FLAG)
		r = take_value(p, s, value);
	else if (s && value)
		r = err_set(p->e, ERR_USAGE, "--%s takes no value: --%s or --no-%s",
			s->opt->name, s->opt->name, s->opt->name);
	else if (s)
		r = put_given(p, s, no ? "false" : "true");
	free(shown);
	return r;
}

/* -x, -xyz, -x VALUE, -xVALUE */
static int take_letters(struct parse *p, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		struct opt_slot *s = find_letter(p->o, *c);
		if (!s)
			return unknown_letter(p, word, *c);
		if (s->opt->type != OPT_FLAG)
			return take_value(p, s, c[1] ? c + 1 : NULL);
		if (put_given(p, s, "true") < 0)
			return -1;
	}
	return 0;
}

int opt_take_words(struct opts *o, char *const *words, size_t n, bool stop_early, struct err *e)
{
	struct parse p = {.o = o, .words = words, .n = n, .e = e};
	bool only_args = false;

	while (p.at < p.n) {
		const char *word = p.words[p.at++];
		int r = 0;
		if (!only_args && strcmp(word, "--") == 0) {
			only_args = true;
			o->dashdash = o->nargs;
		} else if (only_args || !is_option(o, word)) {
			only_args = only_args || stop_early;
			add_arg(o, word);
		} else {
			r = word[1] == '-' ? take_long(&p, word) : take_letters(&p, word);
		}
		if (r < 0)
			return -1;
	}
	return 0;
}
