/* The running mean of run times. */
#include "core/pace.h"

#define FIRST_RUNS 3 /* nothing is concluded from fewer */
#define SAMPLE_MAX                                                                             \
	(16 * PACE_SHORT_US) /* one long run among many short ones counts no more than this */

void pace_add(struct pace *p, int64_t run_us)
{
	int64_t sample = run_us < SAMPLE_MAX ? run_us : SAMPLE_MAX;

	if (run_us <= 0)
		return;
	p->mean_ns += p->nruns ? (sample * 1000 - p->mean_ns) / 8 : sample * 1000;
	if (p->nruns < FIRST_RUNS)
		p->nruns++;
}

int64_t pace_short_us(const struct pace *p)
{
	int64_t us = p->mean_ns / 1000;

	if (p->nruns < FIRST_RUNS || us > PACE_SHORT_US)
		return 0;
	return us ? us : 1;
}
