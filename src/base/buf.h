/* A growable string of bytes. Always terminated by a NUL that len does not count. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL until the first byte; use buf_str() for a string */
	size_t len;
	size_t cap;
};

#define BUF_INIT                                                                               \
	{                                                                                      \
		NULL, 0, 0                                                                     \
	}

void buf_init(struct buf *b);
void buf_fini(struct buf *b);                 /* frees, ready for use again */
void buf_reset(struct buf *b);                /* len = 0, memory kept */
void buf_reserve(struct buf *b, size_t more); /* room for `more` bytes behind len */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
static inline void buf_addc(struct buf *b, char c)
{
	if (b->len + 1 >= b->cap) {
		buf_add(b, &c, 1);
		return;
	}
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *b, size_t n); /* drops the first n bytes */
const char *buf_str(
	const struct buf *b);   /* "" when empty; borrowed, valid until the next change */
char *buf_steal(struct buf *b); /* the caller frees it; b is empty afterwards; never NULL */

#endif
