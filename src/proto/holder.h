/* Who holds a TCP port on this host, as far as /proc shows it (Linux). */
#ifndef PROTO_HOLDER_H
#define PROTO_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* "NAME (pid N)" of a process that listens on the port; false when it cannot be told. */
bool port_holder(int port, char *dst, size_t size);

#endif
