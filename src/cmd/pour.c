/* Writing to slow readers. A descriptor that the loop calls writable takes a small piece without blocking (PIPE_BUF of a pipe); the description is
 * shared with other processes, so it is not made non-blocking. */
#include "cmd/pour.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define FULL       (128 * 1024) /* bytes that wait: enough to keep a fast reader busy */
#define ROOM       (32 * 1024)  /* and when there is room again */
#define PER_TURN   (256 * 1024) /* bytes written before other things get their turn */
#define KEEP_SPACE (64 * 1024)

struct channel {
	struct pour *pour;
	int fd;
	bool regular; /* a file: it never makes us wait */
	struct buf queue;
	size_t at; /* bytes of the queue that are written */
	struct loop_io *io;
};

struct pour {
	struct loop *loop;
	struct out *out;
	struct channel channels[2];
	bool was_full;
	void (*drained)(void *arg);
	void *arg;
};

static size_t waiting(const struct pour *p)
{
	size_t sum = 0;

	for (int i = 0; i < 2; i++)
		sum += p->channels[i].queue.len - p->channels[i].at;
	return sum;
}

bool pour_full(const struct pour *p)
{
	return waiting(p) >= FULL;
}

bool pour_empty(const struct pour *p)
{
	return waiting(p) == 0;
}

static void drop(struct channel *c)
{
	loop_io_del(&c->io);
	c->at = 0;
	if (c->queue.cap > KEEP_SPACE)
		buf_fini(&c->queue);
	else
		buf_reset(&c->queue);
}

/* The reader of our data is gone: so is the purpose of all. A closed stderr is nobody's loss. */
static void fail(struct channel *c, int error)
{
	drop(c);
	if (c->fd != STDOUT_FILENO)
		return;
	c->pour->out->failed = true;
	c->pour->out->error = error;
	drop(&c->pour->channels[1]);
}

/* False when it would block, or is over. */
static bool write_piece(struct channel *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};
	size_t n = c->queue.len - c->at;
	ssize_t done;

	if (n > PIPE_BUF && !c->regular)
		n = PIPE_BUF;
	if (n == 0 || (!c->regular && poll(&p, 1, 0) <= 0))
		return false;
	done = write(c->fd, c->queue.data + c->at, n);
	if (done < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	if (done < 0) {
		fail(c, errno);
		return false;
	}
	c->at += (size_t)done;
	return true;
}

static void write_some(struct channel *c)
{
	size_t from = c->at;

	while (c->at - from < PER_TURN && write_piece(c))
		;
	if (c->at == c->queue.len) {
		drop(c);
	} else if (c->at >= c->queue.len / 2) {
		buf_consume(&c->queue, c->at);
		c->at = 0;
	}
}

static void tell(struct pour *p)
{
	if (p->out->failed || pour_empty(p) || (p->was_full && waiting(p) <= ROOM)) {
		p->was_full = false;
		p->drained(p->arg);
	}
}

static void ready(void *arg, unsigned events)
{
	struct channel *c = arg;

	write_some(c);
	tell(c->pour);
}

struct pour *pour_new(struct loop *l, struct out *out, void (*drained)(void *arg), void *arg)
{
	struct pour *p = xcalloc(1, sizeof(*p));
	struct stat info;

	p->loop = l;
	p->out = out;
	p->drained = drained;
	p->arg = arg;
	for (int i = 0; i < 2; i++) {
		struct channel *c = &p->channels[i];
		c->pour = p;
		c->fd = i == 0 ? STDOUT_FILENO : STDERR_FILENO;
		c->regular = fstat(c->fd, &info) == 0 && S_ISREG(info.st_mode);
	}
	return p;
}

void pour_write(struct pour *p, int stream, const char *data, size_t n)
{
	struct channel *c = &p->channels[stream == 1 ? 0 : 1];

	if (p->out->failed || n == 0)
		return;
	if (!p->out->own_files) {
		p->out->write(p->out, stream, data, n);
		return;
	}
	/* What was said by other means comes first. */
	out_flush(p->out);
	buf_add(&c->queue, data, n);
	if (!c->io)
		write_some(c);
	if (c->queue.len > c->at && !c->io)
		c->io = loop_fd(p->loop, c->fd, LOOP_WRITE, 20, ready, c);
	p->was_full = p->was_full || pour_full(p);
}

void pour_free(struct pour **pour)
{
	struct pour *p = *pour;

	if (!p)
		return;
	for (int i = 0; i < 2; i++) {
		loop_io_del(&p->channels[i].io);
		buf_fini(&p->channels[i].queue);
	}
	free(p);
	*pour = NULL;
}
