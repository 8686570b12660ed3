/* The simulation's clock and its main: sim [--seeds FROM-TO] [--events N] [--seed N [--print]]. A seed that fails is printed with the line that replays it. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEAL_US                                                                                \
	(600 * 1000000LL) /* after the last trouble, everything is over within this time, or something is stuck */

int __real_task_state_next(enum task_state s, enum task_event ev);
int __wrap_task_state_next(enum task_state s, enum task_event ev);

static uint64_t cells[TASK__STATES][TASK__EVENTS];

/* The linker puts this before the real one (-Wl,--wrap): which cells of the table are played. */
int __wrap_task_state_next(enum task_state s, enum task_event ev)
{
	cells[s][ev]++;
	return __real_task_state_next(s, ev);
}

uint64_t below(struct sim *s, uint64_t n)
{
	return rng_below(&s->rng, n);
}

bool chance(struct sim *s, unsigned in)
{
	return rng_below(&s->rng, in) == 0 && !s->healing;
}

void mix(struct sim *s, uint64_t v)
{
	s->hash = (s->hash ^ v) * 0x9E3779B97F4A7C15u;
	s->hash ^= s->hash >> 29;
}

struct now now_of(struct sim *s)
{
	return (struct now){.mono_us = s->now_us, .wall_ms = s->wall_ms + s->now_us / 1000};
}

void broken(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	printf("not ok seed %" PRIu64 ", event %" PRIu64 ", %.6f s: ", s->seed, s->nevents,
		(double)s->now_us / 1e6);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n# again: sim --seed %" PRIu64 " --print\n", s->seed);
	exit(1);
}

