/* How long tasks of one name take: the running mean that decides what is short. */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stdint.h>

#define PACE_SHORT_US 2000 /* mean run time up to which a name is short */

struct pace { /* set to zero */
	int64_t mean_ns;
	unsigned nruns; /* that went into it; counts no further than needed */
};

/* One run took so long; 0: nothing was measured. */
void pace_add(struct pace *p, int64_t run_us);
/* What one is expected to take, at least 1; 0: not short, or not known yet. */
int64_t pace_short_us(const struct pace *p);

#endif
