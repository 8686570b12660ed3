/* Task ids: UUID version 7 of RFC 9562: 48 bits of time, 4 of version, 12 random, 2 of variant, 62 random. */
#include "base/uuid.h"

#include <string.h>

#define RAND_A_MAX UINT64_C(0xfff)
#define RAND_B_MAX ((UINT64_C(1) << 62) - 1)

/* The three numbers that an id of version 7 holds; they compare in this order. */
struct parts {
	uint64_t ms, a, b;
};

static uint64_t get_be(const uint8_t *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static void put_be(uint8_t *p, int n, uint64_t v)
{
	for (; n--; v >>= 8)
		p[n] = (uint8_t)v;
}

static struct parts split(const struct uuid *id)
{
	return (struct parts){get_be(id->b, 6), get_be(id->b + 6, 2) & RAND_A_MAX,
		get_be(id->b + 8, 8) & RAND_B_MAX};
}

static void join(struct uuid *out, const struct parts *p)
{
	put_be(out->b, 6, p->ms);
	put_be(out->b + 6, 2, 0x7000 | p->a);
	put_be(out->b + 8, 8, UINT64_C(1) << 63 | p->b);
}

/* The next id of the same ms is a random step further (RFC 9562, 6.2, method 2): ordered, and still not to be guessed. */
static void step(struct parts *p, struct rng *rng)
{
	p->b += 1 + (rng_u64(rng) & 0xffffffff);
	if (p->b <= RAND_B_MAX)
		return;
	p->b &= RAND_B_MAX;
	if (++p->a <= RAND_A_MAX)
		return;
	p->a = 0;
	p->ms++;
}

/* A clock that went back counts as one that stands still: the order of ids counts for more than their time. */
void uuid_make(struct uuid *out, struct uuid *last, int64_t wall_ms, struct rng *rng)
{
	struct parts p = split(last);

	if ((uint64_t)wall_ms > p.ms) {
		p.ms = (uint64_t)wall_ms;
		p.a = rng_u64(rng) & RAND_A_MAX;
		p.b = rng_u64(rng) & RAND_B_MAX;
	} else {
		step(&p, rng);
	}
	join(last, &p);
	*out = *last;
}

static int is_dash_place(int at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

char *uuid_text(char dst[UUID_TEXT], const struct uuid *id)
{
	int at = 0;

	for (int i = 0; i < 16; i++) {
		if (is_dash_place(at))
			dst[at++] = '-';
		dst[at++] = "0123456789abcdef"[id->b[i] >> 4];
		dst[at++] = "0123456789abcdef"[id->b[i] & 15];
	}
	dst[at] = '\0';
	return dst;
}

static int hex_digit(unsigned char c)
{
	static const signed char digits[256] = {['0'] = 1,
		['1'] = 2,
		['2'] = 3,
		['3'] = 4,
		['4'] = 5,
		['5'] = 6,
		['6'] = 7,
		['7'] = 8,
		['8'] = 9,
		['9'] = 10,
		['a'] = 11,
		['b'] = 12,
		['c'] = 13,
		['d'] = 14,
		['e'] = 15,
		['f'] = 16,
		['A'] = 11,
		['B'] = 12,
		['C'] = 13,
		['D'] = 14,
		['E'] = 15,
		['F'] = 16};

	return digits[c] - 1;
}

bool uuid_parse(const char *s, struct uuid *out)
{
	struct uuid id;

	if (strnlen(s, UUID_TEXT) != UUID_TEXT - 1)
		return false;
	for (int at = 0, n = 0; n < 16; at += 2, n++) {
		int high, low;
		if (is_dash_place(at) && s[at++] != '-')
			return false;
		high = hex_digit((unsigned char)s[at]);
		low = hex_digit((unsigned char)s[at + 1]);
		if ((high | low) < 0)
			return false;
		id.b[n] = (uint8_t)(high << 4 | low);
	}
	*out = id;
	return true;
}

bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

int64_t uuid_ms(const struct uuid *id)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->b[i];
	return ms;
}
