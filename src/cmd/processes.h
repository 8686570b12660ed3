/* What the commands that start processes share. */
#ifndef CMD_PROCESSES_H
#define CMD_PROCESSES_H

#include "cmd/cmd.h"

/* Options of control-plane, start and worker. */
extern const struct opt control_plane_opts[];
/* A line on stdout when a process is ready, flushed; for `ready` of its configuration. arg: struct cmd_ctx. */
void say_ready(void *arg, const char *text);
/* The log level of --log-level. */
void set_log_level(const struct opts *o);
/* Runs a control plane; standalone: `worker`, which takes no subworkers. */
void run_control_plane(struct cmd_ctx *ctx, bool standalone);

#endif
