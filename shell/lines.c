/* Text from a keyboard, a paste or a script as commands.
 *
 * Quotes are those of words_split(). On top of them, JSON may be typed as it is: where a word, or the value behind a '=', begins with { or [,
 * everything up to the bracket that closes it is one piece, in which only double quotes count and newlines are blanks. It is given on in
 * single quotes, so that words_split() leaves it alone. */
#include "shell/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A scan over the text of one command. */
struct scan {
	const char *p, *end;
	char open; /* what is still open at the end */
	struct buf out;
};

void lines_init(struct lines *l)
{
	buf_init(&l->text);
	l->number = 1;
}

void lines_fini(struct lines *l)
{
	buf_fini(&l->text);
}

void lines_add(struct lines *l, const char *text, size_t n)
{
	buf_add(&l->text, text, n);
}

static void drop(struct lines *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		l->number += l->text.data[i] == '\n';
	buf_consume(&l->text, n);
}

void lines_clear(struct lines *l)
{
	drop(l, l->text.len);
}

/* Copies up to the end of a quote, escapes as they are. */
static void quoted(struct scan *s, char quote)
{
	buf_addc(&s->out, *s->p++);
	while (s->p < s->end) {
		char c = *s->p++;
		buf_addc(&s->out, c);
		if (c == quote)
			return;
		if (c == '\\' && quote == '"' && s->p < s->end)
			buf_addc(&s->out, *s->p++);
	}
	s->open = quote;
}

/* Where JSON that begins at p ends, or NULL with what is open in *open. Whether it is JSON, its reader says. */
static const char *json_end(const char *p, const char *end, char *open)
{
	struct buf closers = BUF_INIT;
	bool string = false;

	do {
		if (string && *p == '\\')
			p += p + 1 < end;
		else if (*p == '"')
			string = !string;
		else if (!string && (*p == '{' || *p == '['))
			buf_addc(&closers, *p);
		else if (!string && (*p == '}' || *p == ']'))
			closers.len--;
		p++;
	} while (closers.len && p < end);
	*open = string ? '"' : closers.len ? closers.data[closers.len - 1] : 0;
	buf_fini(&closers);
	return *open ? NULL : p;
}

static void json(struct scan *s)
{
	const char *end = json_end(s->p, s->end, &s->open);

	if (!end)
		return;
	buf_addc(&s->out, '\'');
	for (; s->p < end; s->p++) {
		if (*s->p == '\'')
			buf_adds(&s->out, "'\\''");
		else
			buf_addc(&s->out, *s->p == '\n' ? ' ' : *s->p);
	}
	buf_addc(&s->out, '\'');
}

/* A backslash and the character behind it. Before the end of a line both vanish: the next line goes on. */
static void escaped(struct scan *s)
{
	if (s->end - s->p >= 2 && s->p[1] != '\n') {
		buf_add(&s->out, s->p, 2);
		s->p += 2;
	} else if (s->end - s->p > 2) {
		s->p += 2;
	} else {
		s->open = '\\';
	}
}

/* JSON begins only where a value can: {a} inside of a word is a part of that word. */
static bool at_value(const struct scan *s)
{
	char before = s->out.len ? s->out.data[s->out.len - 1] : ' ';

	return (*s->p == '{' || *s->p == '[') && strchr(" \t=", before);
}

/* Goes to the end of the command; s->p is left there, in front of its newline. */
static void scan(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n' && !s->open) {
		if (*s->p == '\\')
			escaped(s);
		else if (*s->p == '\'' || *s->p == '"')
			quoted(s, *s->p);
		else if (at_value(s))
			json(s);
		else
			buf_addc(&s->out, *s->p++);
	}
}

/* Drops empty lines and comments. */
static void skip_blank(struct lines *l)
{
	for (;;) {
		const char *p = buf_str(&l->text);
		size_t blank = strspn(p, " \t\r"), len;
		bool comment = p[blank] == '#';
		if (!comment && p[blank] != '\n')
			return;
		len = strcspn(p, "\n");
		drop(l, len + (p[len] == '\n'));
	}
}

enum lines_state lines_next(struct lines *l, bool last, struct line *line, char *open)
{
	struct scan s = {.p = NULL};
	const char *start;
	bool whole;

	skip_blank(l);
	start = s.p = buf_str(&l->text);
	s.end = s.p + l->text.len;
	scan(&s);
	whole = !s.open && (s.p < s.end || (last && s.p > start));
	*open = s.open;
	if (!whole) {
		buf_fini(&s.out);
		return s.open ? LINES_OPEN : LINES_NONE;
	}
	line->number = l->number;
	line->typed = xstrndup(start, (size_t)(s.p - start));
	line->command = buf_steal(&s.out);
	drop(l, (size_t)(s.p - start) + (s.p < s.end));
	return LINES_READY;
}

void line_fini(struct line *line)
{
	free(line->typed);
	free(line->command);
}
