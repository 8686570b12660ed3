/* Configuration files: what is read, and what is refused in which line. */
#include "base/ini.h"

#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/test.h"

static struct ini *parse(const char *text)
{
	struct err e;
	struct ini *i = ini_parse(text, strlen(text), "conf", &e);

	if (!i)
		TEST_FAIL("refused: %s", e.text);
	return i;
}

static void test_values(void)
{
	struct ini *i = parse("\n# comment\n  ; another\n"
			      "name = a b = \"c\" # d  \r\n"
			      "\tempty=\n"
			      "lease_timeout=30s\n"
			      "[ profile prod ]\n"
			      "name=\xc3\xa4");
	int line = 0;

	CHECK_STR(ini_get(i, "", "name", &line), "a b = \"c\" # d");
	CHECK_INT(line, 4);
	CHECK_STR(ini_get(i, "", "empty", NULL), "");
	CHECK_STR(ini_get(i, "", "lease-timeout", NULL), "30s");
	CHECK_STR(ini_get(i, "", "lease_timeout", NULL), "30s");
	CHECK_STR(ini_get(i, "profile prod", "name", &line), "\xc3\xa4");
	CHECK_INT(line, 8);
	CHECK(!ini_get(i, "profile prod", "empty", NULL) && !ini_get(i, "x", "name", NULL));
	CHECK(!ini_get(i, "", "Name", NULL));
	ini_free(&i);
	CHECK(i == NULL);
	ini_free(&i);
}

static void test_each(void)
{
	struct ini *i = parse("top=0\n[a]\nx_y=1\n[b]\nz=2\n[a]\nw=3\n[empty]\n");
	const char *key, *value, *section;
	size_t pos = 0;
	int line;

	CHECK(ini_each(i, "a", &pos, &key, &value, &line));
	CHECK_STR(key, "x-y");
	CHECK_STR(value, "1");
	CHECK_INT(line, 3);
	CHECK(ini_each(i, "a", &pos, &key, &value, NULL));
	CHECK_STR(key, "w");
	CHECK(!ini_each(i, "a", &pos, &key, &value, &line));
	pos = 0;
	CHECK(!ini_each(i, "none", &pos, &key, &value, &line));
	CHECK(ini_each(i, "", &pos, &key, &value, &line));
	CHECK(!ini_each(i, "", &pos, &key, &value, &line));
	CHECK(ini_has_section(i, "a") && ini_has_section(i, "empty"));
	CHECK(!ini_has_section(i, "") && !ini_has_section(i, "c"));
	pos = 0;
	CHECK(ini_each_section(i, &pos, &section));
	CHECK_STR(section, "a");
	CHECK(ini_each_section(i, &pos, &section) && ini_each_section(i, &pos, &section));
	CHECK_STR(section, "empty");
	CHECK(!ini_each_section(i, &pos, &section));
	ini_free(&i);
}

static void test_broken(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"\nword\n", "conf:2: expected 'key = value', '[section]' or '# comment'"},
		{"=1", "conf:1: expected a key of one word before '='"},
		{"two words=1", "conf:1: expected a key of one word before '='"},
		{"[a\n", "conf:1: expected ']' at the end of the line"},
		{"[", "conf:1: expected ']' at the end of the line"},
		{"[]", "conf:1: expected the name of a section: [NAME]"},
		{"[a]]", "conf:1: expected the name of a section: [NAME]"},
		{"[a]\nx_1=1\n[b]\n[a]\nx-1=1", "conf:5: x-1 is set already in line 2"},
		{"x=\x1b[2J", "conf:1: the line is no text in UTF-8"},
		{"x=\xff", "conf:1: the line is no text in UTF-8"},
	};
	struct err e;

	for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
		CHECK(!ini_parse(cases[n].text, strlen(cases[n].text), "conf", &e));
		CHECK_STR(e.text, cases[n].want);
		CHECK_INT(e.code, ERR_CONFIG);
	}
	CHECK(!ini_parse("a=\0b", 4, "conf", &e));
}

static void test_bytes(void)
{
	struct ini *i = parse("\xef\xbb\xbfx=1");

	CHECK_STR(ini_get(i, "", "x", NULL), "1");
	ini_free(&i);
	i = parse("");
	CHECK(!ini_get(i, "", "x", NULL));
	ini_free(&i);
}

static void test_load(void)
{
	char path[] = "/tmp/ini_test.XXXXXX";
	int fd = mkstemp(path);
	struct ini *i;
	struct err e = {.code = ERR_NONE};

	CHECK(fd >= 0 && write(fd, "x=1\ny\n", 6) == 6);
	CHECK(!ini_load(path, &e));
	CHECK(strncmp(e.text, path, strlen(path)) == 0 && strstr(e.text, ":2: expected"));
	CHECK(ftruncate(fd, 4) == 0 && close(fd) == 0);
	i = ini_load(path, &e);
	CHECK_STR(ini_get(i, "", "x", NULL), "1");
	ini_free(&i);
	CHECK(unlink(path) == 0);
	i = ini_load(path, &e);
	CHECK(i && e.code == ERR_NONE && !ini_get(i, "", "x", NULL));
	ini_free(&i);
	CHECK(!ini_load("/tmp", &e));
}

static const struct test tests[] = {
	{"values", test_values},
	{"each", test_each},
	{"broken", test_broken},
	{"bytes", test_bytes},
	{"load", test_load},
};

TEST_MAIN(tests)
