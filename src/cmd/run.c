/* run: a program of one's own, on a worker, as if it ran here. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/arguments.h"
#include "cmd/ending.h"
#include "cmd/feeding.h"
#include "cmd/place.h"
#include "cmd/pour.h"
#include "cmd/private.h"
#include "proto/logrec.h"
#include "proto/msg.h"

#define TASK "fw.run" /* node/program.h */

struct running {
	struct cmd_ctx *ctx;
	struct client *client;
	struct client_watch *watch;
	struct client_log *log;
	struct client_feed *feed; /* --stdin, else NULL */
	struct pour *pour;
	struct buf args, place;
	char id[UUID_TEXT];
	int64_t n; /* its number; 0 = not answered yet */
	struct ending ending;
	bool read;            /* all of its output was given */
	int interrupts, ends; /* ^C; other signals that end a process */
	bool unread;          /* whoever read our stdout is gone */
};

static const struct opt opts[] = {
	{.name = "non-blocking",
		.letter = 'n',
		.type = OPT_FLAG,
		.help = "Print the task's id and leave"},
	{.name = "priority",
		.letter = 'p',
		.type = OPT_CHOICE,
		.choices = "low|normal|high|critical",
		.def = "normal",
		.help = "Which queue"},
	{.name = "timeout",
		.type = OPT_DURATION,
		.arg = "TIME",
		.def = "0",
		.help = "How long it may run; 0: as long as it takes"},
	{.name = "needs",
		.type = OPT_STRING,
		.arg = "WORDS",
		.help = "Only on a worker that was started with --has and all of these words"},
	{.name = "at-least-once",
		.type = OPT_FLAG,
		.help = "Run it again when its worker is lost; without: exit status 125"},
	FEEDING_OPT,
	PLACE_OPTS,
	NO_START_OPT,
	{.name = NULL},
};

static void release(struct cmd_ctx *ctx)
{
	struct running *r = ctx->state;

	if (!r)
		return;
	client_unwatch(&r->watch);
	client_log_close(&r->log);
	client_feed_close(&r->feed);
	pour_free(&r->pour);
	buf_fini(&r->args);
	buf_fini(&r->place);
	free(r);
}

/* Over when it has ended, all of its output has come, and all of that is written. */
static void check_end(struct running *r)
{
	if (r->unread || !r->ending.final || (r->log && !r->read) || !pour_empty(r->pour))
		return;
	if (ending_status(&r->ending) && strcmp(r->ending.cause, "exit") != 0)
		ending_tell(r->ctx->out, &r->ending);
	cmd_done(r->ctx, ending_status(&r->ending));
}

static void send_cancel(struct running *r, const char *reason, client_fn *fn);

static void on_unread(void *arg, const struct msg *m, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;

	if (!more && cmd_let(ctx))
		cmd_done(ctx, 128 + SIGPIPE);
}

/* As a program whose output nobody reads any more: it ends. */
static bool lost_reader(struct running *r)
{
	if (!r->ctx->out->failed)
		return false;
	if (!r->unread)
		send_cancel(r, "nobody reads its output", on_unread);
	r->unread = true;
	return true;
}

static void on_drained(void *arg)
{
	struct running *r = arg;

	if (lost_reader(r))
		return;
	if (r->log)
		client_log_pause(r->log, false);
	check_end(r);
}

static void on_log(void *arg, const struct client_log_news *news)
{
	struct running *r = arg;

	if (news->p && news->p->stream != LOGREC_NOTE) {
		pour_write(r->pour, news->p->stream, news->p->data, news->p->len);
		if (pour_full(r->pour))
			client_log_pause(r->log, true);
	}
	if (lost_reader(r))
		return;
	if (news->left_out > 0)
		out_note(r->ctx->out, "%lld bytes of its output are lost",
			(long long)news->left_out);
	if (news->note)
		out_note(r->ctx->out, "%s", news->note);
	if (news->e) {
		struct err e = *news->e;
		err_prefix(&e, "its output");
		cmd_complain(r->ctx, &e);
	}
	if (news->end || news->e) {
		r->read = true;
		check_end(r);
	}
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *m, size_t *at,
	bool gap)
{
	struct running *r = arg;

	if (r->feed)
		client_feed_event(r->feed, ev);
	ending_read(&r->ending, ev);
	if (!r->ending.final)
		return;
	/* It never wrote anything, or never began: nothing will come. */
	if (strcmp(r->ending.cause, "start") == 0 || strcmp(r->ending.cause, "lost") == 0)
		r->read = true;
	check_end(r);
}

