/* Workers (worker.c, jobs.c): what they are given they run, in slots, and they say how it ended until they are answered. */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void say(struct sim *s, int who, enum packet_type type, const struct job *j)
{
	struct packet p = {.type = type, .peer = who, .up = true};

	if (j) {
		p.task = j->task;
		p.attempt = j->attempt;
		p.ok = j->ok;
		p.cancelled = j->cancelled;
		p.result = j->result;
		p.run_us = s->now_us - j->begun_us + 1;
	}
	net_send(s, &p);
}

static struct job *find(struct hand *h, int task, uint32_t attempt)
{
	for (size_t i = 0; i < h->njobs; i++)
		if (h->jobs[i].task == task && h->jobs[i].attempt == attempt)
			return &h->jobs[i];
	return NULL;
}

static void forget(struct hand *h, struct job *j)
{
	size_t i = (size_t)(j - h->jobs);

	memmove(j, j + 1, (h->njobs - i - 1) * sizeof(*j));
	h->njobs--;
}

static void ended(struct sim *s, int who, struct packet *p);

/* Events of a process that is stopped come when it goes on. True: this one does. */
static bool postponed(struct sim *s, int who, event_fn *fn, struct packet *p)
{
	struct hand *h = &s->hands[who];

	if (h->frozen_us <= s->now_us)
		return false;
	at(s, h->frozen_us - s->now_us, fn, who, p);
	p->held = NULL; /* it went along */
	return true;
}

static int64_t duration_us(struct sim *s, const struct job *j)
{
	/* By name: short, middling; and one that is sometimes long. */
	switch (s->tasks[j->task].name) {
	case 0:
		return 100 + (int64_t)below(s, 500);
	case 1:
		return 1000 + (int64_t)below(s, 20000);
	default:
		return below(s, 10) ? 500 : 1000000 + (int64_t)below(s, 3000000);
	}
}

static void start_job(struct sim *s, int who, struct job *j)
{
	struct packet p = {.task = j->task,
		.attempt = j->attempt,
		.instance = s->hands[who].instance};

	j->state = JOB_RUNS;
	j->begun_us = s->now_us;
	j->ok = below(s, 5) != 0;
	j->result = (uint64_t)j->attempt << 32 | below(s, 1u << 30);
	say(s, who, P_STARTED, j);
	at(s, duration_us(s, j), ended, who, &p);
}

static void fill_slots(struct sim *s, int who)
{
	struct hand *h = &s->hands[who];
	unsigned running = 0;

	for (size_t i = 0; i < h->njobs; i++)
		running += h->jobs[i].state == JOB_RUNS;
	for (size_t i = 0; i < h->njobs && running < h->slots; i++) {
		if (h->jobs[i].state != JOB_WAITS)
			continue;
		start_job(s, who, &h->jobs[i]);
		running++;
	}
}

static void ended(struct sim *s, int who, struct packet *p)
{
	struct hand *h = &s->hands[who];
	struct job *j;

	if (postponed(s, who, ended, p))
		return;
	j = p->instance == h->instance ? find(h, p->task, p->attempt) : NULL;
	if (!j || j->state != JOB_RUNS)
		return;
	j->state = JOB_DONE;
	if (!j->cancelled)
		s->tasks[j->task].ended++;
	if (h->registered)
		say(s, who, P_DONE, j);
	fill_slots(s, who);
}

static void stop(struct sim *s, int who, struct job *j)
{
	struct packet p = {.task = j->task,
		.attempt = j->attempt,
		.instance = s->hands[who].instance};

	if (j->state == JOB_DONE)
		return;
	j->cancelled = true;
	j->ok = false;
	if (j->state == JOB_WAITS) {
		j->state = JOB_RUNS; /* for ended() */
		j->begun_us = s->now_us;
	}
	at(s, (int64_t)below(s, 5000), ended, who, &p);
}

