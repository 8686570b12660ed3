/* Notices changes of files. What is looked at are always folders: an editor writes a new file and renames it, and the old file never changes. */
#include "node/notice.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "node/platform.h"

#define QUIET_MS 100
#define LATE_MS  1000

struct place {
	int folder; /* as platform_notice_add() named it */
	char *name; /* of the file in it; NULL: any */
};

struct notice {
	struct loop *loop;
	loop_fn *fn;
	void *arg;
	int fd;
	struct loop_io *io;
	struct loop_timer timer;
	int64_t first_us; /* of the changes that were not told yet */
	struct place *places;
	size_t n;
};

static void tell(void *arg)
{
	struct notice *n = arg;

	n->fn(n->arg);
}

static bool wanted(const struct notice *n, int folder, const char *name)
{
	for (size_t i = 0; i < n->n; i++) {
		const struct place *p = &n->places[i];
		if (p->folder == folder && (!p->name || !name || strcmp(p->name, name) == 0))
			return true;
	}
	return false;
}

static void changed(void *arg, int folder, const char *name)
{
	struct notice *n = arg;
	int64_t now = loop_now_us(n->loop);

	if (folder >= 0 && !wanted(n, folder, name))
		return;
	if (!loop_timer_set(&n->timer))
		n->first_us = now;
	if (now - n->first_us < (LATE_MS - QUIET_MS) * 1000)
		loop_timer_in(&n->timer, QUIET_MS);
}

static void ready(void *arg, unsigned events)
{
	struct notice *n = arg;

	platform_notice_read(n->fd, changed, n);
}

static int open_now(struct notice *n)
{
	n->fd = platform_notice_open();
	if (n->fd >= 0)
		n->io = loop_fd(n->loop, n->fd, LOOP_READ, 20, ready, n);
	return n->fd;
}

static void close_now(struct notice *n)
{
	loop_io_del(&n->io);
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	for (size_t i = 0; i < n->n; i++)
		free(n->places[i].name);
	free(n->places);
	n->places = NULL;
	n->n = 0;
}

struct notice *notice_new(struct loop *l, loop_fn *fn, void *arg)
{
	struct notice *n = xcalloc(1, sizeof(*n));

	n->loop = l;
	n->fn = fn;
	n->arg = arg;
	loop_timer_init(l, &n->timer, tell, n);
	if (open_now(n) >= 0)
		return n;
	free(n);
	return NULL;
}

void notice_free(struct notice **n)
{
	if (!*n)
		return;
	loop_timer_clear(&(*n)->timer);
	close_now(*n);
	free(*n);
	*n = NULL;
}

void notice_clear(struct notice *n)
{
	close_now(n);
	open_now(n);
}

static void look_at(struct notice *n, const char *folder, const char *name)
{
	int id = n->fd >= 0 ? platform_notice_add(n->fd, folder) : -1;

	if (id < 0)
		return;
	n->places = xreallocarray(n->places, n->n + 1, sizeof(*n->places));
	n->places[n->n++] = (struct place){id, xstrdup(name)};
}

static void look_at_name(struct notice *n, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = !slash          ? xstrdup(".")
		       : slash == path ? xstrdup("/")
				       : xstrndup(path, (size_t)(slash - path));

	look_at(n, folder, slash ? slash + 1 : path);
	free(folder);
}

void notice_add(struct notice *n, const char *path)
{
	size_t len = strlen(path);
	char *real = realpath(path, NULL), *plain;

	while (len > 1 && path[len - 1] == '/')
		len--;
	plain = xstrndup(path, len);
	look_at_name(n, plain);
	if (real) {
		look_at_name(n, real);
		look_at(n, real, NULL); /* only a folder can be looked at */
	}
	free(plain);
	free(real);
}
