/* Log files: records, parts, what is left out, reading while it is written; and random pieces against a plain copy of what was written. */
#include "node/logfile.h"

#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "proto/logrec.h"
#include "tests/unit/test.h"

#define PART (LOGFILE_LIMIT_MIN / LOGFILE_PARTS)

static char dir[] = "/tmp/fw-logfile-XXXXXX";

static char *new_path(void)
{
	static int n;

	return xasprintf("%s/%d/x.log", dir, n++);
}

/* What a reader sees: its place, what it got of each stream, what it was told is missing. */
struct reader {
	int64_t offset, had, left_out;
	struct logrec_parser parser;
	struct buf out[LOGREC__STREAMS];
};

/* One answer; false when there was nothing. */
static bool read_once(struct reader *r, const char *path, int64_t tail, size_t size)
{
	const struct logfile_ask ask = {.path = path,
		.offset = r->offset,
		.had = r->had,
		.tail = tail,
		.size = size};
	struct logfile_got got;
	struct buf data = BUF_INIT;
	struct log_piece p;
	struct err e;

	CHECK_INT(logfile_read(&ask, &data, &got, &e), 0);
	if (got.left_out)
		r->parser = (struct logrec_parser){0};
	r->left_out += got.left_out;
	r->had += got.left_out;
	r->offset = got.next;
	const char *at = buf_str(&data);
	size_t n = data.len, skip = (size_t)got.skip;
	while (logrec_next(&r->parser, &at, &n, &p)) {
		size_t k = skip < p.len ? skip : p.len;
		if (p.stream != LOGREC_NOTE)
			r->had += (int64_t)p.len;
		else
			k = 0;
		skip -= k;
		buf_add(&r->out[p.stream], p.data + k, p.len - k);
	}
	CHECK(!r->parser.broken);
	CHECK_INT(n, 0);
	bool any = data.len > 0;
	buf_fini(&data);
	return any;
}

static void read_all(struct reader *r, const char *path, int64_t tail, size_t size)
{
	while (read_once(r, path, tail, size))
		tail = -1;
}

static void reader_fini(struct reader *r)
{
	for (int i = 0; i < LOGREC__STREAMS; i++)
		buf_fini(&r->out[i]);
}

static void test_small(void)
{
	struct logfile f;
	struct reader r = {0};
	struct stat info;
	char *path = new_path();

	logfile_init(&f, xstrdup(path), 0, xstrdup("again: x\n"));
	logfile_write(&f, LOGREC_OUT, 1000, "a\n", 2);
	logfile_write(&f, LOGREC_ERR, 1001, "b\n", 2);
	CHECK_INT(f.trouble.code, ERR_NONE);
	read_all(&r, path, -1, 7);
	CHECK_STR(buf_str(&r.out[LOGREC_OUT]), "a\n");
	CHECK_STR(buf_str(&r.out[LOGREC_ERR]), "b\n");
	CHECK_INT(r.offset, logfile_end(&f));
	logfile_close(&f, 1002, "over\n");
	read_all(&r, path, -1, 100000);
	CHECK_STR(buf_str(&r.out[LOGREC_NOTE]), "fastworker 1 131072\nagain: x\nover\n");
	CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
	CHECK_STR(buf_str(logfile_tail(&f)), "@1 1000 2\na\n@2 1001 2\nb\n");
	reader_fini(&r);
	logfile_fini(&f);
	free(path);
}

static void test_nothing(void)
{
	struct logfile f;
	const struct logfile_ask ask = {.path = "/tmp/fw-no-such.log",
		.had = 0,
		.tail = -1,
		.size = 10};
	struct logfile_got got;
	struct buf data = BUF_INIT;
	struct err e;

	CHECK_INT(logfile_read(&ask, &data, &got, &e), 0);
	CHECK(got.gone);
	/* Only the end, when no file is wanted. */
	logfile_init(&f, NULL, 0, NULL);
	logfile_write(&f, LOGREC_OUT, 5, "xy", 2);
	logfile_close(&f, 6, "over");
	CHECK_STR(buf_str(logfile_tail(&f)), "@1 5 2\nxy");
	CHECK_INT(f.trouble.code, ERR_NONE);
	logfile_fini(&f);
}

static void test_unwritable(void)
{
	struct logfile f;

	logfile_init(&f, xstrdup("/proc/none/x.log"), 0, NULL);
	logfile_write(&f, LOGREC_OUT, 5, "xy", 2);
	logfile_write(&f, LOGREC_OUT, 6, "z", 1);
	CHECK_INT(f.trouble.code, ERR_IO);
	CHECK_INT(logfile_end(&f), 0);
	CHECK_INT(f.bytes[LOGREC_OUT], 3);
	CHECK_STR(buf_str(logfile_tail(&f)), "@1 5 2\nxy@1 6 1\nz");
	logfile_close(&f, 7, "over");
	logfile_fini(&f);
}

