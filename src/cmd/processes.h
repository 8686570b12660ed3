/* What the commands that start processes share. */
#ifndef CMD_PROCESSES_H
#define CMD_PROCESSES_H

#include "cmd/cmd.h"

/* Options that several of them have. */
#define MODULES                                                                                \
	{                                                                                      \
		.name = "task-modules", .letter = 't', .type = OPT_WORDS, .arg = "MODULE",     \
		.commas = true, .env = "FASTWORKER_TASK_MODULES", .conf = true,                \
		.complete = "file", .help = "Shell modules and folders of executables"         \
	}
#define LOGS                                                                                                                   \
	{.name = "log-limit",                                                                                                  \
		.type = OPT_SIZE,                                                                                              \
		.arg = "SIZE",                                                                                                 \
		.def = "64MiB",                                                                                                \
		.max = (int64_t)1 << 50,                                                                                       \
		.conf = true,                                                                                                  \
		.help = "Output of one task that is kept in a file: its beginning and its end (at least 1MiB); 0: no files"},  \
	{                                                                                                                      \
		.name = "log-keep", .type = OPT_SIZE, .arg = "SIZE", .def = "1GiB",                                            \
		.max = (int64_t)1 << 50, .conf = true,                                                                         \
		.help = "Output of all tasks that a worker keeps; over it the oldest goes, as does what is older than 30 days" \
	}
#define HAS                                                                                                                   \
	{                                                                                                                     \
		.name = "has", .type = OPT_STRING, .arg = "WORDS", .conf = true,                                              \
		.help = "What this worker has, as in db,gpu: it gets tasks that need it (`submit --needs`, `# @task needs=`)" \
	}
#define SHUTDOWN                                                                               \
	{                                                                                      \
		.name = "shutdown-timeout", .type = OPT_DURATION, .arg = "TIME", .def = "30s", \
		.conf = true,                                                                  \
		.help = "How long running tasks may go on after the first SIGTERM"             \
	}

/* --idle-exit of a control plane that was started for a command. */
#define IDLE_EXIT_MS 600000

/* Options of control-plane, start and worker. */
extern const struct opt control_plane_opts[];
/* A line on stdout when a process is ready, flushed; for `ready` of its configuration. arg: struct cmd_ctx. */
void say_ready(void *arg, const char *text);
/* --has: words that could be none are refused; NULL when not given. */
int read_has(const struct opts *o, const char **has, struct err *e);
/* The log level of --log-level. */
void set_log_level(const struct opts *o);
/* Runs a control plane; standalone: `worker`, which takes no subworkers. */
void run_control_plane(struct cmd_ctx *ctx, bool standalone);

#endif
