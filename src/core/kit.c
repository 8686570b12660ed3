/* What a worker brings beside its tasks: the words that it has, and its modules with their digests. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/core.h"

static void free_modules(struct worker_module *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].digest);
		free(list[i].broken);
	}
	free(list);
}

void kit_free(struct worker *w)
{
	free(w->has);
	free_modules(w->modules, w->nmodules);
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The same fault is told once, however often the worker joins. */
static bool known(const struct worker_module *old, size_t n, const struct worker_module *m)
{
	for (size_t i = 0; i < n; i++)
		if (old[i].told && same(old[i].name, m->name) && same(old[i].broken, m->broken))
			return true;
	return false;
}

void kit_take(struct worker *w, const struct worker_spec *spec)
{
	struct worker_module *old = w->modules;
	size_t nold = w->nmodules;
	char *has = xstrdup(spec->has);

	free(w->has);
	w->has = has;
	w->nmodules = spec->nmodules;
	w->modules = xcalloc(spec->nmodules + 1, sizeof(*w->modules));
	for (size_t i = 0; i < spec->nmodules; i++) {
		const struct worker_module *m = &spec->modules[i];
		w->modules[i] = (struct worker_module){.name = xstrdup(m->name),
			.digest = xstrdup(m->digest),
			.broken = xstrdup(m->broken),
			.told = known(old, nold, m)};
	}
	free_modules(old, nold);
}

void kit_tell(struct core *c, struct now now, struct worker *w)
{
	for (size_t i = 0; i < w->nmodules; i++) {
		struct worker_module *m = &w->modules[i];
		struct event *ev;
		if (!m->broken || m->told)
			continue;
		m->told = true;
		ev = act_event(c, now, EVENT_WORKER_MODULE_BROKEN, NULL);
		event_copy(ev->worker, sizeof(ev->worker), w->id);
		event_copy(ev->text, sizeof(ev->text), m->broken);
	}
}
