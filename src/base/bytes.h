/* Immutable, counted bytes: arguments and results, which many places hold and none changes. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>

struct bytes {
	unsigned refs;
	size_t len;
	char data[]; /* len bytes and a NUL that len does not count */
};

struct bytes *bytes_new(const void *p, size_t len); /* a copy, one reference */
struct bytes *bytes_ref(struct bytes *b);           /* NULL gives NULL */
void bytes_unref(struct bytes **b); /* drops one reference, nulls *b; NULL is fine */

#endif
