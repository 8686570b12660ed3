/* The event loop: what is called, in which order, and what callbacks may take away meanwhile. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"

static struct clock clk;
static struct loop *loop;
static struct buf trace; /* what was called: one letter each */
static int turns;

static void stop(void *arg)
{
	loop_stop(loop);
}

static void count_turn(void *arg)
{
	turns++;
	if (turns > 100)
		TEST_FAIL("the loop spins");
}

static void begin(void)
{
	buf_reset(&trace);
	turns = 0;
	clock_fake(&clk, 0);
	loop = loop_new(&clk);
	loop_hook(loop, count_turn, NULL);
}

static void end(void)
{
	loop_free(&loop);
	CHECK(loop == NULL);
	buf_fini(&trace);
}

static void note(void *arg)
{
	buf_adds(&trace, arg);
}

struct sample {
	struct loop_timer t;
	const char *letter;
};

static void fired(void *arg)
{
	const struct sample *s = arg;

	CHECK(!loop_timer_set(&s->t));
	buf_adds(&trace, s->letter);
}

static void timers_fire_by_time_then_by_age(void)
{
	struct sample s[5] = {{.letter = "a"}, {.letter = "b"}, {.letter = "c"},
		{.letter = "d"}, {.letter = "e"}};
	static const int64_t ms[5] = {5, 3, 3, 9, 3};
	struct loop_timer last;

	begin();
	for (size_t i = 0; i < 5; i++) {
		loop_timer_init(loop, &s[i].t, fired, &s[i]);
		loop_timer_in(&s[i].t, ms[i]);
	}
	loop_timer_clear(&s[4].t);
	loop_timer_clear(&s[4].t);
	loop_timer_in(&s[1].t, 3); /* set anew: now younger than c */
	loop_timer_init(loop, &last, stop, NULL);
	loop_timer_in(&last, 9);
	clock_fake_advance(&clk, 9);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "cbad");
	CHECK(!loop_timer_set(&s[4].t));
	end();
}

/* So many that a heap without a second key would mix them. */
static void timers_of_one_time_fire_by_age(void)
{
	static const char letters[20][2] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
		"k", "l", "m", "n", "o", "p", "q", "r", "s", "t"};
	struct sample s[20];
	struct loop_timer last;

	begin();
	for (size_t i = 0; i < 20; i++) {
		s[i].letter = letters[i];
		loop_timer_init(loop, &s[i].t, fired, &s[i]);
		loop_timer_in(&s[i].t, 1);
	}
	loop_timer_init(loop, &last, stop, NULL);
	loop_timer_in(&last, 1);
	clock_fake_advance(&clk, 1);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "abcdefghijklmnopqrst");
	end();
}

static void advance_1ms(void *arg)
{
	clk.fake_mono_us += 1000;
}

/* The clock moves from hook to hook; each timer must see a clock that has reached it. */
static void check_due(void *arg)
{
	const struct loop_timer *t = arg;

	CHECK(loop_now_us(loop) >= t->at_us);
	note((void *)(uintptr_t) "x");
	loop_stop(loop);
}

static void timers_are_never_early(void)
{
	struct loop_timer t;

	begin();
	loop_hook(loop, advance_1ms, NULL);
	loop_timer_init(loop, &t, check_due, &t);
	loop_timer_at_us(&t, loop_now_us(loop) + 2500);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "x");
	CHECK_INT(turns, 3 + 1); /* at 1, 2, 3 ms, and when it has fired */
	end();
}

/* With the real clock: a rest below a millisecond is slept, not spun away. */
static void a_fraction_of_a_millisecond_does_not_spin(void)
{
	struct loop_timer t;
	struct clock real;

	clock_system(&real);
	buf_reset(&trace);
	turns = 0;
	loop = loop_new(&real);
	loop_hook(loop, count_turn, NULL);
	loop_timer_init(loop, &t, check_due, &t);
	loop_timer_at_us(&t, real.mono_us(&real) + 1300);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "x");
	CHECK(turns <= 4);
	end();
}

