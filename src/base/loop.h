/* The event loop: due timers, then input, then the hooks that run before it sleeps (commit, send, redraw). One per process; it sleeps until
 * a descriptor or socket is ready or the next timer is due, and never polls. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/heap.h"

struct loop;
struct loop_io; /* one watched descriptor or ZeroMQ socket; owned by the loop */

#define LOOP_READ  1
#define LOOP_WRITE 2
#define LOOP_ERROR                                                                             \
	4 /* given to callbacks only: error or hang-up; what was wanted comes with it, so that a read or write shows which */

struct loop *loop_new(struct clock *clock); /* borrows the clock */
void loop_free(struct loop *
		*l); /* NULL is fine; forgets timers, children and ios; signals stay blocked */

/* Runs until loop_stop(). Nested runs are a BUG(). Deferred calls and hooks run once before the first sleep. */
void loop_run(struct loop *l);
void loop_stop(struct
	loop *l); /* the turn is finished first, deferred calls and hooks included; before loop_run(): it returns at once */

typedef void loop_io_fn(void *arg, unsigned events);
/* Lower `order` is called first within a turn (10 is usual). The callback may delete any io, its own included. */
struct loop_io *loop_fd(struct loop *l, int fd, unsigned events, int order, loop_io_fn *fn,
	void *arg);
/* zsock is a ZeroMQ socket; the callback is called as long as it is readable. */
struct loop_io *loop_sock(struct loop *l, void *zsock, int order, loop_io_fn *fn, void *arg);
void loop_io_want(struct loop_io *io,
	unsigned events); /* change what is waited for; 0: nothing, not even an error */
void loop_io_del(struct loop_io **io); /* NULL is fine; does not close */

typedef void loop_fn(void *arg);
/* A timer is embedded in its owner: loop_timer_init() once, then set and clear as often as wanted. Fires once per set,
 * never early; one that is set to 'now' by a timer waits for the next turn. */
struct loop_timer {
	struct heap_node node;
	struct loop *loop;
	int64_t at_us;
	uint64_t seq; /* of its setting: timers of one time fire in this order */
	loop_fn *fn;
	void *arg;
};
void loop_timer_init(struct loop *l, struct loop_timer *t, loop_fn *fn, void *arg);
void loop_timer_in(struct loop_timer *t,
	int64_t ms); /* from now; replaces an earlier setting */
void loop_timer_at_us(struct loop_timer *t,
	int64_t mono_us); /* at that time of loop_now_us(); the past is now */
void loop_timer_clear(struct loop_timer *t);
bool loop_timer_set(const struct loop_timer *t);

/* Called once at the end of this turn, after input and before the hooks: for freeing what is on the call stack now. What a hook defers is
 * called before the loop sleeps, too, and the hooks run again before it does. */
void loop_defer(struct loop *l, loop_fn *fn, void *arg);
/* Called in every turn before it sleeps, in the order of adding. Deleting by the same pair. */
void loop_hook(struct loop *l, loop_fn *fn, void *arg);
void loop_unhook(struct loop *l, loop_fn *fn, void *arg);

/* Signals come as calls from the loop (signalfd), behind the input of the turn; the signal is blocked in the process. One handler per signal; fn
 * NULL removes it and unblocks the signal. */
typedef void loop_signal_fn(void *arg, int signo);
void loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg);
/* Called once when our child `pid` has ended, with its wait status. `fn` NULL: stop caring, still reap. */
struct rusage;
typedef void loop_child_fn(void *arg, pid_t pid, int status, const struct rusage *usage);
void loop_child(struct loop *l, pid_t pid, loop_child_fn *fn, void *arg);
/* Reaped children that nobody asked for (orphans of a subreaper). */
void loop_orphans(struct loop *l, loop_child_fn *fn, void *arg);

int64_t loop_now_us(const struct loop *l);  /* monotonic; read at the start of the turn */
int64_t loop_wall_ms(const struct loop *l); /* read anew */
struct clock *loop_clock(struct loop *l);

#endif
