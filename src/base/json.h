/* JSON: a strict parser over jsmn and a writer into a buffer. json.c is the only file that knows jsmn;
 * json_check.c checks, json_read.c reads values, json_out.c writes.
 *
 * The parser keeps every value as the text that was given: numbers are never turned into a double on their way. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* One value. Nodes of a document lie in one array in the order of the text; the first child of a container is the node behind it.
 * In an object, children are key, value, key, value. */
struct json_node {
	enum json_type type;
	unsigned nchild; /* elements of an array; members of an object */
	unsigned
		next; /* nodes from this one to its next sibling (key to value counts, too); 0: it is the last */
	const char
		*text; /* the raw text: strings without their quotes, still escaped; borrowed */
	size_t len;
};

struct json_doc {
	struct json_node *nodes; /* nodes[0] is the value */
	size_t n, cap;
};

#define JSON_MAX_DEPTH 64

enum json_flags {
	JSON_STRICT_KEYS =
		1, /* refuse duplicate keys and escaped NULs anywhere (message headers) */
};

struct json_fault {
	size_t at;        /* byte offset into the text */
	const char *what; /* static text: "expected ',' or '}'" */
};

/* Parses exactly one value with nothing but white space around it: RFC 8259, valid UTF-8, no byte order mark, depth at most JSON_MAX_DEPTH, at most
 * max_nodes nodes. Lone surrogate escapes are valid (the text stays as it is). 0, or -1 with *fault filled. The text must outlive the
 * document. A document may be parsed into again and again; its memory is kept. */
int json_parse(struct json_doc *d, const char *text, size_t len, unsigned flags,
	size_t max_nodes, struct json_fault *fault);
/* The check alone, without nodes: 0 with their number in *nodes, or -1 with *fault filled. Repeated keys pass here. */
int json_check(const char *text, size_t len, unsigned flags, size_t max_nodes, size_t *nodes,
	struct json_fault *fault);
void json_init(struct json_doc *d);
void json_fini(struct json_doc *d);
/* "line 1, column 8: expected ','", the line of text around it and a caret under the byte, into *e (ERR_DATA). Returns -1. */
int json_explain(struct err *e, const char *what, const char *text, size_t len,
	const struct json_fault *fault);

/* Reading. All take NULL for the node and then give 'absent'. */
const struct json_node *json_first(const struct json_node *container); /* NULL when empty */
const struct json_node *json_next(const struct json_node *v);          /* NULL at the end */
/* A key and its value are siblings: json_next(key) is the value, json_next(value) the next key. */
const struct json_node *json_get(const struct json_node *object,
	const char *key); /* last one wins */
bool json_is(const struct json_node *v,
	const char *string); /* a string that equals this, after unescaping */
int json_compare(const struct json_node *a,
	const struct json_node *b); /* two strings, by unescaped bytes */
bool json_i64(const struct json_node *v,
	int64_t *out); /* a whole int64, without point or exponent */
bool json_bool(const struct json_node *v, bool *out);
/* Appends the unescaped bytes of a string. A lone surrogate becomes U+FFFD. false when it is no string. */
bool json_unescape(const struct json_node *v, struct buf *out);
/* Unescaped copy, or NULL when v is no string or holds a NUL; the caller frees it. */
char *json_strdup(const struct json_node *v);
/* Copies an unescaped string into dst; false when v is no string, holds a NUL or does not fit. */
bool json_strcpy(const struct json_node *v, char *dst, size_t size);
/* The value's whole text, quotes and brackets included: pointer into the parsed text, and its length. */
const char *json_raw(const struct json_node *v, size_t *len);

/* Writing. Commas are set by the writer. Keys are NULL inside an array. */
struct json_out {
	struct buf *to;
	bool comma; /* one is due before the next value */
};

void jout_init(struct json_out *w, struct buf *to);
void jout_object(struct json_out *w, const char *key);
void jout_array(struct json_out *w, const char *key);
void jout_end_object(struct json_out *w);
void jout_end_array(struct json_out *w);
void jout_str(struct json_out *w, const char *key,
	const char *s); /* NULL writes null; invalid UTF-8 becomes U+FFFD */
void jout_strn(struct json_out *w, const char *key, const char *s,
	size_t n); /* may hold any bytes; likewise */
void jout_i64(struct json_out *w, const char *key, int64_t v);
void jout_bool(struct json_out *w, const char *key, bool v);
void jout_null(struct json_out *w, const char *key);
void jout_raw(struct json_out *w, const char *key, const char *json,
	size_t n); /* text that is JSON already */
/* Appends a string with its quotes and escapes to a buffer. */
void json_quote(struct buf *out, const char *s, size_t n);

#endif
