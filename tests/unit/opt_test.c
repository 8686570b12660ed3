/* Options: every way to write them, where values come from, and what the errors say. */
#include "base/opt.h"

#include "base/mem.h"
#include "tests/unit/test.h"

static const struct opt table[] = {
	{.name = "json", .letter = 'j', .type = OPT_FLAG, .env = "OPT_TEST_JSON", .conf = true},
	{.name = "quiet", .letter = 'q', .type = OPT_FLAG},
	{.name = "name",
		.letter = 'n',
		.type = OPT_STRING,
		.arg = "NAME",
		.env = "OPT_TEST_NAME",
		.def = "nobody",
		.conf = true},
	{.name = "concurrency",
		.letter = 'c',
		.type = OPT_INT,
		.min = 1,
		.max = 64,
		.conf = true},
	{.name = "offset", .type = OPT_INT},
	{.name = "timeout", .letter = 't', .type = OPT_DURATION, .env = "OPT_TEST_TIMEOUT"},
	{.name = "priority",
		.type = OPT_CHOICE,
		.choices = "low|normal|high|critical",
		.def = "normal"},
	{.name = "print", .type = OPT_FLAG, .def = "yes"},
	{.name = "tag", .type = OPT_MANY, .env = "OPT_TEST_TAG"},
	{.name = "args", .letter = 'a', .type = OPT_WORDS, .arg = "ARG..."},
	{.name = "modules", .type = OPT_WORDS, .commas = true, .env = "OPT_TEST_MODULES"},
	{.name = "secret", .type = OPT_FLAG, .hidden = true},
	{.name = "no-color", .type = OPT_FLAG},
	{.name = NULL},
};

/* Behind the first: its "name" is not seen. */
static const struct opt global_table[] = {
	{.name = "name", .letter = 'g', .type = OPT_INT},
	{.name = "server", .letter = 's', .type = OPT_STRING},
	{.name = NULL},
};

static const struct opt *const tables[] = {table, global_table};

/* The configuration: pairs of name and value, by the name. */
static const char *config_of(void *arg, const char *name, const char **where)
{
	const char *const *pair = arg;

	for (; pair && *pair; pair += 2) {
		if (strcmp(pair[0], name) == 0) {
			*where = "/path/config:3";
			return pair[1];
		}
	}
	return NULL;
}

/* Splits the line at single spaces. */
static struct opts *parse_line(const char *line, bool stop_early, const char **config,
	struct err *e)
{
	char *copy = xstrdup(line), *words[32], *word, *rest = copy;
	size_t n = 0;
	struct opts *o;

	while (*line && (word = strsep(&rest, " ")))
		words[n++] = word;
	o = opts_parse(tables, 2, words, n, stop_early, config_of, config, e);
	free(copy); /* nothing of it may be looked at again */
	return o;
}

static struct opts *parse(const char *line)
{
	struct err e;
	struct opts *o = parse_line(line, false, NULL, &e);

	if (!o)
		TEST_FAIL("%s: %s", line, e.text);
	return o;
}

/* "5,x," for the values of a list, or for the positionals when name is NULL. */
static const char *joined(const struct opts *o, const char *name)
{
	static char text[256];
	const char *const *values = NULL;
	size_t n = name ? opts_many(o, name, &values) : opts_nargs(o);

	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(text, name ? values[i] : opts_arg(o, i));
		strcat(text, ",");
	}
	return text;
}

static void test_nothing(void)
{
	struct opts *o = parse("");

	CHECK(!opts_flag(o, "json") && opts_flag(o, "print") && !opts_given(o, "print"));
	CHECK_STR(opts_str(o, "name"), "nobody");
	CHECK(opts_str(o, "server") == NULL);
	CHECK_INT(opts_int(o, "concurrency"), 0);
	CHECK_INT(opts_ms(o, "timeout"), -1);
	CHECK_STR(opts_str(o, "priority"), "normal");
	CHECK_INT(opts_origin(o, "name", NULL), OPT_DEFAULT);
	CHECK_INT(opts_origin(o, "server", NULL), OPT_UNSET);
	CHECK(opts_has(o, "server") && !opts_has(o, "no-such"));
	CHECK(opts_nargs(o) == 0 && opts_dashdash(o) == 0 && opts_arg(o, 0) == NULL);
	opts_free(&o);
	CHECK(o == NULL);
	opts_free(&o);
}

