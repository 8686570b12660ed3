/* What SIGHUP means, see hangup.h. */
#include "node/hangup.h"

#include <errno.h>
#include <unistd.h>

bool hangup_is_end(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		errno = 0;
		if (!isatty(fd) && errno == EIO)
			return true;
	}
	return false;
}
