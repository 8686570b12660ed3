/* Where files live: XDG folders for a person, system folders for root; and files that nobody else may write or read. */
#ifndef BASE_PATHS_H
#define BASE_PATHS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct paths {
	char *config; /* keys, authorized_keys, config: /etc/fastworker, or $XDG_CONFIG_HOME/fastworker (~/.config/fastworker) */
	char *state; /* /var/lib/fastworker, or $XDG_STATE_HOME/fastworker (~/.local/state/fastworker) */
	char *runtime; /* context files: /run/fastworker, or $XDG_RUNTIME_DIR/fastworker, or the state folder */
	bool system; /* the system folders: euid 0 and XDG_CONFIG_HOME not set */
};

/* 0, or -1 (ERR_CONFIG) when there is neither HOME nor the variables. Makes no folder. */
int paths_init(struct paths *p, struct err *e);
void paths_fini(struct paths *p);

/* mkdir -p; what it makes gets `mode`, what exists is left. */
int paths_make_dir(const char *path, mode_t mode, struct err *e);
/* Reads a whole file of at most max bytes. Missing: -1 with *missing = true (may be NULL) and ERR_CONFIG. */
int paths_read(const char *path, size_t max, struct buf *out, bool *missing, struct err *e);
/* The same for a secret: refuses (ERR_CONFIG, with the exact chmod to run) a file that is no regular file, that group or others may read
 * or write, that belongs to another than us or root, or below a folder that others may write (root's sticky folders are fine). */
int paths_read_secret(const char *path, size_t max, struct buf *out, bool *missing,
	struct err *e);
/* Nobody but us or root can write this file or its folders: for modules. ERR_CONFIG, with the chmod to run. */
int paths_check_unwritable(const char *path, struct err *e);
/* Writes path with `mode` from its first moment: O_EXCL in a temporary file beside it, fsync, rename (or link, failing when it exists and
 * `excl`: then -1 and *exists = true), fsync of the folder. */
int paths_write(const char *path, mode_t mode, const void *data, size_t len, bool excl,
	bool *exists, struct err *e);

#endif
