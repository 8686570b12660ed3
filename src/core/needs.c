/* Sets of words, see needs.h. They are short and few, so they are compared as text and nothing is allocated. */
#include "core/needs.h"

#include <string.h>

#include "base/str.h"

#define MAX_WORDS 64

struct word {
	const char *at;
	size_t n;
};

static bool separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

const char *needs_next(const char **at, size_t *n)
{
	const char *word;

	if (!*at)
		return NULL;
	while (separator(**at))
		(*at)++;
	word = *at;
	while (**at && !separator(**at))
		(*at)++;
	*n = (size_t)(*at - word);
	return *n ? word : NULL;
}

static int compare(const struct word *a, const char *p, size_t n)
{
	int c = memcmp(a->at, p, a->n < n ? a->n : n);

	return c ? c : (a->n > n) - (a->n < n);
}

/* At its place among those that are there; false when it is one of them. */
static bool insert(struct word *words, size_t n, const char *p, size_t len)
{
	size_t i = n;

	while (i > 0 && compare(&words[i - 1], p, len) > 0)
		i--;
	if (i > 0 && compare(&words[i - 1], p, len) == 0)
		return false;
	memmove(words + i + 1, words + i, (n - i) * sizeof(*words));
	words[i] = (struct word){p, len};
	return true;
}

static int check(const char *p, size_t n, struct err *e)
{
	char word[66];

	memcpy(word, p, n < 65 ? n : 65);
	word[n < 65 ? n : 65] = '\0';
	if (n > 64 || strchr(word, '/') || !str_worker_id(word))
		return err_set(e, ERR_USAGE,
			"\"%s\" cannot be something that a worker has: letters, digits, _ . -, at most 64",
			str_show(word));
	return 0;
}

int needs_parse(const char *text, char out[NEEDS_TEXT], struct err *e)
{
	struct word words[MAX_WORDS + 1];
	size_t n = 0, len, used = 0;
	const char *p;

	out[0] = '\0';
	while ((p = needs_next(&text, &len))) {
		if (check(p, len, e))
			return -1;
		if (insert(words, n, p, len)) {
			n++;
			used += len + 1;
		}
		if (n > MAX_WORDS || used > NEEDS_TEXT)
			return err_set(e, ERR_USAGE,
				"too many words: at most %d, %d characters together", MAX_WORDS,
				NEEDS_TEXT - 1);
	}
	used = 0;
	for (size_t i = 0; i < n; i++) {
		if (i)
			out[used++] = ',';
		memcpy(out + used, words[i].at, words[i].n);
		used += words[i].n;
	}
	out[used] = '\0';
	return 0;
}

bool needs_has(const char *set, const char *word, size_t n)
{
	size_t len;
	const char *p;

	while ((p = needs_next(&set, &len)))
		if (len == n && memcmp(p, word, n) == 0)
			return true;
	return false;
}

bool needs_met(const char *needs, const char *has)
{
	size_t n;
	const char *p;

	while ((p = needs_next(&needs, &n)))
		if (!needs_has(has, p, n))
			return false;
	return true;
}
