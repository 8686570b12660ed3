/* A command line as words: POSIX quotes and backslashes, no expansion. */
#include "cmd/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct splitter {
	const char *line, *p;
	struct buf word; /* the one that is being read */
	char **words;
	size_t n, cap;
};

static int column(const struct splitter *s, const char *at)
{
	return (int)(at - s->line) + 1;
}

/* One place is always left for the NULL behind the last. */
static void push(struct splitter *s)
{
	if (s->n + 1 >= s->cap) {
		s->cap = s->cap ? 2 * s->cap : 8;
		s->words = xreallocarray(s->words, s->cap, sizeof(*s->words));
	}
	s->words[s->n++] = buf_steal(&s->word);
	s->words[s->n] = NULL;
}

static int escaped(struct splitter *s, struct err *e)
{
	if (!s->p[1])
		return err_set(e, ERR_USAGE, "column %d: nothing follows the backslash",
			column(s, s->p));
	if (s->p[1] != '\n') /* a continued line */
		buf_addc(&s->word, s->p[1]);
	s->p += 2;
	return 0;
}

/* In double quotes a backslash stands for itself but before what would mean something there. */
static void quoted_char(struct splitter *s, char quote)
{
	if (quote == '"' && s->p[0] == '\\' && s->p[1] && strchr("$`\"\\\n", s->p[1])) {
		if (s->p[1] != '\n')
			buf_addc(&s->word, s->p[1]);
		s->p += 2;
		return;
	}
	buf_addc(&s->word, *s->p++);
}

static int quoted(struct splitter *s, struct err *e)
{
	const char *open = s->p;

	s->p++;
	while (*s->p && *s->p != *open)
		quoted_char(s, *open);
	if (!*s->p)
		return err_set(e, ERR_USAGE, "column %d: the quote %c is not closed",
			column(s, open), *open);
	s->p++;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static int read_word(struct splitter *s, struct err *e)
{
	while (*s->p && !is_blank(*s->p)) {
		int rc = 0;
		if (*s->p == '\\')
			rc = escaped(s, e);
		else if (*s->p == '\'' || *s->p == '"')
			rc = quoted(s, e);
		else
			buf_addc(&s->word, *s->p++);
		if (rc)
			return -1;
	}
	push(s);
	return 0;
}

int words_split(const char *line, char ***words, size_t *n, struct err *e)
{
	struct splitter s = {.line = line, .p = line};

	s.words = xcalloc(1, sizeof(*s.words));
	for (;;) {
		while (is_blank(*s.p))
			s.p++;
		if (!*s.p)
			break;
		if (read_word(&s, e)) {
			buf_fini(&s.word);
			words_free(&s.words);
			return -1;
		}
	}
	*words = s.words;
	*n = s.n;
	return 0;
}

void words_free(char ***words)
{
	for (size_t i = 0; *words && (*words)[i]; i++)
		free((*words)[i]);
	free(*words);
	*words = NULL;
}
