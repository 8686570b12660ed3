/* Fetching a large value, a part after the other. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "client/inside.h"

struct fetch {
	struct client *client;
	char *selector, *part;
	size_t have;
	client_part_fn *fn;
	void *arg;
};

static void ask(struct fetch *f);

static void end(struct fetch *f)
{
	free(f->selector);
	free(f->part);
	free(f);
}

static void on_blob(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct fetch *f = arg;
	size_t at = 0, len = 0, size;
	const char *data;
	bool last;

	if (e) {
		f->fn(f->arg, NULL, 0, true, e);
		end(f);
		return;
	}
	data = msg_take(m, m->head, "data", &at, &len);
	size = (size_t)msg_int(m->head, "size", 0);
	f->have += len;
	last = f->have >= size || len == 0;
	if (!f->fn(f->arg, data, len, last, NULL) || last)
		end(f);
	else
		ask(f);
}

static void ask(struct fetch *f)
{
	struct mout *o = &f->client->out;

	client_begin(f->client, o, MSG_BLOB_GET);
	jout_str(&o->w, "id", f->selector);
	jout_str(&o->w, "part", f->part);
	jout_i64(&o->w, "offset", (int64_t)f->have);
	jout_i64(&o->w, "size", PROTO_CHUNK);
	client_send(f->client, o, on_blob, f);
}

void client_fetch(struct client *c, const char *selector, const char *part, client_part_fn *fn,
	void *arg)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->client = c;
	f->selector = xstrdup(selector);
	f->part = xstrdup(part);
	f->fn = fn;
	f->arg = arg;
	ask(f);
}
