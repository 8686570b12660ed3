/* What the files of the client library share. */
#ifndef CLIENT_INSIDE_H
#define CLIENT_INSIDE_H

#include "base/list.h"
#include "client/client.h"

struct client {
	struct net *net;
	struct client_conf conf;
	struct link *link;
	int64_t number; /* of the last request */
	int64_t watch_number;
	struct list requests; /* struct request, in order */
	struct list watches;  /* struct client_watch */
	struct list batches;  /* struct batch, see submit.c */
	struct uuid last_id;
	struct uuid group; /* that was submitted to last, as it was answered */
	int64_t group_n;
	struct rng rng;
	struct mout out; /* for requests made and sent at once */
	bool ever;       /* it was up once */
	bool failed, freed;
	struct err fault; /* when failed */
};

/* submit.c */
void client_batches_free(struct client *c);

/* watch.c */
void client_event(struct client *c, const struct msg *m);
void client_watches_again(struct client *c); /* after a reconnect */
void client_watches_failed(struct client *c, const struct err *why);
void client_watches_free(struct client *c);
struct client_watch *client_watch_find(struct client *c, int64_t number); /* NULL: ended */
int64_t client_watch_number(const struct client_watch *w);
bool client_watch_results(const struct client_watch *w);
bool client_watch_only_ends(const struct client_watch *w);
void client_watch_expect(struct client_watch *w,
	const struct uuid *id); /* a task that is being added to it */
void client_watch_refused(struct client_watch *w,
	const struct uuid *id); /* it was not taken in */

#endif
