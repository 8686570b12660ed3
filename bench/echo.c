/* Load on a control plane: the built-in task echo with random texts, so many at a time, each answer compared with what was sent.
 *
 *     build/bench/echo [-n TASKS] [-w WINDOW] [-P PROFILE] [-N NAME] [-t TASK [-s]]
 *
 * Prints one figure per line, NAME TAB VALUE TAB UNIT. Each answer names the process that gave it: it must be neither the control plane nor a worker. With -t TASK that
 * task is run instead, without arguments; it has to succeed and to write nothing, or with -s: it is given a number and has to write the next one. Ends with 1
 * when an answer is wrong or missing. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/paths.h"
#include "client/client.h"
#include "proto/context.h"

#define POOL     65536 /* random letters that texts are cut from */
#define MIN_TEXT 100
#define MAX_TEXT 300
#define NPIDS    64

struct pending { /* one task under way; its index stands in the id */
	const char *text;
	size_t len;
	unsigned salt;
	int64_t sent_us;
	bool used;
};

struct load {
	struct clock clock;
	struct loop *loop;
	struct client *client;
	struct client_watch *watch;
	struct context context;
	struct rng rng;
	char pool[POOL + MAX_TEXT];
	const char *task;      /* NULL: echo */
	bool sums;             /* the task is given a number and writes the next one */
	struct pending *table; /* of `window` */
	unsigned *idle;        /* a stack of free places in it */
	unsigned window, nidle;
	uint64_t want, sent, answered, wrong, submits, events;
	int64_t pids[NPIDS];
	unsigned npids;
	uint32_t *took_us; /* of each answer */
	int64_t begun_us, ended_us;
	struct loop_timer patience;
	uint64_t seen; /* answered when patience last looked */
	int status;
};

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "echo: %s%s%s\n", what, e ? ": " : "", e ? e->text : "");
	exit(2);
}

static int64_t now_us(struct load *l)
{
	return l->clock.mono_us(&l->clock);
}

static void fill_pool(struct load *l)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+- ";

	for (size_t i = 0; i < sizeof(l->pool); i++)
		l->pool[i] = letters[rng_below(&l->rng, sizeof(letters) - 1)];
}

/* ["12345 random text"]: no two are alike, because of the number. */
static size_t write_args(char *to, size_t size, const struct pending *p)
{
	return (size_t)snprintf(to, size, "[\"%u %.*s\"]", p->salt, (int)p->len, p->text);
}

static void on_submitted(void *arg, const struct uuid *id, int64_t n, const char *state,
	const struct err *e)
{
	if (e)
		die("a task was not taken in", e);
}

/* Where a task stands in the table is told by its id, in place of the upper random bits; the lower ones make it unique. */
static void put_place(struct uuid *id, unsigned at)
{
	for (int i = 11; i > 8; i--, at >>= 8)
		id->b[i] = (uint8_t)at;
}

static unsigned place_of(const struct uuid *id)
{
	return (unsigned)id->b[9] << 16 | (unsigned)id->b[10] << 8 | id->b[11];
}

static void prepare(struct load *l, struct submission *s, char *args, size_t size)
{
	unsigned at = l->idle[--l->nidle];
	struct pending *p = &l->table[at];
	uint64_t r = rng_u64(&l->rng);

	p->len = MIN_TEXT + (size_t)(r % (MAX_TEXT - MIN_TEXT + 1));
	p->text = l->pool + ((r >> 16) % POOL);
	p->salt = (unsigned)++l->sent;
	p->sent_us = now_us(l);
	p->used = true;
	*s = (struct submission){.name = "echo",
		.timeout_ms = -1,
		.args = args,
		.kwargs = "{\"pid\":true}",
		.kwargs_len = 12};
	s->args_len = write_args(args, size, p);
	if (l->task) {
		s->name = l->task;
		s->args_len = l->sums ? (size_t)snprintf(args, size, "[%u]", p->salt)
				      : (size_t)snprintf(args, size, "[]");
		s->kwargs = NULL;
		s->kwargs_len = 0;
	}
	client_make_id(l->client, &s->id);
	put_place(&s->id, at);
}

