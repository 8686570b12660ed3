/* Commands: one `const struct cmd` per file, one line in list.h. The command line, the shell, the console's keys, help, completion and the manual all
 * come from this table.
 *
 * To add one: a file with the struct, a line in list.h, a .bats file in tests/e2e, a line in the README's table. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/list.h"
#include "base/opt.h"
#include "cmd/out.h"
#include "cmd/session.h"

struct cmd_ctx;

enum cmd_flags {
	CMD_PROCESS =
		1, /* a process of its own with its own loop (control-plane, subworker): not from shell or console */
	CMD_STATUS =
		2, /* passes on a task's exit status: our own failures are 125, see cmd_exit_code() */
	CMD_FACE = 4,      /* takes the terminal (console, shell): not from shell or console */
	CMD_HIDDEN = 8,    /* not in help */
	CMD_EARLY = 16,    /* the first positional ends the options */
	CMD_DESTROYS = 32, /* asks before it does */
	CMD_STARTS =
		128, /* starts a control plane when none is there: takes NO_START_OPT, uses cmd_connect() */
	CMD_STARTS_MODULES = 256, /* the same, but only when modules were given with -t */
	CMD_INSIDE =
		64, /* for tasks, which start it often: it gets no configuration, see session_bare() */
};

struct cmd {
	const char *name;
	const char *
		alias; /* words with spaces between, or NULL. What destroys has none, on purpose */
	const char
		*group; /* heading in help: "tasks", "processes", "looking", "faces", "more" */
	const char *usage;    /* behind the name: "[OPTIONS] TASK [ARG...]" */
	const char *help;     /* one line */
	const char *about;    /* more lines for `help NAME` and the manual, or NULL */
	const char *examples; /* lines for help and the manual, or NULL */
	const char *
		complete; /* what __complete offers for positionals: "task", "id", "worker", "file", "command", or NULL */
	const struct opt *opts; /* ended by a name of NULL; the global ones are added */
	int nargs;              /* positionals that it takes at most; -1: any number */
	unsigned flags;
	/* Starts the work and returns at once; ends with cmd_done() or cmd_fail(), now or later from the loop. */
	void (*exec)(struct cmd_ctx *ctx);
	/* ^C: says what goes on without us ("task 42 runs on ..."); cmd_done() follows from the caller. NULL: nothing to say. */
	void (*interrupt)(struct cmd_ctx *ctx);
	/* INT, TERM, HUP or QUIT came. True: the command deals with it and goes on. NULL, or false: it is interrupted. */
	bool (*signal)(struct cmd_ctx *ctx, int signo);
	/* Frees ctx->state and ends what still runs for it (requests, watches). Called once, after the end or an interrupt. NULL: plain free(). */
	void (*release)(struct cmd_ctx *ctx);
};

typedef void cmd_done_fn(void *arg, int status);

struct cmd_ctx {
	const struct cmd *cmd;
	struct session *session;
	struct opts *opts;
	struct out *out;
	void *state;        /* the command's own; freed by release */
	char *const *words; /* as given, behind the command's name; during exec only */
	size_t nwords;
	/* Private to cmd.c. */
	bool ended, json;
	struct starting *starting; /* see cmd_connect(); else NULL */
	unsigned holds;
	struct list orphan; /* ended, and answers are still under way */
	cmd_done_fn *done;
	void *done_arg;
};

/* The table, ended by NULL, in the order of help. */
extern const struct cmd *const commands[];
const struct cmd *cmd_find(const char *word); /* name or alias; NULL: none */
/* "unknown command "statsu" (did you mean status?)", ERR_USAGE. */
int cmd_unknown(const char *word, struct err *e);
/* Options that every command has, ended by a name of NULL. */
extern const struct opt global_opts[];

/* Parses words[0..n) (words[0] is the command) and starts it. done is called exactly once, from the loop or before this returns (then NULL is returned). Errors of the
 * command line are told through out, too. */
struct cmd_ctx *cmd_start(struct session *s, struct out *out, char *const *words, size_t n,
	cmd_done_fn *done, void *arg);
/* ^C: the command says what goes on without it and is forgotten; done is not called. Nulls *ctx. */
void cmd_interrupt(struct cmd_ctx **ctx);

/* For commands: the end, with an exit status. Nothing may be done with ctx afterwards. */
void cmd_done(struct cmd_ctx *ctx, int status);
/* Tells e through out ("fastworker: submit: TEXT"; with --json an object on stderr) and ends with its exit code. */
void cmd_fail(struct cmd_ctx *ctx, const struct err *e);
/* The same without ending: for one of several things that failed. Returns the exit code. */
int cmd_complain(struct cmd_ctx *ctx, const struct err *e);
int cmd_exit_code(const struct cmd *cmd, enum err_code code);
/* The keys of the configuration file are options that some command has: -1 with ERR_CONFIG and a did-you-mean. */
int config_check(struct session *s, struct err *e);
/* A client connection for this command with its options (-P, --discovery-address, ...), shared within the session; NULL: it was told and ended. */
struct client *cmd_client(struct cmd_ctx *ctx);
/* The same, and calls fn with it, now or later; a command that may (CMD_STARTS) starts a control plane first when none is there. fn is not called when
 * that fails: it was told and ended. */
typedef void cmd_connected_fn(struct cmd_ctx *ctx, struct client *c);
void cmd_connect(struct cmd_ctx *ctx, cmd_connected_fn *fn);

/* An answer that is under way holds the ctx: cmd_hold(ctx) is given as its argument, and its callback begins with
 * `if (!cmd_let(ctx)) return;` - the command may have ended meanwhile (^C). With several calls for one hold, the last one lets go; the others look at
 * ctx->ended. */
struct cmd_ctx *cmd_hold(struct cmd_ctx *ctx);
bool cmd_let(struct cmd_ctx *ctx);

/* At the end of the process, when no answer can come any more: what waits for one. */
void cmd_fini(void);

/* Help texts, from the table. */
void cmd_help_all(struct buf *out);
void cmd_help(struct buf *out, const struct cmd *c);

#endif
