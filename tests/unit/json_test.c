/* JSON: which texts are taken, where the others are wrong, what the readers read and the writer writes. */
#include "base/json.h"

#include "base/mem.h"
#include "tests/unit/test.h"

#define MANY 100000 /* nodes */

/* The cases follow the classes of the public conformance suite (github.com/nst/JSONTestSuite): structure, arrays, objects,
 * numbers, strings. */
static const char *const valid[] = {
	/* a value alone, white space */
	"42", "-0.1", "0", "null", "true", "false", "\"asd\"", "\"\"", "\" \"", "[]", "{}",
	" [] ", "\t\r\n {} \n\r\t", "\n1", "1\n", " true ",
	/* arrays */
	"[[]   ]", "[\"\"]", "[\"a\"]\n", "[false]", "[null]", "[null, 1, \"1\", {}]", "[1\n]",
	" [1]", "[2] ", "[1,null,null,null,2]", "[ 4]", "[[[]],[[],[[]]]]", "[{},{},[{}]]",
	"[1 , 2\n,\t3]", "[true]",
	/* objects */
	"{\"a\":[]}", "{\"\":0}", "{\"asd\":\"sdf\"}", "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
	"{\"a\":\"b\",\"a\":\"c\"}", "{\"a\":\"b\",\"a\":\"b\"}", "{\"foo\\u0000bar\": 42}",
	"{ \"min\": -1.0e+28, \"max\": 1.0e+28 }", "{\n\"a\": \"b\"\n}",
	"{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"xxxxxxxxxxx\"}",
	"{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\"}",
	"{\"a\" : {\"b\" :{}}}", "{\"a\":{\"b\":1},\"c\":[2,{\"d\":3}],\"e\":4}",
	/* numbers */
	"[123e65]", "[0e+1]", "[0e1]", "[-0]", "[-123]", "[-1]", "[1E22]", "[1E-2]", "[1E+2]",
	"[123e45]", "[123.456e78]", "[1e-2]", "[1e+2]", "[123]", "[123.456789]", "[20e1]",
	"[0.5]", "[-0.0e-0]", "[0E0]", "[1.5E+9]",
	"[-0.00000000000000000000000000000000000000000000000000000000000000000000000000001]",
	"[123123e100000]", "[-1e-99999999999]", "[100000000000000000000000000000]",
	"[0.4e00669]",
	/* strings */
	"[\"\\u0060\\u012a\\u12AB\"]", "[\"\\uD801\\udc37\"]",
	"[\"\\ud83d\\ude39\\ud83d\\udc8d\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
	"[\"\\\\u0000\"]", "[\"\\\"\"]", "[\"a/*b*/c/*d//e\"]", "[\"\\\\a\"]", "[\"\\\\n\"]",
	"[\"\\u0012\"]", "[\"\\uFFFF\"]", "[ \"asd\"]", "[\"\\uDBFF\\uDFFF\"]",
	"[\"new\\u00A0line\"]", "[\"\xf4\x8f\xbf\xbf\"]", "[\"\xef\xbf\xbf\"]", "[\"\\u0000\"]",
	"[\"\\u002c\"]", "[\"\xcf\x80\"]", "[\"\xf0\x9b\xbf\xbf\"]", "[\"asd \"]",
	"[\"\\uD834\\uDd1e\"]", "[\"\\u0821\"]", "[\"\\u0123\"]", "[\"\xe2\x80\xa8\"]",
	"[\"\xe2\x80\xa9\"]", "[\"\\u0061\\u30af\\u30EA\\u30b9\"]", "[\"new\\u000Aline\"]",
	"[\"\x7f\"]", "[\"\\uA66D\"]", "[\"\\u005C\"]",
	"[\"\xe2\x8d\x82\xe3\x88\xb4\xe2\x8d\x82\"]", "[\"\\uDBFF\\uDFFE\"]",
	"[\"\\uD83F\\uDFFE\"]", "[\"\\u200B\"]", "[\"\\u2064\"]", "[\"\\uFDD0\"]",
	"[\"\\uFFFE\"]", "[\"\\u0022\"]", "[\"\xe2\x82\xac\xf0\x9d\x84\x9e\"]", "[\"a\177a\"]",
	/* lone surrogates: valid by our contract */
	"[\"\\uDADA\"]", "[\"\\uD888\\u1234\"]", "[\"\\uD800\\n\"]", "[\"\\uDd1ea\"]",
	"[\"\\uD800\\uD800\\n\"]", "[\"\\udc00\\ud800\"]", "[\"\\uDFAA\"]", "{\"\\uDFAA\":0}"};

