/* What the control plane keeps on disk: it saves what the model changed, before anybody is told, and brings it back at a start.
 *
 * One turn of the loop is one transaction. Until its commit, messages to peers stay in their outboxes (peers.c asks persist_holds()); then they go, with the
 * tasks that the turn handed out. So whatever anybody was told is on the disk, and an attempt's number is there before its worker hears of it. A commit that
 * fails ends the process: the model is ahead of the disk, and going on in memory would be a promise that cannot be kept. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "node/server.h"
#include "store/store.h"

#define ROOM_BYTES (64LL * 1024 * 1024) /* free on the disk, below it nothing new is taken in */
#define RESERVE_BYTES                                                                          \
	(16LL * 1024 *                                                                         \
		1024) /* of a file that is given up for what runs, when somebody else filled the disk */

#define FINAL_MAX   10000               /* finished tasks that a start reads */
#define FINAL_BYTES (64u * 1024 * 1024) /* and what they may hold together */
#define GROUPS                                                                                 \
	1000 /* groups of tasks that a start reads: as many as core keeps without tasks */
#define LOOK_US 100000 /* how long a look at the free room is good for */

struct persist {
	struct server *server;
	struct store *store;
	char *folder, *reserve;  /* the second: path of the file */
	bool reserved;           /* it is there */
	int64_t room, looked_us; /* bytes free on the disk when we looked last */
	size_t nnames;           /* of core_known(), saved */
	bool broken;             /* nothing is told to anybody any more */
};

struct restoring {
	struct persist *persist;
	size_t waiting, running, final, bytes;
};

static void restore_name(void *arg, const char *name)
{
	struct persist *p = arg;

	core_restore_name(p->server->core, name);
}

static void restore_group(void *arg, const struct group *g)
{
	const struct persist *p = arg;

	core_restore_group(p->server->core, g);
}

/* As it comes back; its group before it. */
static struct task_kept kept(struct persist *p, const struct stored *t)
{
	struct err e;

	if (t->group && !core_group_n(p->server->core, t->group) &&
		store_group_n(p->store, t->group, restore_group, p, &e) < 0)
		log_error("store.read error=\"%s\"", e.text);
	return (struct task_kept){.task = t->task,
		.name = t->name,
		.needs = t->needs,
		.group = t->group};
}

/* A worker that had it may still run it: it has a lease to say so. */
static void restore_task(void *arg, const struct stored *t)
{
	struct restoring *r = arg;
	struct server *s = r->persist->server;
	const struct task_kept k = kept(r->persist, t);
	struct err e;
	char *instance = t->task->worker_id
				 ? store_worker(r->persist->store, t->task->worker_id, &e)
				 : NULL;

	if (core_restore(s->core, server_now(s), &k, instance)) {
		r->waiting += t->task->state == TASK_QUEUED;
		r->running += t->task->state == TASK_ASSIGNED || t->task->state == TASK_RUNNING;
	}
	free(instance);
}

/* The newest are looked at most; all others are read when somebody asks for them. */
static bool restore_final(void *arg, const struct stored *t)
{
	struct restoring *r = arg;
	struct server *s = r->persist->server;
	struct task_kept k = kept(r->persist, t);

	k.unused = true;
	core_restore(s->core, server_now(s), &k, NULL);
	r->bytes += t->task->args->len + t->task->kwargs->len +
		    (t->task->result ? t->task->result->len : 0);
	return ++r->final < s->conf.cache_size && r->final < FINAL_MAX &&
	       r->bytes < FINAL_BYTES;
}

static int load(struct persist *p, struct err *e)
{
	struct restoring r = {.persist = p};
	struct core *c = p->server->core;
	uint64_t last;

	if (store_names(p->store, restore_name, p, e) ||
		store_groups(p->store, GROUPS, restore_group, p, e) ||
		store_load(p->store, restore_task, &r, e) ||
		store_load_final(p->store, restore_final, &r, e) ||
		store_last_n(p->store, &last, e))
		return -1;
	core_known(c, &p->nnames);
	core_restore_last(c, last);
	/* Whatever was made before may be in the file and not here. */
	core_forget_before(c, server_now(p->server).wall_ms);
	log_info("store.open file=%s incarnation=%llu waiting=%zu running=%zu last=%llu",
		store_file(p->store), (unsigned long long)store_incarnation(p->store),
		r.waiting, r.running, (unsigned long long)last);
	return 0;
}

int persist_open(struct server *s, struct err *e)
{
	const char *folder = s->conf.state_dir;
	struct persist *p;

	if (!folder)
		return 0;
	p = xcalloc(1, sizeof(*p));
	s->persist = p;
	p->server = s;
	p->folder = xstrdup(folder);
	p->reserve = xasprintf("%s/reserve", folder);
	p->store = store_open(&(struct store_conf){.folder = folder}, e);
	if (!p->store || load(p, e))
		return -1;
	/* What is there can be handed out and ended all the same. */
	if (persist_room(s, e))
		log_warning("store.full error=\"%s\"", e->text);
	feeds_start(s);
	return 0;
}

void persist_free(struct persist **persist)
{
	struct persist *p = *persist;

	if (!p)
		return;
	store_close(&p->store);
	free(p->folder);
	free(p->reserve);
	free(p);
	*persist = NULL;
}

