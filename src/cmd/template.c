/* Command lines with places for an input. */
#include "cmd/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* One place: "{2/.}". */
struct slot {
	size_t len;              /* of its text */
	size_t which;            /* of the parts, from 1; 0 = all of them */
	bool number;             /* {#} */
	bool base, folder, bare; /* last part; what is before it; without extension */
};

static const char *const operators[] = {"", ".", "/", "//", "/.", "#"};

static bool read_operator(struct slot *s, const char *op, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		if (strlen(operators[i]) != len || strncmp(operators[i], op, len) != 0)
			continue;
		s->number = *operators[i] == '#';
		s->folder = strcmp(operators[i], "//") == 0;
		s->base = len && *op == '/' && !s->folder;
		s->bare = len && op[len - 1] == '.';
		return !(s->number && s->which);
	}
	return false;
}

static bool read_slot(const char *p, struct slot *s)
{
	const char *end = *p == '{' ? strchr(p, '}') : NULL;
	const char *op = p + 1;

	*s = (struct slot){0};
	if (!end || end - p > 8)
		return false;
	while (*op >= '0' && *op <= '9')
		s->which = 10 * s->which + (size_t)(*op++ - '0');
	if (op > p + 1 && (s->which == 0 || p[1] == '0'))
		return false;
	s->len = (size_t)(end - p) + 1;
	return read_operator(s, op, (size_t)(end - op));
}

int template_init(struct template *t, const char *const *words, size_t n, size_t nparts,
	struct err *e)
{
	struct slot s;

	*t = (struct template){.words = words, .n = n};
	for (size_t i = 0; i < n; i++) {
		for (const char *p = words[i]; *p; p++) {
			if (!read_slot(p, &s))
				continue;
			t->any = t->any || !s.number;
			if (s.which > nparts)
				return err_set(e, ERR_USAGE,
					"%.*s: there %s only %zu input%s at a time", (int)s.len,
					p, nparts == 1 ? "is" : "are", nparts,
					nparts == 1 ? "" : "s");
			p += s.len - 1;
		}
	}
	return 0;
}

/* As basename and dirname do, but for a name that ends in '/', which has no last part. */
static void add_part(struct buf *to, const struct slot *s, const char *part)
{
	const char *slash = strrchr(part, '/'), *last = slash ? slash + 1 : part;
	const char *from = s->base ? last : part, *dot = strrchr(last, '.');
	size_t n = strlen(from);

	if (s->folder && !slash) {
		buf_addc(to, '.');
		return;
	}
	if (s->folder)
		n = slash == part ? 1 : (size_t)(slash - part);
	else if (s->bare && dot && dot > last)
		n = (size_t)(dot - from);
	buf_add(to, from, n);
}

static void add_slot(struct buf *to, const struct slot *s, const struct input *in)
{
	if (s->number) {
		buf_addf(to, "%lld", (long long)in->number);
		return;
	}
	for (size_t i = 0; i < in->n; i++) {
		if (s->which && s->which != i + 1)
			continue;
		if (i && !s->which)
			buf_addc(to, ' ');
		add_part(to, s, in->parts[i]);
	}
}

struct words {
	char **v;
	size_t n, cap;
};

static void push(struct words *w, struct buf *text)
{
	if (w->n + 1 >= w->cap) {
		w->cap = w->cap ? 2 * w->cap : 8;
		w->v = xreallocarray(w->v, w->cap, sizeof(*w->v));
	}
	w->v[w->n++] = buf_steal(text);
	w->v[w->n] = NULL;
}

static void expand_word(struct words *w, const char *word, const struct input *in)
{
	struct buf text = BUF_INIT;
	struct slot s;

	while (*word) {
		if (!read_slot(word, &s)) {
			buf_addc(&text, *word++);
			continue;
		}
		add_slot(&text, &s, in);
		word += s.len;
	}
	push(w, &text);
}

/* A word that is one place for all parts. */
static bool expand_alone(struct words *w, const char *word, const struct input *in)
{
	struct buf text = BUF_INIT;
	struct slot s;

	if (!read_slot(word, &s) || s.number || s.which || word[s.len])
		return false;
	for (size_t i = 0; i < in->n; i++) {
		add_part(&text, &s, in->parts[i]);
		push(w, &text);
	}
	return true;
}

char **template_expand(const struct template *t, const struct input *in, size_t *n)
{
	struct words w = {0};
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < t->n; i++)
		if (!expand_alone(&w, t->words[i], in))
			expand_word(&w, t->words[i], in);
	for (size_t i = 0; i < in->n && !t->any; i++) {
		buf_adds(&text, in->parts[i]);
		push(&w, &text);
	}
	*n = w.n;
	return w.v ? w.v : xcalloc(1, sizeof(*w.v));
}
