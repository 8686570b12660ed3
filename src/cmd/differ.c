/* Notes on modules, see differ.h. */
#include "cmd/differ.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "proto/msg.h"

#define MAX_NOTES 20 /* of each kind */

/* One note that grows: where each version of a module is. */
struct note {
	char *module;
	struct buf text;
};

struct differ {
	struct note *notes;
	size_t n;
	struct buf broken; /* lines */
	size_t nbroken;
};

struct differ *differ_new(void)
{
	return xcalloc(1, sizeof(struct differ));
}

void differ_free(struct differ **d)
{
	struct differ *mine = *d;

	*d = NULL;
	if (!mine)
		return;
	for (size_t i = 0; i < mine->n; i++) {
		free(mine->notes[i].module);
		buf_fini(&mine->notes[i].text);
	}
	free(mine->notes);
	buf_fini(&mine->broken);
	free(mine);
}

static struct note *note_of(struct differ *d, const char *module)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->notes[i].module, module) == 0)
			return &d->notes[i];
	if (d->n == MAX_NOTES)
		return NULL;
	d->notes = xreallocarray(d->notes, d->n + 1, sizeof(*d->notes));
	d->notes[d->n] = (struct note){.module = xstrdup(module)};
	return &d->notes[d->n++];
}

static void see_module(struct differ *d, const struct json_node *row, const struct json_node *m)
{
	char id[128], host[260], name[260], digest[64], broken[1100];

	msg_str(row, "id", id, sizeof(id));
	msg_str(row, "host", host, sizeof(host));
	msg_str(m, "name", name, sizeof(name));
	msg_str(m, "digest", digest, sizeof(digest));
	if (msg_bool(m, "differs")) {
		struct note *n = note_of(d, name);
		if (n)
			buf_addf(&n->text, "%s%.7s on %s (%s)", n->text.len ? ", " : "", digest,
				id, host);
	}
	if (msg_str(m, "broken", broken, sizeof(broken)) && d->nbroken++ < MAX_NOTES)
		buf_addf(&d->broken, "%s: %s; the version before it is in use\n", id, broken);
}

void differ_see(struct differ *d, const struct json_node *row)
{
	const struct json_node *list = json_get(row, "modules");

	if (!list || list->type != JSON_ARRAY)
		return;
	for (const struct json_node *m = json_first(list); m; m = json_next(m))
		see_module(d, row, m);
}

void differ_tell(const struct differ *d, struct out *o)
{
	const char *at = d->broken.len ? d->broken.data : "", *end;

	for (size_t i = 0; i < d->n; i++)
		out_note(o,
			"module %s is not the same everywhere: %s; make the files equal - a worker loads what changed by itself, or on SIGHUP",
			str_show(d->notes[i].module), buf_str(&d->notes[i].text));
	for (; (end = strchr(at, '\n')); at = end + 1) {
		char *line = xstrndup(at, (size_t)(end - at));
		out_note(o, "%s", str_show(line));
		free(line);
	}
}
