/* Where inputs come from. */
#include "cmd/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define READ_SIZE 65536

struct list_of {
	const char *const *words;
	size_t n, at;
};

struct inputs {
	int64_t number; /* of the last one that was given */
	const char *parts[INPUT_LISTS];
	size_t nparts;
	bool over;
	struct list_of lists[INPUT_LISTS];
	/* Lines. */
	int fd; /* -1: lists */
	char separator;
	struct loop_io *io; /* while somebody waits */
	struct loop *loop;
	struct buf text;   /* read, not yet given */
	size_t from, seen; /* begin of the next one; no separator is before `seen` */
	bool eof, failed;
	struct err fault; /* when failed */
	void (*ready)(void *arg);
	void *arg;
};

static int add_list(struct inputs *in, const char *word, struct err *e)
{
	if (strcmp(word, ":::") != 0)
		return err_set(e, ERR_USAGE,
			"%s is not known here: inputs stand behind `:::`, or come with --lines FILE",
			word);
	if (in->nparts == INPUT_LISTS)
		return err_set(e, ERR_USAGE, "at most %d lists of inputs behind `:::`",
			INPUT_LISTS);
	in->nparts++;
	return 0;
}

struct inputs *inputs_lists(const char *const *words, size_t n, struct err *e)
{
	struct inputs *in = xcalloc(1, sizeof(*in));

	in->fd = -1;
	for (size_t i = 0; i < n; i++) {
		bool mark = strncmp(words[i], ":::", 3) == 0 &&
			    strspn(words[i] + 3, ":+") == strlen(words[i] + 3);
		if (mark && add_list(in, words[i], e)) {
			inputs_free(&in);
			return NULL;
		}
		if (mark)
			in->lists[in->nparts - 1].words = words + i + 1;
		else
			in->lists[in->nparts - 1].n++;
	}
	for (size_t i = 0; i < in->nparts; i++)
		in->over = in->over || in->lists[i].n == 0;
	return in;
}

struct inputs *inputs_lines(struct loop *l, const char *path, char separator,
	void (*ready)(void *arg), void *arg, struct err *e)
{
	struct inputs *in = xcalloc(1, sizeof(*in));

	in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0) {
		err_errno(e, ERR_IO, "cannot open %s", path);
		free(in);
		return NULL;
	}
	in->nparts = 1;
	in->separator = separator;
	in->loop = l;
	in->ready = ready;
	in->arg = arg;
	return in;
}

void inputs_free(struct inputs **inputs)
{
	struct inputs *in = *inputs;

	if (!in)
		return;
	loop_io_del(&in->io);
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	buf_fini(&in->text);
	free(in);
	*inputs = NULL;
}

size_t inputs_parts(const struct inputs *in)
{
	return in->nparts;
}

int64_t inputs_total(const struct inputs *in)
{
	int64_t total = 1;

	if (in->fd >= 0)
		return -1;
	for (size_t i = 0; i < in->nparts; i++)
		if (__builtin_mul_overflow(total, (int64_t)in->lists[i].n, &total))
			return -1;
	return total;
}

/* The last list runs fastest. */
static enum inputs_news next_of_lists(struct inputs *in)
{
	for (size_t i = 0; i < in->nparts; i++)
		in->parts[i] = in->lists[i].words[in->lists[i].at];
	for (size_t i = in->nparts; i-- > 0;) {
		if (++in->lists[i].at < in->lists[i].n)
			return INPUT_ONE;
		in->lists[i].at = 0;
	}
	in->over = true;
	return INPUT_ONE;
}

/* One read: the loop said that it does not block. */
static int read_more(struct inputs *in, struct err *e)
{
	ssize_t n;

	if (in->from) {
		buf_consume(&in->text, in->from);
		in->seen -= in->from;
		in->from = 0;
	}
	buf_reserve(&in->text, READ_SIZE);
	n = read(in->fd, in->text.data + in->text.len, READ_SIZE);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return err_errno(e, ERR_IO, "cannot read the inputs");
	in->text.len += (size_t)n;
	in->text.data[in->text.len] = '\0';
	in->eof = n == 0;
	return 0;
}

static void on_readable(void *arg, unsigned events)
{
	struct inputs *in = arg;

	loop_io_del(&in->io);
	in->failed = read_more(in, &in->fault) != 0;
	in->ready(in->arg);
}

static enum inputs_news bad(struct inputs *in, struct err *e, const char *why)
{
	in->over = true;
	err_set(e, ERR_DATA, "input %lld %s", (long long)in->number + 1, why);
	return INPUT_BAD;
}

/* The line from `from` to `end`, which is made to end there. */
static enum inputs_news give_line(struct inputs *in, char *end, struct err *e)
{
	char *line = in->text.data + in->from;
	size_t n = (size_t)(end - line);

	*end = '\0';
	in->from = in->seen = in->from + n + 1;
	if (strlen(line) != n)
		return bad(in, e,
			"holds a NUL, which no argument can: with -0 inputs end with it");
	in->parts[0] = line;
	return INPUT_ONE;
}

static enum inputs_news next_line(struct inputs *in, struct err *e)
{
	char *end = in->text.len > in->seen ? memchr(in->text.data + in->seen, in->separator,
						      in->text.len - in->seen)
					    : NULL;

	if (end)
		return give_line(in, end, e);
	if (in->eof && in->from >= in->text.len)
		return INPUT_END;
	in->seen = in->text.len;
	if (in->text.len - in->from > INPUT_MAX)
		return bad(in, e, "is longer than 1 MiB; is it really one? see -0 and --lines");
	if (in->failed) {
		in->over = true;
		*e = in->fault;
		return INPUT_BAD;
	}
	if (!in->eof)
		return INPUT_LATER;
	return give_line(in, in->text.data + in->text.len, e);
}

/* At the end of what was read the loop is asked, so that no read blocks. */
static enum inputs_news next_of_lines(struct inputs *in, struct err *e)
{
	enum inputs_news news = next_line(in, e);

	if (news == INPUT_LATER && !in->io)
		in->io = loop_fd(in->loop, in->fd, LOOP_READ, 15, on_readable, in);
	return news;
}

enum inputs_news inputs_next(struct inputs *in, struct input *out, struct err *e)
{
	enum inputs_news news;

	if (in->over)
		return INPUT_END;
	news = in->fd < 0 ? next_of_lists(in) : next_of_lines(in, e);
	if (news == INPUT_ONE)
		*out = (struct input){in->parts, in->nparts, ++in->number};
	return news;
}
