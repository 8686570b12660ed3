/* Writing and reading the records of task output. */
#include "proto/logrec.h"

#include <stdio.h>
#include <string.h>

size_t logrec_head(char dst[LOGREC_HEAD_MAX], int stream, int64_t at_ms, size_t len)
{
	int n = snprintf(dst, LOGREC_HEAD_MAX, "@%d %lld %zu\n", stream, (long long)at_ms, len);

	return n > 0 ? (size_t)n : 0;
}

/* A number without sign or leading zeros, up to max; where it ends, or NULL. */
static const char *number(const char *s, int64_t max, int64_t *out)
{
	int64_t v = 0;
	const char *from = s;

	for (; *s >= '0' && *s <= '9'; s++) {
		int digit = *s - '0';
		if (digit > max || v > (max - digit) / 10)
			return NULL;
		v = v * 10 + digit;
	}
	*out = v;
	return s == from || (*from == '0' && s - from > 1) ? NULL : s;
}

static bool parse_head(struct logrec_parser *p)
{
	int64_t stream, len;
	const char *s = p->head;

	if (*s++ != '@' || !(s = number(s, LOGREC__STREAMS - 1, &stream)) || *s++ != ' ' ||
		!(s = number(s, INT64_MAX / 2, &p->at_ms)) || *s++ != ' ' ||
		!(s = number(s, LOGREC_MAX, &len)) || *s)
		return false;
	p->stream = (int)stream;
	p->left = (size_t)len;
	return true;
}

/* Gathers the line; true when it is complete, and right. */
static bool take_head(struct logrec_parser *p, const char **at, size_t *n)
{
	while (*n) {
		char c = *(*at)++;
		(*n)--;
		if (c == '\n') {
			p->head[p->nhead] = '\0';
			p->nhead = 0;
			p->broken = !parse_head(p);
			return !p->broken;
		}
		if (c == '\0' || p->nhead + 1 >= sizeof(p->head)) {
			p->broken = true;
			return false;
		}
		p->head[p->nhead++] = c;
	}
	return false;
}

bool logrec_next(struct logrec_parser *p, const char **at, size_t *n, struct log_piece *out)
{
	while (!p->broken) {
		if (p->left && *n) {
			size_t k = p->left < *n ? p->left : *n;
			*out = (struct log_piece){p->stream, p->at_ms, *at, k};
			*at += k;
			*n -= k;
			p->left -= k;
			return true;
		}
		/* An empty record is passed over. */
		if (!*n || !take_head(p, at, n))
			return false;
	}
	return false;
}
