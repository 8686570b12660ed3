/* Random numbers that are handed in: the system's in a process, a seed in tests and simulations. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*fill)(struct rng *r, void *dst, size_t n);
	uint64_t state[4]; /* of the seeded one */
};

void rng_system(struct rng *r); /* getrandom(2), read ahead in blocks */
void rng_seeded(struct rng *r,
	uint64_t seed); /* xoshiro256**: the same seed, the same numbers */
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0 .. n-1, without bias; n > 0 */

#endif
