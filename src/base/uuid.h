/* Task ids: UUIDv7, made by the client, ordered by time. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

struct uuid {
	uint8_t b[16];
};

#define UUID_TEXT 37 /* 36 characters and a NUL */

/* RFC 9562 version 7: 48 bits of wall_ms, 74 random bits. Ids made in one millisecond by one rng are still ordered: the caller's
 * last id is kept in *last (all zero at first). */
void uuid_make(struct uuid *out, struct uuid *last, int64_t wall_ms, struct rng *rng);
char *uuid_text(char dst[UUID_TEXT], const struct uuid *id);
bool uuid_parse(const char *s, struct uuid *out); /* any version; upper case is accepted */
int64_t uuid_ms(
	const struct uuid *id); /* when it was made, if it is a UUIDv7: the first 48 bits */
bool uuid_eq(const struct uuid *a, const struct uuid *b);

#endif
