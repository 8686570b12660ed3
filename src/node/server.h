/* The inside of the control plane: what its files share. The outside is control_plane.h. */
#ifndef NODE_SERVER_H
#define NODE_SERVER_H

#include "base/list.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/rng.h"
#include "core/model.h"
#include "node/control_plane.h"
#include "proto/context.h"
#include "proto/keyring.h"
#include "proto/wire.h"
#include "proto/zap.h"

#define PORT_DISCOVERY PORT__COUNT /* index of the discovery listener, behind the others */

#define MAX_TAILS (256u * 1024 * 1024) /* bytes of output kept with finished tasks */

struct server;
struct local;

struct listener {
	struct server *server;
	int index; /* enum port, or PORT_DISCOVERY */
	void *sock;
	struct monitor monitor;
	struct loop_io *io, *monitor_io;
};

/* One connection of somebody. Made by its first message. */
struct peer {
	struct server *server;
	struct listener *listener;
	struct route route;
	int fd; /* as monitors name it */
	char key[KEY_TEXT], address[64];
	char principal[64];
	unsigned roles;
	struct worker *worker; /* NULL until it registers */
	struct mout tasks;     /* `task` being filled in this turn; head.len 0 = none */
	struct mout stops;     /* likewise `stop` */
	struct mout recalls;   /* likewise `recall` */
	struct mout dones;     /* likewise `done_ok` */
	struct list watches;   /* struct watch */
	unsigned nwatches;     /* in it, at most WATCHES_MAX */
	struct list uploads;   /* struct upload */
	struct list cancels;   /* struct cancel that wait */
	struct list outbox;    /* struct unsent */
	struct list reads;     /* struct log_read */
	size_t nreads;
	struct list feeds; /* struct feed */
	struct list holds; /* struct hold */
	size_t backlog;    /* bytes in it */
	bool doomed; /* nothing is sent to it any more; killed by a deferred call, outside all walks over lists */
	bool dead; /* freed at the end of the turn */
	struct list all;
	struct list dirty; /* in server.dirty: has something to flush */
};

struct server {
	struct control_plane_conf conf;
	struct loop *loop;
	struct net *net;
	struct clock *clock;
	struct zap *zap;
	struct keyring *keyring;
	struct keypair key;
	struct core *core;
	struct listener listeners[PORT__COUNT + 1];
	struct map *peers; /* listener index and route -> struct peer */
	struct list all_peers, dirty;
	struct list dirty_watches; /* struct watch with events to send */
	struct list absences;      /* workers that are away, see herd.c */
	struct list cancels;       /* struct cancel that wait */
	struct list stream;        /* struct watch that sees all events */
	struct map *reads;         /* serial -> struct log_read that a worker is to answer */
	int64_t read_serial;
	struct list feeds; /* struct feed */
	size_t upload_bytes;
	struct inbound in;
	struct mout out;          /* for answers made and sent at once */
	struct loop_timer due;    /* core_next_due() */
	struct loop_timer resend; /* while some outbox is not empty */
	struct context context;
	int lock_fd;  /* this profile is ours */
	int start_fd; /* while we start or leave: nobody else does; -1 = not held */
	struct loop_timer idle;
	int64_t heard_us; /* when somebody last wanted something */
	bool leaving;     /* idle for long; the context file is gone already */
	struct local *local;
	struct persist *persist; /* NULL: --durability memory */
	bool ready, stopping;
	bool testing; /* the gate is tried with a stranger's key of our own */
	int64_t started_wall_ms;
	int exit_status;
};

int server_worker_port(const struct server *s);
struct now server_now(const struct server *s);
/* Ends the loop with this exit status. */
void server_end(struct server *s, int status);
/* The local worker is there (or there is none to wait for): tells the world once. */
/* Told to stop: refuses new work, lets what runs end. A second time: at once. */
void control_plane_stop(struct server *s);
void server_ready(struct server *s);

/* ports.c */
int ports_open(struct server *s,
	struct err *e); /* listens, and sets base and discovery of the context */
void ports_close(struct server *s);
/* The address by which this host reaches us: "every interface" is loopback from here. */
void ports_reachable(const struct control_plane_conf *conf, struct address *a);

/* idle.c: --idle-exit. One timer; what happens only notes the time. */
void idle_init(struct server *s);
void idle_fini(struct server *s);
void idle_start(struct server *s); /* it serves */
void idle_heard(struct server *s); /* a request came: it stays */
void idle_lost(struct server *s);  /* a connection ended */

