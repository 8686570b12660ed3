/* A map under way: handing in, and hearing how tasks end. */
#include "cmd/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "proto/msg.h"

#define AT_ONCE  500           /* tasks of one turn */
#define ARGS_MAX (1024 * 1024) /* bytes of their arguments, together */
#define RETRY_MS 500           /* after the queue was full */
#define GROW_US  100000        /* a window that is done in less is too small */

void mapping_turn(struct mapping *m)
{
	if (!loop_timer_set(&m->fill))
		loop_timer_in(&m->fill, 0);
}

static void cancel_answered(void *arg, const struct msg *m, bool more, const struct err *e)
{
	if (!more)
		cmd_let(arg);
}

/* --halt now. */
static void cancel_group(struct mapping *m)
{
	char selector[32];
	struct mout o;

	if (!m->kill || !m->group_n)
		return;
	m->kill = false;
	m->halt = HALT_SOON;
	snprintf(selector, sizeof(selector), "b%lld", (long long)m->group_n);
	mout_init(&o);
	client_begin(m->client, &o, MSG_CANCEL);
	jout_array(&o.w, "ids");
	jout_str(&o.w, NULL, selector);
	jout_end_array(&o.w);
	jout_str(&o.w, "reason", "another task of the group failed (--halt now)");
	client_send(m->client, &o, cancel_answered, cmd_hold(m->ctx));
	mout_fini(&o);
}

/* The queue is full: what it took is enough at a time. */
static void shrink(struct mapping *m)
{
	size_t taken = m->nopen - m->nagain;

	if (!m->strict && taken < m->window)
		m->window = taken ? taken : 1;
}

/* What is refused: its input alone, the whole map, or the time of asking. */
static void refused(struct item *it, const struct err *e)
{
	struct mapping *m = it->mapping;

	if (e->code == ERR_BUSY) {
		it->state = ITEM_AGAIN;
		m->nagain++;
		shrink(m);
		if (!loop_timer_set(&m->retry))
			loop_timer_in(&m->retry, RETRY_MS);
		return;
	}
	if (e->code == ERR_DATA) {
		item_refuse(it, e);
		return;
	}
	m->stop = true;
	m->cut = m->cut || e->code == ERR_NO;
	if (e->code == ERR_NO_TASK && m->program && !m->fault.code)
		err_set(&m->fault, ERR_NO_WORKER,
			"no worker runs programs; a control plane's own does, or one that was started with: fastworker subworker --allow exec");
	else if (e->code != ERR_NO && !m->fault.code)
		m->fault = *e;
	m->nopen--;
	m->given--;
	item_free(it);
}

static void on_submitted(void *arg, const struct uuid *id, int64_t n, const char *state,
	const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct mapping *m = ctx->state;
	char text[UUID_TEXT];
	struct item *it;

	if (!cmd_let(ctx))
		return;
	it = map_gets(m->by_id, uuid_text(text, id));
	if (client_group_n(m->client, &m->group))
		m->group_n = client_group_n(m->client, &m->group);
	if (it && e && it->state == ITEM_UNDER_WAY)
		refused(it, e);
	else if (it)
		it->n = n;
	mapping_turn(m);
}

static void describe(const struct mapping *m, const struct item *it, struct submission *t)
{
	*t = m->task;
	uuid_parse(it->id, &t->id);
	t->args = it->args.data;
	t->args_len = it->args.len;
	t->group = &m->group;
	cmd_hold(m->ctx);
}

static bool room(const struct mapping *m)
{
	return !m->over && !m->stop && m->nopen < m->window && m->nitems < 2 * m->window &&
	       !m->nagain && !pour_full(m->pour);
}

/* The next input as an item; false: not now. */
static bool take(struct mapping *m, struct item **it)
{
	struct input in;
	struct err e;
	enum inputs_news news = inputs_next(m->inputs, &in, &e);

	if (news == INPUT_BAD && !m->fault.code)
		m->fault = e;
	m->over = news == INPUT_END || news == INPUT_BAD;
	if (news != INPUT_ONE)
		return false;
	*it = item_new(m, &in);
	if (!item_arguments(*it, &in))
		*it = NULL;
	return true;
}

/* A window that is too small for short tasks leaves slots empty while messages travel. */
static void grow(struct mapping *m)
{
	int64_t now = loop_now_us(m->ctx->session->loop);

	if (m->strict || m->ndone - m->grown_at < (int64_t)m->window)
		return;
	if (now - m->grown_us < GROW_US)
		m->window = 2 * m->window < WINDOW_MAX ? 2 * m->window : WINDOW_MAX;
	m->grown_us = now;
	m->grown_at = m->ndone;
}

static bool hand_in(struct mapping *m)
{
	struct submission tasks[AT_ONCE];
	size_t n = 0, bytes = 0;
	struct item *it;

	while (n < AT_ONCE && bytes < ARGS_MAX && room(m) && take(m, &it)) {
		if (!it)
			continue;
		describe(m, it, &tasks[n++]);
		bytes += it->args.len;
	}
	if (n)
		client_submit(m->client, tasks, n, m->watch, on_submitted, m->ctx);
	return n > 0;
}

static void on_retry(void *arg)
{
	struct mapping *m = arg;
	struct list *e, *tmp;
	struct submission t;

	m->nagain = 0;
	list_each (e, tmp, &m->items) {
		struct item *it = container_of(e, struct item, all);
		if (it->state != ITEM_AGAIN)
			continue;
		it->state = ITEM_UNDER_WAY;
		describe(m, it, &t);
		client_submit(m->client, &t, 1, m->watch, on_submitted, m->ctx);
	}
}

