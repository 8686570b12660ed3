/* Options of commands: first the words are taken (opt_words.c), then what they left open is looked up outside.
 *
 * Every option of the tables has one slot, which holds its value from wherever it came. A name that stands in two tables
 * has the slot of the first. */
#include "base/opt_slot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct opt_slot *opt_slot_find(const struct opts *o, const char *name)
{
	for (size_t i = 0; i < o->nslots; i++)
		if (strcmp(o->slots[i].opt->name, name) == 0)
			return &o->slots[i];
	return NULL;
}

/* The tables end with an option that has no name. */
static void add_slots(struct opts *o, const struct opt *table)
{
	for (; table->name; table++) {
		if (opt_slot_find(o, table->name))
			continue;
		o->slots = xreallocarray(o->slots, o->nslots + 1, sizeof(*o->slots));
		o->slots[o->nslots++] = (struct opt_slot){
			.opt = table,
			.number = table->type == OPT_DURATION ? -1 : 0,
		};
	}
}

static bool is_list(const struct opt_slot *s)
{
	return s->opt->type == OPT_MANY || s->opt->type == OPT_WORDS;
}

int opt_slot_put(struct opt_slot *s, const char *text, enum err_code code, struct err *e)
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

int opt_slot_put_split(struct opt_slot *s, const char *text, const char *separators,
	enum err_code code, struct err *e)
{
	while (*(text += strspn(text, separators))) {
		size_t n = strcspn(text, separators);
		char *piece = xstrndup(text, n);
		int r = opt_slot_put(s, piece, code, e);
		free(piece);
		if (r < 0)
			return -1;
		text += n;
	}
	return 0;
}

/* Puts a value that came from outside the words. */
static int put_outside(struct opt_slot *s, enum opt_origin origin, const char *text,
	enum err_code code, struct err *e)
{
	s->origin = origin;
	if (s->opt->type == OPT_WORDS)
		return opt_slot_put_split(s, text, s->opt->commas ? ", \t" : " \t", code, e);
	return opt_slot_put(s, text, code, e);
}

static int look_up(struct opt_slot *s, opt_config_fn *config, void *arg, struct err *e)
{
	const struct opt *opt = s->opt;
	const char *text, *where = NULL;

	text = opt->env ? getenv(opt->env) : NULL;
	if (text && *text) {
		s->where = xstrdup(opt->env);
		if (put_outside(s, OPT_ENV, text, ERR_USAGE, e) < 0)
			return err_prefix(e, "%s", opt->env);
		return 0;
	}
	text = opt->conf && config ? config(arg, opt->name, &where) : NULL;
	if (text) {
		s->where = xstrdup(where);
		if (put_outside(s, OPT_CONFIG, text, ERR_CONFIG, e) < 0)
			return err_prefix(e, "%s: %s", where ? where : "configuration",
				opt->name);
		return 0;
	}
	if (opt->def && put_outside(s, OPT_DEFAULT, opt->def, ERR_BUG, e) < 0)
		BUG("the default of --%s is no value of it: %s", opt->name, opt->def);
	return 0;
}

struct opts *opts_parse(const struct opt *const *tables, size_t ntables, char *const *words,
	size_t n, bool stop_early, opt_config_fn *config, void *config_arg, struct err *e)
{
	struct opts *o = xcalloc(1, sizeof(*o));

	o->dashdash = SIZE_MAX;
	for (size_t i = 0; i < ntables; i++)
		add_slots(o, tables[i]);
	if (opt_take_words(o, words, n, stop_early, e) < 0)
		goto fail;
	for (size_t i = 0; i < o->nslots; i++)
		if (o->slots[i].origin == OPT_UNSET &&
			look_up(&o->slots[i], config, config_arg, e) < 0)
			goto fail;
	return o;
fail:
	opts_free(&o);
	return NULL;
}

static void free_strings(char **strings, size_t n)
{
	while (n)
		free(strings[--n]);
	free(strings);
}

void opts_free(struct opts **o)
{
	struct opts *gone = *o;

	*o = NULL;
	if (!gone)
		return;
	for (size_t i = 0; i < gone->nslots; i++) {
		free_strings(gone->slots[i].values, gone->slots[i].nvalues);
		free(gone->slots[i].where);
	}
	free(gone->slots);
	free_strings(gone->args, gone->nargs);
	free(gone);
}

static const struct opt_slot *need(const struct opts *o, const char *name)
{
	const struct opt_slot *s = opt_slot_find(o, name);

	if (!s)
		BUG("no option --%s in the tables", name);
	return s;
}

static int64_t number(const struct opts *o, const char *name, enum opt_type type)
{
	const struct opt_slot *s = need(o, name);

	if (s->opt->type != type)
		BUG("--%s has another type", name);
	return s->number;
}

bool opts_flag(const struct opts *o, const char *name)
{
	return number(o, name, OPT_FLAG) != 0;
}

const char *opts_str(const struct opts *o, const char *name)
{
	const struct opt_slot *s = need(o, name);

	return s->nvalues ? s->values[s->nvalues - 1] : NULL;
}

int64_t opts_int(const struct opts *o, const char *name)
{
	return number(o, name, OPT_INT);
}

int64_t opts_ms(const struct opts *o, const char *name)
{
	return number(o, name, OPT_DURATION);
}

int64_t opts_size(const struct opts *o, const char *name)
{
	return number(o, name, OPT_SIZE);
}

size_t opts_many(const struct opts *o, const char *name, const char *const **values)
{
	const struct opt_slot *s = need(o, name);

	*values = (const char *const *)s->values;
	return s->nvalues;
}

bool opts_given(const struct opts *o, const char *name)
{
	return need(o, name)->origin > OPT_DEFAULT;
}

bool opts_has(const struct opts *o, const char *name)
{
	return opt_slot_find(o, name) != NULL;
}

enum opt_origin opts_origin(const struct opts *o, const char *name, const char **where)
{
	const struct opt_slot *s = need(o, name);

	if (where)
		*where = s->where;
	return s->origin;
}

size_t opts_nargs(const struct opts *o)
{
	return o->nargs;
}

const char *opts_arg(const struct opts *o, size_t i)
{
	return i < o->nargs ? o->args[i] : NULL;
}

size_t opts_dashdash(const struct opts *o)
{
	return o->dashdash < o->nargs ? o->dashdash : o->nargs;
}