static const char *const invalid[] = {
	/* nothing, or more than one value */
	"", " ", "\n", "[][]", "{}}", "[1]]", "[\"x\"]]", "1]", "]", "}", "\"\"x", "2@", "[1]x",
	"{\"a\": true} \"x\"", "{\"a\":\"b\"}#", "{\"a\":\"b\"}#{}", "[\"\"],", "1 2",
	"nullnull", "true false", ",", ":", "[],", "{},",
	/* no JSON at all, other encodings */
	"abc", "a\xc3\xa5", "\xc3\xa5", "\xe9", "\xe5", "*", "<.>", "[<null>]", "\xef\xbb\xbf",
	"\xef\xbb\xbf{}", "\xef\xbb{}", "[\xe2\x81\xa0]", "[\xc3\xa9]", "[\xff]", "[a\xe5]",
	"[\x0c]", "[\x0b]", "\xc2\xa0[]", "\xff\xfe[",
	/* words */
	"[fals]", "[nul]", "[tru]", "[True]", "True", "[NULL]", "[truee]", "[truth]", "[nan]",
	"[undefined]", "nul", "t", "[ false, nul", "[ true, fals", "[ false, tru",
	"[truefalse]",
	/* comments and quotes */
	"{\"a\":\"b\"}/**/", "{\"a\":\"b\"}/**//", "{\"a\":\"b\"}//", "{\"a\":\"b\"}/",
	"{\"a\":/*comment*/\"b\"}", "[1] // one", "['single quote']", "{'a':0}",
	"{key: 'value'}", "{'a'", "['", "[`a`]",
	/* arrays */
	"[1 true]", "[\"\": 1]", "[,1]", "[1,,2]", "[\"x\",,]", "[\"\",]", "[\"x\"", "[x",
	"[3[4]]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[1,,]",
	"[\"\013a\"\\f]", "[*]", "[\"\"", "[1,", "[1,\n1\n,1", "[{}", "[", "[,", "[{", "[\"a",
	"[\"a\"", "[1", "[\"asd]", "[1}", "[[1,2,]]", "[[]", "[]]", "[1,2", "[\"a\" \"b\"]",
	"[1 2]", "[{} {}]", "[[] []]", "[:]", "[\"a\":\"b\"]", "[1,:2]",
	/* objects */
	"[\"x\", truth]", "{[: \"x\"}\n", "{\"x\", null}", "{\"x\"::\"b\"}",
	"{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}", "{\"a\":\"a\" 123}", "{\"\xb9\":\"0\",}",
	"{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}", "{\"a\":", "{\"a\"", "{1:1}", "{9999E9999:1}",
	"{null:null,null:null}", "{\"id\":0,,,,,}", "{\"id\":0,}", "{\"a\":\"b\",,\"c\":\"d\"}",
	"{a: \"b\"}", "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }", "{\"x\": true,",
	"{\"\":", "{", "{]", "{,", "{[", "{\"a", "{\"asd\":\"asd\"", "{,}", "{\"a\"}",
	"{\"a\":}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"b\"}", "{\"a\":1:2}", "{{}:1}", "{[]:1}",
	"{true:1}", "{\"a\":1]", "{\"a\":{}", "{\"a\":\"b\":\"c\"}", "{\"a\",\"b\":1}",
	"{\"a\":,}",
	/* numbers */
	"[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]", "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]",
	"[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]", "[0e+]", "[0e]", "[1.0e+]",
	"[1.0e-]", "[1.0e]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]",
	"[Inf]", "[NaN]", "[\xef\xbc\x91]", "[1+2]", "[0x1]", "[0x42]", "[Infinity]", "[0e+-1]",
	"[-123.123foo]", "[123\xe5]", "[1e1\xe5]", "[0\xe5]\n", "[-Infinity]", "[-foo]",
	"[- 1]", "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1e\xe5]", "[1.]", "[.123]",
	"[1.2a-3]", "[1.8011670033376514H-308]", "[012]", "-", "01", "1.", "1e", "-a", "00",
	"0x", "1_000", "[1,000e]", "--1", "[1.e]", "[.]", "[-]", "1e+",
	/* strings */
	"\"", "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\u1\"]", "[\"\\uD800\\u1x\"]",
	"[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\\t\"]", "[\"\\\xf0\x9f\x8c\x80\"]", "[\"\\\"]",
	"[\"\\u00A\"]", "[\"\\uD834\\uDd\"]", "[\"\\uD800\\uD800\\x\"]", "[\"\\u\xe5\"]",
	"[\"\\a\"]", "[\"\\uqqqq\"]", "[\"\\\xe5\"]", "[\\u0020\"asd\"]", "[\\n]", "[\"\\",
	"[\"new\nline\"]", "[\"\t\"]", "\"\\UA66D\"", "[\"\x1f\"]", "[\"\x01\"]", "\"\\u",
	"\"\\u123", "[\\u000A\"\"]", "[\"\\{[\"\\{[\"\\{[\"\\{", "\"\\'\"", "\"\\0\"",
	"\"a\\\n\"",
	/* UTF-8: overlong, surrogates, beyond U+10FFFF, cut off, stray */
	"[\"\xe9\"]", "[\"\xc0\xaf\"]", "[\"\xe0\x80\xaf\"]", "[\"\xf0\x80\x80\xaf\"]",
	"[\"\xed\xa0\x80\"]", "[\"\xed\xbf\xbf\"]", "[\"\xf4\xbf\xbf\xbf\"]",
	"[\"\xf8\x88\x80\x80\x80\"]", "[\"\x81\"]", "[\"\xe0\xff\"]",
	"[\"\xe6\x97\xa5\xd1\x88\xfa\"]", "[\"\xff\"]", "\"\xe2\x82", "[\"\xc3\"]",
	"{\"\xc3\":1}", "[\"\xf0\x9d\x84\"]"};

