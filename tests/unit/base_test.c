/* The small parts of the base: memory, errors, buffers, bytes, heap, random numbers, clocks, ids, log. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/uuid.h"

static void strings_are_copied(void)
{
	char *s = xstrdup("abc"), *f = xasprintf("%s-%d", s, 7), *n = xstrndup("abc", 2),
	     *z = xstrndup("", 9);
	void *nothing = xreallocarray(NULL, 0, 8);

	CHECK_STR(s, "abc");
	CHECK_STR(f, "abc-7");
	CHECK_STR(n, "ab");
	CHECK_STR(z, "");
	CHECK(xstrdup(NULL) == NULL);
	CHECK(nothing != NULL);
	free(s);
	free(f);
	free(n);
	free(z);
	free(nothing);
}

static void errors_carry_text_and_code(void)
{
	struct err e;

	CHECK_INT(err_set(NULL, ERR_PEER, "x"), -1);
	CHECK_INT(err_set(&e, ERR_PEER, "no answer from %s", "a:1"), -1);
	CHECK_STR(e.text, "no answer from a:1");
	CHECK_INT(err_prefix(&e, "task %d", 3), -1);
	CHECK_STR(e.text, "task 3: no answer from a:1");
	CHECK_INT(e.code, ERR_PEER);
	errno = ENOENT;
	err_errno(&e, ERR_IO, "open %s", "f");
	CHECK_STR(e.text, "open f: No such file or directory");
	err_set(&e, ERR_DATA, "<%s>", e.text);
	CHECK_STR(e.text, "<open f: No such file or directory>");
}

static void errors_too_long_are_cut(void)
{
	char text[3000];
	struct err e;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	errno = ENOENT;
	err_errno(&e, ERR_IO, "%s", text);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	err_prefix(&e, "%s", text);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
}

static void error_words_and_exit_codes(void)
{
	static const struct {
		enum err_code code;
		const char *word;
		int exit_code;
	} rows[] = {
		{ERR_NONE, "ok", 0},
		{ERR_NO, "no", 1},
		{ERR_USAGE, "usage", 64},
		{ERR_DATA, "data", 65},
		{ERR_PEER, "peer", 69},
		{ERR_BUG, "bug", 70},
		{ERR_IO, "io", 74},
		{ERR_BUSY, "busy", 75},
		{ERR_SERVER_KEY, "server-key", 76},
		{ERR_DENIED, "denied", 77},
		{ERR_CONFIG, "config", 78},
		{ERR_TIMEOUT, "timeout", 124},
		{ERR_FAILED, "failed", 125},
		{ERR_NO_WORKER, "no-worker", 126},
		{ERR_NO_TASK, "no-task", 127},
	};

	CHECK_INT(ARRAY_LEN(rows), ERR__COUNT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_STR(err_word(rows[i].code), rows[i].word);
		CHECK_INT(err_exit_code(rows[i].code), rows[i].exit_code);
		CHECK_INT(err_from_word(rows[i].word), rows[i].code);
	}
	CHECK_INT(err_from_word("nonsense"), ERR_BUG);
}

static void buffer_grows_and_shrinks(void)
{
	struct buf b = BUF_INIT;
	char *s;

	CHECK_STR(buf_str(&b), "");
	buf_add(&b, NULL, 0);
	buf_consume(&b, 0);
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%03d,", i);
	CHECK_INT(b.len, 4000);
	CHECK(strncmp(b.data + 3996, "999,", 5) == 0);
	buf_consume(&b, 3996);
	CHECK_STR(buf_str(&b), "999,");
	buf_addc(&b, '!');
	buf_adds(&b, "?");
	s = buf_steal(&b);
	CHECK_STR(s, "999,!?");
	free(s);
	s = buf_steal(&b);
	CHECK_STR(s, "");
	free(s);
	buf_adds(&b, "x");
	buf_reset(&b);
	CHECK_STR(buf_str(&b), "");
	CHECK(b.cap > 0);
	buf_fini(&b);
}

static void bytes_live_until_the_last_reference(void)
{
	struct bytes *a = bytes_new("a\0b", 3), *b = bytes_ref(a), *none = bytes_ref(NULL);

	CHECK_INT(a->len, 3);
	CHECK(memcmp(a->data, "a\0b", 4) == 0);
	bytes_unref(&a);
	CHECK(a == NULL);
	CHECK_INT(b->refs, 1);
	CHECK_INT(b->data[2], 'b');
	bytes_unref(&b);
	bytes_unref(&none);
	a = bytes_new(NULL, 0);
	CHECK_STR(a->data, "");
	bytes_unref(&a);
}

struct item {
	struct heap_node node;
	uint64_t key;
};

static int compare_items(const struct heap_node *a, const struct heap_node *b)
{
	uint64_t x = container_of(a, const struct item, node)->key,
		 y = container_of(b, const struct item, node)->key;

	return x < y ? -1 : x > y;
}

static size_t count_in_order(struct heap *h)
{
	uint64_t last = 0;
	size_t n = 0;

	for (struct heap_node *e; (e = heap_pop(h)); n++) {
		struct item *it = container_of(e, struct item, node);
		CHECK(it->key >= last);
		CHECK(e->index == HEAP_NONE);
		last = it->key;
	}
	return n;
}

static void heap_sorts_whatever_happens_in_it(void)
{
	struct item items[500];
	struct heap h;
	struct rng rng;
	size_t removed = 0;

	rng_seeded(&rng, 1);
	heap_init(&h, compare_items);
	CHECK(heap_pop(&h) == NULL && heap_peek(&h) == NULL);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		items[i] = (struct item){.node.index = HEAP_NONE, .key = rng_below(&rng, 100)};
		heap_remove(&h, &items[i].node);
		heap_push(&h, &items[i].node);
	}
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (rng_below(&rng, 3) == 0) {
			heap_remove(&h, &items[i].node);
			removed++;
		} else {
			items[i].key = rng_below(&rng, 100);
			heap_update(&h, &items[i].node);
		}
	}
	CHECK_INT(count_in_order(&h), ARRAY_LEN(items) - removed);
	heap_push(&h, &items[0].node);
	heap_fini(&h);
	CHECK(items[0].node.index == HEAP_NONE);
}

/* The first numbers of xoshiro256** from the state {1, 2, 3, 4}, as in the authors' and Rust's tests. */
static void seeded_numbers_are_xoshiro(void)
{
	static const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240};
	struct rng a, b;

	rng_seeded(&a, 5);
	for (size_t i = 0; i < 4; i++)
		a.state[i] = i + 1;
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		CHECK(rng_u64(&a) == want[i]);
	rng_seeded(&a, 42);
	rng_seeded(&b, 42);
	CHECK(rng_u64(&a) == rng_u64(&b));
	rng_seeded(&b, 43);
	CHECK(rng_u64(&a) != rng_u64(&b));
}

