/* What tasks say to their runner: fractions, lines, and the socket with peers that are slow, wrong or too many. */
#include "node/inside.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static void test_fraction(void)
{
	static const struct {
		const char *text;
		int32_t value; /* -1: is no fraction */
	} cases[] = {{"0", 0}, {"1", 1000000}, {"0.4", 400000}, {".25", 250000},
		{"1.", 1000000}, {"1.000", 1000000}, {"0.1234567", 123456}, {"4e-1", 400000},
		{"1e-7", 0}, {"0.00001e5", 1000000}, {"40%", 400000}, {"100%", 1000000},
		{"12.5%", 125000}, {"3/10", 300000}, {"10/10", 1000000}, {"0/7", 0},
		{"1/3", 333333}, {"", -1}, {".", -1}, {"1.0000001", -1}, {"1.1", -1},
		{"-0.1", -1}, {"101%", -1}, {"%", -1}, {"3/0", -1}, {"4/3", -1}, {"/", -1},
		{"0x1", -1}, {"0,4", -1}, {"1e", -1}, {"1e999", -1}, {"nan", -1}, {"0.5 ", -1},
		{"1e5%", -1}, {"1e-999", 0}, {"1e-9999", -1}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int32_t v = -1;
		bool ok = fraction_parse(cases[i].text, &v);
		if (ok != (cases[i].value >= 0) || (ok && v != cases[i].value))
			printf("# fraction %s\n", cases[i].text);
		CHECK(ok == (cases[i].value >= 0));
		CHECK(!ok || v == cases[i].value);
	}
}

static void test_fraction_text(void)
{
	char text[12];
	CHECK_STR(fraction_text(text, 0), "0");
	CHECK_STR(fraction_text(text, 1000000), "1");
	CHECK_STR(fraction_text(text, 400000), "0.4");
	CHECK_STR(fraction_text(text, 1), "0.000001");
	CHECK_STR(fraction_text(text, 999999), "0.999999");
}

/* Reads one line as a progress; its text or what is wrong with it. */
static const char *progress(const char *line, int32_t *millionths)
{
	static char text[1100];
	struct inside_reader r = {0};
	struct inside_msg m;
	struct err e = {.text = ""};
	inside_feed(&r, line, strlen(line));
	if (inside_next(&r, &m, &e) != 1 || inside_progress(&m, millionths, text, &e) < 0)
		snprintf(text, sizeof(text), "error: %s", e.text);
	inside_reader_fini(&r);
	return text;
}

static void test_progress(void)
{
	int32_t v;
	struct buf b = BUF_INIT;
	CHECK_STR(progress("{\"m\":\"progress\",\"progress\":0.4,\"text\":\"a\\nb\"}\n", &v),
		"a b");
	CHECK_INT(v, 400000);
	CHECK_STR(progress("{\"m\":\"progress\",\"text\":\"x\"}\n", &v), "x");
	CHECK_INT(v, -1);
	CHECK(strstr(progress("{\"m\":\"progress\",\"progress\":\"1\"}\n", &v), "error: ") !=
		NULL);
	CHECK(strstr(progress("{\"m\":\"progress\",\"progress\":2}\n", &v), "0 to 1") != NULL);
	CHECK(strstr(progress("{\"m\":\"progress\"}\n", &v), "error: ") != NULL);
	CHECK(strstr(progress("{\"m\":\"progress\",\"r\":0}\n", &v), "above 0") != NULL);
	/* 118 bytes and then one of two bytes: it is left out whole. */
	buf_adds(&b, "{\"m\":\"progress\",\"text\":\"");
	for (int i = 0; i < 118; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, "\xc3\xa4\"}\n");
	CHECK_INT(strlen(progress(buf_str(&b), &v)), 118);
	buf_fini(&b);
}

static void test_lines(void)
{
	struct inside_reader r = {0};
	struct inside_msg m;
	struct err e;
	inside_feed(&r, "{\"m\":\"a\",\"r\":1}\n{\"m\":\"b\"}\n{\"m\"", 30);
	CHECK_INT(inside_next(&r, &m, &e), 1);
	CHECK_STR(m.name, "a");
	CHECK_INT(m.req, 1);
	CHECK_INT(inside_next(&r, &m, &e), 1);
	CHECK_STR(m.name, "b");
	CHECK_INT(m.req, 0);
	CHECK_INT(inside_next(&r, &m, &e), 0);
	inside_feed(&r, ":\"c\"}\n", 6);
	CHECK_INT(inside_next(&r, &m, &e), 1);
	CHECK_STR(m.name, "c");
	inside_feed(&r, "\n", 1);
	CHECK_INT(inside_next(&r, &m, &e), -1);
	inside_reader_fini(&r);
	char *big = xmalloc(INSIDE_MAX_LINE);
	memset(big, ' ', INSIDE_MAX_LINE);
	inside_feed(&r, big, INSIDE_MAX_LINE - 1);
	CHECK_INT(inside_next(&r, &m, &e), 0);
	inside_feed(&r, big, 1);
	CHECK_INT(inside_next(&r, &m, &e), -1);
	inside_reader_fini(&r);
	free(big);
}