/* A path that is a link is not followed. */
static void test_link(void)
{
	struct logfile f;
	char *path = xasprintf("%s/link.log", dir), *target = xasprintf("%s/target", dir);
	const struct logfile_ask ask = {.path = path, .had = 0, .tail = -1, .size = 10};
	struct logfile_got got;
	struct buf data = BUF_INIT;
	struct err e;

	CHECK_INT(symlink(target, path), 0);
	logfile_init(&f, xstrdup(path), 0, NULL);
	logfile_write(&f, LOGREC_OUT, 5, "xy", 2);
	CHECK_INT(f.trouble.code, ERR_IO);
	CHECK(access(target, F_OK) != 0);
	CHECK_INT(logfile_read(&ask, &data, &got, &e), -1);
	logfile_fini(&f);
	free(path);
	free(target);
}

static uint32_t number_at(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* 3 MiB of numbers in 1 MiB: the beginning and the end are there, and the gap is as large as it is said to be. */
static void test_cap(void)
{
	struct logfile f;
	struct reader r = {0}, tail = {0};
	char *path = new_path(), chunk[4000];
	const char *p;
	uint32_t v = 0;
	size_t total = 0, n, i;

	logfile_init(&f, xstrdup(path), 0, NULL);
	while (total < 3u * 1024 * 1024) {
		for (i = 0; i < sizeof(chunk); i += 4, v++)
			memcpy(chunk + i, &v, 4);
		logfile_write(&f, LOGREC_OUT, 1, chunk, sizeof(chunk));
		total += sizeof(chunk);
	}
	logfile_close(&f, 2, "over");
	read_all(&r, path, -1, 128 * 1024);
	CHECK(r.left_out > 0);
	CHECK_INT(r.out[LOGREC_OUT].len + (size_t)r.left_out, total);
	p = r.out[LOGREC_OUT].data;
	n = r.out[LOGREC_OUT].len;
	for (i = 0; i < n && number_at(p + i) == i / 4; i += 4)
		;
	CHECK(i > PART / 2 && i < PART);
	for (; i < n; i += 4)
		CHECK_INT(number_at(p + i), (i + (size_t)r.left_out) / 4);
	/* The last 10001 bytes, and not one more. */
	read_all(&tail, path, 10001, 5000);
	CHECK_INT(tail.out[LOGREC_OUT].len, 10001);
	CHECK(memcmp(tail.out[LOGREC_OUT].data, p + n - 10001, 10001) == 0);
	reader_fini(&r);
	reader_fini(&tail);
	logfile_fini(&f);
	free(path);
}

/* A reader whose part is deleted under it goes on with the next one that is there. */
static void test_overtaken(void)
{
	struct logfile f;
	struct reader r = {0};
	char *path = new_path(), *chunk = xcalloc(1, LOGFILE_RECORD);
	size_t total = 0;

	logfile_init(&f, xstrdup(path), 0, NULL);
	for (int i = 0; i < 100; i++) {
		logfile_write(&f, i % 2 ? LOGREC_OUT : LOGREC_ERR, 1, chunk, LOGFILE_RECORD);
		total += LOGFILE_RECORD;
		if (i == 5 || i == 40)
			for (int k = 0; k < 3; k++)
				read_once(&r, path, -1, 50000);
	}
	logfile_close(&f, 2, "over");
	read_all(&r, path, -1, 100000);
	CHECK_INT(r.out[LOGREC_OUT].len + r.out[LOGREC_ERR].len + (size_t)r.left_out, total);
	CHECK(r.left_out > 0);
	reader_fini(&r);
	logfile_fini(&f);
	free(chunk);
	free(path);
}

/* Random writes and reads by turns; without a gap, what is read is what was written. */
static void test_random(void)
{
	char *noise = xmalloc(200000);
	struct rng rng;

	rng_seeded(&rng, 7);
	for (size_t i = 0; i < 200000; i++)
		noise[i] = (char)rng_below(&rng, 256);
	for (int round = 0; round < 60; round++) {
		struct buf want[LOGREC__STREAMS] = {BUF_INIT, BUF_INIT, BUF_INIT};
		struct logfile f;
		struct reader r = {0}, late = {0};
		char *path = new_path();
		size_t most = round % 3 == 0 ? 50 : round % 3 == 1 ? 5000 : 150000;
		logfile_init(&f, xstrdup(path), 0, xstrdup("head\n"));
		for (size_t total = 0; total < 3u * PART;) {
			size_t n = 1 + rng_below(&rng, (uint32_t)most);
			int stream = 1 + (int)rng_below(&rng, 2);
			size_t from = rng_below(&rng, (uint32_t)(200000 - n));
			logfile_write(&f, stream, 1, noise + from, n);
			buf_add(&want[stream], noise + from, n);
			total += n + (most == 50 ? 500 : 0);
			if (rng_below(&rng, 4) == 0)
				read_once(&r, path, -1, 1 + rng_below(&rng, 100000));
		}
		logfile_close(&f, 2, "over");
		read_all(&r, path, -1, 1 + rng_below(&rng, 30000));
		read_all(&late, path, -1, 131072);
		CHECK_INT(r.left_out, 0);
		for (int s = 1; s < LOGREC__STREAMS; s++) {
			CHECK_INT(r.out[s].len, want[s].len);
			CHECK(memcmp(buf_str(&r.out[s]), buf_str(&want[s]), want[s].len) == 0);
			CHECK_INT(late.out[s].len, want[s].len);
			buf_fini(&want[s]);
		}
		reader_fini(&r);
		reader_fini(&late);
		logfile_fini(&f);
		free(path);
	}
	free(noise);
}

/* The tail in memory: whole records, at most so much, and the newest bytes. */
static void test_tail(void)
{
	struct rng rng;
	char *noise = xcalloc(1, LOGFILE_RECORD);

	rng_seeded(&rng, 3);
	for (int round = 0; round < 200; round++) {
		struct logfile f;
		struct logrec_parser parser = {0};
		struct log_piece p;
		struct buf all = BUF_INIT, kept = BUF_INIT;
		logfile_init(&f, NULL, 0, NULL);
		for (int i = 0; i < 1 + round % 30; i++) {
			size_t n = 1 + rng_below(&rng, round % 2 ? LOGFILE_RECORD : 3000);
			memset(noise, (int)rng_below(&rng, 256), n);
			logfile_write(&f, 1 + i % 2, 9, noise, n);
			buf_add(&all, noise, n);
		}
		const struct buf *tail = logfile_tail(&f);
		const char *at = buf_str(tail);
		size_t n = tail->len;
		while (logrec_next(&parser, &at, &n, &p))
			buf_add(&kept, p.data, p.len);
		CHECK(!parser.broken && parser.left == 0 && parser.nhead == 0);
		CHECK(tail->len <= LOGFILE_TAIL + LOGREC_HEAD_MAX);
		CHECK(kept.len == all.len || kept.len >= LOGFILE_TAIL - 4000);
		CHECK(memcmp(kept.data, all.data + all.len - kept.len, kept.len) == 0);
		buf_fini(&all);
		buf_fini(&kept);
		logfile_fini(&f);
	}
	free(noise);
}

/* What is no log is an error, never a crash. */
static void test_damaged(void)
{
	char *path = xasprintf("%s/bad.log", dir), text[600];
	const struct logfile_ask ask = {.path = path, .had = 0, .tail = -1, .size = 1000};
	const char *const heads[] = {"", "@0 1 20\nfastworker 1 0\nabcde", "@0 1 9999999999\n",
		"@3 1 1\n", "@0 1 25\nfastworker 1 99999999999999999999\n",
		"@0 1 20\nfastworker 1 -131072\n"};
	struct logfile_got got;
	struct buf data = BUF_INIT;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		FILE *file = fopen(path, "w");
		memset(text, 'x', sizeof(text));
		memcpy(text, heads[i], strlen(heads[i]));
		CHECK(file && fwrite(text, 1, sizeof(text), file) == sizeof(text));
		fclose(file);
		CHECK_INT(logfile_read(&ask, &data, &got, &e), -1);
		CHECK_INT(e.code, ERR_DATA);
	}
	free(path);
}

static const struct test tests[] = {
	{"small", test_small},
	{"nothing", test_nothing},
	{"unwritable", test_unwritable},
	{"link", test_link},
	{"cap", test_cap},
	{"overtaken", test_overtaken},
	{"random", test_random},
	{"tail", test_tail},
	{"damaged", test_damaged},
};

int main(int argc, char **argv)
{
	char *clean = xasprintf("rm -rf %s", mkdtemp(dir));
	int rc = test_main(tests, ARRAY_LEN(tests), argc, argv);

	if (system(clean) != 0)
		rc = 1;
	free(clean);
	return rc;
}
