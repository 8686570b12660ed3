/* The event loop: zmq_poll over sockets and descriptors, a heap of timers; signals.c brings in signals and ended children.
 *
 * A turn is: sleep, read the clock, due timers, input in the order of `order`, deferred calls, hooks. What callbacks delete is only
 * marked dead and swept when the turn ends, so that no callback pulls the ground from under the walk that called it.
 *
 * libzmq's own descriptors are edge-triggered, and any call on a socket may eat the edge. This is safe here because zmq_poll looks
 * at ZMQ_EVENTS of every socket before it sleeps; whoever replaces it with epoll(7) has to do the same. */
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/mem.h"
#include "base/signals.h"

struct loop_io {
	struct loop *loop;
	void *sock; /* NULL: fd counts */
	int fd;
	int order;
	unsigned want; /* LOOP_READ, LOOP_WRITE */
	bool dead;     /* deleted in this turn; freed at its end */
	loop_io_fn *fn;
	void *arg;
};

struct call {
	loop_fn *fn; /* NULL: a hook that was taken out in this turn */
	void *arg;
};

struct calls {
	struct call *items;
	size_t n, cap;
};

struct loop {
	struct clock *clock;
	int64_t now_us;
	bool running, stopped;

	struct heap timers;
	uint64_t timer_seq;

	struct loop_io *
		*ios; /* by order, then by age; dead ones are in it until the turn ends */
	size_t nios, ios_cap;
	bool any_dead;
	bool polled_stale;       /* the two below no longer match ios */
	zmq_pollitem_t *items;   /* what zmq_poll sees: live ios that want something */
	struct loop_io **polled; /* polled[i] is the io of items[i]; same capacity as ios */
	size_t npolled;

	struct calls deferred, hooks;

	struct signals *signals;
};

static int compare_timers(const struct heap_node *a, const struct heap_node *b)
{
	const struct loop_timer *x = container_of(a, struct loop_timer, node);
	const struct loop_timer *y = container_of(b, struct loop_timer, node);

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

struct loop *loop_new(struct clock *clock)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->clock = clock;
	l->now_us = clock->mono_us(clock);
	heap_init(&l->timers, compare_timers);
	l->signals = signals_new(l);
	return l;
}

static void run_deferred(struct loop *l);

void loop_free(struct loop **lp)
{
	struct loop *l = *lp;

	if (!l)
		return;
	if (l->running)
		BUG("loop_free() inside loop_run()");
	/* What was to be freed at the end of a turn that does not come. */
	while (l->deferred.n)
		run_deferred(l);
	for (size_t i = 0; i < l->nios; i++)
		free(l->ios[i]);
	free(l->ios);
	free(l->items);
	free(l->polled);
	free(l->deferred.items);
	free(l->hooks.items);
	heap_fini(&l->timers);
	signals_free(&l->signals);
	free(l);
	*lp = NULL;
}

int64_t loop_now_us(const struct loop *l)
{
	return l->now_us;
}

int64_t loop_wall_ms(const struct loop *l)
{
	return l->clock->wall_ms(l->clock);
}

struct clock *loop_clock(struct loop *l)
{
	return l->clock;
}

struct signals *loop_signals(struct loop *l)
{
	return l->signals;
}

static struct loop_io *add_io(struct loop *l, struct loop_io io)
{
	struct loop_io *copy = xmemdup(&io, sizeof(io));
	size_t at = l->nios;

	if (l->nios == l->ios_cap) {
		l->ios_cap = l->ios_cap ? 2 * l->ios_cap : 8;
		l->ios = xreallocarray(l->ios, l->ios_cap, sizeof(*l->ios));
	}
	for (; at > 0 && l->ios[at - 1]->order > io.order; at--)
		l->ios[at] = l->ios[at - 1];
	l->ios[at] = copy;
	l->nios++;
	l->polled_stale = true;
	return copy;
}

struct loop_io *loop_fd(struct loop *l, int fd, unsigned events, int order, loop_io_fn *fn,
	void *arg)
{
	if (fd < 0)
		BUG("the loop is given no descriptor");
	return add_io(l, (struct loop_io){.loop = l,
				 .fd = fd,
				 .want = events,
				 .order = order,
				 .fn = fn,
				 .arg = arg});
}