static void timer_in_counts_from_now(void)
{
	struct loop_timer t;

	begin();
	clock_fake_advance(&clk, 50); /* the loop's own time is older */
	loop_timer_init(loop, &t, stop, NULL);
	loop_timer_in(&t, 10);
	CHECK_INT(t.at_us, clk.fake_mono_us + 10000);
	loop_timer_in(&t, INT64_MAX);
	CHECK(t.at_us == INT64_MAX);
	loop_timer_at_us(&t, -5);
	CHECK_INT(t.at_us, loop_now_us(loop));
	end();
}

/* Sets itself to 'now' for ever; the input must get its turn all the same. */
static void set_again(void *arg)
{
	struct sample *s = arg;

	buf_adds(&trace, s->letter);
	loop_timer_at_us(&s->t, 0);
}

static void stop_io(void *arg, unsigned events)
{
	loop_stop(loop);
}

static void greedy_timers_do_not_starve(void)
{
	struct sample a = {.letter = "a"}, b = {.letter = "b"};
	int fds[2];

	begin();
	CHECK(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
	loop_fd(loop, fds[0], LOOP_READ, 10, stop_io, NULL);
	loop_timer_init(loop, &a.t, set_again, &a);
	loop_timer_init(loop, &b.t, set_again, &b);
	loop_timer_in(&a.t, 0);
	loop_timer_in(&b.t, 0);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "ab");
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "abab");
	close(fds[0]);
	close(fds[1]);
	end();
}

/* A pipe with one byte in it, so that its reader is called in every turn. */
struct probe {
	const char *letter;
	struct loop_io *io;
	struct loop_io **victim; /* deleted in the callback */
	int fds[2];
};

static void probe_called(void *arg, unsigned events)
{
	struct probe *p = arg;

	CHECK_INT(events, LOOP_READ);
	buf_adds(&trace, p->letter);
	if (p->victim)
		loop_io_del(p->victim);
}

static void probe_open(struct probe *p, int order, bool full)
{
	CHECK(pipe(p->fds) == 0);
	CHECK(!full || write(p->fds[1], "x", 1) == 1);
	p->io = loop_fd(loop, p->fds[0], LOOP_READ, order, probe_called, p);
}

static void probe_close(struct probe *p)
{
	loop_io_del(&p->io);
	loop_io_del(&p->io);
	close(p->fds[0]);
	close(p->fds[1]);
}

static void run_one_turn(void)
{
	loop_defer(loop, stop, NULL); /* called before the first sleep, ... */
	loop_run(loop);
}

static void stop_next(void *arg)
{
	loop_defer(loop, stop, NULL);
}

/* Runs one turn of input: a timer that is due stops the loop behind it. */
static void run_input(void)
{
	struct loop_timer t;

	loop_timer_init(loop, &t, stop_next, NULL);
	loop_timer_in(&t, 0);
	loop_run(loop);
}

static void input_comes_by_order_then_by_age(void)
{
	struct probe p[4] = {{.letter = "a"}, {.letter = "b"}, {.letter = "c"},
		{.letter = "d"}};

	begin();
	probe_open(&p[0], 10, true);
	probe_open(&p[1], 5, true);
	probe_open(&p[2], 10, true);
	probe_open(&p[3], 7, true);
	run_input();
	CHECK_STR(buf_str(&trace), "bdac");
	for (size_t i = 0; i < 4; i++)
		probe_close(&p[i]);
	end();
}

