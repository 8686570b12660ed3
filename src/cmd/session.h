/* What the commands of one process share: loop, sockets, configuration, the connection to a control plane. */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include <stdbool.h>

#include "base/ini.h"
#include "base/loop.h"
#include "base/opt.h"
#include "base/paths.h"
#include "client/client.h"
#include "proto/context.h"

struct session {
	struct clock clock;
	struct loop *loop;
	struct net *net; /* NULL until the first connection */
	struct paths paths;
	struct ini *config;     /* never NULL after session_init() */
	char *config_path;      /* of the file that was read */
	char *profile;          /* of -P, or NULL */
	const char *argv0;      /* "fastworker": what messages begin with */
	char *exe;              /* path of this binary */
	struct client *client;  /* NULL until it is needed */
	struct err client_down; /* why it is away; code ERR_NONE: it is not */
	/* For faces that show it; may be NULL. */
	void (*on_link)(void *arg, bool up);
	void *on_link_arg;
	int port; /* enum port on which the first connection is made: PORT_QUERY, or by the priority of a submission */
};

/* Folders and the configuration file ($FASTWORKER_CONFIG, or `config` in the configuration folder). */
int session_init(struct session *s, const char *argv0, struct err *e);
/* Only what a command needs that asks nobody but its own runner: a loop. */
void session_bare(struct session *s, const char *argv0);
void session_fini(struct session *s);

/* Looks options up in the configuration: [profile NAME] before the part without a section. For opts_parse(). */
const char *session_config(void *session, const char *name, const char **where);

/* Where the control plane is and which key it holds. */
struct target {
	struct address address;
	char server_key[KEY_TEXT];
	int want;         /* for struct link_conf */
	bool has_context; /* the rest is set */
	struct context context;
};
/* o: parsed options of the command. port: enum port. */
int session_target(struct session *s, const struct opts *o, int port, struct target *out,
	struct err *e);
/* The same for an address that is given. */
int session_target_at(struct session *s, const struct opts *o, const char *address, int port,
	struct target *out, struct err *e);
/* This user's key; made when there is none. */
int session_key(struct session *s, struct keypair *out, struct err *e);
/* The shared connection. */
struct client *session_client(struct session *s, const struct opts *o, struct err *e);

#endif
