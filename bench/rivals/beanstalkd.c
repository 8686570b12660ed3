/* A client and a worker of beanstalkd, as lean as its protocol allows: one socket each, one write per job, no library in between.
 *
 *     beanstalkd worker PORT          answers what comes in the tube `tasks` through the tube `answers`, until it is killed
 *     beanstalkd echo PORT N WINDOW   N jobs, WINDOW under way, every answer compared; WINDOW 1 also tells how long each took
 *     beanstalkd put PORT N           N jobs that nobody takes */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "load.h"

enum {
	HEAD = 8
}; /* each payload goes behind its number, in hexadecimal: answers come in any order */

struct conn {
	int fd;
	size_t have, at;
	char buf[1 << 16];
};

static void conn_open(struct conn *c, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->have = c->at = 0;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof(a)))
		load_die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void conn_say(struct conn *c, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(c->fd, data, len);

		if (n <= 0)
			load_die("write");
		data += n;
		len -= (size_t)n;
	}
}

static char conn_char(struct conn *c)
{
	if (c->at == c->have) {
		ssize_t n = read(c->fd, c->buf, sizeof(c->buf));

		if (n <= 0)
			exit(n < 0); /* 0: the server has ended */
		c->have = (size_t)n;
		c->at = 0;
	}
	return c->buf[c->at++];
}

static void conn_bytes(struct conn *c, char *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = conn_char(c);
}

/* An answer, which must begin with `want`; returns what follows. */
static const char *conn_answer(struct conn *c, const char *want)
{
	static char line[256];
	size_t n = 0;

	while (n < sizeof(line) - 1 && (line[n] = conn_char(c)) != '\n')
		n++;
	line[n] = '\0';
	if (strncmp(line, want, strlen(want)) != 0) {
		fprintf(stderr, "beanstalkd said: %s instead of %s\n", line, want);
		exit(1);
	}
	return line + strlen(want);
}

static void conn_tubes(struct conn *c, const char *use, const char *watch)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "use %s\r\nwatch %s\r\nignore default\r\n", use,
		watch);

	conn_say(c, text, (size_t)n);
	conn_answer(c, "USING");
	conn_answer(c, "WATCHING");
	conn_answer(c, "WATCHING");
}

/* Takes a reserved job; returns its length and writes its id. */
static size_t conn_job(struct conn *c, char *body, unsigned long long *id)
{
	const char *rest = conn_answer(c, "RESERVED ");
	char end[2];
	size_t len = 0;

	if (sscanf(rest, "%llu %zu", id, &len) != 2 || len > HEAD + LOAD_MAX)
		exit(1);
	conn_bytes(c, body, len);
	conn_bytes(c, end, 2);
	return len;
}

static void worker(int port)
{
	static struct conn c;

	conn_open(&c, port);
	conn_tubes(&c, "answers", "tasks");
	conn_say(&c, "reserve\r\n", 9);
	for (;;) {
		char body[HEAD + LOAD_MAX], out[HEAD + LOAD_MAX + 128];
		unsigned long long id;
		size_t len = conn_job(&c, body, &id);
		size_t n = (size_t)snprintf(out, sizeof(out), "put 0 0 60 %zu\r\n", len);

		memcpy(out + n, body, len);
		n += len;
		n += (size_t)snprintf(out + n, sizeof(out) - n,
			"\r\ndelete %llu\r\nreserve\r\n", id);
		conn_say(&c, out, n);
		conn_answer(&c, "INSERTED");
		conn_answer(&c, "DELETED");
	}
}

static void put(struct conn *c, uint32_t i)
{
	char payload[LOAD_MAX], out[HEAD + LOAD_MAX + 64];
	size_t len = load_make(i, payload);
	size_t n = (size_t)snprintf(out, sizeof(out), "put 0 0 60 %zu\r\n%08x", HEAD + len, i);

	memcpy(out + n, payload, len);
	n += len;
	memcpy(out + n, "\r\n", 2);
	conn_say(c, out, n + 2);
}

static void echo(int port, uint32_t n, uint32_t window)
{
	static struct conn in, out;
	double *times = window == 1 ? calloc(n, sizeof(*times)) : NULL, begun, before, took;
	unsigned char *seen = calloc(n, 1);
	uint32_t sent = 0;
	long wrong = 0;

	if (!seen || (window == 1 && !times))
		load_die("calloc");
	conn_open(&out, port);
	conn_tubes(&out, "tasks", "answers");
	conn_open(&in, port);
	conn_tubes(&in, "tasks", "answers");
	conn_say(&in, "reserve\r\n", 9);
	begun = before = load_now();
	while (sent < window && sent < n)
		put(&out, sent++);
	for (uint32_t got = 0; got < n; got++) {
		char body[HEAD + LOAD_MAX + 1], text[64];
		unsigned long long id;
		size_t len = conn_job(&in, body, &id);
		char head[HEAD + 1] = {0};
		uint32_t i;

		memcpy(head, body, HEAD);
		i = (uint32_t)strtoul(head, NULL, 16);
		if (len < HEAD || i >= n || seen[i]++ || !load_same(i, body + HEAD, len - HEAD))
			wrong++;
		if (times)
			times[got] = load_now() - before;
		len = (size_t)snprintf(text, sizeof(text), "delete %llu\r\n%s", id,
			got + 1 < n ? "reserve\r\n" : "");
		conn_say(&in, text, len);
		conn_answer(&in, "DELETED");
		conn_answer(&out, "INSERTED");
		before = load_now();
		if (sent < n)
			put(&out, sent++);
	}
	took = load_now() - begun;
	load_report(took, wrong, times, n);
}

static void fill(int port, uint32_t n)
{
	static struct conn c;
	double begun;

	conn_open(&c, port);
	conn_tubes(&c, "tasks", "answers");
	begun = load_now();
	for (uint32_t i = 0; i < n; i++) {
		put(&c, i);
		if (i >= 100)
			conn_answer(&c, "INSERTED");
	}
	for (uint32_t i = 0; i < n && i < 100; i++)
		conn_answer(&c, "INSERTED");
	load_report(load_now() - begun, 0, NULL, 0);
}

int main(int argc, char **argv)
{
	int port = argc > 2 ? atoi(argv[2]) : 0;

	load_init();
	if (argc == 3 && strcmp(argv[1], "worker") == 0)
		worker(port);
	else if (argc == 5 && strcmp(argv[1], "echo") == 0)
		echo(port, (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]));
	else if (argc == 4 && strcmp(argv[1], "put") == 0)
		fill(port, (uint32_t)atoi(argv[3]));
	else
		return 64;
	return 0;
}
