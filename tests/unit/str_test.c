/* Text: what is valid, what is made safe, numbers and durations in both directions, names, and suggestions. */
#include "tests/unit/test.h"

#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

static void utf8_is_checked(void)
{
	static const char *const good[] = {"", "abc", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"};
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff",
		"\xe2\x82", "\xe2\x28\xa1", "a\xc3(", "\xbf"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK(str_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!str_utf8(bad[i], strlen(bad[i])));
	CHECK(str_utf8("a\0b", 3));
}

static void check_safe(const char *s, size_t n, bool keep_lines, const char *want)
{
	struct buf b = BUF_INIT;

	str_safe(&b, s, n, keep_lines);
	CHECK_STR(buf_str(&b), want);
	buf_fini(&b);
}

static void foreign_text_is_made_safe(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
			"plain \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\x1b]52;c;AAAA\x07", "\\x1b]52;c;AAAA\\x07"},
		{"\x7f", "\\x7f"},
		{"\xc2\x9b", "\\xc2\\x9b"}, /* CSI as one C1 character */
		{"\x9b", "\\x9b"},          /* the same as a bare byte */
		{"a\xe2\x80\xae"
		 "b",
			"a\\xe2\\x80\\xaeb"}, /* right-to-left override */
		{"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
		{"\xd8\x9c", "\\xd8\\x9c"},
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
		{"\xff\xc3", "\\xff\\xc3"},
		{"a\r\n\tb", "a\\x0d\\x0a\\x09b"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_safe(rows[i].in, strlen(rows[i].in), false, rows[i].out);
	check_safe("a\r\n\tb", 5, true, "a\\x0d\n\tb");
	check_safe("a\0b", 3, true, "a\\x00b");
}

static void shown_texts_live_beside_each_other(void)
{
	const char *a = str_show("a\n"), *b = str_show("b");

	CHECK_STR(a, "a\\x0a");
	CHECK_STR(b, "b");
	CHECK_STR(str_show(NULL), "(null)");
}

static void numbers_are_whole_or_refused(void)
{
	static const char *const bad[] = {"", "-", " 1", "1 ", "+1", "0x10", "1.0", "--1",
		"9223372036854775808", "101", "-6"};
	int64_t v = 0;

	CHECK(str_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v) && v == INT64_MIN);
	CHECK(str_i64("100", -5, 100, &v) && v == 100);
	CHECK(str_i64("-5", -5, 100, &v) && v == -5);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!str_i64(bad[i], -5, 100, &v));
	CHECK(!str_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v));
}

static void durations_are_read(void)
{
	static const struct {
		const char *in;
		int64_t ms;
	} rows[] = {
		{"0", 0},
		{"30s", 30000},
		{"5m", 300000},
		{"2h30m", 9000000},
		{"1d", 86400000},
		{"1w", 604800000},
		{"250ms", 250},
		{"1.5", 1500},
		{"90", 90000},
		{"0.25s", 250},
		{"1m1s1ms", 61001},
		{"1.0009", 1000},
		{"0.3333333333333333s", 333},
		{"1.5w", 907200000},
	};
	static const char *const bad[] = {"", "-1", "-1s", "s", "1x", "1 s", "1h30", "30m2h",
		"5m5m", "1.", ".5", "1..5", "1.5.5", "1S", "99999999999999999999",
		"9999999999w", "15000w15000d99999999999s", "1e3"};
	int64_t ms = -1;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK(str_duration_ms(rows[i].in, &ms));
		CHECK_INT(ms, rows[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (str_duration_ms(bad[i], &ms))
			TEST_FAIL("\"%s\" was taken for %lld ms", bad[i], (long long)ms);
}

static void ages_fit_seven_cells(void)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{-5, "0ms"},
		{0, "0ms"},
		{999, "999ms"},
		{1234, "1.2s"},
		{59999, "59.9s"},
		{65000, "1m05s"},
		{3599999, "59m59s"},
		{7300000, "2h01m"},
		{100000000, "1d03h"},
		{86399999999, "999d23h"},
		{86400000000, "1000d"},
		{INT64_MAX, "999999d"},
	};
	char dst[16];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_STR(str_age(dst, rows[i].ms), rows[i].want);
		CHECK(strlen(dst) <= 7);
	}
}

static void counts_are_short(void)
{
	static const struct {
		int64_t n;
		bool binary;
		const char *want;
	} rows[] = {
		{0, false, "0"},
		{1234, false, "1234"},
		{9999, false, "9999"},
		{10000, false, "10k"},
		{99999, false, "99k"},
		{1234567, false, "1234k"},
		{12345678, false, "12M"},
		{-99999, false, "-99k"},
		{INT64_MAX, false, "9223P"},
		{INT64_MIN, false, "-9223P"},
		{0, true, "0 B"},
		{1023, true, "1023 B"},
		{1024, true, "1.0 KiB"},
		{100000, true, "97.6 KiB"},
		{1048575, true, "1023.9 KiB"},
		{1048576, true, "1.0 MiB"},
		{INT64_MAX, true, "7.9 EiB"},
		{INT64_MIN, true, "-8.0 EiB"},
	};
	char dst[16];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_STR(str_count(dst, rows[i].n, rows[i].binary), rows[i].want);
}

