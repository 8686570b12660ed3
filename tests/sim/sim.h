/* A whole cluster in one process, played from a seed: the real model with a simulated network, disk, clock, workers and clients.
 *
 *     clients --- net ---> plane (core + disk) --- net ---> hands (workers)
 *
 * What is simulated keeps to what the real parts do (herd.c, persist.c, worker.c, jobs.c); each says which. What can go wrong: a connection breaks and takes with
 * it what was under way, or goes silent without a word; the plane dies at any point of a turn; a worker dies, or stops for a time longer than its lease; wall
 * clocks step. What must hold is checked as it happens (ledger.c), and in the end, when all is healed, every acknowledged task must be over. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "core/model.h"

#define NHANDS   4
#define NCLIENTS 3
#define NPEERS   (NHANDS + NCLIENTS) /* hands first */
#define NTASKS   4096                /* at most, per seed */
#define NNAMES   3
#define LEASE_MS 3000

enum packet_type {
	P_SUBMIT,    /* client: a task */
	P_SUBMITTED, /* plane: it is taken in */
	P_CANCEL,    /* client */
	P_REGISTER,  /* hand, with what it has */
	P_REGISTERED,
	P_TASK,
	P_STARTED,
	P_DONE,
	P_DONE_OK,
	P_STOP,
	P_RECALL,
	P_RETURNED,
	P_HEARTBEAT,
	P_FORGOTTEN, /* plane: you are not registered */
};

struct held {
	int task;
	uint32_t attempt;
};

struct packet {
	enum packet_type type;
	int peer;  /* whose connection */
	bool up;   /* to the plane */
	int epoch; /* of the connection: one of an older one is gone */
	int task;  /* index in the ledger */
	uint32_t attempt;
	bool ok, cancelled;
	uint64_t result;
	int64_t run_us;
	unsigned instance; /* REGISTER */
	struct held *held; /* REGISTER, REGISTERED */
	size_t nheld;
};

struct sim;
typedef void event_fn(struct sim *s, int who, struct packet *p);

struct event_at {
	struct heap_node node;
	int64_t at_us;
	uint64_t order;
	event_fn *fn;
	int who;
	struct packet packet;
};

/* What the world knows of a task, whoever forgets it. */
struct known {
	struct uuid id;
	int client, name;
	enum priority priority;
	bool sent, acked, cancel_asked;
	uint32_t attempt; /* last that was given out */
	int hand;         /* to whom */
	unsigned instance;
	bool final;
	enum task_state state; /* when final */
	uint64_t result;       /* that was recorded */
	unsigned ended;        /* how many attempts ran to their end */
};

struct job {
	int task;
	uint32_t attempt;
	enum { JOB_WAITS, JOB_RUNS, JOB_DONE } state;
	int64_t begun_us;
	bool ok, cancelled;
	uint64_t result;
};

#define NJOBS 1024

struct hand {
	unsigned slots, instance;
	bool registered, enrolling;
	int64_t frozen_us; /* it does nothing until then */
	struct job jobs[NJOBS];
	size_t njobs;
};

struct conn {
	int epoch;
	bool connected, silent;
	int64_t last_us
		[2]; /* arrival of the newest packet, down and up: packets do not overtake each other */
};

struct disk_task { /* a row */
	bool there;
	struct task task; /* plain fields, texts are static or of the ledger */
	uint64_t result;
};

struct plane {
	struct core *core;
	bool turning;       /* the end of a turn is due */
	struct packet *out; /* held until the commit */
	size_t nout, cap;
	struct disk_task *disk; /* by number */
	uint64_t last_n;
	unsigned disk_instances[NHANDS],
		instances[NHANDS]; /* the second: as they registered with this one */
	int64_t tick_us;           /* when the next tick is due; 0 = never */
	bool connected[NHANDS];
	int64_t lost_us[NHANDS]; /* when its connection broke; 0 = it has one */
	unsigned crashes;
};

struct sim {
	uint64_t seed, nevents, order, hash;
	struct rng rng;
	int64_t now_us, wall_ms;
	struct heap events;
	struct known tasks[NTASKS];
	int ntasks;
	struct hand hands[NHANDS];
	struct conn conns[NPEERS];
	struct plane plane;
	struct uuid last_id;
	bool healing; /* nothing goes wrong any more */
	bool printing;
	uint64_t nfinal, ncrashes, nbreaks, nstale;
};

/* sim.c */
uint64_t below(struct sim *s, uint64_t n);
bool chance(struct sim *s, unsigned in); /* one in so many; never while healing */
void at(struct sim *s, int64_t in_us, event_fn *fn, int who, const struct packet *p);
struct now now_of(struct sim *s);
void mix(struct sim *s, uint64_t v);
_Noreturn void broken(struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* net.c */
void net_send(struct sim *s, const struct packet *p); /* p->peer and p->up say where */
void net_break(struct sim *s, int peer);

/* plane.c */
void plane_start(struct sim *s);
void plane_packet(struct sim *s, int who, struct packet *p);
void plane_lost(struct sim *s, int peer);
void plane_crash(struct sim *s, int who, struct packet *p);
void plane_free(struct sim *s);

/* hand.c */
void hand_start(struct sim *s, int who);
void hand_packet(struct sim *s, int who, struct packet *p);
void hand_connected(struct sim *s, int who);
void hand_lost(struct sim *s, int who);
void hand_trouble(struct sim *s, int who, struct packet *p);

/* client.c */
void client_start(struct sim *s, int who);
void client_packet(struct sim *s, int who, struct packet *p);
void client_connected(struct sim *s, int who);
bool client_quiet(const struct sim *s); /* all were acknowledged, and those are over */

/* ledger.c: what must hold */
int ledger_find(struct sim *s, const struct uuid *id);
void ledger_given(struct sim *s, int task, uint32_t attempt, int hand);
void ledger_final(struct sim *s, const struct task *t, uint64_t result);
void ledger_check(struct sim *s); /* nothing that was acknowledged is lost */

#endif