/* A runner's socket on a loop with a clock of our own, and what came out of it. */
static struct {
	struct clock clock;
	struct loop *loop;
	struct inside *inside;
	struct words env;
	struct uuid id;
	int told;
	int32_t millionths;
	char text[INSIDE_MAX_TEXT + 1];
} t;

static void on_progress(void *arg, int32_t millionths, const char *text)
{
	t.told++;
	t.millionths = millionths;
	memcpy(t.text, text, strlen(text) + 1);
}

static const char *variable(const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < t.env.n; i++)
		if (strncmp(t.env.list[i], name, n) == 0 && t.env.list[i][n] == '=')
			return t.env.list[i] + n + 1;
	return "";
}

static void attempt(int64_t n)
{
	struct err e;
	words_fini(&t.env);
	words_init(&t.env);
	CHECK_INT(inside_start(t.inside, &t.id, n, &t.env, &e), 0);
}

static void setup(void)
{
	clock_fake(&t.clock, 1000000);
	t.loop = loop_new(&t.clock);
	t.inside = inside_new(t.loop, on_progress, NULL);
	t.told = 0;
	attempt(1);
}

static void teardown(void)
{
	char path[128];
	snprintf(path, sizeof(path), "%s", variable("FW_SOCKET"));
	inside_free(&t.inside);
	CHECK(access(path, F_OK) != 0);
	*strrchr(path, '/') = '\0';
	CHECK(access(path, F_OK) != 0);
	words_fini(&t.env);
	loop_free(&t.loop);
}

static void on_turn(void *arg)
{
	loop_stop(t.loop);
}

/* So many turns of the loop, each after something came in. */
static void turns(int n)
{
	struct loop_timer timer;
	while (n-- > 0) {
		loop_timer_init(t.loop, &timer, on_turn, NULL);
		loop_timer_in(&timer, 0);
		loop_run(t.loop);
	}
}