static void random_numbers_below_n_are_even(void)
{
	int seen[7] = {0};
	struct rng r;

	rng_seeded(&r, 7);
	for (int i = 0; i < 70000; i++)
		seen[rng_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		CHECK(seen[i] > 9500 && seen[i] < 10500);
	CHECK_INT(rng_below(&r, 1), 0);
}

static void system_numbers_differ(void)
{
	unsigned char big[2000] = {0}, last[8] = {0}, now[8];
	struct rng r;

	rng_system(&r);
	for (int i = 0; i < 1000; i++) {
		r.fill(&r, now, sizeof(now));
		CHECK(memcmp(last, now, sizeof(now)) != 0);
		memcpy(last, now, sizeof(now));
	}
	r.fill(&r, big, sizeof(big));
	CHECK(memcmp(big, big + 1000, 1000) != 0);
}

static void clocks_go_as_told(void)
{
	struct clock c;
	int64_t mono;

	clock_fake(&c, 5000);
	mono = c.mono_us(&c);
	clock_fake_advance(&c, 3);
	CHECK_INT(c.mono_us(&c) - mono, 3000);
	CHECK_INT(c.wall_ms(&c), 5003);
	clock_system(&c);
	mono = c.mono_us(&c);
	CHECK(mono > 0 && c.mono_us(&c) >= mono);
	CHECK(c.wall_ms(&c) > 1700000000000);
}

static void ids_are_version_7_and_ordered(void)
{
	struct uuid last = {{0}}, prev = {{0}}, id;
	struct rng rng;
	char text[UUID_TEXT];

	rng_seeded(&rng, 1);
	for (int i = 0; i < 20000; i++) {
		int64_t wall = 0x0123456789ab +
			       (i < 10000 ? i / 100
					  : -i); /* in the second half, the clock goes back */
		uuid_make(&id, &last, wall, &rng);
		CHECK(memcmp(prev.b, id.b, 16) < 0);
		CHECK(uuid_eq(&id, &last));
		CHECK_INT(id.b[6] >> 4, 7);
		CHECK_INT(id.b[8] >> 6, 2);
		if (i == 0)
			CHECK(strncmp(uuid_text(text, &id), "01234567-89ab-7", 15) == 0);
		prev = id;
	}
}

/* The random part at its very end: the time has to go on instead. */
static void ids_are_ordered_across_overflow(void)
{
	struct uuid last, before, id;
	struct rng rng;

	rng_seeded(&rng, 1);
	CHECK(uuid_parse("01234567-89ab-7fff-bfff-ffffffffffff", &last));
	before = last;
	uuid_make(&id, &last, 0, &rng);
	CHECK(memcmp(before.b, id.b, 16) < 0);
	CHECK_INT(id.b[5], 0xac);
	CHECK_INT(id.b[6] >> 4, 7);
	CHECK_INT(id.b[8] >> 6, 2);
}

static void ids_are_parsed(void)
{
	static const char *const bad[] = {"", "01234567-89ab-7cde-8f01-23456789abc",
		"01234567-89ab-7cde-8f01-23456789abcde",
		"0123456789ab-7cde-8f01-23456789abcdef", "01234567-89ab-7cde-8f01-23456789abcg",
		"01234567+89ab-7cde-8f01-23456789abcd"};
	struct uuid id;
	char text[UUID_TEXT];

	CHECK(uuid_parse("01234567-89AB-7cde-8f01-23456789aBcD", &id));
	CHECK_STR(uuid_text(text, &id), "01234567-89ab-7cde-8f01-23456789abcd");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!uuid_parse(bad[i], &id));
}

