/* Addresses as people write them: tcp://HOST:PORT, tcp://[V6]:PORT, HOST:PORT; and the ports counted from the base address. */
#ifndef PROTO_ADDRESS_H
#define PROTO_ADDRESS_H

#include <stdbool.h>

#include "base/err.h"

struct address {
	char host[256]; /* name or number, without brackets; "*" = every interface */
	int port;
};

/* Offsets from the port of the base address. The order is the one in which input is drained. */
enum port {
	PORT_CRITICAL,
	PORT_HIGH,
	PORT_NORMAL,
	PORT_LOW,
	PORT_QUERY,
	PORT_WORKER,
	PORT__COUNT
};

#define PORT_BASE_DEFAULT      5555
#define PORT_DISCOVERY_DEFAULT 5550

const char *port_word(enum port p); /* "critical" ... "query", "worker" */

/* 0, or -1 with ERR_USAGE: `"tcp://x" is not an address: ...` */
int address_parse(const char *text, struct address *out, struct err *e);
/* "tcp://HOST:PORT", v6 in brackets; returns dst. */
char *address_text(char dst[300], const struct address *a);
bool address_numeric(const struct address *a);  /* the host is an IP address */
bool address_loopback(const struct address *a); /* 127.0.0.0/8, ::1, localhost */

#endif
