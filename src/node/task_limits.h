/* What a task may use, and whether it may leave processes behind: options of `# @task`. */
#ifndef NODE_TASK_LIMITS_H
#define NODE_TASK_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

struct task_limits {    /* 0 = no limit of ours */
	int64_t memory; /* bytes of address space of each of its processes */
	int64_t files;  /* descriptors of each */
	int64_t cpu_s;  /* processor time of each */
	bool daemon;    /* what it leaves behind goes on */
};

/* memory=512M nofile=64 cpu=10s daemon: 1; 0: the word is another one; -1 with ERR_DATA: its value is wrong. */
int task_limits_read(struct task_limits *l, const char *word, struct err *e);
/* For the line of a message, and from it. */
void task_limits_write(const struct task_limits *l, struct json_out *w);
void task_limits_parse(struct task_limits *l, const struct json_node *o);

#endif
