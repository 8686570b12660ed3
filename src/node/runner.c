/* The runner process: takes tasks from its worker one after the other, and ends with it.
 *
 * It owns the tree of processes that a task makes (subreaper), so it runs one at a time: everything below it belongs to that one. Tasks sent ahead wait
 * in a queue. There is nothing to save: when the worker's end of the pipe is closed, all below is killed. */
#include "node/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/inside.h"
#include "node/run.h"
#include "node/resident.h"
#include "node/runner_msg.h"
#include "node/scratch.h"
#include "node/tree.h"

#define IN       0
#define OUT      1
#define END_MS   10000       /* for the tree to be gone when the worker is */
#define KEEP_OUT (64 * 1024) /* a larger buffer is given back when it is empty */

struct runner {
	struct clock clock;
	struct loop *loop;
	struct loop_io *in_io, *out_io; /* out_io only while there is something to write */
	struct runner_reader in;
	struct buf out;
	size_t sent;          /* bytes of out that are written */
	int64_t peer_version; /* of the worker's hello; 0 = none yet */
	struct list queue;    /* struct run.queued */
	struct run *now;
	struct inside *inside;
	int status;
};

static void begin(struct runner *r, struct json_out *w, const char *name, const struct run *run)
{
	char id[UUID_TEXT];
	runner_begin(w, &r->out, name);
	jout_str(w, "id", uuid_text(id, &run->id));
	jout_i64(w, "attempt", run->attempt);
}

static void say_hello(struct runner *r)
{
	struct json_out w;
	runner_begin(&w, &r->out, "hello");
	jout_i64(&w, "v", RUNNER_VERSION);
	jout_i64(&w, "pid", getpid());
	runner_end(&w, NULL, 0);
}

static void say_started(struct runner *r, const struct run *run)
{
	struct json_out w;
	begin(r, &w, "started", run);
	jout_i64(&w, "pid", run->pid);
	runner_end(&w, NULL, 0);
}

static void say_number(struct json_out *w, const char *key, int64_t n)
{
	if (n)
		jout_i64(w, key, n);
}

/* Once per turn: there is more to read, or it cannot be written down; its stdin was taken. */
static void say_news(struct runner *r, struct run *run)
{
	struct json_out w;
	if (run->log.path && run_output_news(run)) {
		begin(r, &w, "output", run);
		run_output_write(run, &w);
		runner_end(&w, NULL, 0);
	}
	if (run->in.news) {
		begin(r, &w, "stdin_ack", run);
		run_input_write(run, &w);
		runner_end(&w, NULL, 0);
	}
}

static void say_done(struct runner *r, struct run *run)
{
	const struct run_end *end = &run->end;
	struct json_out w;
	begin(r, &w, "done", run);
	jout_bool(&w, "ok", end->ok);
	if (!run->told && run->pid > 0)
		jout_i64(&w, "pid", run->pid);
	if (end->cause)
		jout_str(&w, "cause", cause_word(end->cause));
	if (end->status >= 0)
		jout_i64(&w, "exit", end->status);
	if (end->signo)
		jout_i64(&w, "signal", end->signo);
	if (end->error)
		jout_str(&w, "error", end->error);
	jout_str(&w, "type", end->type == RESULT_JSON ? "json" : "bytes");
	say_number(&w, "wall_ms", end->wall_ms);
	say_number(&w, "wall_us", end->wall_us);
	say_number(&w, "user_ms", end->user_ms);
	say_number(&w, "sys_ms", end->sys_ms);
	say_number(&w, "rss_kb", end->rss_kb);
	if (end->nleft) {
		jout_i64(&w, "left", (int64_t)end->nleft);
		jout_strn(&w, "left_names", buf_str(&end->left), end->left.len);
	}
	run_output_end(run, &w);
}

static void say_progress(void *arg, int32_t millionths, const char *text)
{
	struct runner *r = arg;
	struct json_out w;
	if (!r->now)
		return;
	begin(r, &w, "progress", r->now);
	if (millionths >= 0)
		jout_i64(&w, "millionths", millionths);
	if (text[0])
		jout_str(&w, "text", text);
	runner_end(&w, NULL, 0);
}

static void quit(struct runner *r, int status)
{
	r->status = status;
	loop_stop(r->loop);
}

static void out_ready(void *arg, unsigned events);

