/* A digest that tells whether two texts differ: FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/). It is no protection against somebody who makes two
 * texts on purpose that have the same one. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_TEXT 17 /* 16 hexadecimal digits and a NUL */

struct digest {
	uint64_t h;
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *p, size_t n);
/* A number or a length, so that parts of varying length cannot be mistaken for each other. */
void digest_number(struct digest *d, uint64_t n);
char *digest_text(const struct digest *d, char out[DIGEST_TEXT]);

#endif