struct loop_io *loop_sock(struct loop *l, void *zsock, int order, loop_io_fn *fn, void *arg)
{
	if (!zsock)
		BUG("the loop is given no socket");
	return add_io(l, (struct loop_io){.loop = l,
				 .sock = zsock,
				 .fd = -1,
				 .want = LOOP_READ,
				 .order = order,
				 .fn = fn,
				 .arg = arg});
}

void loop_io_want(struct loop_io *io, unsigned events)
{
	if (io->want == events)
		return;
	io->want = events;
	io->loop->polled_stale = true;
}

void loop_io_del(struct loop_io **io)
{
	if (!*io)
		return;
	(*io)->dead = true;
	(*io)->loop->any_dead = true;
	(*io)->loop->polled_stale = true;
	*io = NULL;
}

static void sweep_ios(struct loop *l)
{
	size_t kept = 0;

	if (!l->any_dead)
		return;
	for (size_t i = 0; i < l->nios; i++) {
		if (l->ios[i]->dead)
			free(l->ios[i]);
		else
			l->ios[kept++] = l->ios[i];
	}
	l->nios = kept;
	l->any_dead = false;
}

/* An io that wants nothing is left out: poll(2) would tell of its hang-up again and again. */
static void rebuild_polled(struct loop *l)
{
	l->items = xreallocarray(l->items, l->ios_cap, sizeof(*l->items));
	l->polled = xreallocarray(l->polled, l->ios_cap, sizeof(*l->polled));
	l->npolled = 0;
	for (size_t i = 0; i < l->nios; i++) {
		struct loop_io *io = l->ios[i];
		short events = (io->want & LOOP_READ ? ZMQ_POLLIN : 0) |
			       (io->want & LOOP_WRITE ? ZMQ_POLLOUT : 0);
		if (!events)
			continue;
		l->items[l->npolled] =
			(zmq_pollitem_t){.socket = io->sock, .fd = io->fd, .events = events};
		l->polled[l->npolled++] = io;
	}
	l->polled_stale = false;
}

/* The wish may have changed since the sleep: only what is still wanted is told. */
static unsigned events_of(const struct loop_io *io, short revents)
{
	unsigned events = (revents & ZMQ_POLLIN ? LOOP_READ : 0) |
			  (revents & ZMQ_POLLOUT ? LOOP_WRITE : 0);

	if ((revents & ZMQ_POLLERR) && io->want)
		return io->want | LOOP_ERROR;
	return events & io->want;
}

/* New ios are not in polled[] before the next turn, and deleted ones are still allocated: callbacks may do as they like. */
static void dispatch_input(struct loop *l)
{
	for (size_t i = 0; i < l->npolled; i++) {
		struct loop_io *io = l->polled[i];
		unsigned events = io->dead ? 0 : events_of(io, l->items[i].revents);
		if (events)
			io->fn(io->arg, events);
	}
}

void loop_timer_init(struct loop *l, struct loop_timer *t, loop_fn *fn, void *arg)
{
	*t = (struct loop_timer){.node.index = HEAP_NONE, .loop = l, .fn = fn, .arg = arg};
}

void loop_timer_at_us(struct loop_timer *t, int64_t mono_us)
{
	struct loop *l = t->loop;

	heap_remove(&l->timers, &t->node);
	t->at_us = mono_us > l->now_us ? mono_us : l->now_us;
	t->seq = ++l->timer_seq;
	heap_push(&l->timers, &t->node);
}

/* Reads the clock anew: the turn may have taken long already, and the timer may not fire early. */
void loop_timer_in(struct loop_timer *t, int64_t ms)
{
	int64_t at;

	if (__builtin_mul_overflow(ms, 1000, &at) ||
		__builtin_add_overflow(at, t->loop->clock->mono_us(t->loop->clock), &at))
		at = INT64_MAX;
	loop_timer_at_us(t, at);
}

void loop_timer_clear(struct loop_timer *t)
{
	heap_remove(&t->loop->timers, &t->node);
}

