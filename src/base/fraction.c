/* Millionths of a whole, read from and written as decimal numbers. */
#include "base/fraction.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define MAX_DIGITS 400 /* of a number; what is longer is nothing that a program counts */

/* Digits without the point, and how many of them stand behind it. */
struct decimal {
	char digits[MAX_DIGITS];
	int n, behind;
};

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool read_digits(const char *s, size_t n, size_t *at, struct decimal *d)
{
	for (; *at < n && digit(s[*at]); (*at)++) {
		if (d->n == MAX_DIGITS)
			return false;
		d->digits[d->n++] = s[*at];
	}
	return true;
}

/* What stands behind the digits: nothing, or an exponent of at most three digits. */
static bool read_exponent(const char *s, size_t n, size_t at, int *exponent)
{
	bool minus;
	*exponent = 0;
	if (at == n)
		return true;
	if (s[at] != 'e' && s[at] != 'E')
		return false;
	at++;
	minus = at < n && s[at] == '-';
	if (at < n && (s[at] == '-' || s[at] == '+'))
		at++;
	if (at == n || n - at > 3)
		return false;
	for (; at < n; at++) {
		if (!digit(s[at]))
			return false;
		*exponent = *exponent * 10 + (s[at] - '0');
	}
	if (minus)
		*exponent = -*exponent;
	return true;
}

/* The number is digits * 10^-behind; that many millionths is digits * 10^(6 - behind). */
static bool millionths(const struct decimal *d, int32_t *out)
{
	int64_t value = 0;
	int keep = d->n - d->behind + 6;
	bool rest = false;
	for (int i = 0; i < keep; i++) {
		value = value * 10 + (i < d->n ? d->digits[i] - '0' : 0);
		if (value > FRACTION_ONE)
			return false;
	}
	for (int i = keep < 0 ? 0 : keep; i < d->n; i++)
		rest |= d->digits[i] != '0';
	if (value == FRACTION_ONE && rest)
		return false;
	*out = (int32_t)value;
	return true;
}

bool fraction_read(const char *s, size_t n, int32_t *out)
{
	struct decimal d = {.n = 0};
	size_t at = 0;
	int before, exponent;
	if (!read_digits(s, n, &at, &d))
		return false;
	before = d.n;
	if (at < n && s[at] == '.') {
		at++;
		if (!read_digits(s, n, &at, &d))
			return false;
	}
	if (d.n == 0 || !read_exponent(s, n, at, &exponent))
		return false;
	d.behind = d.n - before - exponent;
	return millionths(&d, out);
}

static bool read_ratio(const char *s, const char *slash, int32_t *out)
{
	char first[24];
	int64_t part, whole;
	size_t n = (size_t)(slash - s);
	if (n >= sizeof(first))
		return false;
	memcpy(first, s, n);
	first[n] = '\0';
	if (!str_i64(first, 0, INT64_MAX / FRACTION_ONE, &part) ||
		!str_i64(slash + 1, 1, INT64_MAX / FRACTION_ONE, &whole) || part > whole)
		return false;
	*out = (int32_t)(part * FRACTION_ONE / whole);
	return true;
}

bool fraction_parse(const char *s, int32_t *out)
{
	char percent[MAX_DIGITS];
	size_t n = strlen(s);
	const char *slash = strchr(s, '/');
	if (slash)
		return read_ratio(s, slash, out);
	if (n == 0 || s[n - 1] != '%')
		return fraction_read(s, n, out);
	int len = snprintf(percent, sizeof(percent), "%.*se-2", (int)n - 1, s);
	return len < (int)sizeof(percent) && fraction_read(percent, (size_t)len, out);
}

char *fraction_text(char dst[12], int32_t value)
{
	int n;
	if (value <= 0 || value >= FRACTION_ONE) {
		dst[0] = value <= 0 ? '0' : '1';
		dst[1] = '\0';
		return dst;
	}
	n = snprintf(dst, 12, "0.%06d", (int)value);
	while (dst[n - 1] == '0')
		dst[--n] = '\0';
	return dst;
}
