/* FNV-1a, see digest.h. */
#include "base/digest.h"

#define BASIS 0xcbf29ce484222325u
#define PRIME 0x100000001b3u

void digest_init(struct digest *d)
{
	d->h = BASIS;
}

void digest_add(struct digest *d, const void *p, size_t n)
{
	const unsigned char *b = p;
	uint64_t h = d->h;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * PRIME;
	d->h = h;
}

void digest_number(struct digest *d, uint64_t n)
{
	unsigned char b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (unsigned char)(n >> (8 * i));
	digest_add(d, b, sizeof(b));
}

char *digest_text(const struct digest *d, char out[DIGEST_TEXT])
{
	for (int i = 0; i < DIGEST_TEXT - 1; i++)
		out[i] = "0123456789abcdef"[d->h >> (60 - 4 * i) & 15];
	out[DIGEST_TEXT - 1] = '\0';
	return out;
}