static void times_are_rfc_3339(void)
{
	char dst[32];

	CHECK_STR(str_time(dst, 0), "1970-01-01T00:00:00.000Z");
	CHECK_STR(str_time(dst, 1795359845123), "2026-11-22T15:04:05.123Z");
	CHECK_STR(str_time(dst, -1), "1969-12-31T23:59:59.999Z");
	CHECK_STR(str_time(dst, 951782400000), "2000-02-29T00:00:00.000Z");
}

static void distances_count_edits_and_swaps(void)
{
	char longer[80];

	memset(longer, 'a', sizeof(longer));
	longer[79] = '\0';
	CHECK_INT(str_distance("", "", 3), 0);
	CHECK_INT(str_distance("", "ab", 3), 2);
	CHECK_INT(str_distance("submit", "sumbit", 3), 1);
	CHECK_INT(str_distance("kitten", "sitting", 9), 3);
	CHECK_INT(str_distance("kitten", "sitting", 1), 2);
	CHECK_INT(str_distance(longer, "a", 3), 4);
	CHECK_INT(str_distance("a", longer, 3), 4);
}

static void only_near_words_are_suggested(void)
{
	static const char *const words[] = {"submit", "status", "stop", "worker"};

	CHECK_STR(str_nearest("sumbit", words, 4), "submit");
	CHECK_STR(str_nearest("stp", words, 4), "stop");
	CHECK_STR(str_nearest("workers", words, 4), "worker");
	CHECK(str_nearest("frobnicate", words, 4) == NULL);
	CHECK(str_nearest("x", words, 4) == NULL);
	CHECK(str_nearest("stop", words, 0) == NULL);
}

static void globs_match(void)
{
	static const struct {
		const char *pattern, *s;
		bool want;
	} rows[] = {
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "abc", true},
		{"?", "", false},
		{"?", "a", true},
		{"report.*", "report.daily", true},
		{"report.*", "report", false},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"*aab", "aaaaaab", true},
		{"**", "x", true},
		{"[a]", "a", false},
		{"[a]", "[a]", true},
		{"a?c*", "abc", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_glob(rows[i].pattern, rows[i].s) != rows[i].want)
			TEST_FAIL("%s against %s", rows[i].pattern, rows[i].s);
}

static void names_are_checked(void)
{
	char name[66];

	memset(name, 'a', sizeof(name));
	name[65] = '\0';
	CHECK(!str_task_name(name) && !str_worker_id(name));
	name[64] = '\0';
	CHECK(str_task_name(name) && str_worker_id(name));
	CHECK(str_task_name("_a.b-c9") && str_task_name("A"));
	CHECK(!str_task_name("") && !str_task_name("9a") && !str_task_name("a/b") &&
		!str_task_name("a b"));
	CHECK(!str_task_name("\xc3\xa4") && !str_task_name("a;rm") && !str_task_name("-a") &&
		!str_task_name("a\n"));
	CHECK(str_worker_id("9host.lan/1") && !str_worker_id("/a") && !str_worker_id("") &&
		!str_worker_id("a b"));
}

static void check_quoted(const char *s, const char *want)
{
	struct buf b = BUF_INIT;

	str_shell_quote(&b, s);
	CHECK_STR(buf_str(&b), want);
	buf_fini(&b);
}

static void shell_words_are_quoted(void)
{
	check_quoted("/a/b-c.d", "/a/b-c.d");
	check_quoted("", "''");
	check_quoted("a b", "'a b'");
	check_quoted("it's", "'it'\\''s'");
	check_quoted("$(x)", "'$(x)'");
	check_quoted("~", "'~'");
	check_quoted("a\nb", "'a\nb'");
}

static const struct test tests[] = {
	{"utf8_is_checked", utf8_is_checked},
	{"foreign_text_is_made_safe", foreign_text_is_made_safe},
	{"shown_texts_live_beside_each_other", shown_texts_live_beside_each_other},
	{"numbers_are_whole_or_refused", numbers_are_whole_or_refused},
	{"durations_are_read", durations_are_read},
	{"ages_fit_seven_cells", ages_fit_seven_cells},
	{"counts_are_short", counts_are_short},
	{"times_are_rfc_3339", times_are_rfc_3339},
	{"distances_count_edits_and_swaps", distances_count_edits_and_swaps},
	{"only_near_words_are_suggested", only_near_words_are_suggested},
	{"globs_match", globs_match},
	{"names_are_checked", names_are_checked},
	{"shell_words_are_quoted", shell_words_are_quoted},
};

TEST_MAIN(tests)
