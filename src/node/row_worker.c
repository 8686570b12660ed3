/* The row of a worker, for `query`: what it is, what it does, and its modules with those pointed out that are not the same on every worker. */
#include <string.h>

#include "node/server.h"

static const char DIFFERS[] = ""; /* a place, not a text */

struct map *modules_compared(struct core *c)
{
	struct map *seen = map_new(); /* name -> digest, or DIFFERS */
	struct list *e, *tmp;

	list_each (e, tmp, core_workers(c)) {
		const struct worker *w = container_of(e, struct worker, all);
		for (size_t i = 0; w->state == PEER_ACTIVE && i < w->nmodules; i++) {
			const struct worker_module *m = &w->modules[i];
			const char *digest = m->digest ? m->digest : "-";
			const char *other = map_gets(seen, m->name);
			if (!other)
				map_puts(seen, m->name, (char *)(uintptr_t)digest);
			else if (other != DIFFERS && strcmp(other, digest) != 0)
				map_puts(seen, m->name, (char *)(uintptr_t)DIFFERS);
		}
	}
	return seen;
}

static void write_modules(struct json_out *w, const struct worker *k, const struct map *seen)
{
	jout_array(w, "modules");
	for (size_t i = 0; i < k->nmodules; i++) {
		const struct worker_module *m = &k->modules[i];
		jout_object(w, NULL);
		jout_str(w, "name", m->name);
		if (m->digest)
			jout_str(w, "digest", m->digest);
		if (map_gets(seen, m->name) == DIFFERS)
			jout_bool(w, "differs", true);
		if (m->broken)
			jout_str(w, "broken", m->broken);
		jout_end_object(w);
	}
	jout_end_array(w);
}

void worker_row(struct json_out *w, const struct worker *k, const struct map *seen)
{
	struct list *e, *tmp;

	jout_object(w, NULL);
	jout_str(w, "id", k->id);
	jout_str(w, "state",
		k->draining && k->state == PEER_ACTIVE ? "draining"
						       : peer_state_word(k->state));
	jout_bool(w, "local", k->local);
	jout_str(w, "host", k->host);
	jout_str(w, "address", k->address);
	if (k->has && *k->has)
		jout_str(w, "has", k->has);
	jout_i64(w, "pid", k->pid);
	jout_i64(w, "slots", k->slots);
	jout_i64(w, "load", (int64_t)(k->nheld + k->nghosts));
	jout_i64(w, "done", (int64_t)k->ndone);
	jout_i64(w, "failed", (int64_t)k->nfailed);
	jout_i64(w, "stale", (int64_t)k->nstale);
	jout_i64(w, "names", (int64_t)k->nnames);
	jout_i64(w, "registered_at", k->registered_at);
	jout_i64(w, "last_seen", k->seen_at);
	write_modules(w, k, seen);
	jout_array(w, "running");
	list_each (e, tmp, &k->held)
		jout_i64(w, NULL, (int64_t)container_of(e, struct task, held)->n);
	jout_end_array(w);
	jout_end_object(w);
}
