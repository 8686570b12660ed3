/* subworker: a worker process for a control plane, here or elsewhere. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/processes.h"
#include "node/worker.h"

static const struct opt subworker_opts[] = {
	MODULES,
	{.name = "worker-id",
		.type = OPT_STRING,
		.arg = "ID",
		.env = "FASTWORKER_WORKER_ID",
		.conf = true,
		.help = "Name of this worker (the host's name)"},
	{.name = "control-plane-address",
		.type = OPT_STRING,
		.arg = "ADDRESS",
		.env = "FASTWORKER_CONTROL_PLANE_ADDRESS",
		.help = "Base address of the control plane; left out: the one that commands would use",
		.conf = true},
	{.name = "concurrency",
		.type = OPT_INT,
		.arg = "N",
		.env = "FASTWORKER_WORKER_CONCURRENCY",
		.def = "1",
		.min = 1,
		.max = 4096,
		.help = "Slots: tasks at a time",
		.conf = true},
	{.name = "base-address",
		.type = OPT_STRING,
		.arg = "ADDRESS",
		.env = "FASTWORKER_BASE_ADDRESS",
		.help = "Accepted and not used: a subworker opens no port",
		.conf = true},
	HAS,
	SHUTDOWN,
	LOGS,
	{.name = "state-dir",
		.type = OPT_STRING,
		.arg = "DIR",
		.complete = "file",
		.conf = true,
		.help = "Where the output of tasks is kept (workers/ID below ~/.local/state/fastworker, or /var/lib/fastworker)"},
	{.name = "allow",
		.type = OPT_CHOICE,
		.choices = "exec",
		.conf = true,
		.help = "exec: run any program that a client with the role exec names (run, map -- CMD)"},
	{.name = "local",
		.type = OPT_FLAG,
		.hidden = true,
		.help = "Started by a control plane"},
	{.name = NULL},
};

/* The control plane of a subworker: the address given, with the key that belongs to it. */
static int find_control_plane(struct cmd_ctx *ctx, struct target *t, struct err *e)
{
	const char *text = opts_str(ctx->opts, "control-plane-address");

	if (text)
		return session_target_at(ctx->session, ctx->opts, text, PORT_WORKER, t, e);
	return session_target(ctx->session, ctx->opts, PORT_WORKER, t, e);
}

/* A worker id may hold a '/', a folder's name may not. */
static char *worker_folder(const struct cmd_ctx *ctx, const char *id)
{
	const char *given = opts_str(ctx->opts, "state-dir");
	char *path, *name;

	if (given)
		return xstrdup(given);
	path = xasprintf("%s/workers/%s", ctx->session->paths.state, id);
	for (name = path + strlen(path) - strlen(id); *name; name++)
		if (*name == '/')
			*name = '+';
	return path;
}

static void run_subworker(struct cmd_ctx *ctx, const struct target *t,
	const struct keypair *own)
{
	char host[256] = "worker";
	struct worker_conf conf = {.control_plane = t->address,
		.server_key = t->server_key,
		.own = own};
	const struct opts *o = ctx->opts;
	struct err e;
	char *folder;
	int status, rc = 0;

	gethostname(host, sizeof(host) - 1);
	conf.id = opts_given(o, "worker-id") ? opts_str(o, "worker-id") : host;
	conf.slots = (unsigned)opts_int(o, "concurrency");
	conf.nmodules = opts_many(o, "task-modules", &conf.modules);
	conf.local = opts_flag(o, "local");
	conf.programs = opts_given(o, "allow");
	conf.shutdown_ms = opts_ms(o, "shutdown-timeout");
	conf.exe = ctx->session->exe;
	conf.ready = conf.local ? NULL : say_ready;
	conf.ready_arg = ctx;
	if (!str_worker_id(conf.id))
		rc = err_set(&e, ERR_USAGE,
			"\"%s\" cannot be a worker id: letters, digits, _ . -, at most 64",
			str_show(conf.id));
	if (rc || read_has(o, &conf.has, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	conf.log_limit = opts_size(o, "log-limit");
	conf.log_keep = opts_size(o, "log-keep");
	folder = worker_folder(ctx, conf.id);
	conf.state = folder;
	status = worker_run(&conf, &e);
	free(folder);
	if (e.code != ERR_NONE)
		cmd_fail(ctx, &e);
	else
		cmd_done(ctx, status);
}

static void exec_subworker(struct cmd_ctx *ctx)
{
	struct target t;
	struct keypair own;
	struct err e;

	set_log_level(ctx->opts);
	if (opts_given(ctx->opts, "base-address") && !opts_flag(ctx->opts, "local"))
		out_note(ctx->out,
			"subworker: --base-address is not used: a subworker opens no port");
	if (find_control_plane(ctx, &t, &e) || session_key(ctx->session, &own, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	run_subworker(ctx, &t, &own);
	explicit_bzero(&own, sizeof(own));
}

const struct cmd cmd_subworker_entry = {
	.name = "subworker",
	.group = "processes",
	.usage = "[--worker-id ID] [--control-plane-address ADDRESS] [OPTIONS]",
	.help = "Runs a worker for a control plane, on this or any other host",
	.about =
		"Opens no port: it connects to the control plane and takes tasks from there. Joins and leaves at any time.\n"
		"Stops on SIGINT or SIGTERM when running tasks are done (30 s); at once on a second one.",
	.examples =
		"fastworker subworker -t tasks.sh --worker-id w2 --control-plane-address tcp://127.0.0.1:5555",
	.opts = subworker_opts,
	.flags = CMD_PROCESS,
	.exec = exec_subworker,
};
