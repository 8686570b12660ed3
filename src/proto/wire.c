/* Messages on sockets: frames in, frames out. */
#include "proto/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "proto/keys.h"

void wire_init(struct inbound *in)
{
	memset(in, 0, sizeof(*in));
	zmq_msg_init(&in->head);
	zmq_msg_init(&in->body);
	msg_init(&in->msg);
	in->fd = -1;
}

void wire_fini(struct inbound *in)
{
	zmq_msg_close(&in->head);
	zmq_msg_close(&in->body);
	msg_fini(&in->msg);
}

/* Throws away what is left of a message. */
static void skip_rest(void *sock, bool more)
{
	zmq_msg_t m;

	while (more) {
		zmq_msg_init(&m);
		more = zmq_msg_recv(&m, sock, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&m);
		zmq_msg_close(&m);
	}
}

static void copy_property(char *dst, size_t size, zmq_msg_t *m, const char *name)
{
	const char *value = zmq_msg_gets(m, name);

	snprintf(dst, size, "%s", value ? value : "");
}

/* Who sent it. Read from the header frame: on the route frame libzmq 4.3.4 may leave it out. */
static void read_origin(struct inbound *in)
{
	copy_property(in->key, sizeof(in->key), &in->head, "User-Id");
	copy_property(in->address, sizeof(in->address), &in->head, "Peer-Address");
	/* IPv4 on a socket that takes both. */
	if (strncmp(in->address, "::ffff:", 7) == 0)
		memmove(in->address, in->address + 7, strlen(in->address + 7) + 1);
	in->fd = zmq_msg_get(&in->head, ZMQ_SRCFD);
}

/* Frames up to and with the header; false when there is none. */
static bool recv_head(void *sock, bool router, struct inbound *in)
{
	if (zmq_msg_recv(&in->head, sock, ZMQ_DONTWAIT) < 0)
		return false;
	in->from.len = 0;
	in->from.delimiter = false;
	if (router) {
		in->from.len = (uint8_t)zmq_msg_size(&in->head);
		if (zmq_msg_size(&in->head) > sizeof(in->from.id))
			BUG("a route of %zu bytes", zmq_msg_size(&in->head));
		memcpy(in->from.id, zmq_msg_data(&in->head), in->from.len);
		zmq_msg_recv(&in->head, sock, ZMQ_DONTWAIT);
	}
	if (zmq_msg_size(&in->head) == 0 && zmq_msg_more(&in->head)) {
		in->from.delimiter = true;
		zmq_msg_recv(&in->head, sock, ZMQ_DONTWAIT);
	}
	return true;
}

int wire_recv(void *sock, bool router, unsigned from, struct inbound *in, struct err *e)
{
	bool more;

	if (!recv_head(sock, router, in))
		return 0;
	if (router)
		read_origin(in);
	more = zmq_msg_more(&in->head);
	zmq_msg_close(&in->body);
	zmq_msg_init(&in->body);
	if (more) {
		zmq_msg_recv(&in->body, sock, ZMQ_DONTWAIT);
		more = zmq_msg_more(&in->body);
	}
	in->msg.req = 0;
	if (more) {
		skip_rest(sock, true);
		return err_set(e, ERR_DATA,
			"a message has at most two frames: header and body");
	}
	return msg_decode(&in->msg, zmq_msg_data(&in->head), zmq_msg_size(&in->head),
		       zmq_msg_data(&in->body), zmq_msg_size(&in->body), from, e)
		       ? -1
		       : 1;
}

static enum wire_sent failed(void)
{
	if (errno == EAGAIN)
		return WIRE_FULL;
	if (errno == EHOSTUNREACH)
		return WIRE_GONE;
	BUG("zmq_send: %s", zmq_strerror(errno));
}

enum wire_sent wire_send(void *sock, const struct route *to, const struct buf *head,
	const struct buf *body)
{
	bool has_body = body && body->len;

	if (to && zmq_send(sock, to->id, to->len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
		return failed();
	if (to && to->delimiter && zmq_send(sock, "", 0, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
		return failed();
	if (zmq_send(sock, head->data, head->len, ZMQ_DONTWAIT | (has_body ? ZMQ_SNDMORE : 0)) <
		0)
		return failed();
	if (has_body && zmq_send(sock, body->data, body->len, ZMQ_DONTWAIT) < 0)
		return failed();
	return WIRE_SENT;
}