/* Texts with a NUL, which a C string cannot hold. */
static const struct {
	const char *text;
	size_t len;
} with_nul[] = {
	{"123\0", 4},
	{"[\0]", 3},
	{"[\"a\0a\"]", 7},
	{"[\"\\\0\"]", 6},
	{"[1]\0", 4},
	{"\0", 1},
	{"[\0\"a\"\0]", 8},
	{"{\"a\0b\":1}", 9},
	{"[1\0,2]", 6},
};

/* Parses a copy without a NUL behind it, so that a read too far is seen by the sanitizer. */
static int parse_copy(const char *text, size_t len, unsigned flags, size_t max,
	struct json_fault *f)
{
	char *copy = xmemdup(text, len ? len : 1);
	struct json_doc d;
	int r;

	if (len)
		copy = xrealloc(copy, len);
	json_init(&d);
	r = json_parse(&d, copy, len, flags, max, f);
	json_fini(&d);
	free(copy);
	return r;
}

static void test_valid(void)
{
	struct json_fault f;

	for (size_t i = 0; i < ARRAY_LEN(valid); i++)
		if (parse_copy(valid[i], strlen(valid[i]), 0, MANY, &f) != 0)
			TEST_FAIL("%s: refused at %zu: %s", valid[i], f.at, f.what);
}

