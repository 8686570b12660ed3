/* Options of commands: first the words are taken, then what they left open is looked up outside.
 *
 * Every option of the tables has one slot, which holds its value from wherever it came. A name that stands in two tables
 * has the slot of the first. */
#include "base/opt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

struct slot {
	const struct opt *opt;
	enum opt_origin origin;
	char *where;   /* "FILE:LINE" or the variable, or NULL */
	char **values; /* checked; more than one only of OPT_MANY and OPT_WORDS */
	size_t nvalues;
	int64_t number; /* of flags, ints and durations */
};

struct opts {
	struct slot *slots;
	size_t nslots;
	char **args;
	size_t nargs;
	size_t dashdash;
};

/* The words as they are gone through. */
struct parse {
	struct opts *o;
	char *const *words;
	size_t n, at; /* at: the next one */
	struct err *e;
};

static struct slot *find(const struct opts *o, const char *name)
{
	for (size_t i = 0; i < o->nslots; i++)
		if (strcmp(o->slots[i].opt->name, name) == 0)
			return &o->slots[i];
	return NULL;
}

static struct slot *find_letter(const struct opts *o, char letter)
{
	for (size_t i = 0; i < o->nslots; i++)
		if (o->slots[i].opt->letter == letter)
			return &o->slots[i];
	return NULL;
}

/* The tables end with an option that has no name. */
static void add_slots(struct opts *o, const struct opt *table)
{
	for (; table->name; table++) {
		if (find(o, table->name))
			continue;
		o->slots = xreallocarray(o->slots, o->nslots + 1, sizeof(*o->slots));
		o->slots[o->nslots++] = (struct slot){
			.opt = table,
			.number = table->type == OPT_DURATION ? -1 : 0,
		};
	}
}

static void add_arg(struct opts *o, const char *word)
{
	o->args = xreallocarray(o->args, o->nargs + 1, sizeof(*o->args));
	o->args[o->nargs++] = xstrdup(word);
}

static bool is_list(const struct slot *s)
{
	return s->opt->type == OPT_MANY || s->opt->type == OPT_WORDS;
}

/* Checks one value and puts it into the slot: behind the others of a list, else in place of the one that was there. */
static int put(struct slot *s, const char *text, enum err_code code, struct err *e)
{
	char *value = opt_check(s->opt, text, &s->number, code, e);

	if (!value)
		return -1;
	if (!is_list(s) && s->nvalues)
		free(s->values[--s->nvalues]);
	s->values = xreallocarray(s->values, s->nvalues + 1, sizeof(*s->values));
	s->values[s->nvalues++] = value;
	return 0;
}

/* Puts each piece of text between separators; empty ones are none. */
static int put_split(struct slot *s, const char *text, const char *separators, enum err_code code,
	struct err *e)
{
	while (*(text += strspn(text, separators))) {
		size_t n = strcspn(text, separators);
		char *piece = xstrndup(text, n);
		int r = put(s, piece, code, e);
		free(piece);
		if (r < 0)
			return -1;
		text += n;
	}
	return 0;
}

static int put_given(struct parse *p, struct slot *s, const char *text)
{
	int r;

	s->origin = OPT_GIVEN;
	if (s->opt->type == OPT_WORDS && s->opt->commas)
		r = put_split(s, text, ",", ERR_USAGE, p->e);
	else
		r = put(s, text, ERR_USAGE, p->e);
	return r < 0 ? err_prefix(p->e, "--%s", s->opt->name) : 0;
}

/* A word that an option starts with; "-", -5 and -.5 are none. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && word[1] != '.' && !isdigit((unsigned char)word[1]);
}

/* `value` is what stood in the same word, or NULL: then the next word is the value, or all up to the next option. */
static int take_value(struct parse *p, struct slot *s, const char *value)
{
	bool words = s->opt->type == OPT_WORDS;

	if (value)
		return put_given(p, s, value);
	if (p->at == p->n || (words && is_option(p->words[p->at])))
		return err_set(p->e, ERR_USAGE, "--%s: a value is missing: --%s %s", s->opt->name,
			s->opt->name, s->opt->arg ? s->opt->arg : "VALUE");
	do {
		if (put_given(p, s, p->words[p->at++]) < 0)
			return -1;
	} while (words && p->at < p->n && !is_option(p->words[p->at]));
	return 0;
}

/* The option that a long word names: exactly, or, when `prefix`, by its beginning. `no`: only flags, by "no-NAME". */
static bool is_named(const struct slot *s, const char *word, bool no, bool prefix)
{
	if (no && (s->opt->type != OPT_FLAG || strncmp(word, "no-", 3) != 0))
		return false;
	word += no ? 3 : 0;
	if (!prefix)
		return strcmp(s->opt->name, word) == 0;
	return *word && !s->opt->hidden && strncmp(s->opt->name, word, strlen(word)) == 0;
}

/* How many options the word names; *slot and *no get the last, `list` them all. */
static size_t match(const struct opts *o, const char *word, bool prefix, struct slot **slot,
	bool *no, struct buf *list)
{
	size_t n = 0;

	for (size_t i = 0; i < 2 * o->nslots; i++) {
		struct slot *s = &o->slots[i / 2];
		if (!is_named(s, word, i & 1, prefix))
			continue;
		*slot = s;
		*no = i & 1;
		buf_addf(list, "%s--%s%s", n++ ? ", " : "", *no ? "no-" : "", s->opt->name);
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

static struct slot *find_long(struct parse *p, const char *shown, const char *word, bool *no)
{
	struct buf list = BUF_INIT;
	struct slot *slot = NULL;
	size_t n = match(p->o, word, false, &slot, no, &list);

	/* A name that is there twice is there as --NAME and as the --no-... of another: the first is meant. */
	if (n > 1)
		slot = find(p->o, word);
	*no = n > 1 ? false : *no;
	if (!n)
		n = match(p->o, word, true, &slot, no, &list);
	else
		n = 1;
	if (!n)
		unknown(p, shown, word);
	if (n > 1)
		err_set(p->e, ERR_USAGE, "%s is ambiguous: %s", str_show(shown), buf_str(&list));
	buf_fini(&list);
	return n == 1 ? slot : NULL;
}
