/* Connections: in order and without loss while they live, as TCP's are; with them goes what was under way. A silent one takes everything and delivers
 * nothing, until it breaks. A peer connects again after a while (link.c). */
#include "tests/sim/sim.h"

static int64_t delay_us(struct sim *s)
{
	/* Mostly quick, sometimes slow. */
	return 50 + (int64_t)below(s, below(s, 20) ? 500 : 200000);
}

static void arrive(struct sim *s, int who, struct packet *p)
{
	struct conn *c = &s->conns[p->peer];

	if (p->epoch != c->epoch || c->silent)
		return;
	if (p->up)
		plane_packet(s, who, p);
	else if (p->peer < NHANDS)
		hand_packet(s, p->peer, p);
	else
		client_packet(s, p->peer, p);
}

void net_send(struct sim *s, const struct packet *packet)
{
	struct packet p = *packet;
	struct conn *c = &s->conns[p.peer];
	int64_t when = s->now_us + delay_us(s);

	if (!c->connected)
		return;
	if (when <= c->last_us[p.up])
		when = c->last_us[p.up] + 1;
	c->last_us[p.up] = when;
	p.epoch = c->epoch;
	at(s, when - s->now_us, arrive, p.peer, &p);
}

static void reconnect(struct sim *s, int peer, struct packet *p)
{
	struct conn *c = &s->conns[peer];

	if (c->connected || c->epoch != p->epoch)
		return;
	if (!s->plane.core) { /* refused: again later */
		at(s, 20000 + (int64_t)below(s, 200000), reconnect, peer, p);
		return;
	}
	c->connected = true;
	c->silent = false;
	if (peer < NHANDS)
		hand_connected(s, peer);
	else
		client_connected(s, peer);
}

void net_break(struct sim *s, int peer)
{
	struct conn *c = &s->conns[peer];
	struct packet p = {.peer = peer};

	c->epoch++;
	c->last_us[0] = c->last_us[1] = 0;
	if (c->connected)
		s->nbreaks++;
	if (c->connected && s->plane.core)
		plane_lost(s, peer);
	c->connected = c->silent = false;
	if (peer < NHANDS)
		hand_lost(s, peer);
	p.epoch = c->epoch;
	/* Often at once, sometimes after the two seconds that a worker has. */
	at(s, 1000 + (int64_t)below(s, below(s, 3) ? 100000 : 6000000), reconnect, peer, &p);
}