/* Fills the window. */
static void submit(void *arg)
{
	struct load *l = arg;
	unsigned n = l->nidle, most = l->window < 1000 ? l->window : 1000;
	static struct submission tasks[1000];
	static char args[1000][MAX_TEXT + 20];

	if (!l->watch || l->sent == l->want)
		return;
	if (n > l->want - l->sent)
		n = (unsigned)(l->want - l->sent);
	for (unsigned done = 0; done < n;) {
		unsigned part = n - done < most ? n - done : most;
		for (unsigned i = 0; i < part; i++)
			prepare(l, &tasks[i], args[i], sizeof(args[i]));
		client_submit(l->client, tasks, part, l->watch, on_submitted, l);
		done += part;
		l->submits++;
	}
}

static void note_pid(struct load *l, int64_t pid)
{
	for (unsigned i = 0; i < l->npids; i++)
		if (l->pids[i] == pid)
			return;
	if (l->npids < NPIDS)
		l->pids[l->npids++] = pid;
}

/* {"pid":123,"value":"..."} with exactly the text that was sent. */
static bool right(struct load *l, const struct pending *p, const char *got, size_t len)
{
	char want[MAX_TEXT + 20];
	size_t n = write_args(want, sizeof(want), p) - 2, at;
	int64_t pid = 0;

	if (len < 7 || memcmp(got, "{\"pid\":", 7) != 0)
		return false;
	for (at = 7; at < len && got[at] >= '0' && got[at] <= '9'; at++)
		pid = pid * 10 + got[at] - '0';
	note_pid(l, pid);
	return len == at + 9 + n + 1 && memcmp(got + at, ",\"value\":", 9) == 0 &&
	       memcmp(got + at + 9, want + 1, n) == 0 && got[len - 1] == '}';
}

/* The answer of a task that is not echo. */
static bool task_right(const struct load *l, const struct pending *p, const char *got,
	size_t len)
{
	char want[24] = "";

	if (l->sums)
		snprintf(want, sizeof(want), "%u\n", p->salt + 1);
	return len == strlen(want) && memcmp(got ? got : "", want, len) == 0;
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *m, size_t *at,
	bool gap)
{
	struct load *l = arg;
	char id[UUID_TEXT], state[64];
	struct uuid u;
	unsigned i;
	size_t len;
	const char *result = msg_take(m, ev, "result", at, &len);

	l->events++;
	msg_str(ev, "id", id, sizeof(id));
	if (!uuid_parse(id, &u))
		die("an event without an id", NULL);
	i = place_of(&u);
	if (i >= l->window || !l->table[i].used) {
		l->wrong++;
		return;
	}
	msg_str(ev, "state", state, sizeof(state));
	if (l->task ? strcmp(state, "success") != 0 || !task_right(l, &l->table[i], result, len)
		    : !result || !right(l, &l->table[i], result, len)) {
		if (l->wrong++ == 0)
			fprintf(stderr, "echo: wrong answer: %.*s\n", (int)len,
				result ? result : "");
	}
	l->took_us[l->answered++] = (uint32_t)(now_us(l) - l->table[i].sent_us);
	l->table[i].used = false;
	l->idle[l->nidle++] = i;
	if (l->answered == l->want)
		loop_stop(l->loop);
}

static void on_patience(void *arg)
{
	struct load *l = arg;

	if (l->answered == l->seen) {
		fprintf(stderr, "echo: no answer for 15 s; %" PRIu64 " of %" PRIu64 " came\n",
			l->answered, l->want);
		l->status = 1;
		loop_stop(l->loop);
		return;
	}
	l->seen = l->answered;
	loop_timer_in(&l->patience, 15000);
}

static void on_up(void *arg, const struct msg *welcome)
{
	struct load *l = arg;

	if (l->watch)
		return;
	l->watch = client_watch_tasks(l->client, true, on_event, NULL, l);
	client_watch_ends(l->watch);
	l->begun_us = now_us(l);
}

static void on_down(void *arg, const struct err *why)
{
	fprintf(stderr, "echo: %s\n", why->text);
}

