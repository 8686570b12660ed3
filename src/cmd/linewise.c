/* The output of tasks as text for people. */
#include "cmd/linewise.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define LINE_MAX_BYTES 65536 /* a longer line is cut in two */

static const char *const stream_words[] = {"note", "stdout", "stderr"};

static void add_json(const struct linewise_conf *conf, struct buf *to, int stream,
	int64_t at_ms, const char *p, size_t n)
{
	buf_addf(to, "{\"schema\":1,\"n\":%lld,\"stream\":\"%s\",\"at\":%lld,\"line\":",
		(long long)conf->json_n, stream_words[stream], (long long)at_ms);
	json_quote(to, p, n);
	buf_adds(to, "}\n");
}

static void add_line(const struct linewise_conf *conf, struct buf *to, int stream,
	int64_t at_ms, const char *p, size_t n)
{
	char time[32];

	if (conf->json_n > 0) {
		add_json(conf, to, stream, at_ms, p, n);
		return;
	}
	if (conf->prefix)
		buf_adds(to, conf->prefix);
	if (conf->times)
		buf_addf(to, "%s ", str_time(time, at_ms));
	if (conf->safe)
		str_safe(to, p, n, true);
	else
		buf_add(to, p, n);
	buf_addc(to, '\n');
}

static void flush_line(struct linewise *l, const struct linewise_conf *conf, struct buf *to,
	int stream)
{
	add_line(conf, to, stream, l->held_ms, buf_str(&l->held), l->held.len);
	buf_reset(&l->held);
}

static void add_cut(struct linewise *l, const struct linewise_conf *conf, struct buf *to,
	const struct log_piece *p)
{
	const char *at = p->data, *end = p->data + p->len, *newline;

	while (at < end) {
		newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline ? newline : end) - at);
		if (!l->held.len)
			l->held_ms = p->at_ms;
		if (newline && !l->held.len) {
			add_line(conf, to, p->stream, p->at_ms, at, n);
		} else {
			buf_add(&l->held, at, n);
			if (newline || l->held.len >= LINE_MAX_BYTES)
				flush_line(l, conf, to, p->stream);
		}
		at += n + (newline != NULL);
	}
}

/* Bytes at the end that may be the beginning of a character whose rest has not come. */
static size_t unfinished(const char *p, size_t n)
{
	for (size_t k = 1; k <= 3 && k <= n; k++) {
		unsigned char c = (unsigned char)p[n - k];
		if ((c & 0xC0) == 0x80)
			continue;
		size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
		return need > k ? k : 0;
	}
	return 0;
}

static void add_safe(struct linewise *l, struct buf *to, const struct log_piece *p)
{
	size_t rest;

	buf_add(&l->held, p->data, p->len);
	rest = unfinished(l->held.data, l->held.len);
	str_safe(to, l->held.data, l->held.len - rest, true);
	buf_consume(&l->held, l->held.len - rest);
}

void linewise_add(struct linewise *l, const struct linewise_conf *conf, struct buf *to,
	const struct log_piece *p)
{
	if (conf->by_line)
		add_cut(l, conf, to, p);
	else if (conf->safe)
		add_safe(l, to, p);
	else
		buf_add(to, p->data, p->len);
}

void linewise_end(struct linewise *l, const struct linewise_conf *conf, struct buf *to,
	int stream)
{
	if (!l->held.len)
		return;
	if (conf->by_line)
		flush_line(l, conf, to, stream);
	else
		str_safe(to, l->held.data, l->held.len, true);
	buf_reset(&l->held);
}

void linewise_fini(struct linewise *l)
{
	buf_fini(&l->held);
}
