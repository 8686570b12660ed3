/* control-plane, worker: the processes. Each runs its own loop until it is told to stop. */
#include "cmd/processes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/needs.h"
#include "node/control_plane.h"

const struct opt control_plane_opts[] = {
	MODULES,
	HAS,
	{.name = "worker-id",
		.type = OPT_STRING,
		.arg = "ID",
		.env = "FASTWORKER_WORKER_ID",
		.def = "control-plane",
		.help = "Name of this process",
		.conf = true},
	{.name = "base-address",
		.type = OPT_STRING,
		.arg = "ADDRESS",
		.env = "FASTWORKER_BASE_ADDRESS",
		.def = "tcp://127.0.0.1:5555",
		.conf = true,
		.help = "First of the ports for critical, high, normal, low tasks, queries and subworkers; `auto` finds free ones"},
	{.name = "subworker-port",
		.type = OPT_INT,
		.arg = "PORT",
		.env = "FASTWORKER_SUBWORKER_PORT",
		.min = 1,
		.max = 65535,
		.help = "Port for subworkers (five above the base: 5560)",
		.conf = true},
	{.name = "bind",
		.type = OPT_MANY,
		.arg = "ADDRESS",
		.conf = true,
		.help = "Listen on this address instead of the base address's host; may be given more than once"},
	{.name = "concurrency",
		.type = OPT_INT,
		.arg = "N",
		.env = "FASTWORKER_WORKER_CONCURRENCY",
		.min = 0,
		.max = 4096,
		.help = "Slots of the local worker (number of cores); 0: no local worker",
		.conf = true},
	{.name = "result-cache-size",
		.type = OPT_INT,
		.arg = "N",
		.env = "FASTWORKER_RESULT_CACHE_SIZE",
		.def = "10000",
		.min = 1,
		.max = 100000000,
		.help = "Finished tasks that are kept",
		.conf = true},
	{.name = "result-cache-ttl",
		.type = OPT_DURATION,
		.arg = "SECONDS",
		.env = "FASTWORKER_RESULT_CACHE_TTL",
		.def = "3600",
		.help = "How long they are kept",
		.conf = true},
	{.name = "max-queued",
		.type = OPT_INT,
		.arg = "N",
		.def = "1000000",
		.min = 1,
		.max = 1000000000,
		.help = "Tasks that may wait; over it a submission is refused: busy",
		.conf = true},
	{.name = "lease",
		.type = OPT_DURATION,
		.arg = "TIME",
		.def = "30s",
		.conf = true,
		.help = "Silence after which a worker's tasks go to others"},
	{.name = "state-dir",
		.type = OPT_STRING,
		.arg = "FOLDER",
		.conf = true,
		.complete = "file",
		.help = "Where tasks and results are kept (below ~/.local/state/fastworker, or /var/lib/fastworker)"},
	{.name = "durability",
		.type = OPT_CHOICE,
		.choices = "disk|memory",
		.def = "disk",
		.conf = true,
		.help = "disk: what is acknowledged outlives a crash; memory: nothing outlives this process"},
	SHUTDOWN,
	{.name = "idle-exit",
		.type = OPT_DURATION,
		.arg = "TIME",
		.env = "FASTWORKER_IDLE_EXIT",
		.def = "0",
		.conf = true,
		.help = "It ends when for so long nothing ran, waited or was asked, and no subworker was connected; 0: never"},
	{.name = "by-itself",
		.type = OPT_FLAG,
		.hidden = true,
		.help = "Started for a command"},
	LOGS,
	{.name = "gui",
		.type = OPT_FLAG,
		.env = "FASTWORKER_GUI_ENABLED",
		.hidden = true,
		.conf = true,
		.help = "The web page (not in this version)"},
	{.name = "gui-host",
		.type = OPT_STRING,
		.env = "FASTWORKER_GUI_HOST",
		.hidden = true,
		.conf = true,
		.help = "likewise"},
	{.name = "gui-port",
		.type = OPT_INT,
		.env = "FASTWORKER_GUI_PORT",
		.hidden = true,
		.conf = true,
		.help = "likewise"},
	{.name = NULL},
};

int read_has(const struct opts *o, const char **has, struct err *e)
{
	char set[NEEDS_TEXT];

	*has = opts_str(o, "has");
	return *has && needs_parse(*has, set, e) ? err_prefix(e, "--has") : 0;
}

void set_log_level(const struct opts *o)
{
	enum log_level level;

	if (log_level_parse(opts_str(o, "log-level"), &level))
		log_set_level(level);
}

void say_ready(void *arg, const char *text)
{
	struct cmd_ctx *ctx = arg;

	if (ctx->json) {
		struct buf quoted = BUF_INIT;
		json_quote(&quoted, text, strlen(text));
		out_raw_line(ctx->out, "{\"schema\":1,\"event\":\"ready\",\"text\":%s}",
			buf_str(&quoted));
		buf_fini(&quoted);
	} else {
		out_line(ctx->out, "%s", text);
	}
	out_flush(ctx->out);
}

static unsigned cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

static int parse_addresses(const struct opts *o, struct control_plane_conf *conf, struct err *e)
{
	const char *base = opts_str(o, "base-address"),
		   *discovery = opts_str(o, "discovery-address");
	bool is_auto = strcasecmp(base, "auto") == 0;
	const struct address loopback = {.host = "127.0.0.1", .port = 0};

	conf->base = conf->discovery = loopback;
	conf->discovery.port = is_auto ? 0 : PORT_DISCOVERY_DEFAULT;
	if (!is_auto && address_parse(base, &conf->base, e))
		return err_prefix(e, "--base-address");
	if (conf->base.port > 65535 - PORT_WORKER)
		return err_set(e, ERR_USAGE,
			"--base-address: the five ports above %d are needed, too",
			conf->base.port);
	if (discovery && strcasecmp(discovery, "auto") == 0)
		conf->discovery.port = 0;
	else if (discovery && address_parse(discovery, &conf->discovery, e))
		return err_prefix(e, "--discovery-address");
	return 0;
}

