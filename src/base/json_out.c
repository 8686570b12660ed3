/* The JSON writer: values into a buffer, commas set, and every byte that is no UTF-8 replaced. */
#include "base/json.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Appends the escape of a byte below 0x80 that must not stand as it is. */
static void add_escape(struct buf *out, char c)
{
	static const char letters[] = "\"\\bfnrt", means[] = "\"\\\b\f\n\r\t";
	const char *known = c ? strchr(means, c) : NULL;

	if (known)
		buf_addf(out, "\\%c", letters[known - means]);
	else
		buf_addf(out, "\\u%04x", (unsigned)c);
}

/* Appends the one byte or character at s that is not plain; gives the bytes taken. */
static size_t add_special(struct buf *out, const char *s, size_t n)
{
	if ((unsigned char)*s < 0x80) {
		add_escape(out, *s);
		return 1;
	}
	for (size_t k = 2; k <= 4 && k <= n; k++) {
		if (str_utf8(s, k)) { /* the shortest valid piece is one character */
			buf_add(out, s, k);
			return k;
		}
	}
	buf_adds(out, REPLACEMENT);
	return 1;
}

static bool is_plain(unsigned char c, bool utf8)
{
	return c >= 0x20 && c != '"' && c != '\\' && (c < 0x80 || utf8);
}

/* ASCII that stands for itself. */
static bool all_plain(const char *s, size_t n)
{
	static const bool special[256] = {['"'] = true, ['\\'] = true};

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c < 0x20 || c >= 0x80 || special[c])
			return false;
	}
	return true;
}

/* n bytes more at the end, to be filled in. */
static char *room(struct buf *out, size_t n)
{
	char *p;

	buf_reserve(out, n);
	p = out->data + out->len;
	out->len += n;
	out->data[out->len] = '\0';
	return p;
}

void json_quote(struct buf *out, const char *s, size_t n)
{
	if (all_plain(s, n)) {
		char *p = room(out, n + 2);
		p[0] = '"';
		if (n)
			memcpy(p + 1, s, n);
		p[n + 1] = '"';
		return;
	}
	bool utf8 = str_utf8(s, n); /* then runs may cross all of its characters */

	buf_reserve(out, n + 2);
	buf_addc(out, '"');
	for (size_t i = 0, run; i < n; i += run) {
		for (run = 0; i + run < n && is_plain((unsigned char)s[i + run], utf8);)
			run++;
		if (run)
			buf_add(out, s + i, run);
		else
			run = add_special(out, s + i, n - i);
	}
	buf_addc(out, '"');
}

void jout_init(struct json_out *w, struct buf *to)
{
	w->to = to;
	w->comma = false;
}

/* What stands before each value: the comma that is due and the key. */
static void begin(struct json_out *w, const char *key)
{
	if (w->comma)
		buf_addc(w->to, ',');
	w->comma = true;
	if (!key)
		return;
	size_t n = strlen(key);
	if (!all_plain(key, n)) {
		json_quote(w->to, key, n);
		buf_addc(w->to, ':');
		return;
	}
	char *p = room(w->to, n + 3);
	p[0] = '"';
	memcpy(p + 1, key, n);
	memcpy(p + 1 + n, "\":", 2);
}

static void open_container(struct json_out *w, const char *key, char bracket)
{
	begin(w, key);
	buf_addc(w->to, bracket);
	w->comma = false;
}

static void close_container(struct json_out *w, char bracket)
{
	buf_addc(w->to, bracket);
	w->comma = true;
}

void jout_object(struct json_out *w, const char *key)
{
	open_container(w, key, '{');
}

void jout_array(struct json_out *w, const char *key)
{
	open_container(w, key, '[');
}

void jout_end_object(struct json_out *w)
{
	close_container(w, '}');
}

void jout_end_array(struct json_out *w)
{
	close_container(w, ']');
}

void jout_str(struct json_out *w, const char *key, const char *s)
{
	if (s)
		jout_strn(w, key, s, strlen(s));
	else
		jout_null(w, key);
}

void jout_strn(struct json_out *w, const char *key, const char *s, size_t n)
{
	begin(w, key);
	json_quote(w->to, s, n);
}

void jout_i64(struct json_out *w, const char *key, int64_t v)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	begin(w, key);
	buf_add(w->to, p, (size_t)(digits + sizeof(digits) - p));
}

void jout_bool(struct json_out *w, const char *key, bool v)
{
	begin(w, key);
	buf_adds(w->to, v ? "true" : "false");
}

void jout_null(struct json_out *w, const char *key)
{
	begin(w, key);
	buf_adds(w->to, "null");
}

void jout_raw(struct json_out *w, const char *key, const char *json, size_t n)
{
	begin(w, key);
	buf_add(w->to, json, n);
}