/* peers.c */
void peers_init(struct server *s);
void peers_fini(struct server *s);
/* The peer that sent s->in, made when new; NULL when its key is not known (it was answered). */
struct peer *peer_of(struct server *s, struct listener *l);
void peer_lost(struct server *s, struct listener *l, int fd); /* its connection ended */
/* Sends, or keeps what cannot be sent now. A peer that does not read is cut off at 16 MiB. Empties nothing: o can be sent to others. */
void peer_send(struct peer *p, const struct mout *o);
void peer_error(struct peer *p, int64_t req, const struct err *e);
bool peer_may_see(const struct peer *p, const struct task *t);
/* Has something in tasks, stops or dones: flushed at the end of the turn. */
void peer_dirty(struct peer *p);
void peers_flush(struct server *s);

/* requests.c */
void request_handle(struct peer *p, const struct msg *m);

/* steer.c */
void submit_handle(struct peer *p, const struct msg *m);

/* drains.c */
void drain_handle(struct peer *p, const struct msg *m);
void drains_joined(struct peer *p, struct worker *w, const struct msg *m); /* it registered */

/* cancels.c */
void cancel_handle(struct peer *p, const struct msg *m);
void signal_handle(struct peer *p, const struct msg *m);
void cancels_event(struct server *s, const struct event *ev, const struct task *t);
void cancels_drop(struct peer *p);

/* select.c: what a selector names. Tasks that the peer may not see are as if they were not there. */
typedef void select_fn(void *arg, struct task *t);
/* Calls fn for each; false when the selector is wrong or names none. */
bool select_tasks(struct peer *p, const char *selector, select_fn *fn, void *arg);
/* The group that a selector such as b3 names, if the peer may cancel it; else NULL. */
struct group *select_group(struct peer *p, const char *selector);

/* series.c: an answer that is a list, in as many messages as it takes ("more" on all but the last). */
struct series {
	struct peer *peer;
	struct mout out;
	enum msg_id id;
	int64_t req;
	const char *list;
};
void series_begin(struct series *s, struct peer *p, enum msg_id id, int64_t req,
	const char *list);
struct mout *series_item(
	struct series *s); /* call before each item; write the item to what it gives */
/* Sends what there is, when it would leave too little room for another list behind it. */
void series_break(struct series *s);
struct mout *series_end_list(struct series *s); /* then fields behind the list may be written */
void series_end(struct series *s);              /* sends and frees; ends the list if need be */

/* A request that names too many tasks is refused as a whole. */
int select_check(struct peer *p, const struct msg *m, struct err *e);

/* records.c */
/* Members progress and progress_text, of a record or an event; what was never told (-1, NULL or "") is left out. */
void progress_write(struct json_out *w, int32_t millionths, const char *text);
void record_write(struct json_out *w, const struct core *c, const struct task *t);
/* The part of it that says what the attempt used and left behind. */
void used_write(struct json_out *w, const struct task *t);
/* The same as a member of a list in a message, with its result when wanted and small enough. */
void record_add(struct mout *o, const struct core *c, const struct task *t, bool result);
void get_handle(struct peer *p, const struct msg *m);

/* row_worker.c */
/* What is known of each module by name, for worker_row(); borrows from the workers. The caller frees it. */
struct map *modules_compared(struct core *c);
void worker_row(struct json_out *w, const struct worker *k, const struct map *seen);

/* rows.c */
void query_handle(struct peer *p, const struct msg *m);

/* watches.c */
#define WATCHES_MAX                                                                            \
	256 /* of one connection, with the requests that wait for the end of tasks */
struct watch;
/* -1 with ERR_BUSY when this connection may not have another one. */
int watch_room(const struct peer *p, struct err *e);
void watch_handle(struct peer *p, const struct msg *m);
void unwatch_handle(struct peer *p, const struct msg *m);
/* Or finds it. NULL: no room, see watch_room(). */
struct watch *watch_make(struct peer *p, const struct msg *m);
void watch_task(struct watch *w, struct task *t); /* its changes until the end, from now on */
/* Calls fn when all of the tasks are final, or after ms (>= 0), or never if the peer goes. */
typedef void watch_final_fn(void *arg, struct peer *p, bool gone);
void watch_final(struct peer *p, struct task *const *tasks, size_t n, int64_t ms,
	watch_final_fn *fn, void *arg);
