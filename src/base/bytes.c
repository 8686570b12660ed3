/* Immutable, counted bytes: one allocation, freed with its last reference. */
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct bytes *bytes_new(const void *p, size_t len)
{
	size_t size;
	struct bytes *b;

	if (__builtin_add_overflow(sizeof(*b) + 1, len, &size))
		BUG("bytes of length %zu", len);
	b = xmalloc(size);
	b->refs = 1;
	b->len = len;
	if (len)
		memcpy(b->data, p, len);
	b->data[len] = '\0';
	return b;
}

struct bytes *bytes_ref(struct bytes *b)
{
	if (b)
		b->refs++;
	return b;
}

void bytes_unref(struct bytes **b)
{
	struct bytes *mine = *b;

	*b = NULL;
	if (mine && --mine->refs == 0)
		free(mine);
}