static void test_invalid(void)
{
	struct json_fault f;

	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		f.what = NULL;
		if (parse_copy(invalid[i], strlen(invalid[i]), 0, MANY, &f) == 0)
			TEST_FAIL("%s: taken", invalid[i]);
		CHECK(f.what && f.at <= strlen(invalid[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(with_nul); i++)
		if (parse_copy(with_nul[i].text, with_nul[i].len, 0, MANY, &f) == 0)
			TEST_FAIL("text %zu with a NUL: taken", i);
}

/* Every beginning of a valid container is invalid, and its fault is at the end or before. */
static void test_cut(void)
{
	static const char text[] =
		"{\"a\\u00e4\xc3\xa4\":[1.5e-3,true,{\"b\":null}],\"c\":\"\\n\"}";
	struct json_fault f;

	for (size_t n = 0; n + 1 < sizeof(text) - 1; n++) {
		CHECK_INT(parse_copy(text, n, 0, MANY, &f), -1);
		CHECK(f.at <= n);
	}
	CHECK_INT(parse_copy(text, sizeof(text) - 1, 0, MANY, &f), 0);
}

static void test_faults(void)
{
	static const struct {
		const char *text;
		size_t at;
		const char *what;
	} cases[] = {
		{"[1,,2]", 3, "expected a value"},
		{"[1,]", 3, "expected a value (no comma is allowed before ']')"},
		{"{\"a\":1,}", 7, "expected a key (no comma is allowed before '}')"},
		{"{\"a\" 1}", 5, "expected ':' behind the key"},
		{"{\"a\":1 \"b\":2}", 7, "expected ',' or '}'"},
		{"[1 2]", 3, "expected ',' or ']'"},
		{"[1] x", 4, "expected nothing more behind the value"},
		{"[01]", 2, "a number must not begin with 0"},
		{"[1.]", 3, "expected a digit"},
		{"{a:1}", 1, "expected a key in double quotes"},
		{"[\"a\\qb\"]", 3, "unknown escape: a backslash itself is written \\\\"},
		{"[\"a\xff\"]", 3, "invalid UTF-8"},
		{"[\"a\tb\"]", 3, "a control character in a string must be escaped"},
		{"[\"abc", 5, "the text ends inside a string"},
		{"[1", 2, "the text ends inside an array"},
		{"{\"a\":[]", 7, "the text ends inside an object"},
		{"  ", 2, "expected a value, but there is no text"},
		{"\"\\u12g4\"", 1, "expected four hexadecimal digits behind \\u"},
		{"[True]", 1, "expected a value (true is written in lower case)"},
	};
	struct json_fault f;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_INT(parse_copy(cases[i].text, strlen(cases[i].text), 0, MANY, &f), -1);
		CHECK_STR(f.what, cases[i].what);
		CHECK_INT(f.at, cases[i].at);
	}
}

/* `n` opening brackets, then `n` closing ones. */
static int parse_nested(size_t n, char open, char close, struct json_fault *f)
{
	char *text = xmalloc(2 * n);
	int r;

	memset(text, open, n);
	memset(text + n, close, n);
	r = parse_copy(text, 2 * n, 0, 10 * n, f);
	free(text);
	return r;
}

static void test_limits(void)
{
	struct json_fault f;

	CHECK_INT(parse_nested(JSON_MAX_DEPTH, '[', ']', &f), 0);
	CHECK_INT(parse_nested(JSON_MAX_DEPTH + 1, '[', ']', &f), -1);
	CHECK_INT(f.at, JSON_MAX_DEPTH);
	CHECK_STR(f.what, "nested too deeply");
	CHECK_INT(parse_nested(1000000, '[', ']', &f), -1);
	CHECK_INT(f.at, JSON_MAX_DEPTH);
	CHECK_INT(parse_copy("{\"a\":[1,2]}", 11, 0, 5, &f), 0);
	CHECK_INT(parse_copy("{\"a\":[1,2]}", 11, 0, 4, &f), -1);
	CHECK_INT(f.at, 8);
	CHECK_STR(f.what, "too many values");
	CHECK_INT(parse_copy("1", 1, 0, 0, &f), -1);
}

/* An object of n keys that are long, alike and all different but for the last, which is `last`. */
static char *many_keys(size_t n, size_t last, size_t *len)
{
	struct buf b = BUF_INIT;

	buf_addc(&b, '{');
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "\"key-with-a-long-beginning-%zu\":1,", i);
	buf_addf(&b, "\"key-with-a-long-\\u0062eginning-%zu\":1}", last);
	*len = b.len;
	return buf_steal(&b);
}