void watches_event(struct server *s, const struct event *ev, struct task *t);
void watches_flush(struct server *s);
void watches_drop(struct peer *p);

/* uploads.c */
void blob_put_handle(struct peer *p, const struct msg *m);
void blob_get_handle(struct peer *p, const struct msg *m);
struct bytes *upload_take(struct peer *p, const struct
	uuid *blob); /* a reference for the caller; NULL when not complete. Taking it again works until the peer goes. */
void uploads_drop(struct peer *p);

/* reads.c: the output of tasks, asked of their workers */
void log_handle(struct peer *p, const struct msg *m);
void log_data_handle(struct peer *p, const struct msg *m);
void reads_drop(struct peer *p); /* nobody waits for the answers any more */
void reads_joined(struct server *s,
	const struct worker *w); /* what its old connection lost is asked again */
void reads_removed(struct server *s, const char *worker); /* it will not answer */

/* tails.c: what is here of a task's output when its worker cannot be asked. */
struct log_ask {                         /* the numbers of a `log` request */
	int64_t offset, had, tail, size; /* had, tail: -1 = not given */
};
/* Answers a `log` with what was kept, and with why it is not the whole: "worker w2 is away". */
void tail_answer(struct peer *p, int64_t req, const struct task *t, const struct log_ask *ask,
	const char *why);

/* feeds.c: the stdin of tasks, from the connection of their owner */
void stdin_handle(struct peer *p, const struct msg *m);
void stdin_ack_handle(struct peer *p, const struct msg *m);
void feed_take(struct peer *p, struct task *t); /* this connection feeds it from now on */
void feed_end(struct task *t);                  /* it takes no more */
void feeds_drop(struct peer *p);     /* what it feeds is ended, unless somebody sends on */
void feeds_joined(struct worker *w); /* parts may be lost: they are asked for again */
void feeds_start(struct server *s);  /* tasks of an earlier process */
void feeds_fini(struct server *s);

/* holds.c: tasks that wait for the reader of their output, which is a connection */
void hold_take(struct peer *p, struct task *t); /* from whoever had it */
void hold_end(struct server *s, struct task *t);
void holds_drop(struct peer *p); /* its tasks wait no longer */

/* said.c */
void progress_handle(struct peer *p, const struct msg *m);

/* herd.c: the workers */
/* The worker of a message, which was heard; NULL when this connection never registered one (it was answered). */
struct worker *worker_of(struct peer *p, const struct msg *m);
void register_handle(struct peer *p, const struct msg *m);
void started_handle(struct peer *p, const struct msg *m);
void returned_handle(struct peer *p, const struct msg *m);
void done_handle(struct peer *p, const struct msg *m);
void heartbeat_handle(struct peer *p, const struct msg *m);
void leave_handle(struct peer *p, const struct msg *m);
void herd_dispatch(struct server *s, const struct action *a);
void herd_stop(struct server *s, const struct action *a);
void herd_recall(struct server *s, const struct action *a);
void herd_peer_gone(struct peer *p); /* gives its worker 2 s to come back */

/* A worker was removed by the core: its connection forgets it. */
void herd_fini(struct server *s);
void herd_removed(struct server *s, const struct event *ev);

/* persist.c: what is kept on disk */
int persist_open(struct server *s,
	struct err *e); /* brings back what was saved; nothing with --durability memory */
void persist_free(struct persist **p);
uint64_t persist_incarnation(const struct persist *p); /* which start this is */
/* Something changed that is not on the disk yet: nothing may be sent. */
bool persist_holds(const struct server *s);
/* Saves what changed; what was held may go then. -1 with *e: it cannot be saved, nothing may ever be sent again. */
int persist_turn(struct server *s, struct err *e);
int persist_worker(struct server *s, const struct worker *w, struct err *e); /* it joined */
/* -1 with ERR_BUSY: the disk is nearly full, nothing new may be taken in. */
int persist_room(struct server *s, struct err *e);
/* The task, looked for on the disk, too. */
struct task *persist_task(struct server *s, const struct uuid *id);
struct task *persist_task_n(struct server *s, uint64_t n);
struct group *persist_group(struct server *s, const struct uuid *id); /* likewise */

/* local.c: the local worker, a child process */
struct local *local_new(struct server *s);
void local_free(struct local **l);
void local_registered(struct local *l);
/* It loads its modules again. */
void local_reload(struct local *l);
/* Asks it to end; server_end() follows when it has. now: do not wait for what it runs. */
void local_stop(struct local *l, bool now);

#endif
