/* Names with needs. A task that is submitted with needs waits in a queue of its own: a variant of its name, which has the waiting lists, the pace and the workers
 * of a name, but only those workers that have all that is needed. So the scheduler sees nothing of needs, and a variant that nobody can take is
 * passed over like any name that nobody can take. What a module says that its task needs decides whether a worker counts for the name at all. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/needs.h"

static struct name *find(const struct name *base, const char *needs)
{
	struct name *v = base->variants;

	while (v && strcmp(v->needs, needs) != 0)
		v = v->next;
	return v;
}

bool variant_room(const struct core *c, const char *name, const char *needs)
{
	const struct name *base = core_name(c, name);

	return !needs || !*needs || (base && find(base, needs)) || c->nvariants < NAMES_MAX;
}

struct name *variant_take(struct core *c, struct name *base, const char *needs)
{
	struct name *v;

	if (!needs || !*needs)
		return base;
	v = find(base, needs);
	if (v)
		return v;
	v = name_new(base->text);
	v->needs = xstrdup(needs);
	v->of = base;
	v->next = base->variants;
	base->variants = v;
	c->nvariants++;
	for (size_t i = 0; i < base->nworkers; i++)
		if (needs_met(needs, base->workers[i]->has))
			name_add_worker(v, base->workers[i]);
	return v;
}

void variants_join(struct name *base, struct worker *w)
{
	for (struct name *v = base->variants; v; v = v->next)
		if (needs_met(v->needs, w->has))
			name_add_worker(v, w);
}

void variants_forget(struct name *base, const struct worker *w)
{
	for (struct name *v = base->variants; v; v = v->next)
		name_remove_worker(v, w);
}

size_t core_name_waiting(const struct name *n)
{
	size_t sum = n->nwaiting;

	for (const struct name *v = n->variants; v; v = v->next)
		sum += v->nwaiting;
	return sum;
}

static bool open_for(const struct name *n)
{
	for (size_t i = 0; i < n->nworkers; i++)
		if (n->workers[i]->state == PEER_ACTIVE && !n->workers[i]->draining)
			return true;
	return false;
}

static bool anybody_has(const struct core *c, const char *word, size_t n)
{
	for (struct list *e = c->all_workers.next; e != &c->all_workers; e = e->next) {
		const struct worker *w = container_of(e, struct worker, all);
		if (w->state == PEER_ACTIVE && needs_has(w->has, word, n))
			return true;
	}
	return false;
}

static void add_missing(const struct core *c, struct buf *to, const char *needs)
{
	size_t n;
	const char *p;

	while ((p = needs_next(&needs, &n)))
		if (!anybody_has(c, p, n))
			buf_addf(to, "%s%.*s", to->len ? ", " : "no worker has ", (int)n, p);
}

char *core_why_waiting(const struct core *c, const struct task *t)
{
	const struct name *n = t->name, *base = n->of ? n->of : n;
	struct buf text = BUF_INIT;

	if (t->state != TASK_QUEUED || open_for(n))
		return NULL;
	add_missing(c, &text, base->module_needs);
	add_missing(c, &text, n->needs);
	if (text.len)
		return buf_steal(&text);
	if (n->nworkers)
		buf_adds(&text, "each worker that can take it is away or draining");
	else if (base->withdrawn)
		buf_addf(&text, "no worker has a task \"%s\" any more: its module was changed",
			base->text);
	else if (!base->announced)
		buf_addf(&text, "no worker ever had a task \"%s\"", base->text);
	else if (n->needs || base->module_needs)
		buf_addf(&text, "no worker has a task \"%s\" and all that it needs: %s%s%s",
			base->text, base->module_needs ? base->module_needs : "",
			n->needs && base->module_needs ? "," : "", n->needs ? n->needs : "");
	else
		buf_addf(&text, "no worker has a task \"%s\" now", base->text);
	return buf_steal(&text);
}