static void deleted_ios_are_never_called_again(void)
{
	struct probe p[3] = {{.letter = "a"}, {.letter = "b"}, {.letter = "c"}};

	begin();
	for (int i = 0; i < 3; i++)
		probe_open(&p[i], i, true);
	p[0].victim = &p[1].io;
	p[2].victim = &p[2].io;
	run_input();
	CHECK_STR(buf_str(&trace), "ac");
	CHECK(p[1].io == NULL && p[2].io == NULL);
	run_input();
	CHECK_STR(buf_str(&trace), "aca");
	for (size_t i = 0; i < 3; i++)
		probe_close(&p[i]);
	end();
}

static void delete_io(void *arg)
{
	loop_io_del(arg);
}

static void timers_may_delete_ready_ios(void)
{
	struct probe p = {.letter = "a"};
	struct loop_timer t;

	begin();
	probe_open(&p, 10, true);
	loop_timer_init(loop, &t, delete_io, &p.io);
	loop_timer_in(&t, 0);
	run_input();
	CHECK_STR(buf_str(&trace), "");
	probe_close(&p);
	end();
}

/* Where an io is deleted and its descriptor used again in one turn, the old event is not told to the new owner. */
static void swap_io(void *arg, unsigned events)
{
	struct probe *p = arg;

	loop_io_del(&p->io);
	close(p->fds[0]);
	close(p->fds[1]);
	p->letter = "new";
	probe_open(p, 20, false);
	note((void *)(uintptr_t) "s");
}

static void reused_descriptors_get_no_old_events(void)
{
	struct probe first = {.letter = "old"}, trigger = {.letter = "t"};

	begin();
	probe_open(&trigger, 10, true);
	probe_open(&first, 20, true);
	loop_io_del(&trigger.io);
	trigger.io = loop_fd(loop, trigger.fds[0], LOOP_READ, 10, swap_io, &first);
	run_input();
	CHECK_STR(buf_str(&trace), "s");
	probe_close(&first);
	probe_close(&trigger);
	end();
}

static void note_events(void *arg, unsigned events)
{
	buf_addf(&trace, "%u", events);
}

static void wishes_can_be_changed(void)
{
	struct loop_io *io;
	int fds[2];

	begin();
	CHECK(pipe(fds) == 0);
	io = loop_fd(loop, fds[1], LOOP_READ, 10, note_events, NULL);
	run_input();
	CHECK_STR(buf_str(&trace), "");
	loop_io_want(io, LOOP_WRITE);
	run_input();
	CHECK_STR(buf_str(&trace), "2");
	loop_io_want(io, 0);
	close(fds[0]); /* POLLERR from now on, which a paused io must not hear of */
	run_input();
	CHECK_STR(buf_str(&trace), "2");
	loop_io_want(io, LOOP_WRITE);
	run_input();
	CHECK_STR(buf_str(&trace), "26");
	close(fds[1]);
	end();
}

/* Nobody could stop a loop from spinning over the hang-up of a pipe that is not read just now. */
static void paused_ios_do_not_spin(void)
{
	struct loop_timer t;
	int fds[2];

	begin();
	clock_system(&clk);
	CHECK(pipe(fds) == 0);
	close(fds[1]);
	loop_io_want(loop_fd(loop, fds[0], LOOP_READ, 10, note_events, NULL), 0);
	loop_timer_init(loop, &t, stop, NULL);
	loop_timer_in(&t, 2);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "");
	CHECK(turns <= 4);
	close(fds[0]);
	end();
}

static void hangup_comes_with_what_was_wanted(void)
{
	int fds[2];

	begin();
	CHECK(pipe(fds) == 0);
	close(fds[1]);
	loop_fd(loop, fds[0], LOOP_READ, 10, note_events, NULL);
	run_input();
	CHECK_STR(buf_str(&trace), "5");
	close(fds[0]);
	end();
}

static void defer_b(void *arg)
{
	note((void *)(uintptr_t) "a");
	loop_defer(loop, note, (void *)(uintptr_t) "b");
}

