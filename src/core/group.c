/* Groups live as long as a task of theirs is there, and some time longer: a client that feeds one slowly may come back when its earlier tasks were
 * forgotten. Of those without a task the newest are kept. */
#include "core/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/core.h"

#define EMPTY_MAX 1000 /* groups without a task */

static struct group *new_group(struct core *c, const struct group *from)
{
	struct group *g = xcalloc(1, sizeof(*g));

	g->id = from->id;
	g->n = from->n;
	g->owner = xstrdup(from->owner);
	g->cancelled = from->cancelled;
	g->saved = from->saved;
	list_init(&g->tasks);
	map_put(c->groups, g->id.b, sizeof(g->id.b), g);
	map_put(c->groups_by_n, &g->n, sizeof(g->n), g);
	list_push_back(&c->empty_groups, &g->empty);
	c->nempty_groups++;
	return g;
}

static void free_group(struct core *c, struct group *g)
{
	map_del(c->groups, g->id.b, sizeof(g->id.b));
	map_del(c->groups_by_n, &g->n, sizeof(g->n));
	if (list_linked(&g->empty))
		c->nempty_groups--;
	list_del(&g->empty);
	free(g->owner);
	free(g);
}

void groups_init(struct core *c)
{
	c->groups = map_new();
	c->groups_by_n = map_new();
	list_init(&c->empty_groups);
}

void groups_free(struct core *c)
{
	while (!list_empty(&c->empty_groups))
		free_group(c, list_first(&c->empty_groups, struct group, empty));
	map_free(&c->groups);
	map_free(&c->groups_by_n);
}

void groups_trim(struct core *c)
{
	while (c->nempty_groups > EMPTY_MAX)
		free_group(c, list_first(&c->empty_groups, struct group, empty));
}

struct group *core_group_n(const struct core *c, uint64_t n)
{
	return map_get(c->groups_by_n, &n, sizeof(n));
}

struct group *core_group_id(const struct core *c, const struct uuid *id)
{
	return map_get(c->groups, id->b, sizeof(id->b));
}

struct group *core_group(struct core *c, const struct uuid *id, const char *owner,
	struct err *e)
{
	struct group *g = core_group_id(c, id);

	if (!g)
		return new_group(c, &(struct group){.id = *id,
					    .n = ++c->last_group,
					    .owner = (char *)(uintptr_t)owner});
	if (strcmp(g->owner, owner) == 0 && !g->cancelled)
		return g;
	if (strcmp(g->owner, owner) != 0)
		err_set(e, ERR_DENIED,
			"this group belongs to somebody else; submit with a new id");
	else
		err_set(e, ERR_NO, "b%llu was cancelled: it takes no more tasks",
			(unsigned long long)g->n);
	return NULL;
}

void core_group_cancel(struct group *g)
{
	g->saved = g->saved && g->cancelled;
	g->cancelled = true;
}

struct group *core_restore_group(struct core *c, const struct group *kept)
{
	if (core_group_id(c, &kept->id) || core_group_n(c, kept->n))
		return NULL;
	core_restore_last_group(c, kept->n);
	return new_group(c, kept);
}

void core_restore_last_group(struct core *c, uint64_t n)
{
	if (n > c->last_group)
		c->last_group = n;
}

/* What is restored is older than all, or not much older than the youngest. */
void group_add(struct core *c, struct group *g, struct task *t)
{
	const struct task *oldest = list_first(&g->tasks, struct task, in_group);
	struct list *at = g->tasks.prev;

	if (oldest && oldest->n > t->n)
		at = &g->tasks;
	while (at != &g->tasks && container_of(at, struct task, in_group)->n > t->n)
		at = at->prev;
	list_insert_before(at->next, &t->in_group);
	t->group = g;
	if (g->ntasks++)
		return;
	list_del(&g->empty);
	c->nempty_groups--;
}

void group_remove(struct core *c, struct task *t)
{
	struct group *g = t->group;

	if (!g)
		return;
	t->group = NULL;
	list_del(&t->in_group);
	if (--g->ntasks)
		return;
	list_push_back(&c->empty_groups, &g->empty);
	c->nempty_groups++;
}

/* A task that fn, or what it led to, drops stays linked until core_sweep(). */
void core_group_each(const struct core *c, const struct group *g,
	void (*fn)(void *arg, struct task *t), void *arg)
{
	struct list *e, *tmp;

	list_each (e, tmp, &g->tasks) {
		struct task *t = container_of(e, struct task, in_group);
		if (core_task_n(c, t->n) == t)
			fn(arg, t);
	}
}
