/* Fuzz: headers and bodies from outside, as the control plane, a client and a worker get them. The first byte says where the header ends. */
#include <stdlib.h>

#include "base/mem.h"
#include "proto/msg.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Reads every field as a handler would. */
static void read_fields(const struct msg *m, const struct msg_field *f,
	const struct json_node *o, size_t *at)
{
	char text[2048];
	struct uuid id;
	size_t len;

	for (; f->type != F_END; f++) {
		if (!json_get(o, f->name))
			continue;
		switch (f->type) {
		case F_INT:
			msg_int(o, f->name, 0);
			break;
		case F_BOOL:
			msg_bool(o, f->name);
			break;
		case F_STR:
			msg_str(o, f->name, text,
				f->max < sizeof(text) ? f->max + 1 : sizeof(text));
			break;
		case F_ID:
			if (!msg_uuid(o, f->name, &id))
				abort();
			break;
		case F_LEN:
			if (!msg_take(m, o, f->name, at, &len))
				abort();
			break;
		default:
			for (const struct json_node *v = msg_list(o, f->name);
				v && f->type == F_LIST; v = json_next(v))
				read_fields(m, f->items, v, at);
		}
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct msg m;
	static int ready;
	struct err e;

	if (!ready++)
		msg_init(&m);
	if (size < 2)
		return 0;
	size_t head_len = (size_t)(data[0] | data[1] << 8) % (size - 1);
	/* Copies, so that a read behind the end is seen. */
	char *head = xmemdup(data + 2, head_len < size - 2 ? head_len : size - 2);
	head_len = head_len < size - 2 ? head_len : size - 2;
	size_t body_len = size - 2 - head_len;
	char *body = xmemdup(data + 2 + head_len, body_len);
	for (unsigned from = FROM_CLIENT; from <= FROM_SERVER; from <<= 1) {
		size_t at = 0;
		if (msg_decode(&m, head, head_len, body, body_len, from, &e) == 0)
			read_fields(&m, msg_def(m.id)->fields, m.head, &at);
	}
	free(head);
	free(body);
	return 0;
}
