/* Examples of messages and the tables of PROTOCOL.md, both made from the list in messages.c. */
#include <string.h>

#include "base/mem.h"
#include "proto/keyring.h"
#include "proto/msg.h"

static const char example_id[] = "01890a5d-ac96-774b-bcce-b302099a8057";

static void example_fields(struct mout *o, const struct msg_field *f);

static void example_value(struct mout *o, const struct msg_field *f)
{
	switch (f->type) {
	case F_INT:
		jout_i64(&o->w, f->name, 1);
		break;
	case F_BOOL:
		jout_bool(&o->w, f->name, true);
		break;
	case F_STR:
		jout_str(&o->w, f->name, "x");
		break;
	case F_ID:
		jout_str(&o->w, f->name, example_id);
		break;
	case F_WORDS:
		jout_array(&o->w, f->name);
		jout_str(&o->w, NULL, "42");
		jout_end_array(&o->w);
		break;
	case F_LIST:
		jout_array(&o->w, f->name);
		jout_object(&o->w, NULL);
		example_fields(o, f->items);
		jout_end_object(&o->w);
		jout_end_array(&o->w);
		break;
	case F_LEN:
		mout_put(o, f->name, "[5,3]", 5);
		break;
	case F_JSON:
		jout_raw(&o->w, f->name, "[]", 2);
		break;
	case F_END:
		BUG("end of a list has no example");
	}
}

static void example_fields(struct mout *o, const struct msg_field *f)
{
	for (; f->type != F_END; f++)
		example_value(o, f);
}

void msg_example(enum msg_id id, struct mout *o)
{
	mout_begin(o, id, 7);
	example_fields(o, msg_def(id)->fields);
	mout_end(o);
}

static const char *type_word(enum field_type t)
{
	static const char *const words[] = {
		[F_INT] = "int",
		[F_BOOL] = "bool",
		[F_STR] = "string",
		[F_ID] = "uuid",
		[F_WORDS] = "[string]",
		[F_LIST] = "[object]",
		[F_LEN] = "length",
		[F_JSON] = "any",
	};

	return words[t];
}

static void document_fields(struct buf *out, const struct msg_field *f, const char *indent)
{
	for (; f->type != F_END; f++) {
		buf_addf(out, "%s- `%s` %s%s", indent, f->name, type_word(f->type),
			f->must ? "" : ", optional");
		if (*f->doc)
			buf_addf(out, ": %s", f->doc);
		buf_addc(out, '\n');
		if (f->type == F_LIST)
			document_fields(out, f->items, "    ");
	}
}

static void document_from(struct buf *out, unsigned from)
{
	const char *between = "";

	for (unsigned bit = FROM_CLIENT; bit <= FROM_SERVER; bit <<= 1) {
		if (!(from & bit))
			continue;
		buf_addf(out, "%s%s", between,
			bit == FROM_CLIENT   ? "client"
			: bit == FROM_WORKER ? "worker"
					     : "control plane");
		between = ", ";
	}
}

static void document_message(struct buf *out, enum msg_id id)
{
	const struct msg_def *d = msg_def(id);
	struct mout example;
	char roles[64];

	buf_addf(out, "### %s\n\n%s\n\nFrom: ", d->name, d->doc);
	document_from(out, d->from);
	if (!(d->from & FROM_SERVER)) {
		buf_addf(out, ". Role: %s",
			d->roles ? roles_text(roles, d->roles) : "any key that is let in");
		buf_addf(out, ". May be repeated: %s", d->repeat ? "yes" : "no");
		if (d->answer != MSG__COUNT)
			buf_addf(out, ". Answer: `%s`", msg_def(d->answer)->name);
	}
	buf_adds(out, ".\n\n");
	document_fields(out, d->fields, "");
	mout_init(&example);
	msg_example(id, &example);
	buf_addf(out, "%s```\n%s\n", d->fields[0].type == F_END ? "" : "\n",
		buf_str(&example.head));
	if (example.body.len)
		buf_addf(out, "%s\n", buf_str(&example.body));
	buf_adds(out, "```\n\n");
	mout_fini(&example);
}

void msg_document(struct buf *out)
{
	for (int id = 0; id < MSG__COUNT; id++)
		document_message(out, (enum msg_id)id);
}