static void connect_to(struct load *l, const char *profile)
{
	struct keypair own;
	struct paths paths;
	struct err e;
	struct client_conf conf = {.retries = 5, .up = on_up, .down = on_down, .arg = l};
	char *key;

	if (paths_init(&paths, &e) || context_read(paths.runtime, profile, &l->context, &e))
		die("no control plane", &e);
	key = xasprintf("%s/client.key", paths.config);
	if (keys_load(key, false, &own, &e))
		die("no key", &e);
	conf.link = (struct link_conf){.address = l->context.base,
		.server_key = l->context.server_key,
		.own = &own,
		.roles = "submit",
		.want = -1,
		.connect_timeout_ms = 5000,
		.give_up_ms = 15000};
	conf.link.address.port += PORT_NORMAL;
	l->client = client_new(net_new(l->loop), &conf);
	free(key);
	paths_fini(&paths);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void print(struct load *l, const char *name)
{
	double s = (double)(l->ended_us - l->begun_us) / 1e6;
	struct rusage u;

	qsort(l->took_us, l->answered, sizeof(*l->took_us), compare);
	getrusage(RUSAGE_SELF, &u);
	printf("%s.rate\t%.0f\ttasks/s\n", name, (double)l->answered / s);
	printf("%s.tasks\t%" PRIu64 "\ttasks\n", name, l->answered);
	printf("%s.wrong\t%" PRIu64 "\ttasks\n", name, l->wrong);
	if (l->answered) {
		printf("%s.p50\t%.3f\tms\n", name, l->took_us[l->answered / 2] / 1e3);
		printf("%s.p99\t%.3f\tms\n", name, l->took_us[l->answered * 99 / 100] / 1e3);
	}
	printf("%s.per_message\t%.1f\ttasks/message\n", name,
		(double)l->sent / (double)(l->submits ? l->submits : 1));
	printf("%s.client_cpu\t%.2f\tus/task\n", name,
		((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
			(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec)) /
			(double)(l->answered ? l->answered : 1));
	for (unsigned i = 0; i < l->npids; i++)
		printf("%s.pid\t%" PRId64 "\tpid\n", name, l->pids[i]);
}

/* The parent of each process that answered must be a worker, and it is neither that nor the control plane itself. */
static bool pids_right(const struct load *l)
{
	for (unsigned i = 0; i < l->npids; i++) {
		char path[64], word[256] = "";
		FILE *f;
		snprintf(path, sizeof(path), "/proc/%" PRId64 "/cmdline", l->pids[i]);
		f = fopen(path, "r");
		if (!f) /* it was killed since */
			continue;
		size_t n = fread(word, 1, sizeof(word) - 1, f);
		fclose(f);
		if (l->pids[i] == l->context.pid || !memmem(word, n, "__runner", 8)) {
			fprintf(stderr,
				"echo: process %" PRId64 " answered, and is no runner\n",
				l->pids[i]);
			return false;
		}
	}
	return l->npids > 0;
}

static void run(struct load *l, const char *profile)
{
	l->table = xcalloc(l->window, sizeof(*l->table));
	l->idle = xcalloc(l->window, sizeof(*l->idle));
	l->took_us = xcalloc(l->want, sizeof(*l->took_us));
	for (l->nidle = 0; l->nidle < l->window; l->nidle++)
		l->idle[l->nidle] = l->window - 1 - l->nidle;
	clock_system(&l->clock);
	rng_system(&l->rng);
	fill_pool(l);
	l->loop = loop_new(&l->clock);
	loop_timer_init(l->loop, &l->patience, on_patience, l);
	loop_timer_in(&l->patience, 15000);
	loop_hook(l->loop, submit, l);
	connect_to(l, profile);
	loop_run(l->loop);
	l->ended_us = now_us(l);
}

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*end || n == 0 || n > 1000000000)
		die("a number that is none", NULL);
	return n;
}

int main(int argc, char **argv)
{
	static struct load l = {.want = 200000, .window = 2000};
	const char *profile = "default", *name = "echo";
	int c;

	while ((c = getopt(argc, argv, "n:w:P:N:t:s")) != -1) {
		if (c == 'n')
			l.want = number(optarg);
		else if (c == 'w')
			l.window = (unsigned)number(optarg);
		else if (c == 'P')
			profile = optarg;
		else if (c == 'N')
			name = optarg;
		else if (c == 't')
			l.task = optarg;
		else if (c == 's')
			l.sums = true;
		else
			die("usage: echo [-n TASKS] [-w WINDOW] [-P PROFILE] [-N NAME] [-t TASK [-s]]",
				NULL);
	}
	run(&l, profile);
	print(&l, name);
	if ((!l.task && !pids_right(&l)) || l.wrong || l.answered != l.want)
		l.status = 1;
	return l.status;
}
