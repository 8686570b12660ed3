/* Lines of the protocol that tasks speak to their runner: reader and writer, for both ends. */
#include "node/inside_msg.h"

#include <string.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "base/str.h"

#define MAX_NODES   32768       /* JSON values in a line: what fits into one */
#define KEEP_MEMORY (64 * 1024) /* a buffer that grew larger is given back when it is empty */

void inside_feed(struct inside_reader *r, const void *p, size_t n)
{
	if (r->used == r->in.len || r->used > r->in.len / 2) {
		buf_consume(&r->in, r->used);
		r->used = 0;
		if (r->in.len == 0 && r->in.cap > KEEP_MEMORY)
			buf_fini(&r->in);
	}
	buf_add(&r->in, p, n);
}

void inside_reader_fini(struct inside_reader *r)
{
	buf_fini(&r->in);
	json_fini(&r->doc);
	*r = (struct inside_reader){0};
}

static int read_line(struct inside_reader *r, const char *line, size_t n, struct inside_msg *m,
	struct err *e)
{
	struct json_fault fault;
	const struct json_node *req;
	if (json_parse(&r->doc, line, n, JSON_STRICT_KEYS, MAX_NODES, &fault) < 0)
		return err_set(e, ERR_DATA, "byte %zu of a line is no JSON: %s", fault.at,
			fault.what);
	*m = (struct inside_msg){.head = r->doc.nodes, .name = r->name};
	if (m->head->type != JSON_OBJECT ||
		!json_strcpy(json_get(m->head, "m"), r->name, sizeof(r->name)) || !r->name[0])
		return err_set(e, ERR_DATA, "a line that is no object with a name in \"m\"");
	req = json_get(m->head, "r");
	if (req && (!json_i64(req, &m->req) || m->req < 1))
		return err_set(e, ERR_DATA, "r must be a whole number above 0");
	return 0;
}

int inside_next(struct inside_reader *r, struct inside_msg *m, struct err *e)
{
	const char *at = buf_str(&r->in) + r->used;
	size_t avail = r->in.len - r->used;
	size_t limit = avail < INSIDE_MAX_LINE ? avail : INSIDE_MAX_LINE;
	const char *end =
		limit > r->scanned ? memchr(at + r->scanned, '\n', limit - r->scanned) : NULL;
	if (!end && limit == INSIDE_MAX_LINE)
		return err_set(e, ERR_DATA, "a line is longer than %d bytes", INSIDE_MAX_LINE);
	if (!end) {
		r->scanned = limit;
		return 0;
	}
	r->scanned = 0;
	r->used += (size_t)(end - at) + 1;
	return read_line(r, at, (size_t)(end - at), m, e) < 0 ? -1 : 1;
}

/* Any text becomes one line of at most INSIDE_MAX_TEXT bytes, cut where a character begins. */
static void one_line(char dst[INSIDE_MAX_TEXT + 1], const struct buf *text)
{
	size_t n = text->len;
	if (n > INSIDE_MAX_TEXT)
		for (n = INSIDE_MAX_TEXT;
			n > 0 && ((unsigned char)text->data[n] & 0xC0) == 0x80; n--)
			;
	for (size_t i = 0; i < n; i++) {
		char c = text->data[i];
		dst[i] = c == '\n' || c == '\t' || c == '\r' || c == '\0' ? ' ' : c;
	}
	dst[n] = '\0';
}

int inside_progress(const struct inside_msg *m, int32_t *millionths,
	char text[INSIDE_MAX_TEXT + 1], struct err *e)
{
	const struct json_node *number = json_get(m->head, "progress"),
			       *words = json_get(m->head, "text");
	struct buf b = BUF_INIT;
	*millionths = -1;
	text[0] = '\0';
	if (!number && !words)
		return err_set(e, ERR_DATA, "progress without a number and without a text");
	if (number && (number->type != JSON_NUMBER ||
			      !fraction_read(number->text, number->len, millionths)))
		return err_set(e, ERR_DATA, "progress must be a number from 0 to 1");
	if (words && !json_unescape(words, &b))
		return err_set(e, ERR_DATA, "the text of a progress must be a string");
	one_line(text, &b);
	buf_fini(&b);
	return 0;
}

void inside_begin(struct json_out *w, struct buf *out, const char *name, int64_t req)
{
	jout_init(w, out);
	jout_object(w, NULL);
	jout_str(w, "m", name);
	if (req)
		jout_i64(w, "r", req);
}

void inside_end(struct json_out *w)
{
	jout_end_object(w);
	buf_addc(w->to, '\n');
}
