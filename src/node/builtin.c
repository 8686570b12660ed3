/* echo, sleep and true: for trying out a cluster, for examples and for measuring. */
#include "node/builtin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/args.h"

#define MAX_SLEEP_S (366 * 86400.0)

static void finish_null(struct run *run)
{
	run_finish_json(run, "null", 4);
}

/* With the keyword argument pid=true: who answers, and the value. */
static void echo_with_pid(struct run *run, const char *value, size_t n)
{
	struct buf text = BUF_INIT;
	struct json_out w;
	jout_init(&w, &text);
	jout_object(&w, NULL);
	jout_i64(&w, "pid", getpid());
	jout_raw(&w, "value", value, n);
	jout_end_object(&w);
	run_finish_json(run, text.data, text.len);
	buf_fini(&text);
}

static bool wants_pid(const struct run *run)
{
	struct json_doc d;
	struct json_fault fault;
	bool pid = false;
	if (run->kwargs.len <= 2) /* {} */
		return false;
	json_init(&d);
	if (json_parse(&d, run->kwargs.data, run->kwargs.len, 0, ARGS_MAX_VALUES, &fault) == 0)
		json_bool(json_get(d.nodes, "pid"), &pid);
	json_fini(&d);
	return pid;
}

static void run_echo(struct run *run, const struct json_node *args)
{
	size_t n;
	const char *text = json_raw(args->nchild == 1 ? json_first(args) : args, &n);
	if (args->nchild == 0) {
		text = "null";
		n = 4;
	}
	if (wants_pid(run))
		echo_with_pid(run, text, n);
	else
		run_finish_json(run, text, n);
}

static void woken(void *arg)
{
	finish_null(arg);
}

/* -1 when the value is no number of seconds from 0 to a year. */
static int64_t seconds_to_ms(const struct json_node *v)
{
	char text[64];
	size_t n;
	const char *raw = json_raw(v, &n);
	if (!v || v->type != JSON_NUMBER || n >= sizeof(text))
		return -1;
	memcpy(text, raw, n);
	text[n] = '\0';
	char *end;
	double s = strtod(text, &end);
	return *end == '\0' && s >= 0 && s <= MAX_SLEEP_S ? (int64_t)(s * 1000) : -1;
}

static void run_sleep(struct run *run, const struct json_node *args)
{
	const struct json_node *v = json_first(args);
	int64_t ms = args->nchild == 1 ? seconds_to_ms(v) : -1;
	if (ms < 0) {
		run_fail(run, CAUSE_EXIT,
			"sleep takes one number of seconds, from 0 to a year, as in: sleep 0.5");
		return;
	}
	loop_timer_init(run->loop, &run->nap, woken, run);
	loop_timer_in(&run->nap, ms);
}

static void run_true(struct run *run, const struct json_node *args)
{
	(void)args;
	finish_null(run);
}

const struct builtin builtins[] = {
	{
		.name = "echo",
		.doc = "Gives back its arguments: one as it is, several as a list. pid=true: as {\"pid\":..., \"value\":...}, with the process that answers.",
		.params = "[VALUE...] [pid=true]",
		.run = run_echo,
	},
	{
		.name = "sleep",
		.doc = "Does nothing for that long; fractions are fine.",
		.params = "SECONDS",
		.run = run_sleep,
	},
	{
		.name = "true",
		.doc = "Does nothing, successfully.",
		.params = "",
		.run = run_true,
	},
};
const size_t nbuiltins = ARRAY_LEN(builtins);

static const struct builtin *find(const char *name)
{
	for (size_t i = 0; i < nbuiltins; i++) {
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	}
	return NULL;
}

void builtin_start(struct run *run)
{
	const struct builtin *b = find(run->name);
	struct json_doc d;
	struct json_fault fault;
	json_init(&d);
	if (!b)
		run_fail(run, CAUSE_START, "this worker's version has no built-in task %s",
			str_show(run->name));
	else if (json_parse(&d, buf_str(&run->args), run->args.len, 0, ARGS_MAX_VALUES,
			 &fault) < 0)
		run_fail(run, CAUSE_START, "the arguments: byte %zu: %s", fault.at, fault.what);
	else if (d.nodes[0].type != JSON_ARRAY)
		run_fail(run, CAUSE_START, "the arguments are no JSON array");
	else {
		run->pid = getpid();
		b->run(run, d.nodes);
	}
	json_fini(&d);
}