bool loop_timer_set(const struct loop_timer *t)
{
	return t->node.index != HEAP_NONE;
}

static struct loop_timer *next_timer(struct loop *l)
{
	struct heap_node *e = heap_peek(&l->timers);

	return e ? container_of(e, struct loop_timer, node) : NULL;
}

/* Timers that were set since the beginning of this walk wait for the next turn, or two that set each other to 'now' would keep
 * the loop from its input. As no timer lies before now_us, all of them sort behind the ones that are due. */
static void fire_timers(struct loop *l)
{
	uint64_t last = l->timer_seq;
	struct loop_timer *t;

	while ((t = next_timer(l)) && t->at_us <= l->now_us && t->seq <= last) {
		heap_remove(&l->timers, &t->node);
		t->fn(t->arg);
	}
}

/* Milliseconds to the next timer, rounded up: a rest below one is slept too, neither fired early nor spun away. While the machine is
 * suspended, the sleep stands still though the clock does not: a timer may then be late, never early. */
static long time_to_sleep(struct loop *l)
{
	struct loop_timer *t = next_timer(l);
	int64_t us;

	if (!t)
		return -1;
	us = t->at_us - l->clock->mono_us(l->clock);
	if (us <= 0)
		return 0;
	us = us / 1000 + (us % 1000 != 0);
	return us < INT_MAX ? (long)us : INT_MAX;
}

static void calls_add(struct calls *c, loop_fn *fn, void *arg)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 8;
		c->items = xreallocarray(c->items, c->cap, sizeof(*c->items));
	}
	c->items[c->n++] = (struct call){fn, arg};
}

void loop_defer(struct loop *l, loop_fn *fn, void *arg)
{
	calls_add(&l->deferred, fn, arg);
}

void loop_hook(struct loop *l, loop_fn *fn, void *arg)
{
	calls_add(&l->hooks, fn, arg);
}

void loop_unhook(struct loop *l, loop_fn *fn, void *arg)
{
	for (size_t i = 0; i < l->hooks.n; i++) {
		struct call *h = &l->hooks.items[i];
		if (h->fn == fn && h->arg == arg) {
			h->fn = NULL;
			return;
		}
	}
}

/* items[] may move while a call adds to it. */
static void run_deferred(struct loop *l)
{
	for (size_t i = 0; i < l->deferred.n; i++) {
		struct call c = l->deferred.items[i];
		c.fn(c.arg);
	}
	l->deferred.n = 0;
}

static void run_hooks(struct loop *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->hooks.n; i++) {
		struct call c = l->hooks.items[i];
		if (c.fn)
			c.fn(c.arg);
	}
	for (size_t i = 0; i < l->hooks.n; i++)
		if (l->hooks.items[i].fn)
			l->hooks.items[kept++] = l->hooks.items[i];
	l->hooks.n = kept;
}

/* Deferred calls of hooks are not left for the next turn, whose input could meet what should be gone. True when there were some: hooks
 * must then run again before the loop sleeps, as these calls may have left work for them. */
static bool finish_turn(struct loop *l)
{
	bool again;

	run_deferred(l);
	run_hooks(l);
	again = l->deferred.n > 0;
	run_deferred(l);
	sweep_ios(l);
	return again;
}

/* False when a signal came between: then nothing is known of the ios. */
static bool wait_for_input(struct loop *l, long timeout_ms)
{
	if (l->polled_stale)
		rebuild_polled(l);
	if (zmq_poll(l->items, (int)l->npolled, timeout_ms) >= 0)
		return true;
	if (errno != EINTR)
		BUG("zmq_poll: %s", zmq_strerror(errno));
	return false;
}

void loop_run(struct loop *l)
{
	bool again, input;

	if (l->running)
		BUG("loop_run() inside loop_run()");
	l->running = true;
	again = finish_turn(l);
	while (!l->stopped) {
		input = wait_for_input(l, again ? 0 : time_to_sleep(l));
		l->now_us = l->clock->mono_us(l->clock);
		fire_timers(l);
		if (input)
			dispatch_input(l);
		again = finish_turn(l);
	}
	l->running = l->stopped = false;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}