/* Writes what it can; the rest when there is room. */
static void flush(struct runner *r)
{
	while (r->sent < r->out.len) {
		ssize_t n = write(OUT, r->out.data + r->sent, r->out.len - r->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (!r->out_io)
				r->out_io = loop_fd(r->loop, OUT, LOOP_WRITE, 10, out_ready, r);
			return;
		}
		if (n < 0) { /* the worker is gone: the end of the input says the same */
			quit(r, 0);
			return;
		}
		r->sent += (size_t)n;
	}
	loop_io_del(&r->out_io);
	r->sent = 0;
	if (r->out.cap > KEEP_OUT)
		buf_fini(&r->out);
	else
		buf_reset(&r->out);
}

static void out_ready(void *arg, unsigned events)
{
	(void)events;
	flush(arg);
}

/* Ends what is over and begins what waits; true when it did something. */
static bool advance(struct runner *r)
{
	if (r->now && r->now->over) {
		inside_over(r->inside);
		say_done(r, r->now);
		run_free(&r->now);
	}
	struct run *run = list_first(&r->queue, struct run, queued);
	if (r->now || !run)
		return false;
	list_del(&run->queued);
	r->now = run;
	if (!run->over) /* cancelled while it waited */
		run_start(run);
	return true;
}

/* Of a call in a resident shell, some turns later. */
static void tell_started(struct runner *r)
{
	struct run *run = r->now;
	if (!run || run->told || run->pid <= 0 || run->over)
		return;
	run->told = true;
	say_started(r, run);
}

static void before_sleep(void *arg)
{
	struct runner *r = arg;
	do
		tell_started(r);
	while (advance(r));
	if (r->now)
		say_news(r, r->now);
	flush(r);
}

static int read_id(const struct runner_msg *m, struct uuid *id, int64_t *attempt, struct err *e)
{
	char text[UUID_TEXT];
	if (!json_strcpy(json_get(m->head, "id"), text, sizeof(text)) ||
		!uuid_parse(text, id) || !json_i64(json_get(m->head, "attempt"), attempt) ||
		*attempt < 0)
		return err_set(e, ERR_DATA, "runner protocol: %s without an id and an attempt",
			m->name);
	return 0;
}

static int on_task(struct runner *r, const struct runner_msg *m, struct err *e)
{
	struct run *run = run_new(r->loop);
	run->inside = r->inside;
	if (read_id(m, &run->id, &run->attempt, e) < 0 || run_read(run, m, e) < 0) {
		run_free(&run);
		return -1;
	}
	list_push_back(&r->queue, &run->queued);
	return 0;
}

static bool is(const struct run *run, const struct uuid *id, int64_t attempt)
{
	return run && uuid_eq(&run->id, id) && run->attempt == attempt;
}

/* The task that a message is about, if it is here still; NULL with *e when it does not say. */
static struct run *find_run(struct runner *r, const struct runner_msg *m, struct err *e)
{
	struct uuid id;
	int64_t attempt;
	struct list *l, *tmp;
	e->code = ERR_NONE;
	if (read_id(m, &id, &attempt, e) < 0)
		return NULL;
	if (is(r->now, &id, attempt))
		return r->now;
	list_each (l, tmp, &r->queue) {
		struct run *run = container_of(l, struct run, queued);
		if (is(run, &id, attempt))
			return run;
	}
	return NULL;
}

static int on_cancel(struct runner *r, const struct runner_msg *m, struct err *e)
{
	struct run *run = find_run(r, m, e);
	if (run)
		run_stop(run, CAUSE_CANCELLED, runner_ms(m, "grace_ms"));
	return e->code == ERR_NONE
		       ? 0
		       : -1; /* one that is over already: its 'done' is on the way */
}

static int on_signal(struct runner *r, const struct runner_msg *m, struct err *e)
{
	struct run *run = find_run(r, m, e);
	int64_t signo = runner_number(m, "signal", 0);
	if (run && run == r->now && signo > 0 && signo < 32)
		run_signal(run, (int)signo);
	return e->code == ERR_NONE ? 0 : -1;
}

/* Given back when its turn has not come. */
static int on_recall(struct runner *r, const struct runner_msg *m, struct err *e)
{
	struct run *run = find_run(r, m, e);
	struct json_out w;
	if (run && run != r->now && !run->over) {
		begin(r, &w, "returned", run);
		runner_end(&w, NULL, 0);
		run_free(&run);
	}
	return e->code == ERR_NONE ? 0 : -1;
}

static int on_credit(struct runner *r, const struct runner_msg *m, struct err *e)
{
	struct run *run = find_run(r, m, e);
	if (run)
		run_credit(run, runner_number(m, "upto", -1));
	return e->code == ERR_NONE ? 0 : -1;
}

