/* wait: until tasks have ended. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/ending.h"
#include "proto/msg.h"

struct waiting {
	struct cmd_ctx *ctx;
	struct client *client;
	struct client_watch *watch;
	struct loop_timer timer;
	int status; /* the worst so far */
	bool asked; /* get is answered */
};

static const struct opt opts[] = {
	{.name = "task-id",
		.type = OPT_STRING,
		.arg = "ID",
		.help = "The task, in FastWorker's spelling",
		.complete = "id"},
	{.name = "wait-timeout",
		.type = OPT_DURATION,
		.arg = "TIME",
		.help = "How long to wait: then 124, and the tasks go on"},
	{.name = "quiet", .letter = 'q', .type = OPT_FLAG, .help = "Print nothing"},
	{.name = NULL},
};

static void release(struct cmd_ctx *ctx)
{
	struct waiting *w = ctx->state;

	if (!w)
		return;
	loop_timer_clear(&w->timer);
	client_unwatch(&w->watch);
	free(w);
}

static void tell(struct waiting *w, const struct ending *e, const struct json_node *o)
{
	int status = ending_status(e);

	if (status > w->status)
		w->status = status;
	if (opts_flag(w->ctx->opts, "quiet"))
		return;
	if (w->ctx->json)
		result_object(w->ctx->out, o, e, NULL, 0);
	else
		out_line(w->ctx->out, "%lld %s %s%s%s", (long long)e->n, e->state, e->name,
			*e->text ? ": " : "", e->text);
}

static void done_if_all(struct waiting *w)
{
	if (w->asked && client_watch_open(w->watch) == 0)
		cmd_done(w->ctx, w->status);
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *m, size_t *at,
	bool gap)
{
	struct waiting *w = arg;
	struct ending e;

	ending_read(&e, ev);
	if (!e.final)
		return;
	tell(w, &e, ev);
	done_if_all(w);
}

static void complain_missing(struct waiting *w, const char *selector)
{
	struct err e;
	int status;

	err_set(&e, ERR_NO_TASK, "no such task: %s", str_show(selector));
	status = cmd_complain(w->ctx, &e);
	if (status > w->status)
		w->status = status;
}

static void on_missing(void *arg, const char *selector)
{
	complain_missing(arg, selector);
	done_if_all(arg);
}

static void on_failed(void *arg, const struct err *why)
{
	struct waiting *w = arg;

	if (w->asked)
		cmd_fail(w->ctx, why);
}

static void take_record(struct waiting *w, const struct json_node *o)
{
	struct ending e;
	const char *id = e.id;

	ending_read(&e, o);
	if (e.final) {
		tell(w, &e, o);
		return;
	}
	client_watch_expect_id(w->watch, id);
	client_watch_add(w->watch, &id, 1);
}

static void on_records(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct waiting *w = ctx->state;
	char selector[128];

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	for (const struct json_node *o = msg_list(m->head, "tasks"); o; o = json_next(o))
		take_record(w, o);
	for (const struct json_node *v = msg_list(m->head, "missing"); v; v = json_next(v))
		if (json_strcpy(v, selector, sizeof(selector)))
			complain_missing(w, selector);
	w->asked = !more;
	done_if_all(w);
}

static void on_timeout(void *arg)
{
	struct waiting *w = arg;
	struct err e;

	err_set(&e, ERR_TIMEOUT, "the time to wait is over; the tasks go on");
	cmd_fail(w->ctx, &e);
}

static void interrupt(struct cmd_ctx *ctx)
{
	out_note(ctx->out, "the tasks go on");
}

static void exec(struct cmd_ctx *ctx)
{
	const char *named = opts_str(ctx->opts, "task-id");
	struct client *c;
	struct waiting *w;
	struct mout o;
	struct err e;

	if (!named && !opts_nargs(ctx->opts)) {
		err_set(&e, ERR_USAGE, "wait for which task? `fastworker wait ID...`");
		cmd_fail(ctx, &e);
		return;
	}
	c = cmd_client(ctx);
	if (!c)
		return;
	w = xcalloc(1, sizeof(*w));
	ctx->state = w;
	w->ctx = ctx;
	w->client = c;
	loop_timer_init(ctx->session->loop, &w->timer, on_timeout, w);
	w->watch = client_watch_tasks(c, false, on_event, on_missing, w);
	client_watch_on_failed(w->watch, on_failed);
	if (opts_given(ctx->opts, "wait-timeout"))
		loop_timer_in(&w->timer, opts_ms(ctx->opts, "wait-timeout"));
	mout_init(&o);
	client_begin(c, &o, MSG_GET);
	jout_array(&o.w, "ids");
	if (named)
		jout_str(&o.w, NULL, named);
	for (size_t i = 0; i < opts_nargs(ctx->opts); i++)
		jout_str(&o.w, NULL, opts_arg(ctx->opts, i));
	jout_end_array(&o.w);
	client_send(c, &o, on_records, cmd_hold(ctx));
	mout_fini(&o);
}

const struct cmd cmd_wait_entry = {
	.name = "wait",
	.group = "tasks",
	.usage = "[OPTIONS] ID...",
	.help = "Waits until tasks have ended; the exit status is the worst of theirs",
	.about =
		"ID: a UUID, a number, `last`, a range 3-7, a group b3. Prints a line per task as it ends. 127: no such task.",
	.examples =
		"fastworker wait 42\nfastworker wait 3-7 --wait-timeout 1m\nfastworker wait b3",
	.complete = "id",
	.opts = opts,
	.nargs = -1,
	.flags = CMD_STATUS,
	.exec = exec,
	.interrupt = interrupt,
	.release = release,
};
