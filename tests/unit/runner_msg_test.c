/* The runner protocol's reader and writer: round trips, pieces of any size, broken peers. */
#include "node/runner_msg.h"

#include "base/mem.h"
#include "tests/unit/test.h"

static void add_message(struct buf *out, const char *name, int64_t n, const char *a, size_t na)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	buf_add(&one, a, na);
	const struct buf *const bodies[] = {&one, &two};
	struct json_out w;
	runner_begin(&w, out, name);
	jout_i64(&w, "n", n);
	runner_end(&w, bodies, 2);
	buf_fini(&one);
}

static void check_message(const struct runner_msg *m, const char *name, int64_t n,
	const char *a, size_t na)
{
	int64_t got = -1;
	CHECK_STR(m->name, name);
	CHECK(json_i64(json_get(m->head, "n"), &got));
	CHECK_INT(got, n);
	CHECK_INT(m->nbodies, 2);
	CHECK_INT(m->len[0], na);
	CHECK(memcmp(m->body[0], a, na) == 0);
	CHECK_INT(m->len[1], 0);
}

static void test_wire(void)
{
	struct buf out = BUF_INIT;
	add_message(&out, "task", 7, "[5,3]", 5);
	CHECK_STR(buf_str(&out), "{\"m\":\"task\",\"n\":7,\"bodies\":[5,0]}\n[5,3]");
	buf_fini(&out);
}

static void test_pieces(void)
{
	static const char body[] = "line\nline\n\0{\"m\":";
	struct buf out = BUF_INIT;
	struct err e;
	for (int i = 0; i < 5; i++)
		add_message(&out, "output", i, body, sizeof(body));
	for (size_t piece = 1; piece <= out.len; piece++) {
		struct runner_reader r = {0};
		struct runner_msg m;
		int n = 0;
		for (size_t at = 0; at < out.len; at += piece) {
			runner_feed(&r, out.data + at,
				out.len - at < piece ? out.len - at : piece);
			while (runner_next(&r, &m, &e) > 0)
				check_message(&m, "output", n++, body, sizeof(body));
		}
		CHECK_INT(n, 5);
		runner_reader_fini(&r);
	}
	buf_fini(&out);
}

static void test_long_then_short(void)
{
	static const char first[] = "{\"m\":\"a\",\"long\":\"0123456789\"}\n",
			  second[] = "{\"m\":\"b\"}\n";
	struct runner_reader r = {0};
	struct runner_msg m;
	struct err e;
	int n = 0;
	for (size_t i = 0; i < sizeof(first) - 1; i++) {
		runner_feed(&r, first + i, 1);
		n += runner_next(&r, &m, &e);
	}
	CHECK_INT(n, 1);
	runner_feed(&r, second, sizeof(second) - 1);
	CHECK_INT(runner_next(&r, &m, &e), 1);
	CHECK_STR(m.name, "b");
	runner_reader_fini(&r);
}

/* A reader that moved the rest of the buffer for each message would copy 250 GB here. */
static void test_many_in_one_buffer(void)
{
	struct buf out = BUF_INIT;
	struct runner_reader r = {0};
	struct runner_msg m;
	struct err e;
	for (int i = 0; i < 100000; i++)
		add_message(&out, "output", i, "0123456789", 10);
	runner_feed(&r, out.data, out.len);
	for (int i = 0; i < 100000; i++) {
		CHECK_INT(runner_next(&r, &m, &e), 1);
		check_message(&m, "output", i, "0123456789", 10);
	}
	CHECK_INT(runner_next(&r, &m, &e), 0);
	runner_feed(&r, "{", 1);
	CHECK_INT(r.in.len, 1); /* what was read is forgotten */
	runner_reader_fini(&r);
	buf_fini(&out);
}

static void test_large_body(void)
{
	size_t n = 20 * 1000 * 1000;
	char *body = xmalloc(n);
	struct buf out = BUF_INIT;
	struct runner_reader r = {0};
	struct runner_msg m;
	struct err e;
	for (size_t i = 0; i < n; i++)
		body[i] = (char)(i * 7 + i / 251);
	add_message(&out, "done", 1, body, n);
	for (size_t at = 0; at < out.len; at += 4096) {
		CHECK_INT(runner_next(&r, &m, &e), 0);
		runner_feed(&r, out.data + at, out.len - at < 4096 ? out.len - at : 4096);
	}
	CHECK_INT(runner_next(&r, &m, &e), 1);
	check_message(&m, "done", 1, body, n);
	CHECK_INT(runner_next(&r, &m, &e), 0);
	runner_reader_fini(&r);
	buf_fini(&out);
	free(body);
}

static const struct broken {
	const char *text, *says;
} broken[] = {
	{"\n", "empty"},
	{"x\n", "expected"},
	{"[]\n", "no object"},
	{"{}\n", "no object"},
	{"{\"m\":1}\n", "no object"},
	{"{\"m\":\"\"}\n", "no object"},
	{"{\"m\":\"a\\u0000\"}\n", ""},
	{"{\"m\":\"a234567890123456789012345678901\",\"b\":1}\n", ""},
	{"{\"m\":\"12345678901234567890123456789012\"}\n", "no object"},
	{"{\"m\":\"a\",\"m\":\"b\"}\n", ""},
	{"{\"m\":\"a\",\"bodies\":3}\n", "no list"},
	{"{\"m\":\"a\",\"bodies\":[1,1,1,1,1]}\n", "no list"},
	{"{\"m\":\"a\",\"bodies\":[-1]}\n", "more than"},
	{"{\"m\":\"a\",\"bodies\":[1.5]}\n", "more than"},
	{"{\"m\":\"a\",\"bodies\":[\"1\"]}\n", "more than"},
	{"{\"m\":\"a\",\"bodies\":[67108865]}\n", "more than"},
	{"{\"m\":\"a\",\"bodies\":[67108864,1]}\n", "more than"},
	{"{\"m\":\"a\",\"bodies\":[9223372036854775807,9223372036854775807]}\n", "more than"},
	{"{\"m\":\"\xff\"}\n", ""},
};

static void test_broken(void)
{
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct runner_reader r = {0};
		struct runner_msg m;
		struct err e = {0};
		runner_feed(&r, broken[i].text, strlen(broken[i].text));
		int want = i == 7 ? 1 : -1; /* 31 characters are a name, 32 are not */
		CHECK_INT(runner_next(&r, &m, &e), want);
		CHECK(want > 0 || strstr(e.text, broken[i].says));
		CHECK_INT(runner_next(&r, &m, &e), want > 0 ? 0 : -1); /* it stays broken */
		runner_reader_fini(&r);
	}
}

static void test_endless_line(void)
{
	struct runner_reader r = {0};
	struct runner_msg m;
	struct err e = {0};
	for (size_t n = 0; n < RUNNER_MAX_LINE; n++) {
		CHECK_INT(runner_next(&r, &m, &e), 0);
		runner_feed(&r, n ? " " : "{", 1);
	}
	CHECK_INT(runner_next(&r, &m, &e), -1);
	CHECK(strstr(e.text, "longer than 65536"));
	runner_reader_fini(&r);
}

static const struct test tests[] = {
	{"wire", test_wire},
	{"pieces", test_pieces},
	{"long_then_short", test_long_then_short},
	{"many_in_one_buffer", test_many_in_one_buffer},
	{"large_body", test_large_body},
	{"broken", test_broken},
	{"endless_line", test_endless_line},
};

TEST_MAIN(tests)
