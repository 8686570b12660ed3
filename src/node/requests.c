/* Requests by message: who may send it, and which function answers it. */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "node/server.h"

typedef void handler(struct peer *p, const struct msg *m);

static void welcome(struct peer *p, const struct msg *m, int64_t version)
{
	struct server *s = p->server;
	struct mout *o = &s->out;
	char roles[64];

	mout_begin(o, MSG_WELCOME, m->req);
	jout_i64(&o->w, "v", version);
	jout_str(&o->w, "id", s->conf.worker_id);
	jout_i64(&o->w, "incarnation", (int64_t)s->context.incarnation);
	jout_str(&o->w, "principal", p->principal);
	jout_str(&o->w, "roles", roles_text(roles, p->roles));
	jout_i64(&o->w, "base_port", s->context.base.port);
	jout_i64(&o->w, "worker_port", s->conf.subworkers ? server_worker_port(s) : 0);
	jout_i64(&o->w, "seq", (int64_t)core_event_last(s->core));
	mout_end(o);
	peer_send(p, o);
}

static void hello_handle(struct peer *p, const struct msg *m)
{
	int64_t newest = msg_int(m->head, "v", 0), oldest = msg_int(m->head, "vmin", 0);
	int64_t version = newest < PROTO_VERSION ? newest : PROTO_VERSION;
	struct err e;

	if (version >= oldest && version >= PROTO_VERSION_MIN) {
		welcome(p, m, version);
		return;
	}
	err_set(&e, ERR_SERVER_KEY,
		"no common protocol version: you speak %lld to %lld, this control plane (" FW_VERSION
		") %d to %d; install versions that are nearer",
		(long long)oldest, (long long)newest, PROTO_VERSION_MIN, PROTO_VERSION);
	peer_error(p, m->req, &e);
}

static void shutdown_handle(struct peer *p, const struct msg *m)
{
	struct server *s = p->server;
	struct core_counts c;

	core_counts(s->core, &c);
	mout_begin(&s->out, MSG_STOPPING, m->req);
	jout_i64(&s->out.w, "running",
		(int64_t)(c.by_state[TASK_ASSIGNED] + c.by_state[TASK_RUNNING]));
	jout_i64(&s->out.w, "queued", (int64_t)c.by_state[TASK_QUEUED]);
	if (s->persist)
		jout_bool(&s->out.w, "kept", true);
	jout_i64(&s->out.w, "pid", getpid());
	mout_end(&s->out);
	peer_send(p, &s->out);
	log_info("shutdown by=%s address=%s", p->principal, p->address);
	/* Asked twice is not a signal twice: what runs keeps its time. */
	if (!s->stopping)
		control_plane_stop(s);
}

static handler *const handlers[MSG__COUNT] = {
	[MSG_HELLO] = hello_handle,
	[MSG_SUBMIT] = submit_handle,
	[MSG_CANCEL] = cancel_handle,
	[MSG_SIGNAL] = signal_handle,
	[MSG_GET] = get_handle,
	[MSG_QUERY] = query_handle,
	[MSG_WATCH] = watch_handle,
	[MSG_UNWATCH] = unwatch_handle,
	[MSG_BLOB_PUT] = blob_put_handle,
	[MSG_BLOB_GET] = blob_get_handle,
	[MSG_LOG] = log_handle,
	[MSG_LOG_DATA] = log_data_handle,
	[MSG_DRAIN] = drain_handle,
	[MSG_SHUTDOWN] = shutdown_handle,
	[MSG_REGISTER] = register_handle,
	[MSG_STARTED] = started_handle,
	[MSG_RETURNED] = returned_handle,
	[MSG_PROGRESS] = progress_handle,
	[MSG_STDIN] = stdin_handle,
	[MSG_STDIN_ACK] = stdin_ack_handle,
	[MSG_DONE] = done_handle,
	[MSG_HEARTBEAT] = heartbeat_handle,
	[MSG_LEAVE] = leave_handle,
};

static bool may_send(const struct peer *p, const struct msg_def *d)
{
	return !d->roles || (p->roles & (d->roles | ROLE_ADMIN));
}

void request_handle(struct peer *p, const struct msg *m)
{
	const struct msg_def *d = msg_def(m->id);
	char has[64], needs[64];
	struct err e;

	if (m->id != MSG_HEARTBEAT)
		idle_heard(p->server);
	if (!may_send(p, d)) {
		err_set(&e, ERR_DENIED, "%s needs the role %s; your key (%s) has %s", d->name,
			roles_text(needs, d->roles), p->principal, roles_text(has, p->roles));
		log_warning("denied message=%s principal=%s address=%s", d->name, p->principal,
			p->address);
		peer_error(p, m->req, &e);
		return;
	}
	if (json_get(m->head, "ids") && select_check(p, m, &e)) {
		peer_error(p, m->req, &e);
		return;
	}
	if (!handlers[m->id])
		BUG("message %s has no handler", d->name);
	handlers[m->id](p, m);
}
