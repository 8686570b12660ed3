/* Submitting. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/needs.h"
#include "node/program.h"
#include "node/server.h"

#define PLACE_MAX (64 * 1024)

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
	spec->once = msg_bool(o, "once");
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

/* Whoever may submit tasks may run what the workers' owners wrote. A program of one's own is another thing. */
static int may_run(const struct peer *p, const char *name, struct err *e)
{
	if (strcmp(name, PROGRAM_NAME) != 0 || (p->roles & ROLE_EXEC))
		return 0;
	return err_set(e, ERR_DENIED,
		"running programs needs the role exec, and your key (%s) does not have it; its line in authorized_keys needs role=submit,exec",
		p->principal);
}

/* A submit message, while its tasks are taken in. */
struct intake {
	const struct msg *msg;
	size_t at;                /* bytes of the body that are read */
	const struct uuid *group; /* or NULL */
	struct bytes *place;      /* of its programs, or NULL */
	struct watch *watch;      /* that they are added to, or NULL */
};

static void submit_one(struct peer *p, struct intake *in, const struct json_node *item,
	struct mout *o)
{
	struct server *s = p->server;
	struct task_spec spec;
	struct task *t = NULL;
	struct texts texts;
	bool again = false;
	struct err e;

	if (read_spec(p, in->msg, item, &in->at, &texts, &spec, &e) == 0 &&
		may_run(p, texts.name, &e) == 0) {
		spec.group = in->group;
		spec.place = strcmp(texts.name, PROGRAM_NAME) == 0 ? in->place : NULL;
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
	if (t && in->watch)
		watch_task(in->watch, t);
	bytes_unref(&spec.args);
	bytes_unref(&spec.kwargs);
}

static int read_place(struct intake *in, struct err *e)
{
	if (!json_get(in->msg->head, "place"))
		return 0;
	in->place = take_json(in->msg, in->msg->head, "place", &in->at, '{', "{}", e);
	if (!in->place)
		return -1;
	if (in->place->len <= PLACE_MAX)
		return 0;
	return err_set(e, ERR_DATA,
		"the environment of the programs has %zu KiB, and 64 are the limit",
		in->place->len / 1024);
}

static int read_watch(struct peer *p, struct intake *in, struct err *e)
{
	if (!json_get(in->msg->head, "watch"))
		return 0;
	in->watch = watch_make(p, in->msg);
	return in->watch ? 0 : watch_room(p, e);
}

/* The number of the group goes behind the tasks. */
static void answer_group(struct peer *p, const struct intake *in, struct series *out)
{
	const struct group *g = in->group ? core_group_id(p->server->core, in->group) : NULL;

	if (g && strcmp(g->owner, p->principal) == 0)
		jout_i64(&series_end_list(out)->w, "group_n", (int64_t)g->n);
}

void submit_handle(struct peer *p, const struct msg *m)
{
	struct intake in = {.msg = m};
	struct series out;
	struct uuid group;
	struct err e;

	if (read_group(p, m, &group))
		in.group = &group;
	if (read_place(&in, &e) || read_watch(p, &in, &e)) {
		peer_error(p, m->req, &e);
		bytes_unref(&in.place);
		return;
	}
	series_begin(&out, p, MSG_SUBMITTED, m->req, "tasks");
	for (const struct json_node *item = msg_list(m->head, "tasks"); item;
		item = json_next(item))
		submit_one(p, &in, item, series_item(&out));
	answer_group(p, &in, &out);
	series_end(&out);
	bytes_unref(&in.place);
}

struct signalling {
	struct peer *peer;
	int64_t signal;
	bool ok;
};

static void signal_one(void *arg, struct task *t)
{
	struct signalling *sg = arg;
	struct peer *p = sg->peer, *worker = t->worker ? t->worker->peer : NULL;
	struct mout *o = &p->server->out;

	if ((!(p->roles & ROLE_ADMIN) && strcmp(t->owner, p->principal) != 0) ||
		t->state != TASK_RUNNING || !worker)
		return;
	mout_begin(o, MSG_RAISE, 0);
	mout_uuid(o, "id", &t->id);
	jout_i64(&o->w, "attempt", t->attempt);
	jout_i64(&o->w, "signal", sg->signal);
	mout_end(o);
	peer_send(worker, o);
	sg->ok = true;
}

void signal_handle(struct peer *p, const struct msg *m)
{
	struct signalling sg = {.peer = p, .signal = msg_int(m->head, "signal", 0)};
	struct mout *o = &p->server->out;
	char selector[128];

	msg_str(m->head, "id", selector, sizeof(selector));
	if (sg.signal > 0 && sg.signal < 32)
		select_tasks(p, selector, signal_one, &sg);
	mout_begin(o, MSG_SIGNALLED, m->req);
	jout_bool(&o->w, "ok", sg.ok);
	mout_end(o);
	peer_send(p, o);
}
