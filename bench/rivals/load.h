/* What the C clients of the rivals share: the load (random payloads of 100 to 300 bytes) and how it is reported. One file includes it in each program. */
#ifndef RIVALS_LOAD_H
#define RIVALS_LOAD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOAD_MAX = 300, LOAD_MIN = 100 };

static uint64_t load_seed; /* another one each run */

static inline double load_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void load_init(void)
{
	load_seed = (uint64_t)(load_now() * 1e9) ^ ((uint64_t)getpid() << 40);
}

/* Payload i: always the same within a run, so that an answer can be compared without keeping what was sent. Returns its length. */
static inline size_t load_make(uint32_t i, char *out)
{
	uint64_t x = load_seed + (uint64_t)(i + 1) * 0x9e3779b97f4a7c15u;
	size_t len;

	x ^= x >> 29;
	len = LOAD_MIN + x % (LOAD_MAX - LOAD_MIN + 1);
	for (size_t k = 0; k < len; k++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		out[k] = (char)(x >> 24);
	}
	return len;
}

static inline int load_same(uint32_t i, const char *got, size_t len)
{
	char want[LOAD_MAX];

	return load_make(i, want) == len && memcmp(want, got, len) == 0;
}

/* The report that bench/run reads: seconds, wrong answers, and the time of each task in seconds where it was taken (times may be NULL). */
static inline void load_report(double seconds, long wrong, const double *times, long n)
{
	printf("%.6f %ld", seconds, wrong);
	for (long i = 0; times && i < n; i++)
		printf(" %.7f", times[i]);
	printf("\n");
}

static inline void load_die(const char *what)
{
	perror(what);
	exit(1);
}

#endif
