/* Names of tasks: made at their first mention, known to the workers that announce them, never forgotten. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/core.h"
#include "core/needs.h"

struct name *name_new(const char *text)
{
	struct name *n = xcalloc(1, sizeof(*n));

	n->text = xstrdup(text);
	for (int p = 0; p < PRIO__COUNT; p++)
		list_init(&n->waiting[p]);
	return n;
}

static void name_free(struct name **n) // NOLINT(misc-no-recursion): a variant has none
{
	struct name *mine = *n;

	*n = NULL;
	while (mine->variants) {
		struct name *v = mine->variants;
		mine->variants = v->next;
		name_free(&v);
	}
	free(mine->text);
	free(mine->module_needs);
	free(mine->needs);
	free(mine->module);
	free(mine->doc);
	free(mine->params);
	free(mine->workers);
	free(mine);
}

void names_free(struct core *c)
{
	size_t pos = 0;
	void *v;

	while (map_each(c->names, &pos, NULL, &v)) {
		struct name *n = v;
		name_free(&n);
	}
	map_free(&c->names);
	free(c->known);
}

struct name *core_name(const struct core *c, const char *text)
{
	return map_gets(c->names, text);
}

struct name *name_take(struct core *c, const char *text)
{
	struct name *n = core_name(c, text);

	if (!n) {
		n = name_new(text);
		map_puts(c->names, text, n);
	}
	return n;
}

const struct map *core_names(const struct core *c)
{
	return c->names;
}

/* Only what a worker announced once: a deferred task with a typing error must not suggest itself. */
const char *core_name_near(const struct core *c, const char *text)
{
	return str_nearest(text, c->known, c->nknown);
}

static void replace(char **field, const char *with)
{
	free(*field);
	*field = xstrdup(with);
}

static void make_known(struct core *c, struct name *n)
{
	if (n->announced)
		return;
	n->announced = true;
	if (c->nknown == c->known_cap) {
		c->known_cap = c->known_cap ? 2 * c->known_cap : 16;
		c->known = xreallocarray(c->known, c->known_cap, sizeof(*c->known));
	}
	c->known[c->nknown++] = n->text;
}

void core_restore_name(struct core *c, const char *text)
{
	make_known(c, name_take(c, text));
}

const char *const *core_known(const struct core *c, size_t *n)
{
	*n = c->nknown;
	return c->known;
}

static bool has_worker(const struct name *n, const struct worker *w)
{
	for (size_t i = 0; i < n->nworkers; i++)
		if (n->workers[i] == w)
			return true;
	return false;
}

void name_add_worker(struct name *n, struct worker *w)
{
	if (n->nworkers == n->cap) {
		n->cap = n->cap ? 2 * n->cap : 4;
		n->workers = xreallocarray(n->workers, n->cap, sizeof(*n->workers));
	}
	n->workers[n->nworkers++] = w;
}

void name_announce(struct core *c, const struct worker_task *wt, struct worker *w)
{
	struct name *n;

	if (!core_name(c, wt->name) && map_count(c->names) >= 2 * NAMES_MAX)
		return;
	n = name_take(c, wt->name);
	replace(&n->module, wt->module);
	replace(&n->doc, wt->doc);
	replace(&n->params, wt->params);
	replace(&n->module_needs, wt->needs && *wt->needs ? wt->needs : NULL);
	n->withdrawn = false;
	make_known(c, n);
	/* An announcement may name a task twice, or one that the worker lacks something for. */
	if (has_worker(n, w) || !needs_met(wt->needs, w->has))
		return;
	name_add_worker(n, w);
	variants_join(n, w);
	w->names = xreallocarray(w->names, w->nnames + 1, sizeof(*w->names));
	w->names[w->nnames++] = n;
}

/* The order of the others stays: it has no meaning, but a simulation must be the same each time. */
void name_remove_worker(struct name *n, const struct worker *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->nworkers; i++)
		if (n->workers[i] != w)
			n->workers[kept++] = n->workers[i];
	n->nworkers = kept;
}

void names_forget(struct worker *w)
{
	for (size_t i = 0; i < w->nnames; i++) {
		name_remove_worker(w->names[i], w);
		variants_forget(w->names[i], w);
	}
	free(w->names);
	w->names = NULL;
	w->nnames = 0;
}

void names_withdraw(struct worker *w)
{
	struct name **old = w->names;
	size_t n = w->nnames;

	w->names = NULL;
	w->nnames = 0;
	for (size_t i = 0; i < n; i++) {
		name_remove_worker(old[i], w);
		variants_forget(old[i], w);
		old[i]->withdrawn = old[i]->nworkers == 0;
	}
	free(old);
}
