/* Is this text JSON? One pass over it, without memory or recursion, to the exact byte that is wrong. */
#include "base/json.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum state { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COLON, COMMA_OR_END, END };

struct scan {
	const char *at, *end; /* at: the next byte, or the one at fault */
	enum state state;     /* what must come next */
	unsigned depth;       /* open containers */
	uint64_t
		objects; /* one bit per open container, the innermost lowest: it is an object */
	size_t nodes, max_nodes;
	unsigned flags;
	const char *what; /* the fault */
};

_Static_assert(JSON_MAX_DEPTH <= 64, "struct scan has one bit per level");

static bool fail(struct scan *s, const char *what)
{
	s->what = what;
	return false;
}

/* The next byte, or -1 at the end. */
static int peek(const struct scan *s)
{
	return s->at < s->end ? (unsigned char)*s->at : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool in_object(const struct scan *s)
{
	return s->objects & 1;
}

static bool check_utf8(struct scan *s)
{
	/* The first byte is no ASCII, so the shortest valid piece is exactly one character. */
	for (size_t n = 2; n <= 4 && n <= (size_t)(s->end - s->at); n++) {
		if (str_utf8(s->at, n)) {
			s->at += n;
			return true;
		}
	}
	return fail(s, "invalid UTF-8");
}

static bool check_hex_escape(struct scan *s)
{
	for (int i = 2; i < 6; i++)
		if (s->end - s->at <= i || !isxdigit((unsigned char)s->at[i]))
			return fail(s, "expected four hexadecimal digits behind \\u");
	if ((s->flags & JSON_STRICT_KEYS) && memcmp(s->at, "\\u0000", 6) == 0)
		return fail(s, "an escaped NUL is not allowed here");
	s->at += 6;
	return true;
}

static bool check_escape(struct scan *s)
{
	char c = s->end - s->at > 1 ? s->at[1] : '\0';

	if (c == 'u')
		return check_hex_escape(s);
	if (!c || !strchr("\"\\/bfnrt", c))
		return fail(s, "unknown escape: a backslash itself is written \\\\");
	s->at += 2;
	return true;
}

static bool check_string(struct scan *s)
{
	for (s->at++; s->at < s->end;) {
		unsigned char c = (unsigned char)*s->at;
		if (c == '"') {
			s->at++;
			return true;
		}
		if (c < 0x20)
			return fail(s, "a control character in a string must be escaped");
		if (c < 0x80 && c != '\\')
			s->at++;
		else if (!(c == '\\' ? check_escape(s) : check_utf8(s)))
			return false;
	}
	return fail(s, "the text ends inside a string");
}

static bool check_digits(struct scan *s)
{
	if (!is_digit(peek(s)))
		return fail(s, "expected a digit");
	while (is_digit(peek(s)))
		s->at++;
	return true;
}

static bool check_number(struct scan *s)
{
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0') {
		s->at++;
		if (is_digit(peek(s)))
			return fail(s, "a number must not begin with 0");
	} else if (!check_digits(s)) {
		return false;
	}
	if (peek(s) == '.') {
		s->at++;
		if (!check_digits(s))
			return false;
	}
	if (peek(s) != 'e' && peek(s) != 'E')
		return true;
	s->at++;
	if (peek(s) == '+' || peek(s) == '-')
		s->at++;
	return check_digits(s);
}

/* What people write instead of a value, by its first byte. */
static const char *value_hint(const struct scan *s)
{
	static const struct {
		unsigned char first;
		const char *what;
	} hints[] = {
		{'\'', "expected a value (strings are written with \", not with ')"},
		{'T', "expected a value (true is written in lower case)"},
		{'F', "expected a value (false is written in lower case)"},
		{'N', "expected a value (null is lower case, and there is no NaN)"},
		{'/', "expected a value (JSON has no comments)"},
		{'+', "expected a value (a number must not begin with +)"},
		{'.', "expected a value (a number must not begin with a point)"},
	};
	unsigned char c = (unsigned char)*s->at;

	if (c == ']' && s->depth && !in_object(s))
		return "expected a value (no comma is allowed before ']')";
	if (s->end - s->at >= 3 && memcmp(s->at, "\xef\xbb\xbf", 3) == 0)
		return "expected a value (no byte order mark is allowed)";
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (hints[i].first == c)
			return hints[i].what;
	return "expected a value";
}

