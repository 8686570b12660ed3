/* What a selector names: a UUID, a number, `last`, a range, a group. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "node/server.h"

#define SELECT_MAX 20000 /* tasks that one request may name */

static bool give(struct peer *p, struct task *t, select_fn *fn, void *arg)
{
	if (!t || !peer_may_see(p, t))
		return false;
	fn(arg, t);
	return true;
}

static bool parse_range(const char *s, int64_t *from, int64_t *to)
{
	char left[24];
	const char *dash = strchr(s, '-');
	size_t n = dash ? (size_t)(dash - s) : 0;

	if (n == 0 || n >= sizeof(left))
		return false;
	memcpy(left, s, n);
	left[n] = '\0';
	return str_i64(left, 1, INT64_MAX, from) && str_i64(dash + 1, *from, INT64_MAX, to);
}

/* Numbers that are there: beyond the newest is nothing to look at. */
static int64_t clamp(struct peer *p, int64_t to)
{
	const struct task *newest = core_last(p->server->core, NULL);
	int64_t n = newest ? (int64_t)newest->n : 0;

	return to < n ? to : n;
}

static bool give_range(struct peer *p, int64_t from, int64_t to, select_fn *fn, void *arg)
{
	bool any = false;

	to = clamp(p, to);
	for (int64_t n = from; n <= to; n++)
		any |= give(p, persist_task_n(p->server, (uint64_t)n), fn, arg);
	return any;
}

/* b3 */
static struct group *find_group(struct peer *p, const char *s)
{
	struct group *g = NULL;
	int64_t n;

	if (*s == 'b' && str_i64(s + 1, 1, INT64_MAX, &n))
		g = core_group_n(p->server->core, (uint64_t)n);
	return g;
}

struct giving {
	struct peer *peer;
	select_fn *fn;
	void *arg;
	bool any;
};

static void give_member(void *arg, struct task *t)
{
	struct giving *g = arg;

	g->any |= give(g->peer, t, g->fn, g->arg);
}

static bool give_group(struct peer *p, const struct group *g, select_fn *fn, void *arg)
{
	struct giving all = {p, fn, arg, false};

	core_group_each(p->server->core, g, give_member, &all);
	return all.any;
}

/* How many tasks a selector names at most. */
static int64_t count(struct peer *p, const char *selector)
{
	const struct group *g = find_group(p, selector);
	int64_t from, to;

	if (g)
		return (int64_t)g->ntasks;
	if (!parse_range(selector, &from, &to))
		return 1;
	to = clamp(p, to);
	return to > from ? to - from + 1 : 1;
}

int select_check(struct peer *p, const struct msg *m, struct err *e)
{
	char selector[128];
	int64_t total = 0;

	for (const struct json_node *v = msg_list(m->head, "ids"); v; v = json_next(v))
		total += json_strcpy(v, selector, sizeof(selector)) ? count(p, selector) : 1;
	if (total <= SELECT_MAX)
		return 0;
	return err_set(e, ERR_USAGE,
		"one request names at most %d tasks; ask for fewer at a time", SELECT_MAX);
}

bool select_tasks(struct peer *p, const char *selector, select_fn *fn, void *arg)
{
	struct core *c = p->server->core;
	const char *s = *selector == '#' ? selector + 1 : selector;
	const struct group *g;
	struct uuid id;
	int64_t from, to;

	if (uuid_parse(s, &id))
		return give(p, persist_task(p->server, &id), fn, arg);
	if (str_i64(s, 1, INT64_MAX, &from))
		return give(p, persist_task_n(p->server, (uint64_t)from), fn, arg);
	if (strcmp(s, "last") == 0)
		return give(p, core_last(c, p->principal), fn, arg);
	if (parse_range(s, &from, &to))
		return give_range(p, from, to, fn, arg);
	g = find_group(p, s);
	return g && give_group(p, g, fn, arg);
}

struct group *select_group(struct peer *p, const char *selector)
{
	struct group *g = find_group(p, selector);

	return g && ((p->roles & ROLE_ADMIN) || strcmp(g->owner, p->principal) == 0) ? g : NULL;
}
