/* Text: UTF-8, numbers, durations, names, and making foreign text safe to show. */
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decodes one character: its length in bytes, or 0 when the bytes are no valid UTF-8 (RFC 3629). */
static size_t decode(const char *s, size_t n, uint32_t *out)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)s[0];
	size_t len = lead < 0x80       ? 1
		     : lead >> 5 == 6  ? 2
		     : lead >> 4 == 14 ? 3
		     : lead >> 3 == 30 ? 4
				       : 0;
	uint32_t c = len == 1 ? lead : lead & (0x7fu >> len);

	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return len;
}

bool str_utf8(const char *s, size_t n)
{
	uint32_t c;

	while (n > 0) {
		size_t len = decode(s, n, &c);
		if (!len)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

/* Characters that do something instead of being seen: controls, line separators, and what turns the direction of text round
 * (the list of "Trojan Source", CVE-2021-42574, and the three implicit marks). */
static bool is_unsafe(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},
		{0x7f, 0x9f},
		{0x061c, 0x061c},
		{0x200e, 0x200f},
		{0x2028, 0x202e},
		{0x2066, 0x2069},
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

void str_safe(struct buf *out, const char *s, size_t n, bool keep_lines)
{
	uint32_t c = 0;

	while (n > 0) {
		size_t len = decode(s, n, &c);
		bool kept = len && (!is_unsafe(c) || (keep_lines && (c == '\n' || c == '\t')));
		len = len ? len : 1;
		if (kept)
			buf_add(out, s, len);
		for (size_t i = 0; !kept && i < len; i++)
			buf_addf(out, "\\x%02x", (unsigned char)s[i]);
		s += len;
		n -= len;
	}
}

const char *str_show(const char *s)
{
	static struct buf ring[8];
	static unsigned next;
	struct buf *b = &ring[next++ % ARRAY_LEN(ring)];

	buf_reset(b);
	s = s ? s : "(null)";
	str_safe(b, s, strlen(s), false);
	return buf_str(b);
}

bool str_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long v;

	if (!is_digit(s[*s == '-'])) /* strtoll() would take white space and a plus */
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*out = v;
	return true;
}

/* Largest first: the parts of a duration come in this order, each at most once. */
static const struct {
	const char *word;
	int64_t ms;
} units[] = {
	{"w", 7 * 86400000LL},
	{"d", 86400000},
	{"h", 3600000},
	{"m", 60000},
	{"s", 1000},
	{"ms", 1},
};

/* 292 years: in microseconds and nanoseconds, too, this fits an int64_t. */
#define DURATION_MAX_MS (INT64_MAX / 1000000)

/* "12" or "1.5" times `unit`. What is finer than a ms is cut off; so are digits behind the ninth of a fraction. */
static bool scaled_number(const char *s, size_t n, int64_t unit, int64_t *out)
{
	int64_t whole = 0, part = 0, scale = 1;
	size_t i;

	for (i = 0; i < n && is_digit(s[i]); i++) {
		whole = whole * 10 + (s[i] - '0');
		if (whole > DURATION_MAX_MS / unit)
			return false;
	}
	if (i == 0 || (i < n && (s[i] != '.' || i + 1 == n)))
		return false;
	for (i++; i < n && is_digit(s[i]); i++) {
		if (scale == 1000000000)
			continue;
		part = part * 10 + (s[i] - '0');
		scale *= 10;
	}
	*out = whole * unit + part * unit / scale;
	return i >= n;
}

/* The index of the unit that s begins with, behind which a digit or the end comes; ARRAY_LEN(units) when it is none. */
static size_t find_unit(const char *s, size_t *len)
{
	size_t i = 0;

	*len = strspn(s, LETTERS);
	while (i < ARRAY_LEN(units) &&
		(strlen(units[i].word) != *len || strncmp(units[i].word, s, *len) != 0))
		i++;
	return i;
}

bool str_duration_ms(const char *s, int64_t *out)
{
	size_t number = strspn(s, DIGITS "."), word, first = 0;
	int64_t part, sum = 0;

	if (s[number] == '\0')
		return scaled_number(s, number, 1000, out);
	while (*s) {
		size_t u = find_unit(s + number, &word);
		if (u < first || u >= ARRAY_LEN(units) ||
			!scaled_number(s, number, units[u].ms, &part))
			return false;
		sum += part;
		if (sum > DURATION_MAX_MS)
			return false;
		first = u + 1;
		s += number + word;
		number = strspn(s, DIGITS ".");
	}
	*out = sum;
	return true;
}

bool str_size(const char *s, int64_t *out)
{
	static const char letters[] = "kmgt";
	size_t n = strspn(s, DIGITS ".");
	const char *unit = s + n, *at;
	double v, scale = 1;
	char *end;

	if (n == 0 || n > 18)
		return false;
	v = strtod(s, &end);
	if (end != unit)
		return false;
	if (*unit && (at = strchr(letters, tolower((unsigned char)*unit)))) {
		for (scale = 1024; at > letters; at--)
			scale *= 1024;
		unit++;
		unit += *unit == 'i' && (unit[1] == 'B' || unit[1] == 'b');
	}
	if (*unit == 'B' || *unit == 'b')
		unit++;
	if (*unit || v * scale > 9e15)
		return false;
	*out = (int64_t)(v * scale);
	return true;
}

static char *age_in_parts(char dst[16], int64_t s)
{
	static const struct {
		int64_t seconds;
		char letter;
		int64_t part_seconds;
		char part_letter;
	} sizes[] = {
		{86400, 'd', 3600, 'h'},
		{3600, 'h', 60, 'm'},
		{60, 'm', 1, 's'},
	};
	size_t i = 0;

	while (s < sizes[i].seconds)
		i++;
	snprintf(dst, 16, "%u%c%02u%c", (unsigned)(s / sizes[i].seconds) % 1000,
		sizes[i].letter, (unsigned)(s % sizes[i].seconds / sizes[i].part_seconds) % 100,
		sizes[i].part_letter);
	return dst;
}

char *str_age(char dst[16], int64_t ms)
{
	int64_t s = ms / 1000, d = s / 86400;

	if (s >= 60 && d < 1000)
		return age_in_parts(dst, s);
	if (ms < 1000)
		snprintf(dst, 16, "%ums", ms > 0 ? (unsigned)ms : 0);
	else if (s < 60)
		snprintf(dst, 16, "%u.%us", (unsigned)s, (unsigned)(ms % 1000 / 100));
	else
		snprintf(dst, 16, "%ud", d < 999999 ? (unsigned)d : 999999);
	return dst;
}

/* Tenths of `n` in units of 2^shift, cut off. */
static uint64_t tenths(uint64_t n, unsigned shift)
{
	uint64_t rest = n & ((UINT64_C(1) << shift) - 1);

	return (n >> shift) * 10 + (rest * 10 >> shift);
}

static char *count_binary(char dst[16], const char *minus, uint64_t n)
{
	unsigned i = 0, t;

	while (i < 6 && n >> 10 * (i + 1))
		i++;
	t = (unsigned)tenths(n, 10 * i);
	if (i == 0)
		snprintf(dst, 16, "%s%u B", minus, (unsigned)n);
	else
		snprintf(dst, 16, "%s%u.%u %ciB", minus, t / 10 % 10000, t % 10, "BKMGTPE"[i]);
	return dst;
}

/* The number keeps two to four digits: "99k" says less than "1234k", so 'M' begins at ten of them. */
char *str_count(char dst[16], int64_t n, bool binary)
{
	const char *minus = n < 0 ? "-" : "";
	uint64_t v = n < 0 ? -(uint64_t)n : (uint64_t)n;
	const char *prefix = " kMGTPE";
	bool scaled;

	if (binary)
		return count_binary(dst, minus, v);
	scaled = v > 9999;
	for (; v > 9999; prefix++)
		v /= 1000;
	snprintf(dst, 16, "%s%u%.*s", minus, (unsigned)v, scaled, prefix);
	return dst;
}

char *str_time(char dst[32], int64_t wall_ms)
{
	int64_t ms = (wall_ms % 1000 + 1000) % 1000;
	time_t s = (time_t)((wall_ms - ms) / 1000);
	struct tm tm;
	size_t n;

	if (!gmtime_r(&s, &tm))
		BUG("the time %" PRId64, wall_ms);
	n = strftime(dst, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(dst + n, 32 - n, ".%03uZ", (unsigned)ms);
	return dst;
}

#define DISTANCE_MAX 64 /* the longest name there is */

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: row i holds the distances of the first i bytes of a to all beginnings of b. */
int str_distance(const char *a, const char *b, int max)
{
	int rows[3][DISTANCE_MAX + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > DISTANCE_MAX || nb > DISTANCE_MAX)
		return max + 1;
	for (size_t i = 0; i <= na; i++) {
		int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
		row[0] = (int)i;
		for (size_t j = 1; j <= nb; j++) {
			if (i == 0) {
				row[j] = (int)j;
				continue;
			}
			row[j] = least(least(above[j], row[j - 1]) + 1,
				above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return least(rows[na % 3][nb], max + 1);
}

/* Near enough: about a third of the letters are wrong, but never all of them. */
const char *str_nearest(const char *word, const char *const *candidates, size_t n)
{
	int len = (int)strnlen(word, DISTANCE_MAX);
	int best = len < 2 ? 0 : len < 5 ? 1 : len < 9 ? 2 : 3;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		int d = str_distance(word, candidates[i], best);
		if (d > best || (found && d == best))
			continue;
		best = d;
		found = candidates[i];
	}
	return found;
}

/* Where a byte does not fit, the last '*' takes one byte more; earlier ones need not be tried again. */
bool str_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *resume = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = s;
		} else if (*pattern && (*pattern == '?' || *pattern == *s)) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool is_name(const char *s, const char *first, const char *rest)
{
	size_t len = strspn(s, rest);

	return *s && strchr(first, *s) && s[len] == '\0' && len <= 64;
}

bool str_task_name(const char *s)
{
	return is_name(s, LETTERS "_", LETTERS DIGITS "_.-");
}

bool str_worker_id(const char *s)
{
	return is_name(s, LETTERS DIGITS "_", LETTERS DIGITS "_.-/");
}

void str_shell_quote(struct buf *out, const char *s)
{
	if (*s && s[strspn(s, LETTERS DIGITS "_@%+=:,./-")] == '\0') {
		buf_adds(out, s);
		return;
	}
	buf_addc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}
