/* Time that is handed in: the system's, and a fake one that stands still until it is advanced. */
#include "base/clock.h"

#include <time.h>

/* BOOTTIME runs on while the machine is suspended: a lease must not live longer because a lid was closed. */
static int64_t system_mono_us(struct clock *c)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t system_wall_ms(struct clock *c)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void clock_system(struct clock *c)
{
	*c = (struct clock){.mono_us = system_mono_us, .wall_ms = system_wall_ms};
}

static int64_t fake_mono_us(struct clock *c)
{
	return c->fake_mono_us;
}

static int64_t fake_wall_ms(struct clock *c)
{
	return c->fake_wall_ms;
}

/* Starts at one second, not at zero: many a caller takes 0 for 'no time'. */
void clock_fake(struct clock *c, int64_t wall_ms)
{
	*c = (struct clock){
		.mono_us = fake_mono_us,
		.wall_ms = fake_wall_ms,
		.fake_mono_us = 1000000,
		.fake_wall_ms = wall_ms,
	};
}

void clock_fake_advance(struct clock *c, int64_t ms)
{
	c->fake_mono_us += ms * 1000;
	c->fake_wall_ms += ms;
}
