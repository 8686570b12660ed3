/* Reading JSON values: strings are kept as they were written, and unescaped here byte by byte as somebody looks. */
#include "base/json.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* The bytes of a string as its reader goes through it, one escape at a time. */
struct cursor {
	const char *p, *end;
	unsigned char bytes[4]; /* of the last escape, in UTF-8 */
	int n, i;               /* how many, and how many are given out */
};

static struct cursor cursor_of(const struct json_node *v)
{
	return (struct cursor){.p = v->text, .end = v->text + v->len};
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		int c = tolower((unsigned char)p[i]);
		v = v << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

static void put_utf8(struct cursor *c, unsigned u)
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	c->i = 0;
	c->n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
	for (int i = c->n - 1; i > 0; i--, u >>= 6)
		c->bytes[i] = (unsigned char)(0x80 | (u & 0x3f));
	c->bytes[0] = (unsigned char)(lead[c->n] | u);
}

/* \uXXXX, or two that are one character; p stands behind the u. Valid text has four digits here. */
static unsigned take_hex(struct cursor *c)
{
	unsigned u = hex4(c->p), low;

	c->p += 4;
	if (u < 0xd800 || u > 0xdfff)
		return u;
	if (u > 0xdbff || c->end - c->p < 6 || c->p[0] != '\\' || c->p[1] != 'u')
		return 0xfffd;
	low = hex4(c->p + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	c->p += 6;
	return 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
}

static void take_escape(struct cursor *c)
{
	static const char letters[] = "bfnrt", means[] = "\b\f\n\r\t";
	char letter = c->p[1];
	const char *known = strchr(letters, letter);

	c->p += 2;
	if (letter == 'u')
		put_utf8(c, take_hex(c));
	else
		put_utf8(c, (unsigned char)(known ? means[known - letters] : letter));
}

/* The next byte of the unescaped string, or -1 at its end. */
static int next_byte(struct cursor *c)
{
	if (c->i == c->n) {
		if (c->p == c->end)
			return -1;
		if (*c->p != '\\')
			return (unsigned char)*c->p++;
		take_escape(c);
	}
	return c->bytes[c->i++];
}

const struct json_node *json_first(const struct json_node *container)
{
	return container && container->nchild ? container + 1 : NULL;
}

const struct json_node *json_next(const struct json_node *v)
{
	return v && v->next ? v + v->next : NULL;
}

/* Nothing in it is escaped: the text is the string. Nearly always so. */
static bool is_plain(const struct json_node *v)
{
	return !memchr(v->text, '\\', v->len);
}

/* Byte by byte, as its reader would see it. */
static bool is_slowly(const struct json_node *v, const char *string)
{
	struct cursor c = cursor_of(v);

	for (;; string++) {
		int byte = next_byte(&c);
		if (byte < 0)
			return !*string;
		if (!byte || byte != (unsigned char)*string) /* a NUL inside equals nothing */
			return false;
	}
}

static bool is_n(const struct json_node *v, const char *string, size_t n)
{
	/* No escape is shorter than what it means. */
	if (v->type != JSON_STRING || v->len < n)
		return false;
	if (is_plain(v))
		return v->len == n && memcmp(v->text, string, n) == 0;
	return is_slowly(v, string);
}

const struct json_node *json_get(const struct json_node *object, const char *key)
{
	const struct json_node *found = NULL;
	size_t n = strlen(key);

	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_node *k = json_first(object); k; k = json_next(json_next(k)))
		if (k->len >= n && is_n(k, key, n))
			found = json_next(k);
	return found;
}

bool json_is(const struct json_node *v, const char *string)
{
	return v && is_n(v, string, strlen(string));
}

static int compare_slowly(const struct json_node *a, const struct json_node *b)
{
	struct cursor x = cursor_of(a), y = cursor_of(b);

	for (;;) {
		int c = next_byte(&x), d = next_byte(&y);
		if (c != d)
			return c - d;
		if (c < 0)
			return 0;
	}
}

int json_compare(const struct json_node *a, const struct json_node *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int order;

	if (!is_plain(a) || !is_plain(b))
		return compare_slowly(a, b);
	order = n ? memcmp(a->text, b->text, n) : 0;
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

bool json_i64(const struct json_node *v, int64_t *out)
{
	char digits[24]; /* the longest int64 has 20 characters */
	int64_t n = 0;
	size_t i;

	if (!v || v->type != JSON_NUMBER || v->len >= sizeof(digits))
		return false;
	/* What cannot overflow and has no sign, point or exponent. */
	for (i = 0; i < v->len && i < 18 && v->text[i] >= '0' && v->text[i] <= '9'; i++)
		n = 10 * n + (v->text[i] - '0');
	if (i == v->len) {
		*out = n;
		return true;
	}
	memcpy(digits, v->text, v->len);
	digits[v->len] = '\0';
	return str_i64(digits, INT64_MIN, INT64_MAX, out);
}

bool json_bool(const struct json_node *v, bool *out)
{
	if (!v || v->type != JSON_BOOL)
		return false;
	*out = v->text[0] == 't';
	return true;
}

bool json_unescape(const struct json_node *v, struct buf *out)
{
	struct cursor c;
	int byte;

	if (!v || v->type != JSON_STRING)
		return false;
	buf_reserve(out, v->len); /* no escape is shorter than what it means */
	if (!memchr(v->text, '\\', v->len)) {
		buf_add(out, v->text, v->len);
		return true;
	}
	c = cursor_of(v);
	while ((byte = next_byte(&c)) >= 0)
		buf_addc(out, (char)byte);
	return true;
}

char *json_strdup(const struct json_node *v)
{
	struct buf b = BUF_INIT;

	if (json_unescape(v, &b) && !memchr(buf_str(&b), '\0', b.len))
		return buf_steal(&b);
	buf_fini(&b);
	return NULL;
}

bool json_strcpy(const struct json_node *v, char *dst, size_t size)
{
	struct cursor c;
	size_t n = 0;
	int byte;

	if (!v || v->type != JSON_STRING)
		return false;
	if (is_plain(v)) {
		if (v->len >= size)
			return false;
		memcpy(dst, v->text, v->len);
		dst[v->len] = '\0';
		return true;
	}
	c = cursor_of(v);
	while ((byte = next_byte(&c)) > 0 && n < size)
		dst[n++] = (char)byte;
	if (byte >= 0 || n == size) /* a NUL, or no place for our own */
		return false;
	dst[n] = '\0';
	return true;
}

const char *json_raw(const struct json_node *v, size_t *len)
{
	size_t quote;

	*len = 0;
	if (!v)
		return NULL;
	quote = v->type == JSON_STRING;
	*len = v->len + 2 * quote;
	return v->text - quote;
}