static void deferred_calls_come_before_hooks(void)
{
	begin();
	loop_hook(loop, note, (void *)(uintptr_t) "h");
	loop_defer(loop, defer_b, NULL);
	run_one_turn();
	CHECK_STR(buf_str(&trace), "abh"); /* what a deferred call defers is called, too */
	run_one_turn();
	CHECK_STR(buf_str(&trace), "abhh");
	end();
}

static void defer_once(void *arg)
{
	bool *done = arg;

	note((void *)(uintptr_t) "h");
	if (!*done)
		loop_defer(loop, note, (void *)(uintptr_t) "d");
	*done = true;
}

/* The hooks run once more before the loop sleeps, as the deferred call may have left work for them. */
static void hooks_may_defer(void)
{
	struct probe p = {.letter = "i"};
	bool done = false;

	begin();
	probe_open(&p, 10, true);
	p.victim = &p.io;
	loop_hook(loop, defer_once, &done);
	run_input();
	CHECK_STR(buf_str(&trace), "hdih");
	probe_close(&p);
	end();
}

static void set_flag(void *arg)
{
	*(bool *)arg = true;
}

static void stop_by_flag(void *arg)
{
	bool *flag = arg;

	if (*flag)
		loop_stop(loop);
	else
		loop_defer(loop, set_flag, flag);
}

/* Nothing else would wake this loop: it hangs when the hooks are not called again. */
static void hooks_see_what_their_deferred_calls_did(void)
{
	bool flag = false;

	begin();
	loop_hook(loop, stop_by_flag, &flag);
	loop_run(loop);
	CHECK(flag);
	end();
}

static void unhook_me(void *arg)
{
	note(arg);
	loop_unhook(loop, unhook_me, arg);
	loop_hook(loop, note, (void *)(uintptr_t) "n");
}

static void hooks_may_change_hooks(void)
{
	begin();
	loop_hook(loop, note, (void *)(uintptr_t) "1");
	loop_hook(loop, unhook_me, (void *)(uintptr_t) "u");
	loop_hook(loop, note, (void *)(uintptr_t) "2");
	run_one_turn();
	CHECK_STR(buf_str(&trace), "1u2n");
	loop_unhook(loop, note, (void *)(uintptr_t) "nobody");
	run_one_turn();
	CHECK_STR(buf_str(&trace), "1u2n12n");
	end();
}

static void stopping_finishes_the_turn(void)
{
	struct probe p = {.letter = "i"};
	struct loop_timer t;

	begin();
	probe_open(&p, 10, true);
	loop_hook(loop, note, (void *)(uintptr_t) "h");
	loop_timer_init(loop, &t, stop, NULL);
	loop_timer_in(&t, 0);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "hih");
	loop_stop(loop);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "hihh");
	probe_close(&p);
	end();
}

static void signalled(void *arg, int signo)
{
	buf_addf(&trace, "%s%d", (const char *)arg, signo == SIGUSR1 ? 1 : 2);
}

static void signals_are_calls(void)
{
	sigset_t mask;

	begin();
	loop_signal(loop, SIGUSR1, signalled, (void *)(uintptr_t) "x");
	loop_signal(loop, SIGUSR2, signalled, (void *)(uintptr_t) "y");
	raise(SIGUSR1);
	raise(SIGUSR2);
	run_input();
	CHECK_STR(buf_str(&trace), "x1y2");
	loop_signal(loop, SIGUSR1, NULL, NULL);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(!sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGUSR2));
	run_input();
	CHECK_STR(buf_str(&trace), "x1y2");
	loop_signal(loop, SIGUSR2, NULL, NULL);
	end();
}

/* A child that ends with this status as soon as the returned descriptor is closed; it inherits blocked signals, which is no matter here. */
static pid_t start_child(int status, int *hold)
{
	int fds[2];
	pid_t pid;
	char c;

	CHECK(pipe2(fds, O_CLOEXEC) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? status : 99);
	}
	close(fds[0]);
	*hold = fds[1];
	return pid;
}

