/* Splitting a command line as a shell would. */
#include "cmd/words.h"

#include "base/mem.h"
#include "tests/unit/test.h"

/* The words of a line with '|' behind each, or the error. */
static const char *split(const char *line)
{
	static char text[2048];
	char **words;
	size_t n, len = 0;
	struct err e;

	if (words_split(line, &words, &n, &e)) {
		snprintf(text, sizeof(text), "%s", e.text);
		CHECK_INT(e.code, ERR_USAGE);
		return text;
	}
	CHECK(!words[n]);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s|", words[i]);
	words_free(&words);
	CHECK(!words);
	return text;
}

static void test_plain(void)
{
	CHECK_STR(split(""), "");
	CHECK_STR(split("  \t\n "), "");
	CHECK_STR(split("cancel 42"), "cancel|42|");
	CHECK_STR(split("  a\tb\nc  "), "a|b|c|");
	CHECK_STR(split("a;b|c&d>e <f #g $h *"), "a;b|c&d>e|<f|#g|$h|*|");
	CHECK_STR(split("a b c d e f g h i j k l"), "a|b|c|d|e|f|g|h|i|j|k|l|");
}

static void test_quotes(void)
{
	CHECK_STR(split("submit 'a b' \"c d\""), "submit|a b|c d|");
	CHECK_STR(split("'' \"\""), "||");
	CHECK_STR(split("a'b'\"c\"d"), "abcd|");
	CHECK_STR(split("'a\\b' \"a\\b\" \"a\\\"b\" \"a\\$b\""), "a\\b|a\\b|a\"b|a$b|");
	CHECK_STR(split("'it'\\''s'"), "it's|");
	CHECK_STR(split("x:={\\\"a\\\":1}"), "x:={\"a\":1}|");
	CHECK_STR(split("'x:={\"a\": [1, 2]}'"), "x:={\"a\": [1, 2]}|");
}

static void test_backslash(void)
{
	CHECK_STR(split("a\\ b \\'c"), "a b|'c|");
	CHECK_STR(split("a\\\nb"), "ab|");
	CHECK_STR(split("\"a\\\nb\""), "ab|");
}

static void test_errors(void)
{
	CHECK_STR(split("submit 'a b"), "column 8: the quote ' is not closed");
	CHECK_STR(split("\"a"), "column 1: the quote \" is not closed");
	CHECK_STR(split("a b\\"), "column 4: nothing follows the backslash");
	CHECK_STR(split("\"a\\"), "column 1: the quote \" is not closed");
}

static const struct test tests[] = {
	{"plain", test_plain},
	{"quotes", test_quotes},
	{"backslash", test_backslash},
	{"errors", test_errors},
};

TEST_MAIN(tests)
