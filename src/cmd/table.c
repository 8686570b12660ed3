/* Tables: columns as wide as their cells, the last one cut to the terminal. The same columns go to a pipe, uncut. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/out.h"

/* Terminal cells of valid UTF-8; what the locale cannot say counts one each. */
static int cells(const char *s)
{
	mbstate_t st = {0};
	int n = 0;

	while (*s) {
		wchar_t wc;
		size_t k = mbrtowc(&wc, s, strlen(s), &st);
		if (k == (size_t)-1 || k == (size_t)-2) {
			memset(&st, 0, sizeof(st));
			s++;
			n++;
			continue;
		}
		int w = wcwidth(wc);
		n += w > 0 ? w : 0;
		s += k;
	}
	return n;
}

/* Bytes of s that fit into `max` cells. */
static size_t fit(const char *s, int max)
{
	mbstate_t st = {0};
	const char *begin = s;
	int n = 0;

	while (*s) {
		wchar_t wc;
		size_t k = mbrtowc(&wc, s, strlen(s), &st);
		int w = 1;
		if (k == (size_t)-1 || k == (size_t)-2) {
			memset(&st, 0, sizeof(st));
			k = 1;
		} else {
			w = wcwidth(wc) > 0 ? wcwidth(wc) : 0;
		}
		if (n + w > max)
			break;
		n += w;
		s += k;
	}
	return (size_t)(s - begin);
}

static void number_cell(struct buf *b, const struct column *c, const struct json_node *v,
	long long now)
{
	char text[32];
	int64_t n;
	int32_t far;

	if (c->kind == COL_FAR && fraction_read(v->text, v->len, &far))
		buf_addf(b, "%d%%", (int)(far / (FRACTION_ONE / 100)));
	if (c->kind == COL_FAR || !json_i64(v, &n))
		return;
	switch (c->kind) {
	case COL_AGE:
		buf_adds(b, str_age(text, n));
		break;
	case COL_SINCE:
		buf_adds(b, str_age(text, now > n ? now - n : 0));
		break;
	case COL_BYTES:
		buf_adds(b, str_count(text, n, true));
		break;
	default:
		buf_addf(b, "%lld", (long long)n);
	}
}

static void add_raw(struct buf *b, const struct json_node *v)
{
	size_t n;
	const char *raw = json_raw(v, &n);

	buf_add(b, raw, n);
}

/* name:DIGEST, cut; ! differs from another worker's, ? is broken. */
static void modules_cell(struct buf *b, const struct json_node *list)
{
	for (const struct json_node *m = json_first(list); m; m = json_next(m)) {
		const struct json_node *name = json_get(m, "name"),
				       *digest = json_get(m, "digest");
		struct buf text = BUF_INIT;
		if (b->len)
			buf_addc(b, ' ');
		if (name)
			json_unescape(name, b);
		if (digest)
			json_unescape(digest, &text);
		buf_addf(b, ":%.7s%s%s", buf_str(&text), json_get(m, "differs") ? "!" : "",
			json_get(m, "broken") ? "?" : "");
		buf_fini(&text);
	}
}

/* The text of a cell; "-" where there is nothing. The caller frees it. */
static char *cell(const struct column *c, const struct json_node *row, long long now)
{
	const struct json_node *v = json_get(row, c->key);
	struct buf raw = BUF_INIT, safe = BUF_INIT;

	if (v && v->type == JSON_STRING)
		json_unescape(v, &raw);
	else if (v && v->type == JSON_NUMBER)
		number_cell(&raw, c, v, now);
	else if (v && c->kind == COL_MODULES && v->type == JSON_ARRAY)
		modules_cell(&raw, v);
	else if (v && v->type != JSON_NULL)
		add_raw(&raw, v);
	str_safe(&safe, buf_str(&raw), raw.len, false);
	buf_fini(&raw);
	if (!safe.len)
		buf_addc(&safe, '-');
	return buf_steal(&safe);
}

static void line(struct out *o, const struct column *columns, const int *width, size_t n,
	char *const *texts)
{
	struct buf b = BUF_INIT;
	int used = 0;

	for (size_t i = 0; i < n; i++) {
		int room = o->width && i + 1 == n       ? o->width - used
			   : columns[i].max && o->width ? columns[i].max
							: 1 << 20;
		size_t take = fit(texts[i], room > 0 ? room : 0);
		int shown;
		buf_add(&b, texts[i], take);
		char *part = xstrndup(texts[i], take);
		shown = cells(part);
		free(part);
		if (i + 1 < n)
			buf_addf(&b, "%*s", width[i] - shown + 2 > 0 ? width[i] - shown + 2 : 1,
				"");
		used += (shown > width[i] ? shown : width[i]) + 2;
	}
	out_bytes(o, b.data, b.len);
	out_bytes(o, "\n", 1);
	buf_fini(&b);
}

static void show(struct out *o, const struct column *columns, size_t n, char *const *texts,
	size_t nrows)
{
	int *width = xcalloc(n, sizeof(*width));
	char **titles = xcalloc(n, sizeof(*titles));

	for (size_t i = 0; i < n; i++) {
		titles[i] = (char *)columns[i].title;
		width[i] = columns[i].min;
		for (size_t r = 0; r <= nrows; r++) {
			int w = cells(r ? texts[(r - 1) * n + i] : titles[i]);
			width[i] = w > width[i] ? w : width[i];
		}
		if (columns[i].max && o->width && width[i] > columns[i].max)
			width[i] = columns[i].max;
	}
	line(o, columns, width, n, titles);
	for (size_t r = 0; r < nrows; r++)
		line(o, columns, width, n, texts + r * n);
	free(width);
	free(titles);
}

void out_rows(struct out *o, const struct column *columns, size_t ncolumns,
	const struct json_node *const *rows, size_t nrows, long long now)
{
	char **texts;

	if (o->json) {
		for (size_t r = 0; r < nrows; r++)
			out_json(o, rows[r]);
		return;
	}
	texts = xcalloc(ncolumns * (nrows + 1), sizeof(*texts));
	for (size_t i = 0; i < ncolumns * nrows; i++)
		texts[i] = cell(&columns[i % ncolumns], rows[i / ncolumns], now);
	show(o, columns, ncolumns, texts, nrows);
	for (size_t i = 0; i < ncolumns * nrows; i++)
		free(texts[i]);
	free(texts);
}