static int on_stdin(struct runner *r, const struct runner_msg *m, struct err *e)
{
	struct run *run = find_run(r, m, e);
	bool eof = false;
	json_bool(json_get(m->head, "eof"), &eof);
	if (run && m->nbodies)
		run_input_feed(run, runner_number(m, "offset", -1), m->body[0], m->len[0], eof);
	return e->code == ERR_NONE ? 0 : -1;
}

static int on_hello(struct runner *r, const struct runner_msg *m, struct err *e)
{
	if (!json_i64(json_get(m->head, "v"), &r->peer_version) || r->peer_version < 1)
		return err_set(e, ERR_DATA, "runner protocol: a hello without a version");
	char *scratch = json_strdup(json_get(m->head, "scratch"));
	scratch_use(scratch);
	free(scratch);
	return 0;
}

static int on_bye(struct runner *r, const struct runner_msg *m, struct err *e)
{
	(void)m;
	(void)e;
	quit(r, 0);
	return 0;
}

static const struct handler {
	const char *name;
	int (*fn)(struct runner *r, const struct runner_msg *m, struct err *e);
} handlers[] = {
	{"hello", on_hello},
	{"task", on_task},
	{"cancel", on_cancel},
	{"credit", on_credit},
	{"stdin", on_stdin},
	{"recall", on_recall},
	{"signal", on_signal},
	{"bye", on_bye},
};

static int handle(struct runner *r, const struct runner_msg *m, struct err *e)
{
	if (!r->peer_version && strcmp(m->name, "hello") != 0)
		return err_set(e, ERR_DATA, "runner protocol: %s before hello",
			str_show(m->name));
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		if (strcmp(handlers[i].name, m->name) == 0)
			return handlers[i].fn(r, m, e);
	}
	if (r->peer_version > RUNNER_VERSION)
		return 0;
	return err_set(e, ERR_DATA, "runner protocol: unknown message %s", str_show(m->name));
}

static void in_ready(void *arg, unsigned events)
{
	struct runner *r = arg;
	char chunk[65536];
	struct runner_msg m;
	struct err e;
	(void)events;
	ssize_t n = read(IN, chunk, sizeof(chunk));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		quit(r, 0);
		return;
	}
	runner_feed(&r->in, chunk, (size_t)n);
	int rc;
	while ((rc = runner_next(&r->in, &m, &e)) > 0 && (rc = handle(r, &m, &e)) == 0)
		;
	if (rc < 0) {
		log_error("runner broken-worker %s", e.text);
		quit(r, err_exit_code(e.code));
	}
}

static void orphan_gone(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	struct runner *r = arg;
	(void)pid;
	(void)status;
	(void)usage;
	if (r->now)
		run_orphan_gone(r->now);
}

static void on_term(void *arg, int signo)
{
	(void)signo;
	quit(arg, 0);
}

static void finish(struct runner *r)
{
	resident_end();
	tree_end(NULL, r->now ? r->now->pid : 0, END_MS);
	scratch_remove();
	inside_free(&r->inside);
	run_free(&r->now);
	struct list *l, *tmp;
	list_each (l, tmp, &r->queue) {
		struct run *run = container_of(l, struct run, queued);
		run_free(&run);
	}
	loop_io_del(&r->in_io);
	loop_io_del(&r->out_io);
	runner_reader_fini(&r->in);
	buf_fini(&r->out);
	loop_free(&r->loop);
}

int runner_main(void)
{
	struct runner r = {0};
	signal(SIGPIPE, SIG_IGN); /* a worker that is gone is an error of write() */
	if (tree_own() != 0 || fcntl(OUT, F_SETFL, O_NONBLOCK) != 0) {
		log_error("runner cannot-start error=\"%s\"", strerror(errno));
		return err_exit_code(ERR_FAILED);
	}
	clock_system(&r.clock);
	r.loop = loop_new(&r.clock);
	list_init(&r.queue);
	r.inside = inside_new(r.loop, say_progress, &r);
	loop_signal(r.loop, SIGTERM, on_term, &r);
	loop_orphans(r.loop, orphan_gone, &r);
	loop_hook(r.loop, before_sleep, &r);
	r.in_io = loop_fd(r.loop, IN, LOOP_READ, 10, in_ready, &r);
	say_hello(&r);
	loop_run(r.loop);
	finish(&r);
	return r.status;
}
