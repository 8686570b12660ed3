/* The console without a screen: what a key's command line becomes, and which columns have room. */
#include <locale.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/words.h"
#include "tests/unit/test.h"
#include "tui/cells.h"
#include "tui/keys.h"
#include "tui/run.h"

static struct json_doc doc;

static const struct json_node *row(const char *text)
{
	struct json_fault fault;

	CHECK_INT(json_parse(&doc, text, strlen(text), 0, 100, &fault), 0);
	return doc.nodes;
}

static void check_expand(const char *text, const char *json, bool quote, const char *want)
{
	char *got = run_expand(text, row(json), quote);

	CHECK_STR(got, want);
	free(got);
}

static void test_expand(void)
{
	check_expand("cancel %id", "{\"id\":\"abc\",\"n\":3}", true, "cancel abc");
	check_expand("%n of %owner", "{\"id\":\"abc\",\"n\":3}", false, "3 of -");
	check_expand("100% %n%", "{\"n\":3}", true, "100% 3%");
	check_expand("is %x", "{\"x\":\"\\u001b[31m\"}", false, "is \\x1b[31m");
}

/* What somebody else chose stays one word, whatever is in it. */
static void test_expand_quotes(void)
{
	char *line = run_expand("cancel %id", row("{\"id\":\"a b'; \\\"c --all\"}"), true);
	char **words;
	size_t n;

	CHECK_INT(words_split(line, &words, &n, NULL), 0);
	CHECK_INT((long long)n, 2);
	CHECK_STR(words[1], "a b'; \"c --all");
	words_free(&words);
	free(line);
}

/* Every key that stands for a command line names a command that there is, and what destroys asks. */
static void test_keys(void)
{
	static const unsigned places[] = {IN_TASKS, IN_QUEUES, IN_WORKERS, IN_RESULTS,
		IN_DETAIL};

	for (int key = 1; key < 0x7f; key++)
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			const struct key *k = key_find(key, places[i]);
			const struct cmd *c;
			char **words;
			size_t n;
			if (!k || !k->line)
				continue;
			CHECK_INT(words_split(k->line, &words, &n, NULL), 0);
			c = cmd_find(words[0]);
			CHECK(c);
			CHECK(!(c->flags & (CMD_PROCESS | CMD_FACE)));
			CHECK(!(c->flags & CMD_DESTROYS) || k->ask);
			words_free(&words);
		}
}

static const struct cell cells[] = {
	{.title = "N", .key = "n", .text = cell_text, .width = 4, .right = true},
	{.title = "B", .key = "b", .text = cell_text, .width = 6, .drop = 1},
	{.title = "C", .key = "c", .text = cell_text, .width = 6, .wide = 10, .drop = 2},
	{.title = "LAST", .key = "d", .text = cell_text, .width = 5},
};

static void check_fit(int width, int b, int c, int last)
{
	int shown[4];

	cells_fit(cells, 4, width, shown);
	CHECK_INT(shown[0], 4);
	CHECK_INT(shown[1], b);
	CHECK_INT(shown[2], c);
	CHECK_INT(shown[3], last);
}

static void test_columns(void)
{
	check_fit(24, 6, 6, 5);
	check_fit(23, 6, 0, 11);
	check_fit(17, 6, 0, 5);
	check_fit(16, 0, 0, 11);
	check_fit(5, 0, 0, 5);
	check_fit(60, 6, 10, 37);
}

static void test_row(void)
{
	struct cell_clock clock = {0};
	struct buf out = BUF_INIT;
	int shown[4];

	cells_fit(cells, 4, 24, shown);
	cells_row(&out, cells, 4, shown,
		row("{\"n\":7,\"b\":\"\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\",\"d\":\"x\\u0007y\"}"),
		&clock);
	/* Three of the four wide characters fit into six columns. */
	CHECK_STR(buf_str(&out), "   7 \xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2 -      x\\x07 ");
	buf_fini(&out);
}

static const struct test tests[] = {
	{"expand", test_expand},
	{"expand_quotes", test_expand_quotes},
	{"keys", test_keys},
	{"columns", test_columns},
	{"row", test_row},
};

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "C.UTF-8");
	return test_main(tests, ARRAY_LEN(tests), argc, argv);
}
