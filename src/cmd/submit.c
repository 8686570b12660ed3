/* submit: one task, waited for or not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/arguments.h"
#include "cmd/asking.h"
#include "cmd/ending.h"
#include "cmd/feeding.h"
#include "cmd/private.h"
#include "cmd/show.h"
#include "proto/msg.h"

struct submitting {
	struct cmd_ctx *ctx;
	struct client *client;
	struct client_watch *watch;
	struct client_feed *feed; /* --stdin, else NULL */
	struct loop_timer timer;  /* --wait-timeout */
	const char *name;         /* of the task; in the options */
	struct buf args, kwargs;
	struct submission task;
	char id[UUID_TEXT];
	int64_t n; /* its number; 0 = not answered yet */
	struct ending ending;
};

static const struct opt opts[] = {
	{.name = "non-blocking",
		.letter = 'n',
		.type = OPT_FLAG,
		.help = "Print the task's id and leave"},
	ASKING_OPTS,
	FEEDING_OPT,
	{.name = "wait-timeout",
		.type = OPT_DURATION,
		.arg = "TIME",
		.help = "How long to wait for the result: then 124, and the task goes on"},
	{.name = "task-name",
		.type = OPT_STRING,
		.arg = "NAME",
		.help = "The task, in FastWorker's spelling",
		.complete = "task"},
	{.name = "args", .type = OPT_WORDS, .arg = "ARG", .help = "Its arguments, likewise"},
	{.name = "task-modules",
		.type = OPT_WORDS,
		.arg = "MODULE",
		.hidden = true,
		.complete = "file",
		.help = "-t in FastWorker's spelling"},
	MODULE_OPT,
	NO_START_OPT,
	{.name = NULL},
};

static void release(struct cmd_ctx *ctx)
{
	struct submitting *s = ctx->state;

	if (!s)
		return;
	loop_timer_clear(&s->timer);
	client_feed_close(&s->feed);
	client_unwatch(&s->watch);
	buf_fini(&s->args);
	buf_fini(&s->kwargs);
	free(s);
}

static void shown(struct cmd_ctx *ctx, int status, const char *text)
{
	struct err e;

	if (status >= 0) {
		cmd_done(ctx, status);
		return;
	}
	err_set(&e, ERR_FAILED, "the task has ended, but its result has expired already");
	cmd_fail(ctx, &e);
}

/* The usual case, a small result that came with the event, needs no further question. */
static void finish(struct submitting *s, const char *p, size_t n)
{
	struct cmd_ctx *ctx = s->ctx;

	if (ctx->json || (!p && s->ending.size > 0)) {
		show_task(ctx, s->client, s->id, shown);
		return;
	}
	if (p)
		result_print(ctx->out, &s->ending, p, n);
	ending_tell(ctx->out, &s->ending);
	cmd_done(ctx, ending_status(&s->ending));
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *m, size_t *at,
	bool gap)
{
	struct submitting *s = arg;
	size_t n;
	const char *p = msg_take(m, ev, "result", at, &n);

	ending_read(&s->ending, ev);
	if (s->feed)
		client_feed_event(s->feed, ev);
	if (!s->ending.final)
		return;
	loop_timer_clear(&s->timer);
	finish(s, p, n);
}

/* After a reconnect: the control plane has lost it. */
static void on_missing(void *arg, const char *selector)
{
	struct submitting *s = arg;
	struct err e;

	err_set(&e, ERR_FAILED,
		"the control plane does not know task %s any more; was it restarted?", s->id);
	cmd_fail(s->ctx, &e);
}

static void on_failed(void *arg, const struct err *why)
{
	struct submitting *s = arg;
	struct err e = *why;

	/* Before it was answered, the request itself says so. */
	if (!s->n)
		return;
	err_prefix(&e, "task %lld may go on", (long long)s->n);
	cmd_fail(s->ctx, &e);
}

static void print_id(struct submitting *s, const char *state)
{
	struct out *o = s->ctx->out;

	if (s->ctx->json)
		out_raw_line(o, "{\"schema\":1,\"id\":\"%s\",\"n\":%lld,\"state\":\"%s\"}",
			s->id, (long long)s->n, state);
	else if (opts_given(s->ctx->opts, "task-name"))
		out_line(o, "Task ID: %s", s->id);
	else
		out_line(o, "%s", s->id);
}

/* Modules that somebody gave are not loaded by a control plane that runs already. */
static void refused(struct cmd_ctx *ctx, const struct err *why)
{
	struct err e = *why;
	const char *module;

	if (e.code == ERR_NO_TASK && private_unused(ctx, &module))
		err_set(&e, ERR_NO_TASK,
			"%s\n  -t loads modules only into a control plane that it starts, and one is running; give it a worker that has them:"
			" `fastworker subworker -t %s`, or start it anew: `fastworker stop && fastworker start -t %s`",
			why->text, module, module);
	cmd_fail(ctx, &e);
}

static void on_submitted(void *arg, const struct uuid *id, int64_t n, const char *state,
	const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct submitting *s = ctx->state;

	if (!cmd_let(ctx))
		return;
	if (e) {
		refused(ctx, e);
		return;
	}
	s->n = n;
	if (opts_flag(ctx->opts, "non-blocking")) {
		print_id(s, state);
		cmd_done(ctx, 0);
	}
}