static void test_strict(void)
{
	static const char *const refused[] = {
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
		"[{\"x\":{\"k\":1,\"j\":2,\"k\":3}}]",
		"{\"\":1,\"\":2}",
		"{\"\xc3\xa9\":1,\"\\u00e9\":2}",
		"[\"\\u0000\"]",
		"{\"a\\u0000\":1}",
		"\"\\u0000\"",
		"{\"\\/\":1,\"/\":1}",
	};
	static const char *const taken[] = {
		"{\"a\":1,\"b\":{\"a\":1}}",
		"{\"a\":1,\"A\":2,\"aa\":3,\"\":4}",
		"[\"\\\\u0000\"]",
		"[{\"a\":1},{\"a\":1}]",
		"[1,1]",
		"[\"a\",\"a\"]",
		"{\"a\":\"a\"}",
	};
	struct json_fault f;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (parse_copy(refused[i], strlen(refused[i]), JSON_STRICT_KEYS, MANY, &f) == 0)
			TEST_FAIL("%s: taken", refused[i]);
		CHECK_INT(parse_copy(refused[i], strlen(refused[i]), 0, MANY, &f), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		CHECK_INT(parse_copy(taken[i], strlen(taken[i]), JSON_STRICT_KEYS, MANY, &f),
			0);
	CHECK_INT(parse_copy("{\"k\":1,\"j\":2,\"k\":3,\"j\":4}", 25, JSON_STRICT_KEYS, MANY,
			  &f),
		-1);
	CHECK_INT(f.at, 13); /* the first that is there already */
	CHECK_STR(f.what, "this key stands here twice");
}

static void test_many_keys(void)
{
	struct json_fault f;
	size_t len;
	char *text = many_keys(40000, 40000, &len);

	CHECK_INT(parse_copy(text, len, JSON_STRICT_KEYS, MANY, &f), 0);
	free(text);
	text = many_keys(40000, 17, &len);
	CHECK_INT(parse_copy(text, len, JSON_STRICT_KEYS, MANY, &f), -1);
	CHECK(text[f.at] == '"' && f.at > len - 50);
	free(text);
}

static void test_walk(void)
{
	static const char text[] = " {\"a\":[1,[],{\"x\":\"y\"}],\"b\":{},\"a\":\"last\"} ";
	struct json_doc d;
	struct json_fault f;
	const struct json_node *v;
	size_t len;

	json_init(&d);
	CHECK_INT(json_parse(&d, text, sizeof(text) - 1, 0, MANY, &f), 0);
	CHECK_INT(d.n, 12);
	CHECK_INT(d.nodes[0].type, JSON_OBJECT);
	CHECK_INT(d.nodes[0].nchild, 3);
	CHECK(json_is(json_get(d.nodes, "a"), "last"));
	CHECK(json_get(d.nodes, "x") == NULL);
	v = json_next(json_first(d.nodes));
	CHECK_INT(v->type, JSON_ARRAY);
	CHECK_INT(v->nchild, 3);
	CHECK(memcmp(json_raw(v, &len), "[1,[],{\"x\":\"y\"}]", 16) == 0 && len == 16);
	CHECK(json_is(json_next(v), "b"));
	v = json_first(v);
	CHECK_INT(v->type, JSON_NUMBER);
	v = json_next(v);
	CHECK(v->type == JSON_ARRAY && v->nchild == 0 && json_first(v) == NULL);
	v = json_next(v);
	CHECK(json_next(v) == NULL);
	v = json_get(v, "x");
	CHECK(memcmp(json_raw(v, &len), "\"y\"", 3) == 0 && len == 3);
	CHECK(json_next(d.nodes) == NULL);
	json_fini(&d);
}

/* A document that is parsed into again holds the new text only. */
static void test_reuse(void)
{
	struct json_doc d;
	struct json_fault f;

	json_init(&d);
	CHECK_INT(json_parse(&d, "[1,2,3]", 7, 0, MANY, &f), 0);
	CHECK_INT(json_parse(&d, "[1,", 3, 0, MANY, &f), -1);
	CHECK_INT(d.n, 0);
	CHECK_INT(json_parse(&d, "{\"a\":true}", 10, JSON_STRICT_KEYS, MANY, &f), 0);
	CHECK_INT(d.n, 3);
	CHECK_INT(json_parse(&d, " null ", 6, 0, MANY, &f), 0);
	CHECK_INT(d.nodes[0].type, JSON_NULL);
	CHECK_INT(d.nodes[0].len, 4);
	json_fini(&d);
	CHECK(d.nodes == NULL && d.cap == 0);
}

static struct json_doc one; /* of value_of(): valid until its next call */

static const struct json_node *value_of(const char *text)
{
	struct json_fault f;

	if (json_parse(&one, text, strlen(text), 0, MANY, &f) != 0)
		TEST_FAIL("%s: %s", text, f.what);
	return one.nodes;
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} cases[] = {
		{"0", true, 0},
		{"-0", true, 0},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"9007199254740993", true, 9007199254740993}, /* no double holds it */
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"100000000000000000000000000000000", false, 0},
		{"1.0", false, 0},
		{"1e3", false, 0},
		{"\"1\"", false, 0},
		{"null", false, 0},
	};
	int64_t v;
	bool b;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		v = 0;
		CHECK_INT(json_i64(value_of(cases[i].text), &v), cases[i].ok);
		CHECK_INT(v, cases[i].value);
	}
	CHECK(json_bool(value_of("true"), &b) && b);
	CHECK(json_bool(value_of("false"), &b) && !b);
	CHECK(!json_bool(value_of("0"), &b));
}