static void test_long(void)
{
	struct opts *o = parse("--json --name joe --concurrency=5 one --timeout 1m --no-print "
			       "--priority HIGH --offset -7 --server= two");

	CHECK(opts_flag(o, "json") && opts_given(o, "json") && !opts_flag(o, "print"));
	CHECK_STR(opts_str(o, "name"), "joe");
	CHECK_INT(opts_int(o, "concurrency"), 5);
	CHECK_INT(opts_int(o, "offset"), -7);
	CHECK_INT(opts_ms(o, "timeout"), 60000);
	CHECK_STR(opts_str(o, "priority"), "high");
	CHECK_STR(opts_str(o, "server"), "");
	CHECK_STR(joined(o, NULL), "one,two,");
	opts_free(&o);
	o = parse("--name a --name b --json --no-json --name=--x=y");
	CHECK_STR(opts_str(o, "name"), "--x=y");
	CHECK(!opts_flag(o, "json") && opts_given(o, "json"));
	opts_free(&o);
}

static void test_letters(void)
{
	struct opts *o = parse("-qj -n joe -c5 -jt 2s -s-x -");

	CHECK(opts_flag(o, "json") && opts_flag(o, "quiet"));
	CHECK_STR(opts_str(o, "name"), "joe");
	CHECK_INT(opts_int(o, "concurrency"), 5);
	CHECK_INT(opts_ms(o, "timeout"), 2000);
	CHECK_STR(opts_str(o, "server"), "-x");
	CHECK_STR(joined(o, NULL), "-,");
	opts_free(&o);
}

static void test_prefix(void)
{
	struct opts *o = parse("--conc 7 --prin --no-js --na x");

	CHECK_INT(opts_int(o, "concurrency"), 7);
	CHECK(opts_flag(o, "print"));
	opts_free(&o);
	o = parse("--json --no-js --no-col");
	CHECK(!opts_flag(o, "json") && opts_flag(o, "no-color"));
	opts_free(&o);
	o = parse("--no-color");
	CHECK(opts_flag(o, "no-color"));
	opts_free(&o);
}

static void test_positionals(void)
{
	struct opts *o = parse("-5 -.5 -1e3 --json - -- --json -x --");

	CHECK_STR(joined(o, NULL), "-5,-.5,-1e3,-,--json,-x,--,");
	CHECK_INT(opts_dashdash(o), 4);
	CHECK(opts_flag(o, "json"));
	opts_free(&o);
	o = parse("a b");
	CHECK_INT(opts_dashdash(o), 2);
	opts_free(&o);
}

static void test_stop_early(void)
{
	struct err e;
	struct opts *o = parse_line("--json submit --bogus -- -q", true, NULL, &e);

	CHECK(o && opts_flag(o, "json") && !opts_flag(o, "quiet"));
	CHECK_STR(joined(o, NULL), "submit,--bogus,--,-q,");
	CHECK_INT(opts_dashdash(o), 4);
	opts_free(&o);
}

static void test_lists(void)
{
	struct opts *o =
		parse("--args 5 -3 -.5 - a,b --tag x --modules a,b,,c d -q p --tag=y,z "
		      "-a -1 --args=6 last");

	CHECK_STR(joined(o, "args"), "5,-3,-.5,-,a,b,-1,6,");
	CHECK_STR(joined(o, "tag"), "x,y,z,");
	CHECK_STR(joined(o, "modules"), "a,b,c,d,");
	CHECK_STR(joined(o, NULL), "p,last,");
	opts_free(&o);
	o = parse("--args 1 -- 2");
	CHECK_STR(joined(o, "args"), "1,");
	CHECK_STR(joined(o, NULL), "2,");
	opts_free(&o);
}

static void test_origins(void)
{
	const char *config[] = {"name", "conf", "concurrency", "3", "json", "On", "offset", "9",
		NULL};
	const char *where = NULL;
	struct opts *o;

	setenv("OPT_TEST_NAME", "env", 1);
	setenv("OPT_TEST_MODULES", "a,b c", 1);
	setenv("OPT_TEST_TAG", "a,b c", 1);
	setenv("OPT_TEST_JSON", "", 1);
	o = parse_line("--tag given", false, config, NULL);
	CHECK_STR(opts_str(o, "name"), "env");
	CHECK_INT(opts_origin(o, "name", &where), OPT_ENV);
	CHECK_STR(where, "OPT_TEST_NAME");
	CHECK(opts_flag(o, "json"));
	CHECK_INT(opts_origin(o, "json", &where), OPT_CONFIG);
	CHECK_STR(where, "/path/config:3");
	CHECK_INT(opts_int(o, "concurrency"), 3);
	CHECK_INT(opts_int(o, "offset"), 0); /* not for the configuration */
	CHECK_STR(joined(o, "modules"), "a,b,c,");
	CHECK_STR(joined(o, "tag"), "given,");
	opts_free(&o);
	o = parse_line("--name given", false, config, NULL);
	CHECK_INT(opts_origin(o, "name", &where), OPT_GIVEN);
	CHECK(where == NULL && opts_given(o, "name") && !opts_given(o, "priority"));
	CHECK_STR(joined(o, "tag"), "a,b c,");
	opts_free(&o);
	unsetenv("OPT_TEST_NAME");
	unsetenv("OPT_TEST_MODULES");
	unsetenv("OPT_TEST_TAG");
	unsetenv("OPT_TEST_JSON");
}

