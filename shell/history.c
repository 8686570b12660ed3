/* The lines that were typed: readline's list of them, and its file in the state folder. Each is added to the file at once, so that several shells share it
 * and a crash loses none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#include "base/mem.h"
#include "shell/inside.h"

#define LINES_KEPT 10000

static char *path; /* NULL: nothing can be kept */

/* Made with the right mode from its first moment; a mode that was changed since is set right: lines may hold what is secret. */
static bool ensure_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && fchmod(fd, 0600) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

void history_load(const struct paths *paths)
{
	char *name = xasprintf("%s/history", paths->state);

	using_history();
	/* With a line of time before each, one that goes over several lines is read back as one. */
	history_comment_char = '#';
	history_write_timestamps = 1;
	if (paths_make_dir(paths->state, 0700, NULL) || !ensure_file(name)) {
		free(name);
		return;
	}
	free(path);
	path = name;
	read_history(path);
	if (history_length > LINES_KEPT)
		history_truncate_file(path, LINES_KEPT);
	stifle_history(LINES_KEPT);
}

static bool is_last(const char *typed)
{
	HIST_ENTRY *last =
		history_length ? history_get(history_base + history_length - 1) : NULL;

	return last && strcmp(last->line, typed) == 0;
}

void history_keep(const char *typed)
{
	if (!*typed || *typed == ' ' || is_last(typed))
		return;
	add_history(typed);
	if (path && ensure_file(path))
		append_history(1, path);
}
