/* What a task writes: read from its pipes, kept as its result and in its log, and held back when the reader of its output falls behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/run.h"
#include "node/runner_msg.h"
#include "proto/logrec.h"

#define MAX_STDERR 65536 /* bytes of stderr that are kept for the error */
#define MAX_DRAIN                                                                              \
	64 /* reads of each pipe after the end: somebody outside the tree may go on writing */
#define WINDOW (1024 * 1024) /* bytes that a held task may be ahead of its reader */

static void close_pipe(struct loop_io **io, int *fd)
{
	loop_io_del(io);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void run_output_close(struct run *run)
{
	close_pipe(&run->out_io, &run->out_fd);
	close_pipe(&run->err_io, &run->err_fd);
}

/* A quarter of what the file may have: nothing that a reader in the window wants is deleted. */
static int64_t window(const struct run *run)
{
	return run->log.limit / 4 < WINDOW ? run->log.limit / 4 : WINDOW;
}

static void want(const struct run *run, unsigned events)
{
	if (run->out_io)
		loop_io_want(run->out_io, events);
	if (run->err_io)
		loop_io_want(run->err_io, events);
}

/* Stops or starts reading. A log that cannot be written holds nothing back: nobody would ever read it. */
static void settle_hold(struct run *run)
{
	bool ahead = run->hold && run->log.path && run->log.trouble.code == ERR_NONE &&
		     logfile_end(&run->log) - run->upto > window(run);

	if (ahead == run->held)
		return;
	run->held = ahead;
	want(run, ahead ? 0 : LOOP_READ);
}

void run_credit(struct run *run, int64_t upto)
{
	run->hold = upto >= 0;
	run->upto = upto;
	settle_hold(run);
}

static void over_limit(struct run *run)
{
	buf_fini(&run->out); /* half a result is none */
	close_pipe(&run->out_io, &run->out_fd);
	if (!run->exited)
		run_stop(run, CAUSE_LIMIT, 0);
	else if (run->stop == CAUSE_NONE) /* it ended before we had read it all */
		run->stop = CAUSE_LIMIT;
}

static void keep_out(struct run *run, const char *p, size_t n)
{
	if (run->stream)
		return;
	buf_add(&run->out, p, n);
	if (run->out.len > RUNNER_MAX_BODY)
		over_limit(run);
}

static void keep_err(struct run *run, const char *p, size_t n)
{
	buf_add(&run->err, p, n);
	if (run->err.len > 4 * MAX_STDERR) /* not at each read: moving costs */
		buf_consume(&run->err, run->err.len - MAX_STDERR);
}

/* One read. False when there is nothing now, or no more. */
static bool read_pipe(struct run *run, int stream)
{
	static char chunk[LOGFILE_RECORD];
	struct loop_io **io = stream == LOGREC_OUT ? &run->out_io : &run->err_io;
	int *fd = stream == LOGREC_OUT ? &run->out_fd : &run->err_fd;
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_pipe(io, fd);
	if (n <= 0)
		return false;
	logfile_write(&run->log, stream, loop_wall_ms(run->loop), chunk, (size_t)n);
	settle_hold(run);
	if (stream == LOGREC_OUT)
		keep_out(run, chunk, (size_t)n);
	else
		keep_err(run, chunk, (size_t)n);
	return *fd >= 0;
}

static void out_ready(void *arg, unsigned events)
{
	(void)events;
	read_pipe(arg, LOGREC_OUT);
}

static void err_ready(void *arg, unsigned events)
{
	struct run *run = arg;

	(void)events;
	/* What came before it may have closed it, or made the task wait. */
	if (run->err_fd >= 0 && !run->held)
		read_pipe(run, LOGREC_ERR);
}

void run_output_watch(struct run *run)
{
	run->out_io = loop_fd(run->loop, run->out_fd, LOOP_READ, 10, out_ready, run);
	run->err_io = loop_fd(run->loop, run->err_fd, LOOP_READ, 10, err_ready, run);
}

void run_output_drain(struct run *run)
{
	/* A result is read to its limit. */
	for (int i = 0; (!run->stream || i < MAX_DRAIN) && run->out_fd >= 0 &&
			read_pipe(run, LOGREC_OUT);
		i++)
		;
	for (int i = 0; i < MAX_DRAIN && run->err_fd >= 0 && read_pipe(run, LOGREC_ERR); i++)
		;
	if (run->err.len > MAX_STDERR)
		buf_consume(&run->err, run->err.len - MAX_STDERR);
}

void run_output_read(struct run *run, const struct runner_msg *m)
{
	char *path = json_strdup(json_get(m->head, "log"));
	bool flag;
	if (path && path[0] != '/') {
		free(path);
		path = NULL;
	}
	logfile_init(&run->log, path, runner_number(m, "log_limit", 0), NULL);
	run->n = (uint64_t)runner_number(m, "n", 0);
	run->stream = json_bool(json_get(m->head, "stream"), &flag) && flag;
	run->hold = json_bool(json_get(m->head, "hold"), &flag) && flag;
	run->in.fed = json_bool(json_get(m->head, "stdin"), &flag) && flag;
}

bool run_output_news(const struct run *run)
{
	return logfile_end(&run->log) != run->log_told ||
	       (run->log.trouble.code != ERR_NONE) != run->log_failed;
}

void run_output_write(struct run *run, struct json_out *w)
{
	bool failed = run->log.trouble.code != ERR_NONE;

	run->log_told = logfile_end(&run->log);
	jout_i64(w, "size", run->log_told);
	if (failed && !run->log_failed)
		jout_str(w, "error", run->log.trouble.text);
	run->log_failed = failed;
}

/* When the result says the same, the end of the output is not sent beside it. */
static bool wants_tail(const struct run *run)
{
	return run->log.tail.len > 0 &&
	       (run->stream || run->log.bytes[LOGREC_ERR] > 0 ||
		       run->log.bytes[LOGREC_OUT] != (int64_t)run->end.result.len);
}

void run_output_end(struct run *run, struct json_out *w)
{
	const struct run_end *end = &run->end;
	bool tail = wants_tail(run), result = !run->stream && (end->ok || end->result.len > 0);
	const struct buf *const bodies[] = {&end->result,
		tail ? logfile_tail(&run->log) : NULL};

	if (run->log.bytes[LOGREC_OUT])
		jout_i64(w, "outs", run->log.bytes[LOGREC_OUT]);
	if (run->log.bytes[LOGREC_ERR])
		jout_i64(w, "errs", run->log.bytes[LOGREC_ERR]);
	if (run->log.trouble.code != ERR_NONE)
		jout_str(w, "log_error", run->log.trouble.text);
	if (tail)
		jout_bool(w, "result", result);
	runner_end(w, bodies, tail ? 2 : result);
}