static void test_booleans(void)
{
	static const char *const yes[] = {"true", "1", "YES", "On"}, *const no[] = {"False",
									     "0", "no", "OFF"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		const char *config[] = {"json", no[i], NULL};
		struct opts *o = parse_line("", false, config, NULL);
		CHECK(o && !opts_flag(o, "json") && opts_given(o, "json"));
		opts_free(&o);
		config[1] = yes[i];
		o = parse_line("", false, config, NULL);
		CHECK(o && opts_flag(o, "json"));
		opts_free(&o);
	}
}

static void test_errors(void)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{"--prioritty high", "unknown option --prioritty (did you mean --priority?)"},
		{"--prioritty=high", "unknown option --prioritty (did you mean --priority?)"},
		{"--no-jsn", "unknown option --no-jsn (did you mean --no-json?)"},
		{"--xyzzy-plugh", "unknown option --xyzzy-plugh"},
		{"--\x1b[2J", "unknown option --\\x1b[2J"},
		{"--no-name", "unknown option --no-name"},
		{"--secr", "unknown option --secr"},
		{"-z", "unknown option -z"},
		{"-qz", "unknown option -z in -qz"},
		{"-xjson", "unknown option -x in -xjson (did you mean --json?)"},
		{"--pr high", "--pr is ambiguous: --priority, --print"},
		{"--priority urgent",
			"--priority: \"urgent\" is not one of low, normal, high, critical"},
		{"--priority hig",
			"--priority: \"hig\" is not one of low, normal, high, critical"},
		{"--priority higher",
			"--priority: \"higher\" is not one of low, normal, high, critical"},
		{"--concurrency x", "--concurrency: \"x\" is not a whole number"},
		{"-c 1.5", "--concurrency: \"1.5\" is not a whole number"},
		{"-c 0", "--concurrency: 0 is not between 1 and 64"},
		{"-c65", "--concurrency: 65 is not between 1 and 64"},
		{"--timeout soon",
			"--timeout: \"soon\" is not a duration like 250ms, 30s, 5m or 1h30m "
			"(a bare number is seconds)"},
		{"--json=1", "--json takes no value: --json or --no-json"},
		{"--name", "--name: a value is missing: --name NAME"},
		{"-qt", "--timeout: a value is missing: --timeout VALUE"},
		{"--args", "--args: a value is missing: --args ARG..."},
		{"--args --json", "--args: a value is missing: --args ARG..."},
		{"--args -q", "--args: a value is missing: --args ARG..."},
		{"--args -- 1", "--args: a value is missing: --args ARG..."},
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK(!parse_line(cases[i].line, false, NULL, &e));
		CHECK_STR(e.text, cases[i].want);
		CHECK_INT(e.code, ERR_USAGE);
	}
}

static void test_errors_outside(void)
{
	const char *config[] = {"concurrency", "many", NULL};
	struct err e;
	struct opts *o;

	CHECK(!parse_line("", false, config, &e));
	CHECK_STR(e.text, "/path/config:3: concurrency: \"many\" is not a whole number");
	CHECK_INT(e.code, ERR_CONFIG);
	o = parse_line("-c 5", false, config, &e); /* does not count, so nobody cares */
	CHECK(o != NULL);
	opts_free(&o);
	setenv("OPT_TEST_TIMEOUT", "abc", 1);
	CHECK(!parse_line("", false, NULL, &e));
	CHECK(strstr(e.text, "OPT_TEST_TIMEOUT: \"abc\" is not a duration") == e.text);
	CHECK_INT(e.code, ERR_USAGE);
	unsetenv("OPT_TEST_TIMEOUT");
	setenv("OPT_TEST_JSON", "maybe", 1);
	CHECK(!parse_line("", false, NULL, &e));
	CHECK_STR(e.text,
		"OPT_TEST_JSON: \"maybe\" is neither true nor false (yes, no, on, off, 1, 0)");
	unsetenv("OPT_TEST_JSON");
}

static void test_tables(void)
{
	struct err e;
	struct opts *o = parse("--name word --secret");

	CHECK_STR(opts_str(o, "name"), "word"); /* a number in the table behind */
	CHECK(opts_flag(o, "secret"));
	opts_free(&o);
	CHECK(!parse_line("-g 5", false, NULL, &e));
}

static const struct test tests[] = {
	{"nothing", test_nothing},
	{"long", test_long},
	{"letters", test_letters},
	{"prefix", test_prefix},
	{"positionals", test_positionals},
	{"stop_early", test_stop_early},
	{"lists", test_lists},
	{"origins", test_origins},
	{"booleans", test_booleans},
	{"errors", test_errors},
	{"errors_outside", test_errors_outside},
	{"tables", test_tables},
};

TEST_MAIN(tests)
