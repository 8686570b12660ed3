/* Submitting. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/needs.h"
#include "node/server.h"

/* JSON of the wanted kind from the message, or the default; NULL with *e when it is something else. */
static struct bytes *take_json(const struct msg *m, const struct json_node *o,
	const char *field, size_t *at, char open, const char *absent, struct err *e)
{
	struct json_fault fault;
	size_t len, nodes, first = 0;
	const char *p = msg_take(m, o, field, at, &len);

	if (!p)
		return bytes_new(absent, strlen(absent));
	if (json_check(p, len, 0, PROTO_FRAME_MAX, &nodes, &fault)) {
		json_explain(e, field, p, len, &fault);
		return NULL;
	}
	while (p[first] == ' ' || p[first] == '\n' || p[first] == '\t' || p[first] == '\r')
		first++;
	if (p[first] == open)
		return bytes_new(p, len);
	err_set(e, ERR_DATA, "%s must be a JSON %s", field, open == '[' ? "array" : "object");
	return NULL;
}

static struct bytes *take_blob(struct peer *p, const struct json_node *o, struct err *e)
{
	struct uuid id;
	struct bytes *b;

	msg_uuid(o, "args_blob", &id);
	b = upload_take(p, &id);
	if (!b)
		err_set(e, ERR_DATA,
			"the arguments of this task did not arrive whole; submit it again");
	return b;
}

/* Texts that the spec points at. */
struct texts {
	char name[128], needs[NEEDS_TEXT];
};

static int read_needs(const struct json_node *o, char needs[NEEDS_TEXT], struct err *e)
{
	char text[1100];

	*needs = '\0';
	return msg_str(o, "needs", text, sizeof(text)) ? needs_parse(text, needs, e) : 0;
}

/* Of a message as a whole. False: it has none. */
static bool read_group(struct peer *p, const struct msg *m, struct uuid *group)
{
	if (!json_get(m->head, "group"))
		return false;
	msg_uuid(m->head, "group", group);
	persist_group(p->server, group);
	return true;
}

static int read_spec(struct peer *p, const struct msg *m, const struct json_node *o, size_t *at,
	struct texts *texts, struct task_spec *spec, struct err *e)
{
	char word[128];
	int priority = PRIO_NORMAL;

	memset(spec, 0, sizeof(*spec));
	msg_uuid(o, "id", &spec->id);
	msg_str(o, "name", texts->name, sizeof(texts->name));
	if (msg_str(o, "priority", word, sizeof(word)))
		priority = priority_parse(word);
	spec->name = texts->name;
	spec->needs = texts->needs;
	spec->owner = p->principal;
	spec->priority = (enum priority)priority;
	spec->timeout_ms = msg_int(o, "timeout_ms", -1);
	spec->defer = msg_bool(o, "defer");
	spec->stream = msg_bool(o, "stream");
	spec->fed = msg_bool(o, "stdin");
	spec->args = take_json(m, o, "args", at, '[', "[]", e);
	/* The next length must be passed over even when this one was bad. */
	spec->kwargs = take_json(m, o, "kwargs", at, '{', "{}", spec->args ? e : NULL);
	/* Sent again, its arguments were taken the first time: core_submit() gives the task that is there. */
	if (json_get(o, "args_blob") && !core_task(p->server->core, &spec->id)) {
		bytes_unref(&spec->args);
		spec->args = take_blob(p, o, e);
	}
	if (!spec->args || !spec->kwargs)
		return -1;
	if (priority < 0)
		return err_set(e, ERR_DATA,
			"\"%s\" is no priority: low, normal, high, critical", str_show(word));
	if (!str_task_name(texts->name))
		return err_set(e, ERR_DATA, "\"%s\" cannot be the name of a task",
			str_show(texts->name));
	return read_needs(o, texts->needs, e);
}

static void answer_one(struct mout *o, const struct uuid *id, const struct task *t, bool again,
	const struct err *e)
{
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", id);
	if (t) {
		jout_i64(&o->w, "n", (int64_t)t->n);
		jout_str(&o->w, "state", task_state_word(t->state));
	} else {
		jout_str(&o->w, "code", err_word(e->code));
		jout_str(&o->w, "why", e->text);
	}
	if (again)
		jout_bool(&o->w, "again", true);
	jout_end_object(&o->w);
}

static void submit_one(struct peer *p, const struct msg *m, const struct json_node *item,
	const struct uuid *group, size_t *at, struct watch *w, struct mout *o)
{
	struct server *s = p->server;
	struct task_spec spec;
	struct task *t = NULL;
	struct texts texts;
	bool again = false;
	struct err e;

	if (read_spec(p, m, item, at, &texts, &spec, &e) == 0) {
		spec.group = group;
		bool known = persist_task(s, &spec.id); /* it is sent again */
		if (s->stopping)
			err_set(&e, ERR_BUSY,
				"the control plane is stopping; try again when it is back");
		else if (known || persist_room(s, &e) == 0)
			t = core_submit(s->core, server_now(s), &spec, &again, &e);
	}
	answer_one(o, &spec.id, t, again, &e);
	if (t && t->stream && !again)
		hold_take(p, t);
	if (t && t->fed && !task_state_final(t->state))
		feed_take(p, t);
	if (t && w)
		watch_task(w, t);
	bytes_unref(&spec.args);
	bytes_unref(&spec.kwargs);
}

void submit_handle(struct peer *p, const struct msg *m)
{
	struct series out;
	struct watch *w = NULL;
	const struct group *g = NULL;
	struct uuid group;
	bool grouped = read_group(p, m, &group);
	size_t at = 0;
	struct err e;

	if (json_get(m->head, "watch")) {
		w = watch_make(p, m);
		if (!w) {
			watch_room(p, &e);
			peer_error(p, m->req, &e);
			return;
		}
	}
	series_begin(&out, p, MSG_SUBMITTED, m->req, "tasks");
	for (const struct json_node *item = msg_list(m->head, "tasks"); item;
		item = json_next(item))
		submit_one(p, m, item, grouped ? &group : NULL, &at, w, series_item(&out));
	if (grouped)
		g = core_group_id(p->server->core, &group);
	if (g && strcmp(g->owner, p->principal) == 0)
		jout_i64(&series_end_list(&out)->w, "group_n", (int64_t)g->n);
	series_end(&out);
}
