/* What a selector names: a UUID, a number, `last`, a range. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "node/server.h"

#define RANGE_MAX 100000

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

static bool give_range(struct peer *p, int64_t from, int64_t to, select_fn *fn, void *arg)
{
	bool any = false;

	for (int64_t n = from; n <= to && n - from < RANGE_MAX; n++)
		any |= give(p, core_task_n(p->server->core, (uint64_t)n), fn, arg);
	return any;
}

bool select_tasks(struct peer *p, const char *selector, select_fn *fn, void *arg)
{
	struct core *c = p->server->core;
	const char *s = *selector == '#' ? selector + 1 : selector;
	struct uuid id;
	int64_t from, to;

	if (uuid_parse(s, &id))
		return give(p, core_task(c, &id), fn, arg);
	if (str_i64(s, 1, INT64_MAX, &from))
		return give(p, core_task_n(c, (uint64_t)from), fn, arg);
	if (strcmp(s, "last") == 0)
		return give(p, core_last(c, p->principal), fn, arg);
	if (parse_range(s, &from, &to))
		return give_range(p, from, to, fn, arg);
	return false;
}