static void on_missing(void *arg, const char *selector)
{
	struct running *r = arg;
	struct err e;

	err_set(&e, ERR_FAILED,
		"the control plane does not know task %s any more; was it restarted?", r->id);
	cmd_fail(r->ctx, &e);
}

static void on_failed(void *arg, const struct err *why)
{
	struct running *r = arg;
	struct err e = *why;

	/* Before it was answered, the request itself says so. */
	if (!r->n)
		return;
	err_prefix(&e, "task %lld may go on", (long long)r->n);
	cmd_fail(r->ctx, &e);
}

static void print_id(struct running *r)
{
	if (r->ctx->json)
		out_raw_line(r->ctx->out, "{\"schema\":1,\"id\":\"%s\",\"n\":%lld}", r->id,
			(long long)r->n);
	else
		out_line(r->ctx->out, "%s", r->id);
	cmd_done(r->ctx, 0);
}

static void on_submitted(void *arg, const struct uuid *id, int64_t n, const char *state,
	const struct err *e)
{
	static const struct client_log_conf follow = {.follow = true, .hold = true};
	struct cmd_ctx *ctx = arg;
	struct running *r = ctx->state;
	struct err why;

	if (!cmd_let(ctx))
		return;
	if (e && e->code == ERR_NO_TASK) {
		err_set(&why, ERR_NO_WORKER,
			"no worker runs programs; a control plane's own does, or one that was started with: fastworker subworker --allow exec");
		cmd_fail(ctx, &why);
		return;
	}
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	r->n = n;
	if (opts_flag(ctx->opts, "non-blocking"))
		print_id(r);
	else
		r->log = client_log_open(r->client, r->id, &follow, on_log, r);
}

static void on_signalled(void *arg, const struct msg *m, bool more, const struct err *e)
{
	cmd_let(arg);
}

static void send_signal(struct running *r, int signo)
{
	struct mout o;

	mout_init(&o);
	client_begin(r->client, &o, MSG_SIGNAL);
	jout_str(&o.w, "id", r->id);
	jout_i64(&o.w, "signal", signo);
	client_send(r->client, &o, on_signalled, cmd_hold(r->ctx));
	mout_fini(&o);
}

static void send_cancel(struct running *r, const char *reason, client_fn *fn)
{
	struct mout o;

	mout_init(&o);
	client_begin(r->client, &o, MSG_CANCEL);
	jout_array(&o.w, "ids");
	jout_str(&o.w, NULL, r->id);
	jout_end_array(&o.w);
	jout_str(&o.w, "reason", reason);
	client_send(r->client, &o, fn, cmd_hold(r->ctx));
	mout_fini(&o);
}

/* They go through. One that did not begin is cancelled; so is one that does not mind a second ^C; a third one leaves it, and so does
 * the second of the others. */
static bool on_signal(struct cmd_ctx *ctx, int signo)
{
	struct running *r = ctx->state;

	if (!r || !r->n || opts_flag(ctx->opts, "non-blocking"))
		return false;
	if (signo == SIGINT ? ++r->interrupts > 2 : ++r->ends > 1)
		return false;
	/* Nothing is there any more that it could go to. */
	if (r->ending.final || !client_up(r->client))
		return false;
	if (strcmp(r->ending.state, "running") != 0 || r->interrupts == 2)
		send_cancel(r, "interrupted", on_signalled);
	else
		send_signal(r, signo);
	return true;
}

