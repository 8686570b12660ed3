/* Loading modules again while their tasks are in use. Each module is loaded on its own: one that is broken stays as it was, and takes no other down. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "node/module_copy.h"
#include "node/module_task.h"

#define KEEP_COPIES                                                                            \
	32 /* of older versions, for tasks that were given to a runner and have not started */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The version before goes on. */
static void keep(struct modules *next, const struct modules *old, size_t i, const char *why)
{
	struct module *as = &next->list[i];
	const struct module *was = &old->list[i];
	free(as->name);
	free(as->path);
	as->name = xstrdup(was->name);
	as->path = xstrdup(was->path);
	as->broken = xstrdup(why);
	memcpy(as->digest, was->digest, sizeof(as->digest));
	module_tasks_keep(next, old, i);
}

static bool unchanged(const struct modules *a, const struct modules *b)
{
	for (size_t i = 0; i < a->nlist; i++)
		if (!same(a->list[i].digest, b->list[i].digest) ||
			!same(a->list[i].broken, b->list[i].broken))
			return false;
	return module_tasks_same(a, b);
}

bool modules_reload(struct modules *m)
{
	struct modules next = {0};
	struct err e;
	modules_builtin(&next, NULL); /* it worked before */
	for (size_t i = 0; i < m->nlist; i++)
		if (module_load(&next, m->folder, m->list[i].spec, &e) < 0)
			keep(&next, m, i, e.text);
	bool changed = !unchanged(m, &next);
	next.folder = m->folder;
	next.copies = m->copies;
	next.ncopies = m->ncopies;
	m->folder = NULL;
	m->copies = NULL;
	m->ncopies = 0;
	modules_fini(m);
	*m = next;
	modules_note_copies(m);
	return changed;
}

static bool in_use(const struct modules *m, const char *copy)
{
	for (size_t i = 0; i < m->n; i++)
		if (same(m->tasks[i].source, copy))
			return true;
	return false;
}

static void take_out(struct modules *m, size_t i)
{
	free(m->copies[i]);
	m->ncopies--;
	memmove(m->copies + i, m->copies + i + 1, (m->ncopies - i) * sizeof(*m->copies));
}

static void note(struct modules *m, const char *copy)
{
	for (size_t i = 0; i < m->ncopies; i++)
		if (same(m->copies[i], copy)) {
			take_out(m, i);
			break;
		}
	m->copies = xreallocarray(m->copies, m->ncopies + 1, sizeof(*m->copies));
	m->copies[m->ncopies++] = xstrdup(copy);
}

void modules_note_copies(struct modules *m)
{
	const char *last = NULL;
	size_t used = 0;
	for (size_t i = 0; i < m->n; i++) {
		const char *copy = m->tasks[i].source;
		if (!copy || same(copy, last))
			continue;
		note(m, copy);
		last = copy;
		used++;
	}
	for (size_t i = 0; i < m->ncopies && m->ncopies > used + KEEP_COPIES;) {
		if (in_use(m, m->copies[i])) {
			i++;
			continue;
		}
		module_copy_drop(m->copies[i]);
		take_out(m, i);
	}
}
