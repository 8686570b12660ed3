/* The unit test kit: a test is a function in the TESTS list, a check that fails says where and ends the program with 1. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*fn)(void);
};

#define TEST_FAIL(...)                                                                         \
	(fprintf(stderr, "%s:%d: in %s: ", __FILE__, __LINE__, __func__),                      \
		fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))
#define CHECK(cond)          ((cond) ? (void)0 : TEST_FAIL("not true: %s", #cond))
#define CHECK_INT(got, want) check_int((got), (want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want) check_str((got), (want), #got, __FILE__, __LINE__)

static inline void check_int(long long got, long long want, const char *what, const char *file,
	int line)
{
	if (got == want)
		return;
	fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, got, want);
	exit(1);
}

static inline void check_str(const char *got, const char *want, const char *what,
	const char *file, int line)
{
	if (got && want && strcmp(got, want) == 0)
		return;
	fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what,
		got ? got : "(null)", want ? want : "(null)");
	exit(1);
}

/* Runs all tests, or the ones named on the command line; prints one line each: "ok NAME". */
static inline int test_main(const struct test *tests, size_t n, int argc, char **argv)
{
	for (size_t i = 0; i < n; i++) {
		int wanted = argc < 2;
		for (int a = 1; a < argc; a++)
			wanted |= strcmp(argv[a], tests[i].name) == 0;
		if (!wanted)
			continue;
		tests[i].fn();
		printf("ok %s\n", tests[i].name);
		fflush(stdout);
	}
	return 0;
}

#define TEST_MAIN(tests)                                                                       \
	int main(int argc, char **argv)                                                        \
	{                                                                                      \
		return test_main((tests), sizeof(tests) / sizeof((tests)[0]), argc, argv);     \
	}

#endif
