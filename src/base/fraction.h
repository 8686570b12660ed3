/* A part of a whole as a number of millionths: how far something is. No floating point, so that 0.1 stays 0.1 everywhere. */
#ifndef BASE_FRACTION_H
#define BASE_FRACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRACTION_ONE 1000000

/* A decimal number from 0 to 1 - `0.4`, `1`, `.25`, `4e-1` - to millionths, rounded down; false when the n bytes are no such number. */
bool fraction_read(const char *s, size_t n, int32_t *out);
/* The same for what people type: also `40%` and `3/10`. */
bool fraction_parse(const char *s, int32_t *out);
/* 400000 -> "0.4", as a JSON number; returns dst. */
char *fraction_text(char dst[12], int32_t millionths);

#endif
