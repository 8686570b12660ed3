/* Watches: who hears of which event. A task knows its watchers, so that an event costs only those who asked for it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "node/server.h"

/* One watch of one peer: on tasks, on everything, or - with `final` - a request that waits for the end of tasks. */
struct watch {
	struct peer *peer;
	int64_t number;
	bool results, all;
	bool ends;             /* only the end of each task is told */
	struct list interests; /* struct interest.of_watch */
	size_t nopen;          /* interests in tasks that are not final */
	struct mout out;       /* `event` being filled in this turn; head.len 0 = none */
	watch_final_fn *final;
	void *arg;
	struct loop_timer timer; /* of final */
	struct list of_peer;
	struct list stream; /* in server.stream, when all */
	struct list dirty;  /* in server.dirty_watches */
};

struct interest {
	struct watch *watch;
	struct task *task;
	struct list of_watch, of_task;
};

/* What a task's `watch` points at while somebody is interested. */
struct audience {
	struct list interests; /* struct interest.of_task */
};

static void drop_interest(struct interest *i)
{
	struct audience *a = i->task->watch;

	list_del(&i->of_watch);
	list_del(&i->of_task);
	if (list_empty(&a->interests)) {
		i->task->watch = NULL;
		free(a);
	}
	free(i);
}

static void free_watch(void *arg)
{
	struct watch *w = arg;

	mout_fini(&w->out);
	free(w);
}

/* Freed at the end of the turn: a list may be walked up the stack. */
static void end_watch(struct watch *w)
{
	while (!list_empty(&w->interests))
		drop_interest(list_first(&w->interests, struct interest, of_watch));
	loop_timer_clear(&w->timer);
	w->peer->nwatches--;
	list_del(&w->of_peer);
	list_del(&w->stream);
	list_del(&w->dirty);
	loop_defer(w->peer->server->loop, free_watch, w);
}

static void final_now(struct watch *w)
{
	watch_final_fn *fn = w->final;

	w->final = NULL;
	end_watch(w);
	fn(w->arg, w->peer, false);
}

static void on_final_timer(void *arg)
{
	final_now(arg);
}

static struct watch *new_watch(struct peer *p)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->peer = p;
	list_init(&w->interests);
	list_push_back(&p->watches, &w->of_peer);
	p->nwatches++;
	loop_timer_init(p->server->loop, &w->timer, on_final_timer, w);
	return w;
}

static struct watch *find_watch(struct peer *p, int64_t number)
{
	struct list *e, *tmp;

	list_each (e, tmp, &p->watches) {
		struct watch *w = container_of(e, struct watch, of_peer);
		if (!w->final && w->number == number)
			return w;
	}
	return NULL;
}

int watch_room(const struct peer *p, struct err *e)
{
	if (p->nwatches < WATCHES_MAX)
		return 0;
	return err_set(e, ERR_BUSY,
		"this connection has %d watches already, which is the limit; end some of them",
		WATCHES_MAX);
}

struct watch *watch_make(struct peer *p, const struct msg *m)
{
	int64_t number = msg_int(m->head, "watch", 0);
	struct watch *w = find_watch(p, number);

	if (!w && watch_room(p, &(struct err){0}))
		return NULL;
	if (!w)
		w = new_watch(p);
	w->number = number;
	w->results = msg_bool(m->head, "results");
	w->ends = msg_bool(m->head, "ends");
	return w;
}

static void send_events(struct watch *w)
{
	jout_end_array(&w->out.w);
	mout_end(&w->out);
	peer_send(w->peer, &w->out);
	buf_reset(&w->out.head);
	buf_reset(&w->out.body);
}

/* Room for one more event; what is full is sent. */
static struct mout *event_item(struct watch *w)
{
	if (w->out.head.len >= PROTO_BATCH || w->out.body.len >= PROTO_BATCH)
		send_events(w);
	if (!w->out.head.len) {
		mout_begin(&w->out, MSG_EVENT, 0);
		jout_i64(&w->out.w, "watch", w->number);
		jout_array(&w->out.w, "events");
		if (!list_linked(&w->dirty))
			list_push_back(&w->peer->server->dirty_watches, &w->dirty);
	}
	return &w->out;
}

static void write_ids(struct json_out *w, const struct uuid *id, uint64_t n, const char *name)
{
	char text[UUID_TEXT];

	jout_str(w, "id", uuid_text(text, id));
	jout_i64(w, "n", (int64_t)n);
	jout_str(w, "name", name);
}

