/* Writing: stdout and stderr, with nothing of what came from outside obeyed by a terminal. */
#include "cmd/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define GATHER 65536

static struct buf gathered; /* of stdout of this process */

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = write(fd, p, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

bool out_flush(struct out *o)
{
	if (gathered.len && !o->failed &&
		!write_all(STDOUT_FILENO, gathered.data, gathered.len)) {
		o->failed = true;
		o->error = errno;
	}
	buf_reset(&gathered);
	return !o->failed;
}

static void write_cli(struct out *o, int stream, const char *p, size_t n)
{
	if (stream == 1) {
		buf_add(&gathered, p, n);
		if (gathered.len >= GATHER)
			out_flush(o);
		return;
	}
	/* In order on a terminal that shows both. */
	out_flush(o);
	if (!write_all(STDERR_FILENO, p, n))
		return; /* nobody is left to tell */
}

static bool want_color(bool tty)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return tty && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

void out_init_cli(struct out *o)
{
	struct winsize size;

	memset(o, 0, sizeof(*o));
	o->write = write_cli;
	o->own_files = true;
	o->tty = isatty(STDOUT_FILENO);
	o->color = want_color(o->tty);
	if (o->tty)
		o->width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col
				   ? size.ws_col
				   : 80;
}

void out_bytes(struct out *o, const void *p, size_t n)
{
	o->write(o, 1, p, n);
}

void out_line(struct out *o, const char *fmt, ...)
{
	struct buf safe = BUF_INIT;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	if (o->tty)
		str_safe(&safe, text, strlen(text), true);
	else
		buf_adds(&safe, text);
	buf_addc(&safe, '\n');
	o->write(o, 1, safe.data, safe.len);
	buf_fini(&safe);
	free(text);
}

void out_raw_line(struct out *o, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	o->write(o, 1, text, strlen(text));
	o->write(o, 1, "\n", 1);
	free(text);
}

void out_note(struct out *o, const char *fmt, ...)
{
	struct buf safe = BUF_INIT;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	str_safe(&safe, text, strlen(text), true);
	buf_addc(&safe, '\n');
	o->write(o, 2, safe.data, safe.len);
	buf_fini(&safe);
	free(text);
}

/* The row as one line of JSON with "schema":1 before its members. */
static void json_line(struct out *o, const struct json_node *row)
{
	struct buf line = BUF_INIT;
	size_t n;
	const char *raw = json_raw(row, &n);

	buf_adds(&line, row->nchild ? "{\"schema\":1," : "{\"schema\":1");
	buf_add(&line, raw + 1, n - 1);
	buf_addc(&line, '\n');
	o->write(o, 1, line.data, line.len);
	buf_fini(&line);
}

void out_object(struct out *o, const struct json_node *object)
{
	struct buf line = BUF_INIT;

	if (o->json) {
		json_line(o, object);
		return;
	}
	for (const struct json_node *k = json_first(object); k; k = json_next(json_next(k))) {
		const struct json_node *v = json_next(k);
		size_t n;
		const char *raw = json_raw(v, &n);
		char time[32];
		int64_t ms;
		buf_reset(&line);
		if (v->type == JSON_STRING)
			json_unescape(v, &line);
		else if (k->len > 3 && memcmp(k->text + k->len - 3, "_at", 3) == 0 &&
			 json_i64(v, &ms))
			buf_adds(&line, str_time(time, ms));
		else
			buf_add(&line, raw, n);
		out_line(o, "%-16.*s %s", (int)k->len, k->text, buf_str(&line));
	}
	buf_fini(&line);
}

void out_json(struct out *o, const struct json_node *row)
{
	json_line(o, row);
}
