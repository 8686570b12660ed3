/* Encoding and checked decoding of messages, driven by the list in messages.c. */
#include "proto/msg.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Hot path: a linear look through 33 names costs less than hashing one. */
int msg_find(const char *name)
{
	for (int i = 0; i < MSG__COUNT; i++)
		if (strcmp(msg_def((enum msg_id)i)->name, name) == 0)
			return i;
	return -1;
}

void msg_init(struct msg *m)
{
	memset(m, 0, sizeof(*m));
	json_init(&m->doc);
}

void msg_fini(struct msg *m)
{
	json_fini(&m->doc);
}

static bool str_fits(const struct json_node *v, size_t max)
{
	/* Unescaping never makes a string longer; only an escaped one is worth the exact look. */
	return v->type == JSON_STRING &&
	       (v->len <= max || (v->len <= 6 * max && memchr(v->text, '\\', v->len)));
}

static bool is_uuid(const struct json_node *v)
{
	struct uuid id;
	char text[UUID_TEXT];

	return v->type == JSON_STRING && json_strcpy(v, text, sizeof(text)) &&
	       uuid_parse(text, &id);
}

static bool all_words(const struct json_node *list, size_t max)
{
	if (list->type != JSON_ARRAY)
		return false;
	for (const struct json_node *v = json_first(list); v; v = json_next(v))
		if (!str_fits(v, max))
			return false;
	return true;
}

/* True when v is what f asks for; the lengths found are added to *body. */
static bool value_ok(const struct msg_field *f, const struct json_node *v, size_t *body)
{
	int64_t n;
	bool b;

	switch (f->type) {
	case F_INT:
		return json_i64(v, &n);
	case F_BOOL:
		return json_bool(v, &b);
	case F_STR:
		return str_fits(v, f->max);
	case F_ID:
		return is_uuid(v);
	case F_WORDS:
		return all_words(v, f->max);
	case F_LEN:
		if (!json_i64(v, &n) || n < 0 || n > PROTO_FRAME_MAX)
			return false;
		*body += (size_t)n;
		return true;
	case F_JSON:
		return true;
	case F_LIST: /* the caller walks it */
		return v->type == JSON_ARRAY;
	case F_END:
		break;
	}
	return false;
}

static int check_fields(const char *msg, const struct msg_field *f, const struct json_node *o,
	size_t *body, struct err *e);

static int check_list(const char *msg, const struct msg_field *f, const struct json_node *list,
	size_t *body, struct err *e)
{
	for (const struct json_node *item = json_first(list); item; item = json_next(item)) {
		if (item->type != JSON_OBJECT)
			return err_set(e, ERR_DATA, "message %s: an element of %s is no object",
				msg, f->name);
		if (check_fields(msg, f->items, item, body, e))
			return -1;
	}
	return 0;
}

static int check_fields(const char *msg, const struct msg_field *f, const struct json_node *o,
	size_t *body, struct err *e)
{
	for (; f->type != F_END; f++) {
		const struct json_node *v = json_get(o, f->name);
		if (!v && f->must)
			return err_set(e, ERR_DATA, "message %s: field %s is missing", msg,
				f->name);
		if (!v)
			continue;
		if (!value_ok(f, v, body))
			return err_set(e, ERR_DATA,
				"message %s: field %s is of the wrong type or too long", msg,
				f->name);
		if (f->type == F_LIST && check_list(msg, f, v, body, e))
			return -1;
	}
	return 0;
}

int msg_decode(struct msg *m, const char *head, size_t head_len, const char *body,
	size_t body_len, unsigned from, struct err *e)
{
	struct json_fault fault;
	char name[32];
	size_t announced = 0;
	int id;

	m->req = 0;
	if (json_parse(&m->doc, head, head_len, JSON_STRICT_KEYS, PROTO_NODES_MAX, &fault))
		return err_set(e, ERR_DATA, "header is not JSON: byte %zu: %s", fault.at,
			fault.what);
	m->head = &m->doc.nodes[0];
	m->req = msg_int(m->head, "r", 0);
	if (!json_strcpy(json_get(m->head, "m"), name, sizeof(name)))
		return err_set(e, ERR_DATA, "header has no message name \"m\"");
	id = msg_find(name);
	if (id < 0 || !(msg_def((enum msg_id)id)->from & from))
		return err_set(e, ERR_DATA,
			"message \"%s\" is not known here; an older or newer fastworker?",
			str_show(name));
	m->id = (enum msg_id)id;
	m->body = body;
	m->body_len = body_len;
	if (check_fields(name, msg_def(m->id)->fields, m->head, &announced, e))
		return -1;
	if (announced != body_len)
		return err_set(e, ERR_DATA,
			"message %s: the body has %zu bytes, its lengths add up to %zu", name,
			body_len, announced);
	return 0;
}

int64_t msg_int(const struct json_node *o, const char *name, int64_t absent)
{
	int64_t n;

	return json_i64(json_get(o, name), &n) ? n : absent;
}

bool msg_bool(const struct json_node *o, const char *name)
{
	bool b;

	return json_bool(json_get(o, name), &b) && b;
}

bool msg_str(const struct json_node *o, const char *name, char *dst, size_t size)
{
	*dst = '\0';
	return json_strcpy(json_get(o, name), dst, size);
}

bool msg_uuid(const struct json_node *o, const char *name, struct uuid *out)
{
	char text[UUID_TEXT];

	memset(out, 0, sizeof(*out));
	return json_strcpy(json_get(o, name), text, sizeof(text)) && uuid_parse(text, out);
}

const struct json_node *msg_list(const struct json_node *o, const char *name)
{
	const struct json_node *list = json_get(o, name);

	return list ? json_first(list) : NULL;
}

const char *msg_take(const struct msg *m, const struct json_node *o, const char *name,
	size_t *at, size_t *len)
{
	int64_t n = msg_int(o, name, -1);
	const char *p = m->body + *at;

	*len = 0;
	if (n < 0)
		return NULL;
	if ((size_t)n > m->body_len - *at)
		BUG("message %s: %s was not checked", msg_def(m->id)->name, name);
	*at += (size_t)n;
	*len = (size_t)n;
	return n ? p : "";
}

void mout_init(struct mout *o)
{
	memset(o, 0, sizeof(*o));
}

void mout_fini(struct mout *o)
{
	buf_fini(&o->head);
	buf_fini(&o->body);
}

void mout_begin(struct mout *o, enum msg_id id, int64_t req)
{
	o->id = id;
	buf_reset(&o->head);
	buf_reset(&o->body);
	jout_init(&o->w, &o->head);
	jout_object(&o->w, NULL);
	jout_str(&o->w, "m", msg_def(id)->name);
	if (req)
		jout_i64(&o->w, "r", req);
}

void mout_end(struct mout *o)
{
	jout_end_object(&o->w);
}

void mout_put(struct mout *o, const char *name, const void *p, size_t len)
{
	jout_i64(&o->w, name, (int64_t)len);
	buf_add(&o->body, p, len);
}

void mout_uuid(struct mout *o, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT];

	jout_str(&o->w, name, uuid_text(text, id));
}

void mout_error(struct mout *o, int64_t req, const struct err *e)
{
	mout_begin(o, MSG_ERROR, req);
	jout_str(&o->w, "code", err_word(e->code));
	jout_str(&o->w, "why", e->text);
	mout_end(o);
}

void msg_error(const struct msg *m, struct err *e)
{
	char word[64], why[1024];

	msg_str(m->head, "code", word, sizeof(word));
	msg_str(m->head, "why", why, sizeof(why));
	err_set(e, err_from_word(word), "%s", why);
}