/* Waits until it has ended, but leaves it to be reaped. */
static void let_end(pid_t pid, int hold)
{
	siginfo_t info;

	close(hold);
	CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
}

static void child_ended(void *arg, pid_t pid, int status, const struct rusage *usage)
{
	CHECK(WIFEXITED(status) && usage->ru_maxrss > 0);
	buf_addf(&trace, "%s%d", (const char *)arg, WEXITSTATUS(status));
	loop_stop(loop);
}

static void check_no_children(void)
{
	CHECK(waitpid(-1, NULL, WNOHANG) == -1);
}

static void ended_children_are_told(void)
{
	int hold;
	pid_t pid;

	begin();
	pid = start_child(3, &hold);
	loop_child(loop, pid, child_ended, (void *)(uintptr_t) "c");
	close(hold);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "c3");
	check_no_children();
	pid = start_child(4,
		&hold); /* SIGCHLD is blocked by now, so this one surely comes by the signal */
	loop_child(loop, pid, child_ended, (void *)(uintptr_t) "c");
	run_one_turn();
	CHECK_STR(buf_str(&trace), "c3");
	close(hold);
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "c3c4");
	end();
}

static void children_that_ended_before_are_told(void)
{
	int hold;
	pid_t pid;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &mask, NULL); /* its signal is lost */
	begin();
	pid = start_child(5, &hold);
	let_end(pid, hold);
	loop_child(loop, pid, child_ended, (void *)(uintptr_t) "c");
	loop_run(loop);
	CHECK_STR(buf_str(&trace), "c5");
	end();
}

static void many_children_share_a_signal(void)
{
	int holds[3];
	pid_t pids[3];

	begin();
	loop_orphans(loop, child_ended, (void *)(uintptr_t) "o");
	run_one_turn();
	for (int i = 0; i < 3; i++)
		pids[i] = start_child(6, &holds[i]);
	loop_child(loop, pids[0], child_ended, (void *)(uintptr_t) "c");
	loop_child(loop, pids[1], child_ended, (void *)(uintptr_t) "c");
	loop_child(loop, pids[1], NULL, NULL);
	for (int i = 2; i >= 0;
		i--) /* the last first: it holds copies of the older ones' descriptors */
		let_end(pids[i], holds[i]);
	loop_run(loop);
	CHECK_INT(trace.len, 4);
	CHECK(strstr(buf_str(&trace), "c6") && strstr(buf_str(&trace), "o6"));
	check_no_children();
	end();
}

static void living_children_are_forgotten(void)
{
	int hold;
	pid_t pid;

	begin();
	pid = start_child(7, &hold);
	loop_child(loop, pid, child_ended, (void *)(uintptr_t) "c");
	run_one_turn();
	end();
	let_end(pid, hold);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signo)
{
	alarms++;
}

/* Alarms that the loop does not know of interrupt its sleep again and again. */
static void interrupted_sleep_goes_on(void)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	struct loop_timer t;
	struct clock real;

	clock_system(&real);
	buf_reset(&trace);
	loop = loop_new(&real);
	loop_timer_init(loop, &t, check_due, &t);
	loop_timer_in(&t, 5);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	loop_run(loop);
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK_STR(buf_str(&trace), "x");
	CHECK(alarms > 0);
	end();
}

#define NBALLS 200

struct player {
	void *sock;
	int received;
	int to_send; /* sent by the hook, not by the callback */
};

static void receive(void *arg, unsigned events)
{
	struct player *p = arg;
	char c;

	CHECK(events & LOOP_READ);
	while (zmq_recv(p->sock, &c, 1, ZMQ_DONTWAIT) >= 0) {
		p->to_send++;
		if (++p->received == NBALLS)
			loop_stop(loop);
	}
}

static void send_pending(void *arg)
{
	struct player *p = arg;

	for (; p->to_send > 0; p->to_send--)
		CHECK(zmq_send(p->sock, "x", 1, ZMQ_DONTWAIT) == 1);
}

