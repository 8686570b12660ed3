/* Command lines with places for an input, and where inputs come from. */
#include "cmd/template.h"

#include "cmd/inputs.h"
#include "cmd/words.h"
#include "test.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The expanded words with | between. */
static const char *expand(const char *const *words, const char *const *parts, int64_t number)
{
	static char text[1024];
	struct template t;
	struct input in = {.parts = parts, .number = number};
	struct err e;
	size_t n = 0, count;
	char **out;

	while (words[n])
		n++;
	while (parts[in.n])
		in.n++;
	if (template_init(&t, words, n, in.n, &e))
		return "refused";
	out = template_expand(&t, &in, &count);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%s", i ? "|" : "", out[i]);
	}
	CHECK(out[count] == NULL);
	words_free(&out);
	return text;
}

static const char *one(const char *word, const char *input)
{
	return expand(WORDS(word), WORDS(input), 7);
}

static void test_places(void)
{
	CHECK_STR(one("{}", "a/b.tar.gz"), "a/b.tar.gz");
	CHECK_STR(one("{.}", "a/b.tar.gz"), "a/b.tar");
	CHECK_STR(one("{/}", "a/b.tar.gz"), "b.tar.gz");
	CHECK_STR(one("{//}", "a/b.tar.gz"), "a");
	CHECK_STR(one("{/.}", "a/b.tar.gz"), "b.tar");
	CHECK_STR(one("{#}", "x"), "7|x");
	CHECK_STR(one("x{}y{}z", "i"), "xiyiz");
	CHECK_STR(one("{1}{1/}", "d/f"), "d/ff");
}

static void test_paths(void)
{
	CHECK_STR(one("{//}", "plain"), ".");
	CHECK_STR(one("{//}", "/root"), "/");
	CHECK_STR(one("{//}", "/a/b"), "/a");
	CHECK_STR(one("{.}", "a.d/file"), "a.d/file");
	CHECK_STR(one("{.}", ".hidden"), ".hidden");
	CHECK_STR(one("{.}", "d/.hidden"), "d/.hidden");
	CHECK_STR(one("{.}", "end."), "end");
	CHECK_STR(one("{/}", "d/"), "");
	CHECK_STR(one("{}", ""), "");
	CHECK_STR(one("<{.}{/}{//}>", ""), "<.>");
}

/* Nothing in an input or a word means anything but the places. */
static void test_as_it_is(void)
{
	CHECK_STR(expand(WORDS("cat"), WORDS("a b"), 1), "cat|a b");
	CHECK_STR(expand(WORDS("cat", "-"), WORDS("{}"), 1), "cat|-|{}");
	CHECK_STR(expand(WORDS("{}"), WORDS("{.} $x 'q' \"\n"), 1), "{.} $x 'q' \"\n");
	CHECK_STR(one("{a}{ }{{}", "i"), "{a}{ }{i");
	CHECK_STR(one("{print $1}", "i"), "{print $1}|i");
	CHECK_STR(one("{01}{0}{1#}{.//}{", "i"), "{01}{0}{1#}{.//}{|i");
	CHECK_STR(one("{999999999999}", "i"), "{999999999999}|i");
}

static void test_several(void)
{
	CHECK_STR(expand(WORDS("c"), WORDS("a", "b b"), 1), "c|a|b b");
	CHECK_STR(expand(WORDS("c", "{}", "z"), WORDS("a", "b"), 1), "c|a|b|z");
	CHECK_STR(expand(WORDS("c", "[{}]"), WORDS("a", "b"), 1), "c|[a b]");
	CHECK_STR(expand(WORDS("{2}-{1.}"), WORDS("a.x", "b"), 1), "b-a");
	CHECK_STR(expand(WORDS("{/}"), WORDS("d/a", "d/b"), 1), "a|b");
	CHECK_STR(expand(WORDS("{3}"), WORDS("a", "b"), 1), "refused");
}

static void test_lists(void)
{
	const char *const words[] = {":::", "a", "b", ":::", "", "2"};
	static const char *const want[] = {"a,", "a,2", "b,", "b,2"};
	struct err e;
	struct input in;
	char text[16];
	struct inputs *lists = inputs_lists(words, 6, &e);

	CHECK(lists != NULL);
	CHECK_INT(inputs_total(lists), 4);
	CHECK_INT(inputs_parts(lists), 2);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(inputs_next(lists, &in, &e), INPUT_ONE);
		CHECK_INT(in.number, i + 1);
		snprintf(text, sizeof(text), "%s,%s", in.parts[0], in.parts[1]);
		CHECK_STR(text, want[i]);
	}
	CHECK_INT(inputs_next(lists, &in, &e), INPUT_END);
	inputs_free(&lists);
	CHECK(inputs_lists(WORDS(":::", "a", "::::", "f"), 4, &e) == NULL);
	CHECK_INT(e.code, ERR_USAGE);
	lists = inputs_lists(WORDS(":::", "a", ":::"), 3, &e);
	CHECK_INT(inputs_total(lists), 0);
	CHECK_INT(inputs_next(lists, &in, &e), INPUT_END);
	inputs_free(&lists);
}

static const struct test tests[] = {
	{"places", test_places},
	{"paths", test_paths},
	{"as it is", test_as_it_is},
	{"several", test_several},
	{"lists", test_lists},
};

TEST_MAIN(tests)