/* What a person should know at the end. */
static void sum_up(struct mapping *m)
{
	struct out *out = m->ctx->out;
	long long total = inputs_total(m->inputs), given = m->given, n = m->group_n;

	if (m->nfailed && n)
		out_note(out, "%lld of %lld failed (b%lld)", (long long)m->nfailed, given, n);
	if (m->cut)
		out_note(out, "b%lld was cancelled", n);
	if (m->stop && given && total > given)
		out_note(out, "%lld inputs were not handed in", total - given);
	else if (m->stop && given && total < 0 && !m->over)
		out_note(out, "what came behind input %lld was not handed in", given);
}

static void finish(struct mapping *m)
{
	struct err e = m->fault;

	bar_free(&m->bar);
	sum_up(m);
	if (e.code)
		cmd_fail(m->ctx, &e);
	else
		cmd_done(m->ctx, m->nfailed || m->cut ? 1 : 0);
}

static void on_fill(void *arg)
{
	struct mapping *m = arg;

	if (m->ctx->out->failed) {
		cmd_done(m->ctx, 0);
		return;
	}
	harvest(m);
	grow(m);
	cancel_group(m);
	if (room(m) && hand_in(m) && room(m))
		mapping_turn(m);
	harvest(m);
	harvest_bar(m);
	if ((m->over || m->stop) && !m->nitems && pour_empty(m->pour))
		finish(m);
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *msg, size_t *at,
	bool gap)
{
	struct mapping *m = arg;
	size_t n, len;
	const char *p = msg_take(msg, ev, "result", at, &n), *raw;
	struct item *it;
	char id[UUID_TEXT];

	it = msg_str(ev, "id", id, sizeof(id)) ? map_gets(m->by_id, id) : NULL;
	if (!it || it->state == ITEM_ENDED)
		return;
	ending_read(&it->ending, ev);
	if (!it->ending.final)
		return;
	it->n = it->ending.n;
	it->errs = msg_int(ev, "errs", 0);
	item_keep(it, p, n);
	if (m->ctx->json) {
		raw = json_raw(ev, &len);
		buf_add(&it->record, raw, len);
	}
	item_end(it);
	if (m->nagain)
		loop_timer_in(&m->retry, 0); /* there is room again */
	mapping_turn(m);
}

/* After a reconnect: the control plane has lost it. */
static void on_missing(void *arg, const char *selector)
{
	struct mapping *m = arg;
	struct item *it = map_gets(m->by_id, selector);
	struct err e;

	if (!it || it->state != ITEM_UNDER_WAY)
		return;
	err_set(&e, ERR_FAILED, "the control plane does not know it any more");
	item_refuse(it, &e);
	mapping_turn(m);
}

static void on_failed(void *arg, const struct err *why)
{
	struct mapping *m = arg;
	struct err e = *why;

	bar_free(&m->bar);
	if (m->group_n)
		err_prefix(&e, "b%lld may go on (`fastworker wait b%lld`)",
			(long long)m->group_n, (long long)m->group_n);
	cmd_fail(m->ctx, &e);
}

static void begin(struct mapping *m)
{
	m->grown_us = loop_now_us(m->ctx->session->loop);
	m->watch = client_watch_tasks(m->client, true, on_event, on_missing, m);
	client_watch_ends(m->watch);
	client_watch_on_failed(m->watch, on_failed);
	mapping_turn(m);
}

/* Twice what the workers can run. */
static void on_status(void *arg, const struct msg *msg, bool more, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct mapping *m = ctx->state;
	int64_t slots;

	if (more ? ctx->ended : !cmd_let(ctx))
		return;
	if (e) {
		cmd_fail(ctx, e);
		return;
	}
	slots = msg_int(msg_list(msg->head, "rows"), "slots", 0);
	m->window = slots * 2 > WINDOW_MAX   ? WINDOW_MAX
		    : slots * 2 > WINDOW_MIN ? (size_t)slots * 2
					     : WINDOW_MIN;
	begin(m);
}

struct mapping *mapping_new(struct cmd_ctx *ctx)
{
	struct mapping *m = xcalloc(1, sizeof(*m));
	struct loop *loop = ctx->session->loop;

	m->ctx = ctx;
	m->by_id = map_new();
	list_init(&m->items);
	list_init(&m->done);
	loop_timer_init(loop, &m->fill, on_fill, m);
	loop_timer_init(loop, &m->retry, on_retry, m);
	return m;
}

void mapping_start(struct mapping *m)
{
	struct mout o;

	client_make_id(m->client, &m->group);
	if (m->window) {
		m->strict = true;
		begin(m);
		return;
	}
	mout_init(&o);
	client_begin(m->client, &o, MSG_QUERY);
	jout_str(&o.w, "what", "status");
	client_send(m->client, &o, on_status, cmd_hold(m->ctx));
	mout_fini(&o);
}

void mapping_free(struct mapping *m)
{
	harvest_fini(m);
	while (!list_empty(&m->items))
		item_free(list_first(&m->items, struct item, all));
	while (!list_empty(&m->done))
		item_free(list_first(&m->done, struct item, all));
	loop_timer_clear(&m->fill);
	loop_timer_clear(&m->retry);
	client_unwatch(&m->watch);
	inputs_free(&m->inputs);
	free(m->words);
	map_free(&m->by_id);
	buf_fini(&m->kwargs);
	buf_fini(&m->place);
	free(m);
}