static int fill(struct cmd_ctx *ctx, struct control_plane_conf *conf, bool standalone,
	struct err *e)
{
	const struct opts *o = ctx->opts;

	if (opts_flag(o, "gui") && opts_origin(o, "gui", NULL) == OPT_GIVEN)
		return err_set(e, ERR_CONFIG, "this version has no web page; leave out --gui");
	if (opts_flag(o, "gui") || opts_given(o, "gui-host") || opts_given(o, "gui-port"))
		log_warning(
			"gui: this version has no web page; the control plane runs without");
	conf->profile = ctx->session->profile ? ctx->session->profile : "default";
	conf->worker_id = opts_str(o, "worker-id");
	conf->paths = &ctx->session->paths;
	conf->nbind = opts_many(o, "bind", &conf->bind);
	conf->worker_port = (int)opts_int(o, "subworker-port");
	conf->subworkers = !standalone;
	conf->concurrency = opts_given(o, "concurrency") ? (unsigned)opts_int(o, "concurrency")
			    : standalone                 ? 1
							 : cores();
	conf->nmodules = opts_many(o, "task-modules", &conf->modules);
	conf->cache_size = (size_t)opts_int(o, "result-cache-size");
	conf->cache_ttl_ms = opts_ms(o, "result-cache-ttl");
	conf->max_queued = (size_t)opts_int(o, "max-queued");
	conf->lease_ms = opts_ms(o, "lease");
	conf->by_itself = opts_flag(o, "by-itself");
	conf->idle_exit_ms = conf->by_itself && !opts_given(o, "idle-exit")
				     ? IDLE_EXIT_MS
				     : opts_ms(o, "idle-exit");
	conf->shutdown_ms = opts_ms(o, "shutdown-timeout");
	conf->log_level = opts_str(o, "log-level");
	conf->log_limit = opts_size(o, "log-limit");
	conf->log_keep = opts_size(o, "log-keep");
	conf->exe = ctx->session->exe;
	conf->ready = say_ready;
	conf->ready_arg = ctx;
	if (!str_worker_id(conf->worker_id) || strchr(conf->worker_id, '/'))
		return err_set(e, ERR_USAGE,
			"\"%s\" cannot be a worker id: letters, digits, _ . -, at most 64",
			str_show(conf->worker_id));
	if (read_has(o, &conf->has, e))
		return -1;
	if (conf->lease_ms < 100)
		return err_set(e, ERR_USAGE, "--lease: at least 100ms");
	return parse_addresses(o, conf, e);
}

/* One folder per profile, unless another is named. The caller frees it; NULL: nothing is kept. */
static char *state_folder(const struct cmd_ctx *ctx, const struct control_plane_conf *conf)
{
	if (strcmp(opts_str(ctx->opts, "durability"), "memory") == 0)
		return NULL;
	if (opts_given(ctx->opts, "state-dir"))
		return xstrdup(opts_str(ctx->opts, "state-dir"));
	return xasprintf("%s/%s", conf->paths->state, conf->profile);
}

void run_control_plane(struct cmd_ctx *ctx, bool standalone)
{
	struct control_plane_conf conf = {0};
	char *folder;
	struct err e;
	int status;

	set_log_level(ctx->opts);
	if (fill(ctx, &conf, standalone, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	folder = state_folder(ctx, &conf);
	conf.state_dir = folder;
	status = control_plane_run(&conf, &e);
	free(folder);
	if (e.code != ERR_NONE)
		cmd_fail(ctx, &e);
	else
		cmd_done(ctx, status);
}

static void exec_control_plane(struct cmd_ctx *ctx)
{
	run_control_plane(ctx, false);
}

const struct cmd cmd_control_plane_entry = {
	.name = "control-plane",
	.group = "processes",
	.usage = "[OPTIONS]",
	.help = "Runs a control plane in the foreground",
	.about =
		"Coordinates subworkers, keeps tasks and results, and runs tasks itself, through a local worker, when no\n"
		"subworker has a free slot. Stops on SIGINT or SIGTERM when running tasks are done (30 s); at once on a second one.",
	.examples =
		"fastworker control-plane -t tasks.sh\nfastworker control-plane --base-address tcp://0.0.0.0:5555 --concurrency 0",
	.opts = control_plane_opts,
	.flags = CMD_PROCESS,
	.exec = exec_control_plane,
};

static void exec_worker(struct cmd_ctx *ctx)
{
	struct err e;

	if (opts_given(ctx->opts, "worker-id")) {
		run_control_plane(ctx, true);
		return;
	}
	err_set(&e, ERR_USAGE, "a stand-alone worker needs a name: --worker-id ID");
	cmd_fail(ctx, &e);
}

const struct cmd cmd_worker_entry = {
	.name = "worker",
	.group = "processes",
	.usage = "--worker-id ID [OPTIONS]",
	.help = "Runs a stand-alone worker: a control plane that takes no subworkers",
	.examples = "fastworker worker --worker-id w1 -t tasks.sh",
	.opts = control_plane_opts,
	.flags = CMD_PROCESS,
	.exec = exec_worker,
};