static void on_registered(struct sim *s, int who, const struct packet *p)
{
	struct hand *h = &s->hands[who];

	h->registered = true;
	h->enrolling = false;
	for (size_t i = 0; i < h->njobs; i++) {
		struct job *j = &h->jobs[i];
		bool held = false;
		for (size_t k = 0; k < p->nheld; k++)
			held |= p->held[k].task == j->task && p->held[k].attempt == j->attempt;
		if (j->state == JOB_DONE)
			say(s, who, P_DONE, j);
		else if (!held)
			forget(h, &h->jobs[i--]); /* another has it: it is killed */
		else if (j->state == JOB_RUNS)
			say(s, who, P_STARTED, j);
	}
	fill_slots(s, who);
}

static void on_task(struct sim *s, int who, const struct packet *p)
{
	struct hand *h = &s->hands[who];

	/* It was under way to us when we registered once more. */
	if (find(h, p->task, p->attempt))
		return;
	if (h->njobs == NJOBS)
		broken(s, "worker %d is given more than %d tasks", who, NJOBS);
	h->jobs[h->njobs++] = (struct job){.task = p->task, .attempt = p->attempt};
	fill_slots(s, who);
}

static void enroll(struct sim *s, int who, struct packet *packet)
{
	struct hand *h = &s->hands[who];
	struct packet p = {.type = P_REGISTER,
		.peer = who,
		.up = true,
		.instance = h->instance};

	if (postponed(s, who, enroll, packet) || !s->conns[who].connected || h->enrolling)
		return;
	h->enrolling = true;
	for (size_t i = 0; i < h->njobs; i++) {
		p.held = xreallocarray(p.held, p.nheld + 1, sizeof(*p.held));
		p.held[p.nheld++] = (struct held){h->jobs[i].task, h->jobs[i].attempt};
	}
	net_send(s, &p);
}

/* It comes for each thing that was said; one new registration is enough. `refused`: it answers a registration. */
static void on_forgotten(struct sim *s, int who, bool refused)
{
	struct hand *h = &s->hands[who];

	if (!refused && !h->registered)
		return;
	h->registered = h->enrolling = false;
	at(s, 100000, enroll, who, NULL);
}

void hand_packet(struct sim *s, int who, struct packet *p)
{
	struct hand *h = &s->hands[who];
	struct job *j = find(h, p->task, p->attempt);

	if (postponed(s, who, hand_packet, p))
		return;
	if (p->epoch != s->conns[who].epoch)
		return; /* it broke while the process was stopped */
	switch (p->type) {
	case P_REGISTERED:
		on_registered(s, who, p);
		break;
	case P_TASK:
		on_task(s, who, p);
		break;
	case P_STOP:
		if (j)
			stop(s, who, j);
		break;
	case P_RECALL:
		if (j && j->state == JOB_WAITS) {
			say(s, who, P_RETURNED, j);
			forget(h, j);
		}
		break;
	case P_DONE_OK:
		if (j && j->state == JOB_DONE)
			forget(h, j);
		break;
	case P_FORGOTTEN:
		on_forgotten(s, who, p->ok);
		break;
	default:
		broken(s, "worker %d is sent a packet of type %d", who, (int)p->type);
	}
}

static void beat(struct sim *s, int who, struct packet *p)
{
	if (postponed(s, who, beat, p))
		return;
	if (s->hands[who].registered)
		say(s, who, P_HEARTBEAT, NULL);
	at(s, LEASE_MS * 1000 / 3, beat, who, NULL);
}

void hand_connected(struct sim *s, int who)
{
	at(s, 100, enroll, who, NULL);
}

void hand_lost(struct sim *s, int who)
{
	s->hands[who].registered = s->hands[who].enrolling = false;
}

/* It dies and a new process takes its place, or it is stopped for a while. */
void hand_trouble(struct sim *s, int who, struct packet *p)
{
	struct hand *h = &s->hands[who];

	(void)p;
	if (below(s, 2)) {
		h->frozen_us = s->now_us + (int64_t)below(s, 3 * LEASE_MS) * 1000;
		return;
	}
	h->instance++;
	h->njobs = 0;
	h->frozen_us = 0;
	net_break(s, who);
}

void hand_start(struct sim *s, int who)
{
	s->hands[who].slots = 1 + (unsigned)below(s, 3);
	s->hands[who].instance = 1;
	s->conns[who].connected = true;
	hand_connected(s, who);
	at(s, 1000, beat, who, NULL);
}