static void interrupt(struct cmd_ctx *ctx)
{
	const struct running *r = ctx->state;

	if (r && r->n && feeding_now(ctx, r->feed))
		out_note(ctx->out, "task %lld is ended: its stdin was ours", (long long)r->n);
	else if (r && r->n)
		out_note(ctx->out,
			"task %lld goes on: `fastworker logs -f %lld` shows its output, `fastworker cancel %lld` ends it",
			(long long)r->n, (long long)r->n, (long long)r->n);
}

static int read_command(struct running *r, struct err *e)
{
	const struct opts *o = r->ctx->opts;
	size_t n = opts_nargs(o);
	const char **words = xcalloc(n + 1, sizeof(*words));
	int rc;

	for (size_t i = 0; i < n; i++)
		words[i] = opts_arg(o, i);
	if (opts_flag(o, "stdin") && opts_flag(o, "non-blocking")) {
		free(words);
		return err_set(e, ERR_USAGE,
			"--stdin needs somebody who stays to send it: leave out -n");
	}
	rc = n ? arguments_array(&r->args, words, n, true, false, e)
	       : err_set(e, ERR_USAGE, "which program? `fastworker run -- PROGRAM [ARG...]`");
	free(words);
	return rc || place_make(&r->place, o, e) ? -1 : 0;
}

static void send(struct running *r)
{
	struct cmd_ctx *ctx = r->ctx;
	bool leave = opts_flag(ctx->opts, "non-blocking");
	struct submission t = {.name = TASK,
		.priority = opts_str(ctx->opts, "priority"),
		.timeout_ms = opts_ms(ctx->opts, "timeout"),
		.needs = opts_str(ctx->opts, "needs"),
		.args = r->args.data,
		.args_len = r->args.len,
		.place = r->place.data,
		.place_len = r->place.len,
		.once = !opts_flag(ctx->opts, "at-least-once"),
		.fed = opts_flag(ctx->opts, "stdin"),
		.stream = !leave};

	client_make_id(r->client, &t.id);
	uuid_text(r->id, &t.id);
	if (!leave) {
		r->watch = client_watch_tasks(r->client, false, on_event, on_missing, r);
		client_watch_on_failed(r->watch, on_failed);
		r->feed = feeding_open(ctx, r->client, r->id);
	}
	client_submit(r->client, &t, 1, r->watch, on_submitted, cmd_hold(ctx));
}

static void connected(struct cmd_ctx *ctx, struct client *c)
{
	struct running *r = ctx->state;

	r->client = c;
	r->pour = pour_new(ctx->session->loop, ctx->out, on_drained, r);
	send(r);
}

static void exec(struct cmd_ctx *ctx)
{
	struct running *r = xcalloc(1, sizeof(*r));
	struct err e;

	ctx->state = r;
	r->ctx = ctx;
	if (read_command(r, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	ctx->session->port = priority_parse(opts_str(ctx->opts, "priority"));
	cmd_connect(ctx, connected);
}

const struct cmd cmd_run_entry = {
	.name = "run",
	.group = "tasks",
	.usage = "[OPTIONS] [--] PROGRAM [ARG...]",
	.help = "Runs a program on a worker, as if it ran here",
	.about =
		"In this folder, with this PATH, HOME, LANG and TZ; its output comes as it is written, whole, stdout to stdout and stderr to\n"
		"stderr; its exit status is ours, signals go through to it. It runs at most once: when its worker is lost, the status is 125.\n"
		"126: it cannot be run, or no worker runs programs; 127: there is no such program. Two ^C cancel it, a third one leaves it.",
	.examples = "fastworker run -- gzip -9 -k report.csv\n"
		    "fastworker run -- sh -c 'make -j4 && make install DESTDIR=out'\n"
		    "id=$(fastworker run -n -- ./backup /srv) && fastworker logs -f $id",
	.complete = "file",
	.opts = opts,
	.nargs = -1,
	.flags = CMD_STATUS | CMD_EARLY | CMD_STARTS,
	.exec = exec,
	.interrupt = interrupt,
	.signal = on_signal,
	.release = release,
};
