/* JSON documents: json_check() says whether the text is JSON, jsmn where its values are.
 *
 * jsmn alone is no check. Even when strict it takes missing commas, bad numbers and control characters, it stops at a NUL, its
 * positions are vague, and closing brackets cost it one step per level. Behind json_check() it only sees short nesting
 * and valid text, where it is exact and linear. */
#include "base/json.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

/* Room for n nodes, and behind all nodes for as many jsmn tokens: one block, kept from text to text. */
static jsmntok_t *reserve(struct json_doc *d, size_t n)
{
	if (n > d->cap) {
		d->cap = n > 2 * d->cap ? n : 2 * d->cap;
		d->nodes = xreallocarray(d->nodes, d->cap,
			sizeof(struct json_node) + sizeof(jsmntok_t));
	}
	return (jsmntok_t *)(void *)(d->nodes + d->cap);
}

static enum json_type type_of(char first)
{
	switch (first) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

/* A node for the text from its first to behind its last byte, quotes included. */
static void set_node(struct json_node *v, const char *from, const char *to)
{
	v->type = type_of(*from);
	v->nchild = v->next = 0;
	v->text = v->type == JSON_STRING ? from + 1 : from;
	v->len = (size_t)(to - from) - (v->type == JSON_STRING ? 2 : 0);
}

/* Tells node i's elder sibling how far it is. `end` of a container's token is free by then: it remembers the last child. */
static void link_node(struct json_node *nodes, jsmntok_t *toks, int i)
{
	int up = toks[i].parent;

	toks[i].end = -1;
	if (up < 0)
		return;
	/* jsmn hangs a value below its key; ours are siblings. */
	if (toks[up].type == JSMN_STRING)
		up = toks[up].parent;
	if (toks[up].end >= 0)
		nodes[toks[up].end].next = (unsigned)(i - toks[up].end);
	toks[up].end = i;
}

static void fill(struct json_doc *d, const char *text, jsmntok_t *toks)
{
	for (size_t i = 0; i < d->n; i++) {
		const jsmntok_t *t = &toks[i];
		int quote = t->type == JSMN_STRING;
		set_node(&d->nodes[i], text + t->start - quote, text + t->end + quote);
		if (t->type == JSMN_OBJECT || t->type == JSMN_ARRAY)
			d->nodes[i].nchild = (unsigned)t->size;
		link_node(d->nodes, toks, (int)i);
	}
}

/* The nodes of a text that json_check() took: there are n. */
static bool find_nodes(struct json_doc *d, const char *text, size_t len, size_t n)
{
	jsmntok_t *toks = reserve(d, n);
	jsmn_parser p;

	while (isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (isspace((unsigned char)text[len - 1]))
		len--;
	if (*text != '{' && *text != '[') { /* strict jsmn knows no lone number */
		set_node(d->nodes, text, text + len);
		d->n = 1;
		return true;
	}
	jsmn_init(&p);
	if (jsmn_parse(&p, text, len, toks, (unsigned)n) != (int)n)
		return false;
	d->n = n;
	fill(d, text, toks);
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	const struct json_node *const *x = a;
	const struct json_node *const *y = b;
	int order = json_compare(*x, *y);

	return order ? order : (*x > *y) - (*x < *y);
}

#define FEW_KEYS 24

static bool same_key(const struct json_node *a, const struct json_node *b)
{
	/* Keys of other lengths can only be the same when one of them is escaped. */
	if (a->len != b->len && !memchr(a->text, '\\', a->len) &&
		!memchr(b->text, '\\', b->len))
		return false;
	return json_compare(a, b) == 0;
}

static const struct json_node *repeated_of_few(const struct json_node *const *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (same_key(keys[i], keys[j]))
				return keys[i];
	return NULL;
}

/* The first key of an object that stands in it already, or NULL. Sorted, not hashed: no choice of keys makes it slow. */
static const struct json_node *repeated_key(const struct json_node *object,
	const struct json_node **keys)
{
	const struct json_node *first = NULL;
	size_t n = 0;

	if (object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_node *k = json_first(object); k; k = json_next(json_next(k)))
		keys[n++] = k;
	if (n <= FEW_KEYS)
		return repeated_of_few(keys, n);
	qsort(keys, n, sizeof(keys[0]), compare_keys);
	for (size_t i = 1; i < n; i++)
		if ((!first || keys[i] < first) && json_compare(keys[i - 1], keys[i]) == 0)
			first = keys[i];
	return first;
}

static const struct json_node *any_repeated_key(struct json_doc *d)
{
	/* The tokens have done their duty and any one is larger than a pointer. */
	const struct json_node **keys = (const struct json_node **)(void *)reserve(d, d->n);

	_Static_assert(sizeof(jsmntok_t) >= sizeof(*keys), "keys take the tokens' place");
	for (size_t i = 0; i < d->n; i++) {
		const struct json_node *v = &d->nodes[i];
		const struct json_node *key = v->nchild > 1 ? repeated_key(v, keys) : NULL;
		if (key)
			return key;
	}
	return NULL;
}

int json_parse(struct json_doc *d, const char *text, size_t len, unsigned flags,
	size_t max_nodes, struct json_fault *fault)
{
	const struct json_node *key = NULL;
	size_t n;

	d->n = 0;
	*fault = (struct json_fault){0, "the text is too long"};
	if (len > INT_MAX - 1) /* jsmn counts in int */
		return -1;
	if (json_check(len ? text : "", len, flags, max_nodes, &n, fault) < 0)
		return -1;
	*fault = (struct json_fault){0, "jsmn does not know this text"}; /* cannot happen */
	if (!find_nodes(d, text, len, n))
		return -1;
	if (flags & JSON_STRICT_KEYS)
		key = any_repeated_key(d);
	if (!key)
		return 0;
	*fault = (struct json_fault){(size_t)(key->text - 1 - text),
		"this key stands here twice"};
	d->n = 0;
	return -1;
}

void json_init(struct json_doc *d)
{
	*d = (struct json_doc){NULL, 0, 0};
}

void json_fini(struct json_doc *d)
{
	free(d->nodes);
	json_init(d);
}

/* Most bytes of a line that are shown before and behind the fault. */
#define SHOWN_BEFORE 40
#define SHOWN_BEHIND 30

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Characters in the n bytes; a stray byte may count or not, as it is in no character. */
static size_t count_chars(const char *s, size_t n)
{
	size_t chars = 0;

	for (size_t i = 0; i < n; i++)
		chars += !is_continuation(s[i]);
	return chars;
}

/* Appends the piece of the line text[from..to) around `at`; gives the cells before `at`. */
static size_t show_line(struct buf *out, const char *text, size_t from, size_t to, size_t at)
{
	size_t first = at - from > SHOWN_BEFORE ? at - SHOWN_BEFORE : from;
	size_t last = to - at > SHOWN_BEHIND ? at + SHOWN_BEHIND : to;
	size_t cells;

	while (first < at && is_continuation(text[first]))
		first++;
	while (last > at && last < to && is_continuation(text[last]))
		last--;
	if (first > from)
		buf_adds(out, "...");
	str_safe(out, text + first, at - first, false);
	cells = count_chars(buf_str(out), out->len);
	str_safe(out, text + at, last - at, false);
	if (last < to)
		buf_adds(out, "...");
	return cells;
}

int json_explain(struct err *e, const char *what, const char *text, size_t len,
	const struct json_fault *fault)
{
	size_t at = fault->at < len ? fault->at : len;
	size_t from = at, to = at, line = 1, cells;
	struct buf shown = BUF_INIT;

	while (from && text[from - 1] != '\n')
		from--;
	while (to < len && text[to] != '\n')
		to++;
	for (size_t i = 0; i < from; i++)
		line += text[i] == '\n';
	cells = show_line(&shown, text, from, to, at);
	err_set(e, ERR_DATA, "%s: line %zu, column %zu: %s\n  %s\n  %*s^", what, line,
		count_chars(text + from, at - from) + 1, fault->what, buf_str(&shown),
		(int)cells, "");
	buf_fini(&shown);
	return -1;
}
