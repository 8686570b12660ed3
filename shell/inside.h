/* What the files of the shell share.
 *
 * A face gives text (editor.c: a terminal; script.c: a pipe, a file or -c), run.c makes commands of it and runs one at a time, and the face is
 * told when none is left. Everything comes as calls from the session's loop. */
#ifndef SHELL_INSIDE_H
#define SHELL_INSIDE_H

#include "cmd/cmd.h"
#include "shell/lines.h"

struct shell;
struct editor;
struct script;
struct notices;

struct face {
	/* All commands that were given are done. open: what is not closed in the text that is left, or 0. */
	void (*idle)(struct shell *sh, char open);
	/* A line was begun; it may have nothing but blanks in it. */
	void (*begun)(struct shell *sh, const struct line *line);
	/* A command ended with this status. */
	void (*ended)(struct shell *sh, int status);
	/* ^C, while no command runs. */
	void (*interrupt)(struct shell *sh);
	/* What a command says on stderr. */
	void (*say)(struct shell *sh, const char *p, size_t n);
};

struct shell {
	struct cmd_ctx *ctx; /* of `shell` itself */
	struct session *session;
	const struct face *face;
	struct editor *editor;   /* of the one face */
	struct script *script;   /* of the other */
	struct notices *notices; /* NULL in a script */

	struct out plain; /* stdout and stderr of this process */
	struct out out;   /* of commands: plain, with what the face and the notices look at */

	struct lines lines;
	bool last;               /* no more text will come */
	struct cmd_ctx *running; /* NULL also while it starts, and when none runs */
	bool busy;               /* a command runs */
	bool over;               /* cmd_done() was called for the shell */
	bool lost;               /* the connection is away */
	bool told;               /* the command that runs said so */
	int status;              /* of the last command */

	bool elsewhere; /* the command that runs has a connection of its own; meanwhile */
	struct client *client; /* the session's, or NULL */
	char *profile;         /* and its profile are kept here */
};

/* run.c */
/* Starts the next command, or tells the face that there is none. */
void shell_next(struct shell *sh);
/* ^C: ends the command that runs, and forgets all text that was not run yet. */
void shell_interrupt(struct shell *sh);
/* Writes out what commands gave; one whose data cannot be written is ended. */
void shell_flush(struct shell *sh);
/* The words of a line behind the options that the shell itself was given: these hold for each of its commands. *n grows; words_free() frees them. */
void shell_inherit(struct shell *sh, char ***words, size_t *n);

/* shell.c */
/* Leaves the shell; nothing may be started any more. */
void shell_end(struct shell *sh, int status);
/* A message of the shell itself, as those of commands look. */
void shell_complain(struct shell *sh, const struct err *e);

/* editor.c */
extern const struct face editor_face;
struct editor *editor_new(struct shell *sh);
void editor_free(struct editor **ed);
/* Reads keys, or leaves them to come later. */
void editor_listen(struct editor *ed, bool on);
/* What the prompt tells has changed; the terminal has another size. */
void editor_prompt(struct editor *ed);
void editor_resized(struct editor *ed);
/* Before the process is stopped, the terminal is as it was; after it, readline's again. */
void editor_away(struct editor *ed);
void editor_back(struct editor *ed);

/* script.c */
extern const struct face script_face;
/* text: of -c; else a file, or stdin when that is NULL, too. NULL with *e: it cannot be read. */
struct script *script_new(struct shell *sh, const char *text, const char *path, bool keep_going,
	struct err *e);
void script_free(struct script **sc);

/* history.c: readline's list of lines and its file. */
void history_load(const struct paths *paths);
/* Adds to both, unless it should not be kept. */
void history_keep(const char *typed);

/* tab.c */
/* Behind rl_initialize(): a user's own binding of TAB would find nothing. */
void tab_init(struct shell *sh);
/* What is asked is not waited for. */
void tab_cancel(void);

/* notices.c: tells of the end of tasks that were submitted here and are not waited for. */
struct notices *notices_new(struct shell *sh);
void notices_free(struct notices **n);
/* All that is watched: the connection is about to go. */
void notices_forget(struct notices *n);
/* A piece of what `cmd` writes to stdout: ids that submit -n prints are watched. */
void notices_look(struct notices *n, const struct cmd_ctx *cmd, const char *p, size_t len);

#endif