static void write_end(struct mout *o, const struct task *t, bool result)
{
	if (t->cause)
		jout_str(&o->w, "cause", cause_word(t->cause));
	if (t->exit_status >= 0)
		jout_i64(&o->w, "exit", t->exit_status);
	if (t->exit_signal)
		jout_i64(&o->w, "signal", t->exit_signal);
	if (t->error)
		jout_str(&o->w, "error", t->error);
	if (t->outs > 0)
		jout_i64(&o->w, "outs", t->outs);
	if (t->errs > 0)
		jout_i64(&o->w, "errs", t->errs);
	used_write(&o->w, t);
	if (!t->result)
		return;
	jout_str(&o->w, "type", t->result_type == RESULT_JSON ? "json" : "bytes");
	jout_i64(&o->w, "size", (int64_t)t->result->len);
	if (result && t->result->len <= PROTO_INLINE_MAX)
		mout_put(o, "result", t->result->data, t->result->len);
}

/* t: NULL when the task is not there any more (an old event of the ring), or for a worker's event. */
static void add_event(struct watch *w, const struct event *ev, const struct task *t)
{
	struct mout *o = event_item(w);

	jout_object(&o->w, NULL);
	jout_i64(&o->w, "seq", (int64_t)ev->seq);
	jout_i64(&o->w, "at", ev->at);
	jout_str(&o->w, "event", event_word(ev->type));
	if (event_is_task(ev->type)) {
		write_ids(&o->w, &ev->id, ev->n, ev->name);
		jout_str(&o->w, "state", task_state_word(ev->state));
		jout_str(&o->w, "priority", priority_word(ev->priority));
		jout_i64(&o->w, "attempt", ev->attempt);
		if (t && t->group)
			jout_i64(&o->w, "batch", (int64_t)t->group->n);
	}
	if (*ev->worker)
		jout_str(&o->w, "worker", ev->worker);
	if (ev->type == EVENT_TASK_PROGRESS)
		progress_write(&o->w, ev->progress, ev->text);
	else if (*ev->text)
		jout_str(&o->w, "text", ev->text);
	if (t && !ev->seq)
		progress_write(&o->w, t->progress, t->progress_text);
	if (t && task_state_final(ev->state))
		write_end(o, t, w->results);
	jout_end_object(&o->w);
}

/* The state of a task now, as an event without a number. */
static void add_state(struct watch *w, const struct task *t)
{
	static const enum event_type types[TASK__STATES] = {
		[TASK_PENDING] = EVENT_TASK_QUEUED,
		[TASK_QUEUED] = EVENT_TASK_QUEUED,
		[TASK_SCHEDULED] = EVENT_TASK_SCHEDULED,
		[TASK_ASSIGNED] = EVENT_TASK_ASSIGNED,
		[TASK_RUNNING] = EVENT_TASK_STARTED,
		[TASK_RETRYING] = EVENT_TASK_RETRYING,
		[TASK_SUCCESS] = EVENT_TASK_SUCCESS,
		[TASK_FAILURE] = EVENT_TASK_FAILURE,
		[TASK_CANCELLED] = EVENT_TASK_CANCELLED,
	};
	struct event ev = {.seq = 0,
		.at = server_now(w->peer->server).wall_ms,
		.type = types[t->state],
		.id = t->id,
		.n = t->n,
		.name = t->name->text,
		.priority = t->priority,
		.state = t->state,
		.attempt = t->attempt};
	const char *text = t->error ? t->error : t->cancel_reason;

	if (t->worker_id)
		strncpy(ev.worker, t->worker_id, sizeof(ev.worker) - 1);
	if (text)
		strncpy(ev.text, text, sizeof(ev.text) - 1);
	add_event(w, &ev, t);
}

static bool is_in(const struct audience *a, const struct watch *w)
{
	const struct list *e;

	for (e = a->interests.next; e != &a->interests; e = e->next)
		if (container_of(e, struct interest, of_task)->watch == w)
			return true;
	return false;
}

void watch_task(struct watch *w, struct task *t)
{
	struct audience *a = t->watch;
	struct interest *i;

	/* A final task has nothing more to say but how it ended. Its state now is sent in all other cases, too, when it is not new. */
	if (!w->final && (task_state_final(t->state) || (t->attempt && !w->ends)))
		add_state(w, t);
	if (task_state_final(t->state) || (a && is_in(a, w)))
		return;
	if (!a) {
		a = xcalloc(1, sizeof(*a));
		list_init(&a->interests);
		t->watch = a;
	}
	i = xcalloc(1, sizeof(*i));
	i->watch = w;
	i->task = t;
	list_push_back(&w->interests, &i->of_watch);
	list_push_back(&a->interests, &i->of_task);
	w->nopen++;
}

