/* A client and a worker of gearmand, by its own library (libgearman).
 *
 *     gearmand worker PORT          serves the function `echo` until it is killed
 *     gearmand echo PORT N WINDOW   N jobs, WINDOW under way, every answer compared; WINDOW 1 also tells how long each took
 *     gearmand put PORT N           N background jobs that nobody takes */
#include <libgearman/gearman.h>

#include "load.h"

static long nwrong, nanswered;
static char (*window_bytes)[LOAD_MAX]; /* libgearman does not copy what it sends */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "gearmand: %s: %s\n", what, why);
	exit(1);
}

static void *serve(gearman_job_st *job, void *context, size_t *len, gearman_return_t *ret)
{
	size_t n = gearman_job_workload_size(job);
	char *out = malloc(n ? n : 1);

	(void)context;
	if (!out)
		load_die("malloc");
	memcpy(out, gearman_job_workload(job), n);
	*len = n;
	*ret = GEARMAN_SUCCESS;
	return out;
}

static void worker(int port)
{
	gearman_worker_st *w = gearman_worker_create(NULL);

	if (!w ||
		gearman_worker_add_server(w, "127.0.0.1", (in_port_t)port) != GEARMAN_SUCCESS ||
		gearman_worker_add_function(w, "echo", 0, serve, NULL) != GEARMAN_SUCCESS)
		die("worker", w ? gearman_worker_error(w) : "no memory");
	while (gearman_worker_work(w) == GEARMAN_SUCCESS)
		;
}

static gearman_return_t answered(gearman_task_st *task)
{
	uint32_t i = (uint32_t)(uintptr_t)gearman_task_context(task);

	nanswered++;
	nwrong += !load_same(i, gearman_task_data(task), gearman_task_data_size(task));
	return GEARMAN_SUCCESS;
}

static gearman_client_st *client(int port)
{
	gearman_client_st *c = gearman_client_create(NULL);

	if (!c || gearman_client_add_server(c, "127.0.0.1", (in_port_t)port) != GEARMAN_SUCCESS)
		die("client", c ? gearman_client_error(c) : "no memory");
	return c;
}

/* Jobs from..to at once; returns when all have been answered (background: queued). */
static void batch(gearman_client_st *c, uint32_t from, uint32_t to, int background)
{
	for (uint32_t i = from; i < to; i++) {
		char *bytes = window_bytes[i - from];
		size_t len = load_make(i, bytes);
		void *context = (void *)(uintptr_t)i;
		gearman_return_t ret;

		if (background)
			gearman_client_add_task_background(c, NULL, context, "nobody", NULL,
				bytes, len, &ret);
		else
			gearman_client_add_task(c, NULL, context, "echo", NULL, bytes, len,
				&ret);
		if (ret != GEARMAN_SUCCESS)
			die("add_task", gearman_client_error(c));
	}
	if (gearman_client_run_tasks(c) != GEARMAN_SUCCESS)
		die("run_tasks", gearman_client_error(c));
	gearman_client_task_free_all(c);
}

static void many(int port, uint32_t n, uint32_t window, int background)
{
	gearman_client_st *c = client(port);
	double begun;

	window_bytes = calloc(window, sizeof(*window_bytes));
	if (!window_bytes)
		load_die("calloc");
	gearman_client_set_complete_fn(c, answered);
	begun = load_now();
	for (uint32_t i = 0; i < n; i += window)
		batch(c, i, i + window < n ? i + window : n, background);
	load_report(load_now() - begun, background ? 0 : nwrong + (long)n - nanswered, NULL, 0);
	gearman_client_free(c);
}

static void one_at_a_time(int port, uint32_t n)
{
	gearman_client_st *c = client(port);
	double *times = calloc(n, sizeof(*times)), begun = load_now();

	if (!times)
		load_die("calloc");
	for (uint32_t i = 0; i < n; i++) {
		char bytes[LOAD_MAX];
		size_t len = load_make(i, bytes), got = 0;
		double before = load_now();
		gearman_return_t ret;
		char *answer = gearman_client_do(c, "echo", NULL, bytes, len, &got, &ret);

		times[i] = load_now() - before;
		if (ret != GEARMAN_SUCCESS)
			die("do", gearman_client_error(c));
		nwrong += !load_same(i, answer, got);
		free(answer);
	}
	load_report(load_now() - begun, nwrong, times, n);
	gearman_client_free(c);
}

int main(int argc, char **argv)
{
	int port = argc > 2 ? atoi(argv[2]) : 0;

	load_init();
	if (argc == 3 && strcmp(argv[1], "worker") == 0)
		worker(port);
	else if (argc == 5 && strcmp(argv[1], "echo") == 0 && atoi(argv[4]) == 1)
		one_at_a_time(port, (uint32_t)atoi(argv[3]));
	else if (argc == 5 && strcmp(argv[1], "echo") == 0)
		many(port, (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]), 0);
	else if (argc == 4 && strcmp(argv[1], "put") == 0)
		many(port, (uint32_t)atoi(argv[3]), 1000, 1);
	else
		return 64;
	return 0;
}