static void on_timeout(void *arg)
{
	struct submitting *s = arg;
	struct err e;

	if (feeding_now(s->ctx, s->feed))
		err_set(&e, ERR_TIMEOUT,
			"no result within the time to wait; the task is ended, as its stdin ends with us");
	else
		err_set(&e, ERR_TIMEOUT,
			"no result within the time to wait; the task goes on: `fastworker wait %s`",
			s->id);
	cmd_fail(s->ctx, &e);
}

static void interrupt(struct cmd_ctx *ctx)
{
	struct submitting *s = ctx->state;

	if (s && s->n && feeding_now(ctx, s->feed))
		out_note(ctx->out, "task %lld is ended, as its stdin ends with us",
			(long long)s->n);
	else if (s && s->n)
		out_note(ctx->out,
			"task %lld goes on: `fastworker wait %lld` waits for it, `fastworker cancel %lld` ends it",
			(long long)s->n, (long long)s->n, (long long)s->n);
}

static int read_arguments(struct submitting *s, struct err *e)
{
	const struct opts *o = s->ctx->opts;
	bool strings = opts_flag(o, "str"), documented = opts_given(o, "task-name");
	const char *const *words;
	size_t n = opts_many(o, "args", &words);
	const char **given = NULL;
	int rc;

	s->name = documented ? opts_str(o, "task-name") : opts_arg(o, 0);
	if (!s->name)
		return err_set(e, ERR_USAGE,
			"which task? `fastworker submit TASK [ARG...]`; `fastworker list` shows them");
	if (opts_flag(o, "stdin") && opts_flag(o, "non-blocking"))
		return err_set(e, ERR_USAGE,
			"--stdin needs us to stay: leave out -n, or put the command in the background");
	if (documented && opts_nargs(o))
		return err_set(e, ERR_USAGE,
			"arguments go behind --args when the task is named with --task-name");
	if (!documented && n)
		return err_set(e, ERR_USAGE, "--args goes with --task-name");
	if (!documented) {
		n = opts_nargs(o) - 1;
		given = xcalloc(n + 1, sizeof(*given));
		for (size_t i = 0; i < n; i++)
			given[i] = opts_arg(o, i + 1);
		words = given;
	}
	rc = arguments_array(&s->args, words, n, strings, !opts_flag(o, "stdin"), e);
	free(given);
	return rc ? rc : asking_read(&s->task, &s->kwargs, o, e);
}

static void send(struct cmd_ctx *ctx, struct client *c)
{
	struct submitting *s = ctx->state;
	struct submission t = s->task;

	s->client = c;
	t.name = s->name;
	t.fed = opts_flag(ctx->opts, "stdin");
	t.args = s->args.data;
	t.args_len = s->args.len;
	client_make_id(s->client, &t.id);
	uuid_text(s->id, &t.id);
	if (!opts_flag(ctx->opts, "non-blocking")) {
		s->watch = client_watch_tasks(s->client, true, on_event, on_missing, s);
		client_watch_on_failed(s->watch, on_failed);
		s->feed = feeding_open(ctx, s->client, s->id);
		if (opts_given(ctx->opts, "wait-timeout"))
			loop_timer_in(&s->timer, opts_ms(ctx->opts, "wait-timeout"));
	}
	client_submit(s->client, &t, 1, s->watch, on_submitted, cmd_hold(ctx));
}

static void exec(struct cmd_ctx *ctx)
{
	struct submitting *s = xcalloc(1, sizeof(*s));
	struct err e;

	ctx->state = s;
	s->ctx = ctx;
	loop_timer_init(ctx->session->loop, &s->timer, on_timeout, s);
	if (read_arguments(s, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	/* The port of its priority, when this is the connection's first use. */
	ctx->session->port = priority_parse(opts_str(ctx->opts, "priority"));
	cmd_connect(ctx, send);
}

const struct cmd cmd_submit_entry = {
	.name = "submit",
	.group = "tasks",
	.usage = "[OPTIONS] TASK [ARG...]",
	.help = "Runs a task and prints its result; with -n, queues it and prints its id",
	.about =
		"An argument that is one whole JSON value keeps its type (5, true, [1,2]); anything else is a string (007, +1555, nan).\n"
		"`-` is what stdin gives, as one argument; with --stdin it streams into the task instead, and the task ends with us if we go before the end of it.\n"
		" The exit status is the task's: 0-123 and 128+N are its own; 124 a time is over, 125 fastworker\n"
		"failed, 126 nobody can run it, 127 there is no such task, 75 the queue is full.",
	.examples =
		"fastworker submit add 5 3\n"
		"fastworker submit -t tasks.sh add 5 3\n"
		"id=$(fastworker submit -n add 5 3) && fastworker wait $id\n"
		"fastworker submit greet --kw name=Ada --priority high\n"
		"tar c dir | fastworker submit archive --stdin > out.tgz\n"
		"fastworker submit --task-name add --args 5 3 --priority high --non-blocking",
	.complete = "task",
	.opts = opts,
	.nargs = -1,
	.flags = CMD_STATUS | CMD_STARTS_MODULES,
	.exec = exec,
	.interrupt = interrupt,
	.release = release,
};