static void test_strings(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"\"plain\"", "plain"},
		{"\"\"", ""},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
		{"\"\\uD834\\uDd1e!\"", "\xf0\x9d\x84\x9e!"},
		{"\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf"},
		{"\"\\ud800\"", "\xef\xbf\xbd"},
		{"\"\\ud800x\"", "\xef\xbf\xbdx"},
		{"\"\\ud800\\u0041\"", "\xef\xbf\xbd"
				       "A"},
		{"\"\\ud800\\ud834\\udd1e\"", "\xef\xbf\xbd\xf0\x9d\x84\x9e"},
		{"\"\\udc00\\n\"", "\xef\xbf\xbd\n"},
	};
	char dst[32];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *copy = json_strdup(value_of(cases[i].text));
		CHECK_STR(copy, cases[i].want);
		CHECK(json_is(one.nodes, cases[i].want));
		CHECK(json_strcpy(one.nodes, dst, sizeof(dst)));
		CHECK_STR(dst, cases[i].want);
		free(copy);
	}
	CHECK(!json_is(value_of("\"abc\""), "ab") && !json_is(one.nodes, "abcd"));
	CHECK(json_strcpy(one.nodes, dst, 4) && !json_strcpy(one.nodes, dst, 3));
	CHECK(!json_strcpy(one.nodes, dst, 0));
}

/* A NUL inside: readable as bytes, never as a C string. */
static void test_nul(void)
{
	const struct json_node *v = value_of("\"a\\u0000b\"");
	struct buf b = BUF_INIT;
	char dst[8];

	CHECK(json_strdup(v) == NULL);
	CHECK(!json_strcpy(v, dst, sizeof(dst)));
	CHECK(!json_is(v, "a") && !json_is(value_of("\"\\u0000\""), ""));
	CHECK(json_unescape(value_of("\"a\\u0000b\""), &b));
	CHECK(b.len == 3 && memcmp(b.data, "a\0b", 3) == 0);
	buf_fini(&b);
}

