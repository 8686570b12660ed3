/* What is not the same on every system: one file per kind of system, linux.c or portable.c, chosen by `make PLATFORM=`.
 *
 * Linux shows every process and its parents, and gives orphans to the next subreaper: so the whole tree of a task is found and ended, however it hid.
 * Elsewhere a task is its session's process group: what made a group of its own is not found. platform_lacks() says so to people. */
#ifndef NODE_PLATFORM_H
#define NODE_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* One line on what this build cannot do, or NULL. */
const char *platform_lacks(void);
/* True when the functions on processes below work. */
bool platform_sees_trees(void);

/* Orphans below this process are given to it (or, off: to who would get them otherwise). 0, also where that is not possible; -1 with errno. */
int platform_keep_orphans(bool on);
/* Nothing that this process starts gets new privileges by running a program. 0, also where that is not possible; -1 with errno. */
int platform_no_new_privs(void);

/* In a child of vfork(), so system calls only: KILL when `parent` ends; 0 or -1 with errno. Does not return when it has ended already. */
int platform_die_with(pid_t parent);
/* Likewise: closes all descriptors from `first` on. */
void platform_close_from(int first);

/* Calls fn for each child that the process has now; fn may kill it. */
typedef void platform_pid_fn(void *arg, pid_t pid);
void platform_children(pid_t of, platform_pid_fn *fn, void *arg);
/* The same for all processes of the system. */
void platform_processes(platform_pid_fn *fn, void *arg);

struct platform_process {
	char name[32]; /* of its program, cut */
	bool dead;     /* it has ended and is not reaped */
	bool stopped;  /* by a signal */
	pid_t group;
	unsigned long program; /* changes with each exec and not with a fork */
};
/* False: there is no such process (any more). */
bool platform_look(pid_t pid, struct platform_process *p);
/* Its environment, a NUL behind each string. 1; 0: it has none, or it is not ours to look at; -1: none just now, it is in the middle of an exec. */
int platform_environment(pid_t pid, struct buf *env);

/* Changes of the files in folders. A descriptor to wait for with poll(), or -1: this system does not tell. */
int platform_notice_open(void);
/* A number for the folder, or -1: it is none, or it cannot be looked at. */
int platform_notice_add(int fd, const char *folder);
/* Calls fn for each change: the folder's number, -1 when it is not known which; the file's name, NULL when it is the folder itself. */
typedef void platform_notice_fn(void *arg, int folder, const char *name);
void platform_notice_read(int fd, platform_notice_fn *fn, void *arg);

/* How often the system killed a process for lack of memory in the group of processes (cgroup) that this one is in; -1: not known. */
int64_t platform_oom_kills(void);
/* A descriptor that can be read from when that process has ended, or -1. */
int platform_pidfd(pid_t pid);
/* Path of the running binary; the caller frees it. NULL: not known. */
char *platform_exe(void);

#endif
