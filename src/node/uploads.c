/* Large values: uploads in chunks, kept until the message that refers to them has taken them, and downloads of parts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "node/server.h"

#define UPLOADS_PER_PEER 4096                 /* a worker has one per slot at most */
#define UPLOADS_MAX      (512u * 1024 * 1024) /* bytes that arrived, of all peers together */

struct upload {
	struct uuid id;
	size_t size;
	struct buf data; /* grows with what arrives: announcing costs nothing */
	struct list all;
};

static struct upload *find(struct peer *p, const struct uuid *id, size_t *count)
{
	struct list *e, *tmp;

	*count = 0;
	list_each (e, tmp, &p->uploads) {
		struct upload *u = container_of(e, struct upload, all);
		if (uuid_eq(&u->id, id))
			return u;
		++*count;
	}
	return NULL;
}

static void drop(struct peer *p, struct upload *u)
{
	p->server->upload_bytes -= u->data.len;
	list_del(&u->all);
	buf_fini(&u->data);
	free(u);
}

void uploads_drop(struct peer *p)
{
	while (!list_empty(&p->uploads))
		drop(p, list_first(&p->uploads, struct upload, all));
}

static struct upload *begin(struct peer *p, const struct uuid *id, int64_t size, size_t count,
	struct err *e)
{
	struct upload *u;

	if (size < 0 || size > PROTO_BLOB_MAX) {
		err_set(e, ERR_DATA,
			"a value of %lld bytes is too large: at most %d MiB; pass the name of a file instead",
			(long long)size, PROTO_BLOB_MAX / 1024 / 1024);
		return NULL;
	}
	if (count >= UPLOADS_PER_PEER) {
		err_set(e, ERR_BUSY,
			"too many large values are on their way; try again in a moment");
		return NULL;
	}
	u = xcalloc(1, sizeof(*u));
	u->id = *id;
	u->size = (size_t)size;
	list_push_back(&p->uploads, &u->all);
	return u;
}

void blob_put_handle(struct peer *p, const struct msg *m)
{
	struct mout *o = &p->server->out;
	struct uuid id;
	size_t at = 0, len, count;
	int64_t offset = msg_int(m->head, "offset", 0), size = msg_int(m->head, "size", 0);
	const char *data = msg_take(m, m->head, "data", &at, &len);
	struct upload *u;
	struct err e;

	msg_uuid(m->head, "blob", &id);
	u = find(p, &id, &count);
	if (!u && !(u = begin(p, &id, size, count, &e))) {
		peer_error(p, m->req, &e);
		return;
	}
	if (p->server->upload_bytes + len > UPLOADS_MAX) {
		/* It begins anew later: kept half-done it would stand in the way of those that can end. */
		drop(p, u);
		err_set(&e, ERR_BUSY,
			"too many large values are on their way; try again in a moment");
		peer_error(p, m->req, &e);
		return;
	}
	/* A chunk that came already, or before its turn, changes nothing: the answer says where to go on. */
	if ((size_t)offset == u->data.len && len <= u->size - u->data.len) {
		buf_add(&u->data, data, len);
		p->server->upload_bytes += len;
	}
	mout_begin(o, MSG_BLOB_HAVE, m->req);
	mout_uuid(o, "blob", &id);
	jout_i64(&o->w, "have", (int64_t)u->data.len);
	mout_end(o);
	peer_send(p, o);
}

struct bytes *upload_take(struct peer *p, const struct uuid *blob)
{
	size_t count;
	struct upload *u = find(p, blob, &count);
	struct bytes *b;

	if (!u || u->data.len != u->size)
		return NULL;
	b = bytes_new(buf_str(&u->data), u->data.len);
	drop(p, u);
	return b;
}

struct finding {
	struct task *task;
};

static void found(void *arg, struct task *t)
{
	((struct finding *)arg)->task = t;
}

/* The task, if the peer may read the values of it: its owner, an admin, or the worker that holds it. */
static struct task *readable(struct peer *p, const struct msg *m)
{
	char selector[128];
	struct finding f = {NULL};
	struct uuid id;
	struct task *t;

	msg_str(m->head, "id", selector, sizeof(selector));
	if (p->worker) {
		t = uuid_parse(selector, &id) ? core_task(p->server->core, &id) : NULL;
		return t && t->worker == p->worker ? t : NULL;
	}
	select_tasks(p, selector, found, &f);
	return f.task;
}

static struct bytes *part_of(const struct task *t, const char *part)
{
	if (strcmp(part, "args") == 0)
		return t->args;
	if (strcmp(part, "kwargs") == 0)
		return t->kwargs;
	return strcmp(part, "result") == 0 ? t->result : NULL;
}

void blob_get_handle(struct peer *p, const struct msg *m)
{
	struct mout *o = &p->server->out;
	struct task *t = readable(p, m);
	int64_t offset = msg_int(m->head, "offset", 0), size = msg_int(m->head, "size", 0);
	char part[80];
	struct bytes *b;
	struct err e;

	msg_str(m->head, "part", part, sizeof(part));
	b = t ? part_of(t, part) : NULL;
	if (!b || offset < 0 || (size_t)offset > b->len || size < 0) {
		err_set(&e, ERR_NO,
			b ? "offset %lld is outside" : "no such task, or no such part of it",
			(long long)offset);
		peer_error(p, m->req, &e);
		return;
	}
	if (size > PROTO_CHUNK)
		size = PROTO_CHUNK;
	if ((size_t)size > b->len - (size_t)offset)
		size = (int64_t)(b->len - (size_t)offset);
	mout_begin(o, MSG_BLOB, m->req);
	jout_i64(&o->w, "offset", offset);
	jout_i64(&o->w, "size", (int64_t)b->len);
	mout_put(o, "data", b->data + offset, (size_t)size);
	mout_end(o);
	peer_send(p, o);
}