void watch_final(struct peer *p, struct task *const *tasks, size_t n, int64_t ms,
	watch_final_fn *fn, void *arg)
{
	struct watch *w = new_watch(p);

	w->final = fn;
	w->arg = arg;
	for (size_t i = 0; i < n; i++)
		watch_task(w, tasks[i]);
	if (w->nopen == 0)
		final_now(w);
	else
		loop_timer_in(&w->timer, ms);
}

static void tell_audience(const struct event *ev, struct task *t)
{
	struct audience *a = t->watch;
	bool final = task_state_final(ev->state);
	struct list *e, *tmp;

	/* drop_interest() frees the audience with its last member: never look at it again behind that. */
	list_each (e, tmp, &a->interests) {
		struct interest *i = container_of(e, struct interest, of_task);
		struct watch *w = i->watch;
		bool last = tmp == &a->interests;
		if (!w->final && (final || !w->ends))
			add_event(w, ev, t);
		if (final) {
			drop_interest(i);
			w->nopen--;
		}
		if (w->final && w->nopen == 0)
			final_now(w);
		if (last)
			break;
	}
}

void watches_event(struct server *s, const struct event *ev, struct task *t)
{
	struct list *e, *tmp;

	list_each (e, tmp, &s->stream) {
		struct watch *w = container_of(e, struct watch, stream);
		if (!t || peer_may_see(w->peer, t))
			add_event(w, ev, t);
	}
	if (t && t->watch)
		tell_audience(ev, t);
	if (t && t->hold && task_state_final(ev->state))
		hold_end(s, t);
	if (t && t->feed && task_state_final(ev->state))
		feed_end(t);
}

void watches_flush(struct server *s)
{
	struct watch *w;

	while ((w = list_first(&s->dirty_watches, struct watch, dirty))) {
		list_del(&w->dirty);
		send_events(w);
	}
}

void watches_drop(struct peer *p)
{
	struct watch *w;

	while ((w = list_first(&p->watches, struct watch, of_peer))) {
		watch_final_fn *fn = w->final;
		end_watch(w);
		if (fn)
			fn(w->arg, p, true);
	}
}

static bool replay(struct watch *w, uint64_t after)
{
	struct core *c = w->peer->server->core;
	const struct event *ev;
	bool gap = false, any = false;

	while ((ev = core_event_after(c, after, any ? &(bool){false} : &gap))) {
		struct task *t = event_is_task(ev->type) ? core_task(c, &ev->id) : NULL;
		any = true;
		after = ev->seq;
		if (!event_is_task(ev->type) || (w->peer->roles & (ROLE_QUERY | ROLE_ADMIN)) ||
			strcmp(ev->owner, w->peer->principal) == 0)
			add_event(w, ev, t);
	}
	return gap;
}

static void add_interest(void *arg, struct task *t)
{
	struct watch *w = arg;

	if (!task_state_final(t->state) && !t->attempt && !w->ends)
		add_state(w, t);
	watch_task(w, t);
}

static void answer(struct watch *w, const struct msg *m)
{
	struct mout *o = &w->peer->server->out;
	char selector[128];

	mout_begin(o, MSG_WATCHING, m->req);
	jout_i64(&o->w, "watch", w->number);
	jout_i64(&o->w, "seq", (int64_t)core_event_last(w->peer->server->core));
	jout_array(&o->w, "missing");
	for (const struct json_node *v = msg_list(m->head, "ids"); v; v = json_next(v))
		if (!json_strcpy(v, selector, sizeof(selector)) ||
			!select_tasks(w->peer, selector, add_interest, w))
			jout_str(&o->w, NULL, selector);
	jout_end_array(&o->w);
	if (w->all && json_get(m->head, "after") &&
		replay(w, (uint64_t)msg_int(m->head, "after", 0)))
		jout_bool(&o->w, "gap", true);
	mout_end(o);
	peer_send(w->peer, o);
}

void watch_handle(struct peer *p, const struct msg *m)
{
	/* Asked again, for more tasks or after a lost answer: it grows. */
	struct watch *w = watch_make(p, m);
	struct err e;

	if (!w) {
		watch_room(p, &e);
		peer_error(p, m->req, &e);
		return;
	}
	w->all |= msg_bool(m->head, "all");
	if (w->all && !list_linked(&w->stream))
		list_push_back(&p->server->stream, &w->stream);
	answer(w, m);
}

void unwatch_handle(struct peer *p, const struct msg *m)
{
	struct watch *w = find_watch(p, msg_int(m->head, "watch", 0));
	struct mout *o = &p->server->out;

	if (w)
		end_watch(w);
	mout_begin(o, MSG_UNWATCHED, m->req);
	jout_i64(&o->w, "watch", msg_int(m->head, "watch", 0));
	mout_end(o);
	peer_send(p, o);
}
