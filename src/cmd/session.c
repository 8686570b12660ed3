/* What the commands of one process share, and how a control plane is found: explicit address, else the context file of the profile. */
#include "cmd/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/spawn.h"

int session_init(struct session *s, const char *argv0, struct err *e)
{
	const char *path = getenv("FASTWORKER_CONFIG");

	memset(s, 0, sizeof(*s));
	if (net_check(e))
		return -1;
	s->argv0 = argv0;
	s->port = PORT_QUERY;
	clock_system(&s->clock);
	if (paths_init(&s->paths, e))
		return -1;
	s->config_path =
		path && *path ? xstrdup(path) : xasprintf("%s/config", s->paths.config);
	s->config = ini_load(s->config_path, e);
	if (!s->config)
		return -1;
	s->exe = spawn_self();
	s->loop = loop_new(&s->clock);
	return 0;
}

void session_bare(struct session *s, const char *argv0)
{
	memset(s, 0, sizeof(*s));
	s->argv0 = argv0;
	clock_system(&s->clock);
	s->config = ini_parse("", 0, "", NULL);
	s->loop = loop_new(&s->clock);
}

void session_fini(struct session *s)
{
	client_free(&s->client);
	if (s->loop)
		loop_free(&s->loop);
	net_free(&s->net);
	ini_free(&s->config);
	paths_fini(&s->paths);
	free(s->config_path);
	free(s->profile);
	free(s->exe);
}

const char *session_config(void *session, const char *name, const char **where)
{
	struct session *s = session;
	char *section = s->profile ? xasprintf("profile %s", s->profile) : NULL;
	static char at[512];
	int line = 0;
	const char *value = section ? ini_get(s->config, section, name, &line) : NULL;

	if (!value)
		value = ini_get(s->config, "", name, &line);
	free(section);
	snprintf(at, sizeof(at), "%s:%d", s->config_path, line);
	if (where)
		*where = at;
	return value;
}

int session_key(struct session *s, struct keypair *out, struct err *e)
{
	char *path = xasprintf("%s/client.key", s->paths.config);
	int rc = paths_make_dir(s->paths.config, 0700, e);

	if (rc == 0)
		rc = keys_load(path, true, out, e);
	free(path);
	return rc;
}

/* What a person who has no control plane of their own can do to use another's. */
static const char *how_to_join(struct session *s)
{
	static char text[400];
	struct keypair own;

	if (session_key(s, &own, NULL))
		return "";
	snprintf(text, sizeof(text),
		"\n  to use another user's: ask for its address and public key, then use --discovery-address and --server-key;\n"
		"  its owner adds your key to authorized_keys:  %s role=submit,query name=NAME",
		own.public);
	explicit_bzero(&own, sizeof(own));
	return text;
}

static void use_context(struct target *t, const struct context *c, int port)
{
	t->context = *c;
	t->has_context = true;
	t->address = c->base;
	/* The worker port may be elsewhere, or closed: the control plane says so itself. */
	t->want = port == PORT_WORKER ? port : -1;
	t->address.port += port == PORT_WORKER ? 0 : port;
	memcpy(t->server_key, c->server_key, sizeof(t->server_key));
}

int session_target_at(struct session *s, const struct opts *o, const char *text, int port,
	struct target *t, struct err *e)
{
	const char *key = opts_str(o, "server-key");
	struct context c;
	char shown[300];

	memset(t, 0, sizeof(*t));
	if (address_parse(text, &t->address, e))
		return -1;
	t->want = port;
	if (!key && context_find(s->paths.runtime, &t->address, &c)) {
		use_context(t, &c, port);
		return 0;
	}
	if (!key)
		return err_set(e, ERR_CONFIG,
			"the key of the control plane at %s is not known%s",
			address_text(shown, &t->address), how_to_join(s));
	if (!keys_valid(key))
		return err_set(e, ERR_CONFIG,
			"--server-key: \"%s\" is not a public key (40 characters of Z85)",
			str_show(key));
	snprintf(t->server_key, sizeof(t->server_key), "%s", key);
	return 0;
}

/* The one that was asked for does not run: says which do, and how to start it. Never another one by itself: `stop` must not hit it. */
static int not_running(struct session *s, struct err *e)
{
	char **names, *key = xasprintf("%s/server.key", s->paths.config);
	size_t n = context_names(s->paths.runtime, &names);
	struct buf list = BUF_INIT;
	bool first_time = access(key, F_OK) != 0;

	for (size_t i = 0; i < n; i++) {
		buf_addf(&list, "%s-P %s", i ? ", " : "", names[i]);
		free(names[i]);
	}
	free(names);
	free(key);
	if (s->profile)
		err_set(e, ERR_PEER,
			"no control plane \"%s\" is running; `%s start -P %s` starts one%s%s",
			s->profile, s->argv0, s->profile, n ? "; running: " : "",
			buf_str(&list));
	else if (n)
		err_set(e, ERR_PEER,
			"the control plane \"default\" is not running; `%s start` starts it; running: %s",
			s->argv0, buf_str(&list));
	else
		err_set(e, ERR_PEER,
			"no control plane of yours is running; `%s start` starts one%s",
			s->argv0, first_time ? how_to_join(s) : "");
	buf_fini(&list);
	return -1;
}

static int context_target(struct session *s, int port, struct target *t, struct err *e)
{
	struct context c;
	struct err why;

	if (context_read(s->paths.runtime, s->profile ? s->profile : "default", &c, &why)) {
		if (why.code == ERR_PEER)
			return not_running(s, e);
		*e = why;
		return -1;
	}
	if (!context_alive(&c))
		return err_set(e, ERR_PEER,
			"the control plane \"%s\" (pid %lld) ended without saying so; `%s start` starts it again",
			c.name, (long long)c.pid, s->argv0);
	use_context(t, &c, port);
	return 0;
}

int session_target(struct session *s, const struct opts *o, int port, struct target *out,
	struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (opts_given(o, "discovery-address"))
		return session_target_at(s, o, opts_str(o, "discovery-address"), port, out, e);
	return context_target(s, port, out, e);
}

static void on_up(void *arg, const struct msg *welcome)
{
	struct session *s = arg;

	s->client_down.code = ERR_NONE;
	if (s->on_link)
		s->on_link(s->on_link_arg, true);
}

static void on_down(void *arg, const struct err *why)
{
	struct session *s = arg;

	s->client_down = *why;
	if (s->on_link)
		s->on_link(s->on_link_arg, false);
}

/* A connection that was given up is of no use any more; the next command makes a new one. */
static bool usable(struct session *s)
{
	if (s->client && client_failed(s->client))
		client_free(&s->client);
	return s->client != NULL;
}

struct client *session_client(struct session *s, const struct opts *o, struct err *e)
{
	struct client_conf conf = {.up = on_up, .down = on_down, .arg = s};
	struct target t;
	struct keypair own;

	if (usable(s))
		return s->client;
	if (session_key(s, &own, e) || session_target(s, o, s->port, &t, e))
		return NULL;
	if (!s->net)
		s->net = net_new(s->loop);
	conf.retries = (int)opts_int(o, "reach-retries");
	conf.link.address = t.address;
	conf.link.server_key = t.server_key;
	conf.link.own = &own;
	conf.link.roles = "submit,query";
	conf.link.want = t.want;
	conf.link.connect_timeout_ms = opts_ms(o, "connect-timeout");
	conf.link.give_up_ms = s->on_link ? -1 : opts_ms(o, "reach-timeout");
	s->client = client_new(s->net, &conf);
	explicit_bzero(&own, sizeof(own));
	return s->client;
}
