/* Clients: each submits tasks with ids of its own and asks again after each new connection until it is answered (client.c of the client library); sometimes it
 * cancels one, whether it is there or not. */
#include "tests/sim/sim.h"

static void send_task(struct sim *s, int task)
{
	const struct known *k = &s->tasks[task];

	net_send(s, &(struct packet){.type = P_SUBMIT,
			    .peer = k->client,
			    .up = true,
			    .task = task});
}

static void submit(struct sim *s, int who, struct packet *p)
{
	struct known *k;
	int burst = 1 + (int)below(s, below(s, 10) ? 3 : 40);

	(void)p;
	if (s->healing || s->ntasks + burst > NTASKS)
		return;
	while (burst-- > 0) {
		k = &s->tasks[s->ntasks];
		uuid_make(&k->id, &s->last_id, s->wall_ms + s->now_us / 1000, &s->rng);
		k->id.b[14] = (uint8_t)(s->ntasks >> 8); /* for ledger_find() */
		k->id.b[15] = (uint8_t)s->ntasks;
		k->client = who;
		k->name = (int)below(s, NNAMES);
		k->priority = (enum priority)below(s, PRIO__COUNT);
		k->sent = true;
		send_task(s, s->ntasks++);
		if (below(s, 30) == 0)
			send_task(s, s->ntasks - 1); /* twice: a client that is not sure */
	}
	if (below(s, 4) == 0) {
		int task = (int)below(s, (uint64_t)s->ntasks);
		s->tasks[task].cancel_asked = true;
		net_send(s, &(struct packet){.type = P_CANCEL,
				    .peer = who,
				    .up = true,
				    .task = task});
	}
	at(s, (int64_t)below(s, 200000), submit, who, NULL);
}

void client_start(struct sim *s, int who)
{
	s->conns[who].connected = true;
	at(s, 1000, submit, who, NULL);
}

void client_connected(struct sim *s, int who)
{
	for (int i = 0; i < s->ntasks; i++)
		if (s->tasks[i].client == who && !s->tasks[i].acked)
			send_task(s, i);
}

void client_packet(struct sim *s, int who, struct packet *p)
{
	(void)who;
	if (p->type == P_SUBMITTED)
		s->tasks[p->task].acked = true;
}

bool client_quiet(const struct sim *s)
{
	for (int i = 0; i < s->ntasks; i++)
		if (!s->tasks[i].acked || !s->tasks[i].final)
			return false;
	return true;
}