uint64_t persist_incarnation(const struct persist *p)
{
	return store_incarnation(p->store);
}

bool persist_holds(const struct server *s)
{
	const struct persist *p = s->persist;

	return p &&
	       (p->broken || store_pending(p->store) || !list_empty(core_changed(s->core)));
}

static int save_names(struct persist *p, size_t *n, struct err *e)
{
	const char *const *known = core_known(p->server->core, n);

	for (size_t i = p->nnames; i < *n; i++)
		if (store_save_name(p->store, known[i], e))
			return -1;
	return 0;
}

/* With the first of its tasks that changed; saved once more when there are several in this turn, which does no harm. */
static int save_group(struct persist *p, const struct group *g, struct err *e)
{
	return g && !g->saved ? store_save_group(p->store, g, e) : 0;
}

static int save_all(struct persist *p, struct err *e)
{
	struct list *at, *tmp;
	size_t nnames;

	list_each (at, tmp, core_changed(p->server->core)) {
		struct task *t = container_of(at, struct task, changed);
		const struct stored k = {.task = t,
			.name = t->name->text,
			.needs = t->name->needs,
			.group = t->group ? t->group->n : 0};
		if (save_group(p, t->group, e) || store_save(p->store, &k, e))
			return -1;
	}
	if (save_names(p, &nnames, e) || store_commit(p->store, e))
		return -1;
	p->nnames = nnames;
	list_each (at, tmp, core_changed(p->server->core)) {
		struct task *t = container_of(at, struct task, changed);
		t->saved = true;
		if (t->group)
			t->group->saved = true;
	}
	return 0;
}

/* Somebody filled the disk to the last byte: what runs may end in the room that was set aside for it. */
static int save_again(struct persist *p, struct err *e)
{
	struct list *at, *tmp;

	if (e->code != ERR_BUSY || !p->reserved || unlink(p->reserve))
		return -1;
	p->reserved = false;
	log_warning("store.full folder=%s: running work goes on, nothing new is taken in",
		p->folder);
	if (store_again(p->store, e))
		return -1;
	list_each (at, tmp, core_workers(p->server->core)) {
		const struct worker *w = container_of(at, struct worker, all);
		if (store_save_worker(p->store, w->id, w->instance, e))
			return -1;
	}
	return save_all(p, e);
}

/* Written, not only made longer: the room must be ours. */
static void set_aside(struct persist *p)
{
	int fd = open(p->reserve, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	p->reserved = fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) == 0;
	if (fd >= 0)
		close(fd);
	if (!p->reserved)
		unlink(p->reserve);
}

int persist_room(struct server *s, struct err *e)
{
	struct persist *p = s->persist;
	int64_t now = server_now(s).mono_us;
	struct statvfs fs;

	if (!p)
		return 0;
	if (now - p->looked_us > LOOK_US || p->looked_us == 0) {
		if (statvfs(p->folder, &fs))
			return err_errno(e, ERR_IO, "cannot look at %s", p->folder);
		p->room = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
		p->looked_us = now;
	}
	if (p->room < ROOM_BYTES)
		return err_set(e, ERR_BUSY,
			"there is no room for new tasks on the disk of %s: %lld MiB are left, and %lld are kept for what is there; make room, then try again",
			p->folder, (long long)(p->room >> 20), (long long)(ROOM_BYTES >> 20));
	if (!p->reserved)
		set_aside(p);
	return 0;
}

int persist_turn(struct server *s, struct err *e)
{
	struct persist *p = s->persist;

	if (p && !p->broken && save_all(p, e) && save_again(p, e)) {
		p->broken = true;
		return -1;
	}
	if (p && p->broken)
		return -1;
	core_saved(s->core);
	return 0;
}

int persist_worker(struct server *s, const struct worker *w, struct err *e)
{
	return s->persist ? store_save_worker(s->persist->store, w->id, w->instance, e) : 0;
}

static void revive(void *arg, const struct stored *t)
{
	struct server *s = arg;
	const struct task_kept k = kept(s->persist, t);

	core_restore(s->core, server_now(s), &k, NULL);
}

struct task *persist_task(struct server *s, const struct uuid *id)
{
	struct task *t = core_task(s->core, id);
	struct err e;

	if (t || !s->persist || !core_may_have_forgotten(s->core, id))
		return t;
	if (store_find(s->persist->store, id, revive, s, &e) < 0)
		log_error("store.read error=\"%s\"", e.text);
	return core_task(s->core, id);
}

struct task *persist_task_n(struct server *s, uint64_t n)
{
	struct task *t = core_task_n(s->core, n);
	struct err e;

	if (t || !s->persist)
		return t;
	if (store_find_n(s->persist->store, n, revive, s, &e) < 0)
		log_error("store.read error=\"%s\"", e.text);
	return core_task_n(s->core, n);
}

struct group *persist_group(struct server *s, const struct uuid *id)
{
	struct group *g = core_group_id(s->core, id);
	struct err e;

	if (!g && s->persist &&
		store_group_id(s->persist->store, id, restore_group, s->persist, &e) < 0)
		log_error("store.read error=\"%s\"", e.text);
	return core_group_id(s->core, id);
}
