/* Time that is handed in: the system's in a process, any that a test likes. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*mono_us)(
		struct clock *c); /* CLOCK_BOOTTIME: leases and timers; never steps */
	int64_t (*wall_ms)(struct clock *c); /* since 1970 in UTC: what people read; may step */
	int64_t fake_mono_us, fake_wall_ms;  /* of the fake one; tests write them */
};

void clock_system(struct clock *c);
void clock_fake(struct clock *c, int64_t wall_ms);
void clock_fake_advance(struct clock *c, int64_t ms); /* both */

#endif