static void test_absent(void)
{
	struct buf b = BUF_INIT;
	char dst[8];
	int64_t i;
	bool yes;
	size_t len;

	CHECK(!json_first(NULL) && !json_next(NULL) && !json_get(NULL, "a") &&
		!json_is(NULL, ""));
	CHECK(!json_i64(NULL, &i) && !json_bool(NULL, &yes) && !json_unescape(NULL, &b));
	CHECK(!json_strdup(NULL) && !json_strcpy(NULL, dst, sizeof(dst)));
	CHECK(json_raw(NULL, &len) == NULL && len == 0);
	CHECK(!json_get(value_of("[\"a\",1]"), "a") && !json_first(value_of("\"a\"")));
	CHECK(!json_unescape(value_of("1"), &b) && !json_strdup(one.nodes) &&
		!json_is(one.nodes, "1"));
}

static void explained(const char *text, const char *want)
{
	struct json_fault f;
	struct err e;

	CHECK_INT(json_parse(&one, text, strlen(text), 0, MANY, &f), -1);
	CHECK_INT(json_explain(&e, "args", text, strlen(text), &f), -1);
	CHECK_INT(e.code, ERR_DATA);
	CHECK_STR(e.text, want);
}

static void test_explain(void)
{
	explained("[1 2]", "args: line 1, column 4: expected ',' or ']'\n  [1 2]\n     ^");
	explained("{\n\"\xc3\xa4\": x\n}",
		"args: line 2, column 6: expected a value\n  \"\xc3\xa4\": x\n       ^");
	explained("",
		"args: line 1, column 1: expected a value, but there is no text\n  \n  ^");
	explained("[1,\n", "args: line 2, column 1: the text ends inside an array\n  \n  ^");
	explained("[\x1b\n]", "args: line 1, column 2: expected a value\n  [\\x1b\n   ^");
	explained("[1111111111111111111111111111111111111111111111111 "
		  "22222222222222222222222222222222222222222]",
		"args: line 1, column 52: expected ',' or ']'\n"
		"  ...111111111111111111111111111111111111111 222222222222222222222222222222...\n"
		"                                             ^");
}

static void test_write(void)
{
	struct buf b = BUF_INIT;
	struct json_out w;

	jout_init(&w, &b);
	jout_object(&w, NULL);
	jout_str(&w, "s", "a\"b\\c\n\x01\x7f\xc3\xa4");
	jout_str(&w, "none", NULL);
	jout_array(&w, "list");
	jout_i64(&w, NULL, INT64_MIN);
	jout_bool(&w, NULL, true);
	jout_object(&w, NULL);
	jout_end_object(&w);
	jout_array(&w, NULL);
	jout_end_array(&w);
	jout_null(&w, NULL);
	jout_end_array(&w);
	jout_raw(&w, "r\"", "{\"x\":1}", 7);
	jout_strn(&w, "nul", "a\0b", 3);
	jout_end_object(&w);
	CHECK_STR(buf_str(&b),
		"{\"s\":\"a\\\"b\\\\c\\n\\u0001\x7f\xc3\xa4\",\"none\":null,"
		"\"list\":[-9223372036854775808,true,{},[],null],\"r\\\"\":{\"x\":1},"
		"\"nul\":\"a\\u0000b\"}");
	CHECK_INT(value_of(buf_str(&b))->nchild, 5);
	buf_fini(&b);
}

static void test_quote_bad_utf8(void)
{
	struct buf b = BUF_INIT;

	json_quote(&b, "a\xff\xc3\xa4\xe2\x82", 6);
	CHECK_STR(buf_str(&b), "\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_reset(&b);
	json_quote(&b, NULL, 0);
	CHECK_STR(buf_str(&b), "\"\"");
	buf_fini(&b);
}

static const struct test tests[] = {
	{"valid", test_valid},
	{"invalid", test_invalid},
	{"cut", test_cut},
	{"faults", test_faults},
	{"limits", test_limits},
	{"strict", test_strict},
	{"many_keys", test_many_keys},
	{"walk", test_walk},
	{"reuse", test_reuse},
	{"numbers", test_numbers},
	{"strings", test_strings},
	{"nul", test_nul},
	{"absent", test_absent},
	{"explain", test_explain},
	{"write", test_write},
	{"quote_bad_utf8", test_quote_bad_utf8},
};

TEST_MAIN(tests)