static int connect_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", variable("FW_SOCKET"));
	CHECK_INT(connect(fd, (struct sockaddr *)(void *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	CHECK_INT(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turns(3);
}

static void hello(int fd)
{
	char line[128];
	snprintf(line, sizeof(line), "{\"m\":\"hello\",\"v\":1,\"token\":\"%s\"}\n",
		variable("FW_TOKEN"));
	say(fd, line);
}

/* What has come since; "END" behind it when the connection is closed. */
static const char *heard(int fd)
{
	static char text[65536];
	size_t n = 0;
	ssize_t got;
	while ((got = recv(fd, text + n, sizeof(text) - n - 4, MSG_DONTWAIT)) > 0)
		n += (size_t)got;
	snprintf(text + n, sizeof(text) - n, "%s", got == 0 ? "END" : "");
	return text;
}

static void test_socket(void)
{
	struct stat st;
	char folder[128];
	setup();
	CHECK_INT(strlen(variable("FW_TOKEN")), INSIDE_TOKEN);
	CHECK(strlen(variable("FW_SOCKET")) < 100);
	snprintf(folder, sizeof(folder), "%s", variable("FW_SOCKET"));
	*strrchr(folder, '/') = '\0';
	CHECK(stat(folder, &st) == 0 && (st.st_mode & 0777) == 0700);
	int fd = connect_socket();
	hello(fd);
	CHECK(strstr(heard(fd), "\"m\":\"hello\",\"v\":1,\"id\":") != NULL);
	say(fd, "{\"m\":\"progress\",\"r\":1,\"progress\":0.5,\"text\":\"half\"}\n");
	CHECK_STR(heard(fd), "{\"m\":\"ok\",\"r\":1}\n");
	CHECK_INT(t.told, 1);
	CHECK_INT(t.millionths, 500000);
	CHECK_STR(t.text, "half");
	say(fd, "{\"m\":\"nonsense\",\"r\":2}\n{\"m\":\"progress\",\"r\":3,\"progress\":7}\n");
	CHECK(strstr(heard(fd), "\"m\":\"error\",\"r\":2,\"code\":\"usage\"") != NULL);
	close(fd);
	teardown();
}

/* Of many within 100 ms the first leaves at once and the newest when they are over, or with the end. */
static void test_pace(void)
{
	setup();
	int fd = connect_socket();
	hello(fd);
	for (int i = 0; i < 9; i++)
		say(fd, "{\"m\":\"progress\",\"r\":1,\"progress\":0.1}\n");
	say(fd, "{\"m\":\"progress\",\"r\":1,\"progress\":0.2}\n");
	CHECK_INT(t.told, 1);
	clock_fake_advance(&t.clock, 100);
	turns(1);
	CHECK_INT(t.told, 2);
	CHECK_INT(t.millionths, 200000);
	clock_fake_advance(&t.clock, 100);
	turns(1);
	CHECK_INT(t.told, 2);
	say(fd, "{\"m\":\"progress\",\"r\":1,\"progress\":0.3}\n");
	say(fd, "{\"m\":\"progress\",\"r\":1,\"text\":\"end\"}\n");
	CHECK_INT(t.told, 3);
	inside_over(t.inside);
	CHECK_INT(t.told, 4);
	CHECK_INT(t.millionths, 300000);
	CHECK_STR(t.text, "end");
	attempt(2);
	close(fd);
	teardown();
}

static void test_tokens(void)
{
	char old[128];
	setup();
	int fd = connect_socket(), first = connect_socket();
	say(first, "{\"m\":\"progress\",\"r\":1,\"progress\":0.5}\n");
	CHECK(strstr(heard(first), "first line must be a hello") != NULL);
	CHECK_STR(heard(first), "END");
	hello(fd);
	heard(fd);
	snprintf(old, sizeof(old), "{\"m\":\"hello\",\"v\":1,\"token\":\"%s\"}\n",
		variable("FW_TOKEN"));
	inside_over(t.inside);
	turns(1);
	CHECK_STR(heard(fd), "END");
	attempt(2);
	CHECK(strstr(old, variable("FW_TOKEN")) == NULL);
	close(fd);
	fd = connect_socket();
	say(fd, old);
	CHECK(strstr(heard(fd), "\"code\":\"denied\"") != NULL);
	CHECK_STR(heard(fd), "END");
	CHECK_INT(t.told, 0);
	close(fd);
	close(first);
	teardown();
}

static void test_hostile(void)
{
	int fds[80];
	char *big = xmalloc(INSIDE_MAX_LINE);
	setup();
	/* Too long a line. */
	int fd = connect_socket();
	memset(big, 'x', INSIDE_MAX_LINE);
	for (size_t sent = 0; sent < INSIDE_MAX_LINE;) {
		ssize_t n = send(fd, big + sent, INSIDE_MAX_LINE - sent, MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		turns(2);
	}
	turns(20);
	CHECK(strstr(heard(fd), "longer than") != NULL);
	close(fd);
	/* All places taken by silent ones: 10 s later they are gone and the next is heard. */
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = connect_socket();
	turns(100);
	fd = connect_socket();
	hello(fd);
	CHECK_STR(heard(fd), "");
	clock_fake_advance(&t.clock, 10000);
	turns(100);
	CHECK_STR(heard(fds[0]), "END");
	CHECK(strstr(heard(fd), "\"m\":\"hello\"") != NULL);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	/* One that takes no answers is not read any more: what it can send fits into its socket. */
	static const char line[] = "{\"m\":\"nonsense\",\"r\":2}\n";
	size_t sent = 0;
	for (int idle = 0; idle < 20 && sent < 64u << 20;) {
		ssize_t n = send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL);
		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		if (n <= 0)
			turns(2);
	}
	CHECK(sent < 16u << 20);
	close(fd);
	turns(2);
	free(big);
	teardown();
}

/* A task may have removed the socket: the next one has another. */
static void test_removed(void)
{
	setup();
	char *old = xstrdup(variable("FW_SOCKET"));
	unlink(old);
	inside_over(t.inside);
	attempt(2);
	CHECK(strcmp(old, variable("FW_SOCKET")) != 0);
	int fd = connect_socket();
	hello(fd);
	CHECK(strstr(heard(fd), "\"attempt\":2") != NULL);
	close(fd);
	free(old);
	teardown();
}

static void test_file(void)
{
	struct stat st;
	struct err e;
	setup();
	const char *path = inside_file(t.inside, "kwargs.json", "{}", 2, &e);
	CHECK(path && stat(path, &st) == 0 && st.st_size == 2 && (st.st_mode & 0777) == 0600);
	char *copy = xstrdup(path);
	inside_over(t.inside);
	CHECK(access(copy, F_OK) != 0);
	free(copy);
	attempt(2);
	teardown();
}

static const struct test tests[] = {
	{"fraction", test_fraction},
	{"fraction_text", test_fraction_text},
	{"lines", test_lines},
	{"progress", test_progress},
	{"socket", test_socket},
	{"pace", test_pace},
	{"tokens", test_tokens},
	{"hostile", test_hostile},
	{"removed", test_removed},
	{"file", test_file},
};

TEST_MAIN(tests)
