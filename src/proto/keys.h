/* Key pairs of CURVE: made once, kept in files that only their owner can read. */
#ifndef PROTO_KEYS_H
#define PROTO_KEYS_H

#include <stdbool.h>

#include "base/err.h"

#define KEY_TEXT 41 /* 40 characters of Z85 and a NUL */

struct keypair {
	char public[KEY_TEXT];
	char secret[KEY_TEXT];
};

void keys_make(struct keypair *out);
bool keys_valid(const char *z85);
/* "3fa2-91c0-77d1-0b2e": the first 64 bits of a public key, for people to compare; returns dst. */
char *keys_fingerprint(char dst[20], const char *public);

/* Loads the pair in `path`; with `make`, makes and writes it (0600) when it is missing, also when two processes do so at once.
 * -1: ERR_CONFIG (missing or unsafe, with what to do) or ERR_IO. */
int keys_load(const char *path, bool make, struct keypair *out, struct err *e);

#endif
