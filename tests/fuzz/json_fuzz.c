/* Fuzzes JSON: whatever is taken can be walked with every reader, written again and parsed again to the same shape. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_NODES 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct json_out *w, const char *key, const struct json_node *v);

static void require(bool ok, const char *what)
{
	if (!ok)
		BUG("json_fuzz: %s", what);
}

/* Readers that must agree on a string, and none may read past it. */
static void read_string(const struct json_node *v, const struct buf *bytes)
{
	char small[8];
	char *copy = json_strdup(v);
	bool nul = memchr(buf_str(bytes), '\0', bytes->len) != NULL;

	require(nul == !copy, "json_strdup() and a NUL");
	require(json_is(v, buf_str(bytes)) == !nul, "json_is() what was unescaped");
	require(!copy || strcmp(copy, buf_str(bytes)) == 0, "json_strdup()");
	require(json_strcpy(v, small, sizeof(small)) == (!nul && bytes->len < sizeof(small)),
		"json_strcpy()");
	require(json_compare(v, v) == 0, "json_compare() to itself");
	free(copy);
}

static void write_string(struct json_out *w, const char *key, const struct json_node *v)
{
	struct buf bytes = BUF_INIT;

	require(json_unescape(v, &bytes), "json_unescape() of a string");
	read_string(v, &bytes);
	jout_strn(w, key, buf_str(&bytes), bytes.len);
	buf_fini(&bytes);
}

static void write_number(struct json_out *w, const char *key, const struct json_node *v)
{
	int64_t i;

	if (json_i64(v, &i))
		jout_i64(w, key, i);
	else
		jout_raw(w, key, v->text, v->len);
}

static void write_object(struct json_out *w, const char *key, const struct json_node *v)
{
	unsigned n = 0;

	jout_object(w, key);
	for (const struct json_node *k = json_first(v); k; k = json_next(json_next(k)), n++) {
		char *name = json_strdup(k);
		require(k->type == JSON_STRING && json_next(k), "a key and its value");
		require(!name || n > 50 || json_get(v, name),
			"json_get() of a key that is there");
		write_value(w, name ? name : "nul", json_next(k));
		free(name);
	}
	require(n == v->nchild, "the number of members");
	jout_end_object(w);
}

static void write_array(struct json_out *w, const char *key, const struct json_node *v)
{
	unsigned n = 0;

	jout_array(w, key);
	for (const struct json_node *e = json_first(v); e; e = json_next(e), n++)
		write_value(w, NULL, e);
	require(n == v->nchild, "the number of elements");
	jout_end_array(w);
}

static void write_value(struct json_out *w, const char *key, const struct json_node *v)
{
	bool b = false;
	size_t len;
	const char *raw = json_raw(v, &len);
	struct json_fault fault;
	size_t n;

	require(json_check(raw, len, 0, MAX_NODES, &n, &fault) == 0, "json_raw() is JSON");
	require(json_bool(v, &b) == (v->type == JSON_BOOL), "json_bool()");
	switch (v->type) {
	case JSON_NULL:
		jout_null(w, key);
		break;
	case JSON_BOOL:
		jout_bool(w, key, b);
		break;
	case JSON_NUMBER:
		write_number(w, key, v);
		break;
	case JSON_STRING:
		write_string(w, key, v);
		break;
	case JSON_ARRAY:
		write_array(w, key, v);
		break;
	case JSON_OBJECT:
		write_object(w, key, v);
		break;
	}
}

static void explain(const char *text, size_t len, const struct json_fault *fault)
{
	struct err e;

	require(fault->at <= len, "the fault is in the text");
	require(strcmp(fault->what, "jsmn does not know this text") != 0, "jsmn disagrees");
	json_explain(&e, "fuzz", text, len, fault);
	require(e.code == ERR_DATA, "json_explain()");
}

/* True when it was taken. */
static bool round_trip(const char *text, size_t len, unsigned flags)
{
	struct json_doc d, again;
	struct json_fault fault;
	struct json_out w;
	struct buf out = BUF_INIT;
	bool taken;

	json_init(&d);
	json_init(&again);
	taken = json_parse(&d, text, len, flags, MAX_NODES, &fault) == 0;
	if (taken) {
		jout_init(&w, &out);
		write_value(&w, NULL, d.nodes);
		require(json_parse(&again, out.data, out.len, flags, MAX_NODES, &fault) == 0,
			"what was written is JSON");
		require(again.n == d.n, "as many nodes as before");
	} else {
		explain(text, len, &fault);
	}
	json_fini(&again);
	json_fini(&d);
	buf_fini(&out);
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	bool lax = round_trip(text, size, 0);

	require(!round_trip(text, size, JSON_STRICT_KEYS) || lax,
		"strict takes no more than lax");
	return 0;
}
