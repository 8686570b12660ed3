/* Random numbers: the kernel's, read ahead in blocks, and xoshiro256** for tests and simulations. */
#include "base/rng.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

static void from_kernel(void *dst, size_t n)
{
	char *p = dst;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			BUG("getrandom: %s", strerror(errno));
		p += got;
		n -= (size_t)got;
	}
}

/* One block per process, used from its end; what was given out is wiped, so that no later leak shows it. */
static void fill_system(struct rng *r, void *dst, size_t n)
{
	static unsigned char block[512];
	static size_t left;

	if (n > sizeof(block)) {
		from_kernel(dst, n);
		return;
	}
	if (left < n) {
		from_kernel(block, sizeof(block));
		left = sizeof(block);
	}
	left -= n;
	memcpy(dst, block + left, n);
	explicit_bzero(block + left, n);
}

void rng_system(struct rng *r)
{
	*r = (struct rng){.fill = fill_system};
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* xoshiro256** 1.0 by Blackman and Vigna, public domain: https://prng.di.unimi.it/xoshiro256starstar.c */
static uint64_t xoshiro(uint64_t s[4])
{
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

/* splitmix64 spreads the seed over the state, as the authors of xoshiro advise. */
static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void fill_seeded(struct rng *r, void *dst, size_t n)
{
	char *p = dst;

	while (n > 0) {
		uint64_t x = xoshiro(r->state);
		size_t part = n < sizeof(x) ? n : sizeof(x);
		memcpy(p, &x, part);
		p += part;
		n -= part;
	}
}

void rng_seeded(struct rng *r, uint64_t seed)
{
	r->fill = fill_seeded;
	for (size_t i = 0; i < ARRAY_LEN(r->state); i++)
		r->state[i] = splitmix(&seed);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t x;

	r->fill(r, &x, sizeof(x));
	return x;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	uint64_t x, skip;

	if (!n)
		BUG("a random number below 0");
	skip = -n % n; /* 2^64 mod n: so many values too many for an even spread */
	do
		x = rng_u64(r);
	while (x < skip);
	return x % n;
}
