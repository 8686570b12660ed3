/* A task's stdin that is streamed to it: parts come, as much as the window allows, and go into a pipe as the task reads. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "node/run.h"
#include "node/runner_msg.h"

static void close_pipe(struct run_input *in)
{
	loop_io_del(&in->io);
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
	buf_fini(&in->waiting);
}

/* Nobody reads it any more. */
static void closed(struct run_input *in)
{
	close_pipe(in);
	in->closed = true;
	in->news = true;
}

static void write_on(struct run_input *in)
{
	while (in->waiting.len) {
		ssize_t n = write(in->fd, in->waiting.data, in->waiting.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			closed(in);
			return;
		}
		in->written += n;
		in->news = true;
		buf_consume(&in->waiting, (size_t)n);
	}
	if (in->waiting.len == 0 && in->eof) {
		close_pipe(in);
		in->news = true;
	} else {
		loop_io_want(in->io, in->waiting.len ? LOOP_WRITE : 0);
	}
}

static void on_room(void *arg, unsigned events)
{
	struct run *run = arg;
	(void)events;
	write_on(&run->in);
}

int run_input_open(struct run *run, int *theirs, struct err *e)
{
	int fd[2];
	*theirs = -1;
	if (!run->in.fed)
		return 0;
	if (pipe2(fd, O_CLOEXEC) != 0)
		return err_errno(e, ERR_NO_WORKER, "cannot make a pipe for the task's stdin");
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	run->in.fd = fd[1];
	*theirs = fd[0];
	return 0;
}

void run_input_watch(struct run *run)
{
	if (run->in.fd < 0)
		return;
	run->in.io = loop_fd(run->loop, run->in.fd, 0, 10, on_room, run);
	write_on(&run->in);
}

void run_input_close(struct run *run)
{
	close_pipe(&run->in);
	run->in.closed = true;
}

void run_input_write(struct run *run, struct json_out *w)
{
	run->in.news = false;
	jout_i64(w, "offset", run->in.written);
	if (run->in.closed)
		jout_bool(w, "closed", true);
}

void run_input_feed(struct run *run, int64_t offset, const char *data, size_t len, bool eof)
{
	struct run_input *in = &run->in;
	int64_t skip = offset < 0 ? -1 : in->came - offset;
	in->news = true;
	if (in->closed || in->eof || !in->fed || skip < 0)
		return;
	if ((int64_t)len > skip) {
		data += skip;
		len -= (size_t)skip;
		if (in->waiting.len + len > RUNNER_MAX_STDIN)
			return; /* it never got credit for this */
		buf_add(&in->waiting, data, len);
		in->came += (int64_t)len;
	}
	in->eof = eof;
	if (in->io)
		write_on(in);
}
