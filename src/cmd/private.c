/* When a command needs a control plane and none is there: the ordinary one of this profile, which ends by itself when it is idle. */
#include "cmd/private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/launch.h"
#include "cmd/processes.h"

struct starting {
	struct cmd_ctx *ctx;
	cmd_connected_fn *fn;
	struct launch *launch;
	bool started; /* by us */
};

void private_free(struct starting **starting)
{
	struct starting *st = *starting;

	*starting = NULL;
	if (!st)
		return;
	launch_free(&st->launch);
	free(st);
}

/* What `control-plane` would take from its surroundings. */
static const char *setting(struct session *s, const char *env, const char *name)
{
	const char *value = env ? getenv(env) : NULL;

	return value && *value ? value : session_config(s, name, NULL);
}

/* Only for this host: one that others can reach is started by somebody who wants that. */
static bool stays_here(struct session *s)
{
	const char *base = setting(s, "FASTWORKER_BASE_ADDRESS", "base-address");
	struct address a;

	if (setting(s, NULL, "bind"))
		return false;
	return !base || strcasecmp(base, "auto") == 0 ||
	       (address_parse(base, &a, NULL) == 0 && address_loopback(&a));
}

static size_t modules_of(const struct opts *o, const char *const **one, size_t *n,
	const char *const **words, size_t *nwords)
{
	*n = opts_has(o, "module") ? opts_many(o, "module", one) : 0;
	*nwords = opts_has(o, "task-modules") ? opts_many(o, "task-modules", words) : 0;
	return *n + *nwords;
}

static bool may_start(const struct cmd_ctx *ctx)
{
	const struct opts *o = ctx->opts;
	const char *const *a, *const *b;
	size_t na, nb;

	if (!(ctx->cmd->flags & (CMD_STARTS | CMD_STARTS_MODULES)) || opts_flag(o, "no-start"))
		return false;
	if ((ctx->cmd->flags & CMD_STARTS_MODULES) && !modules_of(o, &a, &na, &b, &nb))
		return false;
	return !opts_given(o, "discovery-address") && !opts_given(o, "server-key") &&
	       !setting(ctx->session, "FASTWORKER_CONTROL_PLANE_ADDRESS",
		       "control-plane-address") &&
	       stays_here(ctx->session);
}

static bool absent(const struct cmd_ctx *ctx)
{
	struct target t;
	struct err e;

	return session_target(ctx->session, ctx->opts, PORT_QUERY, &t, &e) &&
	       e.code == ERR_PEER;
}

static void connect(struct cmd_ctx *ctx, cmd_connected_fn *fn)
{
	struct client *c = cmd_client(ctx);

	if (c)
		fn(ctx, c);
}

static void tell(struct cmd_ctx *ctx)
{
	const char *idle = setting(ctx->session, "FASTWORKER_IDLE_EXIT", "idle-exit");
	int64_t ms;

	if (ctx->json || !ctx->out->own_files || !isatty(STDERR_FILENO))
		return;
	if (!idle)
		out_note(ctx->out,
			"started a control plane for this; it ends after %d idle minutes",
			IDLE_EXIT_MS / 60000);
	else if (str_duration_ms(idle, &ms) && ms == 0)
		out_note(ctx->out, "started a control plane for this; `%s stop` ends it",
			ctx->session->argv0);
	else
		out_note(ctx->out,
			"started a control plane for this; it ends when it is idle for %s",
			idle);
}

static void on_launched(void *arg, int status, const char *line)
{
	struct starting *st = arg;
	struct cmd_ctx *ctx = st->ctx;
	struct err e;

	if (status) {
		err_set(&e, ERR_PEER,
			"no control plane is running, and one could not be started: %s%s(exit status %d; its log: %s)",
			line, *line ? " " : "", status, launch_log(st->launch));
		cmd_fail(ctx, &e);
		return;
	}
	launch_free(&st->launch);
	st->started = line != NULL;
	if (st->started)
		tell(ctx);
	connect(ctx, st->fn);
}

static void start(struct cmd_ctx *ctx, cmd_connected_fn *fn)
{
	struct starting *st = xcalloc(1, sizeof(*st));
	const char *const *a = NULL, *const *b = NULL;
	size_t na, nb, n = 0, nmodules = modules_of(ctx->opts, &a, &na, &b, &nb);
	const char **words = xcalloc(nmodules + 4, sizeof(*words));
	struct err e;

	words[n++] = "--by-itself";
	if (ctx->session->profile) {
		words[n++] = "--profile";
		words[n++] = ctx->session->profile;
	}
	if (nmodules)
		words[n++] = "--task-modules";
	for (size_t i = 0; i < na; i++)
		words[n++] = a[i];
	for (size_t i = 0; i < nb; i++)
		words[n++] = b[i];
	st->ctx = ctx;
	st->fn = fn;
	ctx->starting = st;
	st->launch = launch_new(ctx->session, (char *const *)words, n, on_launched, st, &e);
	free(words);
	if (!st->launch)
		cmd_fail(ctx, &e);
}

void cmd_connect(struct cmd_ctx *ctx, cmd_connected_fn *fn)
{
	if (may_start(ctx) && absent(ctx))
		start(ctx, fn);
	else
		connect(ctx, fn);
}

bool private_unused(const struct cmd_ctx *ctx, const char **first)
{
	const char *const *a, *const *b;
	size_t na, nb;

	if ((ctx->starting && ctx->starting->started) ||
		!modules_of(ctx->opts, &a, &na, &b, &nb))
		return false;
	*first = na ? a[0] : b[0];
	return true;
}