static void player_open(struct player *p, void *ctx, bool bind)
{
	p->sock = zmq_socket(ctx, ZMQ_PAIR);
	CHECK((bind ? zmq_bind : zmq_connect)(p->sock, "inproc://game") == 0);
	loop_sock(loop, p->sock, 10, receive, p);
	loop_hook(loop, send_pending, p);
}

/* Sends in hooks run between input and sleep, where they eat the edge of a socket's descriptor. */
static void sockets_lose_no_edge(void)
{
	void *ctx = zmq_ctx_new();
	struct player a = {.to_send = 1}, b = {0};

	begin();
	loop_unhook(loop, count_turn, NULL);
	player_open(&a, ctx, true);
	player_open(&b, ctx, false);
	loop_run(loop);
	CHECK(a.received == NBALLS || b.received == NBALLS);
	end();
	zmq_close(a.sock);
	zmq_close(b.sock);
	zmq_ctx_term(ctx);
}

static int count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void nothing_is_left_open(void)
{
	int before = count_descriptors();

	begin();
	run_one_turn();
	CHECK_INT(count_descriptors(), before + 1); /* the signalfd: no context was made */
	end();
	CHECK_INT(count_descriptors(), before);
	loop_free(&loop);
}

static void time_is_the_clocks(void)
{
	begin();
	CHECK(loop_clock(loop) == &clk);
	clock_fake_advance(&clk, 5);
	CHECK_INT(loop_wall_ms(loop), 5);
	CHECK_INT(loop_now_us(loop), clk.fake_mono_us - 5000);
	run_input();
	CHECK_INT(loop_now_us(loop), clk.fake_mono_us);
	end();
}

static const struct test tests[] = {
	{"timers_fire_by_time_then_by_age", timers_fire_by_time_then_by_age},
	{"timers_of_one_time_fire_by_age", timers_of_one_time_fire_by_age},
	{"timers_are_never_early", timers_are_never_early},
	{"a_fraction_of_a_millisecond_does_not_spin",
		a_fraction_of_a_millisecond_does_not_spin},
	{"timer_in_counts_from_now", timer_in_counts_from_now},
	{"greedy_timers_do_not_starve", greedy_timers_do_not_starve},
	{"input_comes_by_order_then_by_age", input_comes_by_order_then_by_age},
	{"deleted_ios_are_never_called_again", deleted_ios_are_never_called_again},
	{"timers_may_delete_ready_ios", timers_may_delete_ready_ios},
	{"reused_descriptors_get_no_old_events", reused_descriptors_get_no_old_events},
	{"wishes_can_be_changed", wishes_can_be_changed},
	{"paused_ios_do_not_spin", paused_ios_do_not_spin},
	{"hangup_comes_with_what_was_wanted", hangup_comes_with_what_was_wanted},
	{"deferred_calls_come_before_hooks", deferred_calls_come_before_hooks},
	{"hooks_may_defer", hooks_may_defer},
	{"hooks_see_what_their_deferred_calls_did", hooks_see_what_their_deferred_calls_did},
	{"hooks_may_change_hooks", hooks_may_change_hooks},
	{"stopping_finishes_the_turn", stopping_finishes_the_turn},
	{"signals_are_calls", signals_are_calls},
	{"ended_children_are_told", ended_children_are_told},
	{"children_that_ended_before_are_told", children_that_ended_before_are_told},
	{"many_children_share_a_signal", many_children_share_a_signal},
	{"living_children_are_forgotten", living_children_are_forgotten},
	{"interrupted_sleep_goes_on", interrupted_sleep_goes_on},
	{"sockets_lose_no_edge", sockets_lose_no_edge},
	{"nothing_is_left_open", nothing_is_left_open},
	{"time_is_the_clocks", time_is_the_clocks},
};

TEST_MAIN(tests)