static int earlier(const struct heap_node *a, const struct heap_node *b)
{
	const struct event_at *x = container_of(a, struct event_at, node),
			      *y = container_of(b, struct event_at, node);

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

void at(struct sim *s, int64_t in_us, event_fn *fn, int who, const struct packet *p)
{
	struct event_at *e = xcalloc(1, sizeof(*e));

	e->node.index = HEAP_NONE;
	e->at_us = s->now_us + in_us;
	e->order = ++s->order;
	e->fn = fn;
	e->who = who;
	if (p)
		e->packet = *p;
	heap_push(&s->events, &e->node);
}

static void end_of_silence(struct sim *s, int who, struct packet *p)
{
	(void)p;
	if (s->conns[who].silent)
		net_break(s, who);
}

/* Something goes wrong somewhere, again and again. */
static void trouble(struct sim *s, int who, struct packet *p)
{
	int peer = (int)below(s, NPEERS);

	if (s->healing)
		return;
	switch (below(s, 7)) {
	case 0:
		plane_crash(s, 0, NULL);
		break;
	case 1:
	case 2:
		net_break(s, peer);
		break;
	case 3:
		s->conns[peer].silent = true; /* until it breaks */
		at(s, (int64_t)below(s, 3 * LEASE_MS) * 1000, end_of_silence, peer, NULL);
		break;
	case 4:
	case 5:
		hand_trouble(s, (int)below(s, NHANDS), NULL);
		break;
	default:
		s->wall_ms +=
			(int64_t)below(s, 7200000) - 3600000; /* somebody sets the clock */
		break;
	}
	at(s, (int64_t)below(s, 2000000), trouble, 0, NULL);
	(void)who;
	(void)p;
}

static void step(struct sim *s)
{
	struct event_at *e = container_of(heap_pop(&s->events), struct event_at, node);

	s->now_us = e->at_us;
	s->nevents++;
	mix(s, (uint64_t)e->at_us);
	mix(s, (uint64_t)e->packet.type << 32 | (uint64_t)(uint32_t)e->packet.task);
	e->fn(s, e->who, &e->packet);
	free(e->packet.held);
	free(e);
}

/* What is stuck, and where. */
static void print_open(struct sim *s)
{
	for (int i = 0; i < s->ntasks; i++) {
		const struct known *k = &s->tasks[i];
		const struct task *t = s->plane.core ? core_task(s->plane.core, &k->id) : NULL;
		if (k->acked && k->final)
			continue;
		printf("# task %d of client %d, name %d: acked=%d final=%d; the plane: %s attempt %u worker %s\n",
			i, k->client, k->name, k->acked, k->final,
			t ? task_state_word(t->state) : "-", t ? t->attempt : 0,
			t && t->worker ? t->worker->id : "-");
	}
	for (int i = 0; i < NPEERS; i++)
		printf("# peer %d: connected=%d silent=%d registered=%d jobs=%zu\n", i,
			s->conns[i].connected, s->conns[i].silent,
			i < NHANDS && s->hands[i].registered,
			i < NHANDS ? s->hands[i].njobs : 0);
}

static void heal(struct sim *s)
{
	int64_t until = s->now_us + HEAL_US;

	s->healing = true;
	for (int i = 0; i < NPEERS; i++)
		if (s->conns[i].silent)
			net_break(s, i);
	while (!client_quiet(s)) {
		if (s->now_us > until || !heap_peek(&s->events))
			print_open(s);
		if (s->now_us > until || !heap_peek(&s->events))
			broken(s,
				"healed for %lld s, and not everything that was acknowledged is over",
				HEAL_US / 1000000);
		step(s);
	}
	ledger_check(s);
}

static void finish(struct sim *s)
{
	plane_free(s);
	while (heap_peek(&s->events)) {
		struct event_at *e = container_of(heap_pop(&s->events), struct event_at, node);
		free(e->packet.held);
		free(e);
	}
	heap_fini(&s->events);
}

static uint64_t play(uint64_t seed, uint64_t nevents, bool printing, struct sim *s)
{
	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->printing = printing;
	s->wall_ms = 1700000000000;
	s->now_us = 1;
	rng_seeded(&s->rng, seed);
	heap_init(&s->events, earlier);
	plane_start(s);
	for (int i = 0; i < NHANDS; i++)
		hand_start(s, i);
	for (int i = 0; i < NCLIENTS; i++)
		client_start(s, NHANDS + i);
	at(s, 500000, trouble, 0, NULL);
	while (s->nevents < nevents)
		step(s);
	heal(s);
	finish(s);
	return s->hash;
}

static int print_cells(void)
{
	int thin = 0;

	printf("cells of the task's table, as often as they were played:\n");
	for (int st = 0; st < TASK__STATES; st++)
		for (int ev = 0; ev < TASK__EVENTS; ev++) {
			if (__real_task_state_next((enum task_state)st, (enum task_event)ev) ==
				STATE_NONE)
				continue;
			printf("  %-10s %-10s %12" PRIu64 "\n",
				task_state_word((enum task_state)st),
				task_event_word((enum task_event)ev), cells[st][ev]);
			thin += cells[st][ev] > 0 && cells[st][ev] < 100;
		}
	return thin;
}

int main(int argc, char **argv)
{
	static struct sim s;
	unsigned long long from = 1, to = 100, events = 10000, one = 0;
	uint64_t total = 0, tasks = 0, crashes = 0, breaks = 0, stale = 0;
	bool printing = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--print") == 0)
			printing = true;
		else if (i + 1 == argc ||
			 (strcmp(argv[i], "--seeds") == 0
					 ? sscanf(argv[++i], "%llu-%llu", &from, &to) != 2
				 : strcmp(argv[i], "--events") == 0
					 ? sscanf(argv[++i], "%llu", &events) != 1
				 : strcmp(argv[i], "--seed") == 0
					 ? sscanf(argv[++i], "%llu", &one) != 1
					 : true)) {
			fprintf(stderr,
				"usage: sim [--seeds FROM-TO] [--events N] [--seed N [--print]]\n");
			return 64;
		}
	}
	if (one)
		from = to = one;
	for (uint64_t seed = from; seed <= to; seed++) {
		uint64_t hash = play(seed, events, printing, &s);
		total += s.nevents;
		tasks += s.nfinal;
		crashes += s.ncrashes;
		breaks += s.nbreaks;
		stale += s.nstale;
		if (printing || seed == from) {
			/* The same seed is the same story. */
			if (play(seed, events, false, &s) != hash)
				broken(&s, "played twice, it is not the same");
			printf("seed %" PRIu64 " hash %016" PRIx64 "\n", seed, hash);
		}
	}
	int thin = one ? 0 : print_cells();
	printf("%s sim: seeds %llu-%llu, %" PRIu64 " events, %" PRIu64 " tasks over, %" PRIu64
	       " crashes of the control plane, %" PRIu64 " broken connections, %" PRIu64
	       " stale reports\n",
		thin ? "not ok" : "ok", from, to, total, tasks, crashes, breaks, stale);
	return thin != 0;
}
