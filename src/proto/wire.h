/* Messages on sockets: frames in, frames out. [delimiter] header [body]; a ROUTER has the peer's route before it. */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include "base/err.h"
#include "proto/msg.h"

/* Where an answer goes: made by libzmq for each connection, never claimed by the peer. */
struct route {
	uint8_t len;
	bool delimiter; /* the peer is a REQ socket: it needs an empty frame first */
	uint8_t id[8];
};

struct inbound { /* wire_init() once, wire_fini() at the end */
	zmq_msg_t head, body;
	struct route from; /* ROUTER only */
	char key[41];      /* public key that ZAP let in; "" on a DEALER */
	char address[64];  /* of the peer: a number without a port */
	int fd;            /* of the connection, as monitors name it; -1 = unknown */
	struct msg msg;
};

void wire_init(struct inbound *in);
void wire_fini(struct inbound *in);
/* 1: in->msg is decoded. 0: nothing there now. -1: what came is no message (*e says why; in->from, key and msg.req are good, so that it can be answered). */
int wire_recv(void *sock, bool router, unsigned from, struct inbound *in, struct err *e);

enum wire_sent { WIRE_SENT, WIRE_FULL, WIRE_GONE };
/* to: NULL on a DEALER. Never blocks. */
enum wire_sent wire_send(void *sock, const struct route *to, const struct buf *head,
	const struct buf *body);

#endif
