/* What a worker says of itself: its tasks, its modules and what it has. */
#include "node/announcement.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MODULES_MAX 10000 /* that are looked at */

void announcement_fini(struct announcement *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free((char *)a->tasks[i].name);
		free((char *)a->tasks[i].module);
		free((char *)a->tasks[i].doc);
		free((char *)a->tasks[i].params);
		free((char *)a->tasks[i].needs);
	}
	for (size_t i = 0; i < a->nmodules; i++) {
		free(a->modules[i].name);
		free(a->modules[i].digest);
		free(a->modules[i].broken);
	}
	free(a->tasks);
	free(a->modules);
}

/* In the one form; a set that is none counts as one that nobody has. */
static char *read_needs(const struct json_node *o)
{
	char *text = json_strdup(json_get(o, "needs")), set[NEEDS_TEXT];

	if (!text || needs_parse(text, set, NULL))
		return text;
	free(text);
	return *set ? xstrdup(set) : NULL;
}

static void read_task(struct announcement *a, const struct json_node *o)
{
	char *name = json_strdup(json_get(o, "name"));

	if (!name || !str_task_name(name)) {
		free(name);
		return;
	}
	a->tasks = xreallocarray(a->tasks, a->n + 1, sizeof(*a->tasks));
	a->tasks[a->n++] = (struct worker_task){.name = name,
		.module = json_strdup(json_get(o, "module")),
		.doc = json_strdup(json_get(o, "doc")),
		.params = json_strdup(json_get(o, "params")),
		.needs = read_needs(o)};
}

static void read_module(struct announcement *a, const struct json_node *o)
{
	char *name = json_strdup(json_get(o, "name"));

	if (!name || a->nmodules == MODULES_MAX) {
		free(name);
		return;
	}
	a->modules = xreallocarray(a->modules, a->nmodules + 1, sizeof(*a->modules));
	a->modules[a->nmodules++] = (struct worker_module){.name = name,
		.digest = json_strdup(json_get(o, "digest")),
		.broken = json_strdup(json_get(o, "broken"))};
}

int announcement_read(struct announcement *a, const struct msg *m, struct err *e)
{
	char has[1100];

	memset(a, 0, sizeof(*a));
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		read_task(a, o);
	for (const struct json_node *o = msg_list(m->head, "modules"); o; o = json_next(o))
		read_module(a, o);
	if (msg_str(m->head, "has", has, sizeof(has)) && needs_parse(has, a->has, e)) {
		e->code = ERR_DATA;
		return -1;
	}
	return 0;
}
