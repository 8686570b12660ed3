/* What the system allows a control plane. */
#include "node/limits.h"

#include <sys/resource.h>

void limits_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	/* Keys are in this memory. */
	r = (struct rlimit){0, 0};
	setrlimit(RLIMIT_CORE, &r);
}