static bool check_word(struct scan *s)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);
		if ((size_t)(s->end - s->at) >= n && memcmp(s->at, words[i], n) == 0) {
			s->at += n;
			return true;
		}
	}
	return fail(s, value_hint(s));
}

static bool open_container(struct scan *s)
{
	bool object = *s->at == '{';

	if (s->depth == JSON_MAX_DEPTH)
		return fail(s, "nested too deeply");
	s->depth++;
	s->objects = s->objects << 1 | object;
	s->state = object ? KEY_OR_END : VALUE_OR_END;
	s->at++;
	return true;
}

static bool close_container(struct scan *s)
{
	s->at++;
	s->depth--;
	s->objects >>= 1;
	s->state = s->depth ? COMMA_OR_END : END;
	return true;
}

static bool check_value(struct scan *s)
{
	char c = *s->at;

	if (s->nodes++ == s->max_nodes)
		return fail(s, "too many values");
	if (c == '{' || c == '[')
		return open_container(s);
	s->state = s->depth ? COMMA_OR_END : END;
	if (c == '"')
		return check_string(s);
	return c == '-' || is_digit(c) ? check_number(s) : check_word(s);
}

static bool check_key(struct scan *s)
{
	if (*s->at == '}')
		return fail(s, "expected a key (no comma is allowed before '}')");
	if (*s->at != '"')
		return fail(s, "expected a key in double quotes");
	if (s->nodes++ == s->max_nodes)
		return fail(s, "too many values");
	s->state = COLON;
	return check_string(s);
}

/* Takes a punctuation mark and goes on to `next`. */
static bool take(struct scan *s, enum state next)
{
	s->at++;
	s->state = next;
	return true;
}

static bool check_comma(struct scan *s)
{
	bool object = in_object(s);

	if (*s->at == ',')
		return take(s, object ? KEY : VALUE);
	if (*s->at == (object ? '}' : ']'))
		return close_container(s);
	return fail(s, object ? "expected ',' or '}'" : "expected ',' or ']'");
}

static bool step(struct scan *s)
{
	switch (s->state) {
	case VALUE_OR_END:
		return *s->at == ']' ? close_container(s) : check_value(s);
	case VALUE:
		return check_value(s);
	case KEY_OR_END:
		return *s->at == '}' ? close_container(s) : check_key(s);
	case KEY:
		return check_key(s);
	case COLON:
		return *s->at == ':' ? take(s, VALUE) : fail(s, "expected ':' behind the key");
	case COMMA_OR_END:
		return check_comma(s);
	case END:
		break;
	}
	return fail(s, "expected nothing more behind the value");
}

static bool check(struct scan *s)
{
	for (;;) {
		while (s->at < s->end &&
			(*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
			s->at++;
		if (s->at == s->end)
			break;
		if (!step(s))
			return false;
	}
	if (s->state == END)
		return true;
	if (!s->depth)
		return fail(s, "expected a value, but there is no text");
	return fail(s, in_object(s) ? "the text ends inside an object"
				    : "the text ends inside an array");
}

int json_check(const char *text, size_t len, unsigned flags, size_t max_nodes, size_t *nodes,
	struct json_fault *fault)
{
	struct scan s = {.at = text, .end = text + len, .max_nodes = max_nodes, .flags = flags};

	if (!check(&s)) {
		fault->at = (size_t)(s.at - text);
		fault->what = s.what;
		return -1;
	}
	*nodes = s.nodes;
	return 0;
}