/* What log_at() writes in the child is read here: stderr is a pipe meanwhile. */
static char *logged(enum log_level level, const char *text)
{
	int fds[2], saved = dup(STDERR_FILENO);
	char *got = xcalloc(1, 8192);

	CHECK(pipe(fds) == 0);
	dup2(fds[1], STDERR_FILENO);
	log_at(level, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	CHECK(read(fds[0], got, 8191) >= 0);
	close(fds[0]);
	return got;
}

static void log_lines_have_one_form(void)
{
	char *s = logged(LOG_WARNING, "disk.full path=/x\nsecond");

	CHECK(strncmp(s, "ts=20", 5) == 0);
	CHECK_STR(strstr(s, "Z level="), "Z level=warning disk.full path=/x second\n");
	free(s);
	s = logged(LOG_DEBUG, "quiet");
	CHECK_STR(s, "");
	free(s);
	log_set_level(LOG_DEBUG);
	s = logged(LOG_DEBUG, "loud");
	CHECK_STR(strstr(s, "level="), "level=debug loud\n");
	free(s);
	log_set_level(LOG_INFO);
}

static void log_lines_are_cut(void)
{
	char *text = xcalloc(1, 6000), *s;

	memset(text, 'x', 5999);
	s = logged(LOG_INFO, text);
	CHECK_INT(strlen(s), 4096);
	CHECK_INT(s[4095], '\n');
	free(s);
	free(text);
}

static void log_levels_are_parsed(void)
{
	enum log_level level = LOG_ERROR;

	CHECK(log_level_parse("DEBUG", &level) && level == LOG_DEBUG);
	CHECK(log_level_parse("Info", &level) && level == LOG_INFO);
	CHECK(log_level_parse("warning", &level) && level == LOG_WARNING);
	CHECK(log_level_parse("error", &level) && level == LOG_ERROR);
	CHECK(!log_level_parse("trace", &level) && !log_level_parse("", &level));
}

/* Run by the next test in a process of its own, as the answer is kept for the life of a process. */
static void journal_child(void)
{
	const char *stream = getenv("TEST_JOURNAL");
	struct stat st;
	char var[64];

	if (!stream)
		return;
	CHECK(fstat(STDERR_FILENO, &st) == 0);
	snprintf(var, sizeof(var), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino + (strcmp(stream, "ours") != 0));
	setenv("JOURNAL_STREAM", var, 1);
	log_error("worker.lost name=%s", "w1");
}

static char *output_of(const char *command)
{
	FILE *f = popen(command, "r");
	char *got = xcalloc(1, 4096);
	size_t n = fread(got, 1, 4095, f);

	got[n] = '\0';
	pclose(f);
	return got;
}

static void journal_gets_priorities_and_no_time(void)
{
	char exe[4096] = {0}, *command, *got;

	CHECK(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	command = xasprintf("TEST_JOURNAL=ours '%s' journal_child 2>&1 >/dev/null", exe);
	got = output_of(command);
	CHECK_STR(got, "<3>level=error worker.lost name=w1\n");
	free(got);
	free(command);
	command = xasprintf("TEST_JOURNAL=other '%s' journal_child 2>&1 >/dev/null", exe);
	got = output_of(command);
	CHECK(strncmp(got, "ts=", 3) == 0);
	free(got);
	free(command);
}

static const struct test tests[] = {
	{"strings_are_copied", strings_are_copied},
	{"errors_carry_text_and_code", errors_carry_text_and_code},
	{"errors_too_long_are_cut", errors_too_long_are_cut},
	{"error_words_and_exit_codes", error_words_and_exit_codes},
	{"buffer_grows_and_shrinks", buffer_grows_and_shrinks},
	{"bytes_live_until_the_last_reference", bytes_live_until_the_last_reference},
	{"heap_sorts_whatever_happens_in_it", heap_sorts_whatever_happens_in_it},
	{"seeded_numbers_are_xoshiro", seeded_numbers_are_xoshiro},
	{"random_numbers_below_n_are_even", random_numbers_below_n_are_even},
	{"system_numbers_differ", system_numbers_differ},
	{"clocks_go_as_told", clocks_go_as_told},
	{"ids_are_version_7_and_ordered", ids_are_version_7_and_ordered},
	{"ids_are_ordered_across_overflow", ids_are_ordered_across_overflow},
	{"ids_are_parsed", ids_are_parsed},
	{"log_lines_have_one_form", log_lines_have_one_form},
	{"log_lines_are_cut", log_lines_are_cut},
	{"log_levels_are_parsed", log_levels_are_parsed},
	{"journal_child", journal_child},
	{"journal_gets_priorities_and_no_time", journal_gets_priorities_and_no_time},
};

TEST_MAIN(tests)
