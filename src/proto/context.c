/* Context files: one JSON object each, made when a control plane is ready and removed when it stops. */
#include "proto/context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/paths.h"
#include "base/str.h"

static char *path_of(const char *dir, const char *name, const char *ending)
{
	return xasprintf("%s/%s%s", dir, name, ending);
}

int context_write(const char *runtime_dir, const struct context *c, struct err *e)
{
	struct buf text = BUF_INIT;
	struct json_out w;
	char address[300], *path = path_of(runtime_dir, c->name, ".ctx");
	int rc;

	jout_init(&w, &text);
	jout_object(&w, NULL);
	jout_i64(&w, "schema", 1);
	jout_str(&w, "name", c->name);
	jout_str(&w, "worker_id", c->worker_id);
	jout_str(&w, "base_address", address_text(address, &c->base));
	if (c->discovery.port)
		jout_str(&w, "discovery_address", address_text(address, &c->discovery));
	jout_bool(&w, "subworkers", c->subworkers);
	jout_str(&w, "server_key", c->server_key);
	jout_i64(&w, "pid", c->pid);
	jout_i64(&w, "incarnation", (int64_t)c->incarnation);
	jout_end_object(&w);
	buf_addc(&text, '\n');
	rc = paths_write(path, 0600, text.data, text.len, false, NULL, e);
	buf_fini(&text);
	free(path);
	return rc;
}

void context_remove(const char *runtime_dir, const char *name)
{
	char *path = path_of(runtime_dir, name, ".ctx");

	unlink(path);
	free(path);
}

static bool get_address(const struct json_node *o, const char *key, struct address *out)
{
	char text[300];

	return json_strcpy(json_get(o, key), text, sizeof(text)) &&
	       address_parse(text, out, NULL) == 0;
}

static bool decode(const struct json_node *o, struct context *c)
{
	int64_t schema, incarnation;

	memset(c, 0, sizeof(*c));
	if (!json_i64(json_get(o, "schema"), &schema) || schema != 1)
		return false;
	get_address(o, "discovery_address", &c->discovery);
	if (!json_bool(json_get(o, "subworkers"), &c->subworkers) ||
		!json_i64(json_get(o, "incarnation"), &incarnation))
		return false;
	c->incarnation = (uint64_t)incarnation;
	return json_strcpy(json_get(o, "name"), c->name, sizeof(c->name)) &&
	       json_strcpy(json_get(o, "worker_id"), c->worker_id, sizeof(c->worker_id)) &&
	       get_address(o, "base_address", &c->base) &&
	       json_strcpy(json_get(o, "server_key"), c->server_key, sizeof(c->server_key)) &&
	       keys_valid(c->server_key) && json_i64(json_get(o, "pid"), &c->pid);
}

int context_read(const char *runtime_dir, const char *name, struct context *out, struct err *e)
{
	struct buf text = BUF_INIT;
	struct json_doc doc;
	struct json_fault fault;
	char *path = path_of(runtime_dir, name, ".ctx");
	bool missing = false;
	int rc;

	json_init(&doc);
	rc = paths_read_secret(path, 65536, &text, &missing, e);
	if (rc && missing)
		err_set(e, ERR_PEER,
			"no control plane \"%s\" is running; `fastworker start` starts one",
			str_show(name));
	if (rc)
		goto out;
	rc = json_parse(&doc, buf_str(&text), text.len, JSON_STRICT_KEYS, 1000, &fault);
	if (rc || !decode(doc.nodes, out))
		rc = err_set(e, ERR_CONFIG,
			"%s: is not a context file; remove it and start the control plane again",
			path);
out:
	json_fini(&doc);
	buf_fini(&text);
	free(path);
	return rc;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t context_names(const char *runtime_dir, char ***names)
{
	DIR *d = opendir(runtime_dir);
	struct dirent *entry;
	size_t n = 0;

	*names = NULL;
	while (d && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name);
		if (len < 5 || strcmp(entry->d_name + len - 4, ".ctx") != 0)
			continue;
		*names = xreallocarray(*names, n + 1, sizeof(**names));
		(*names)[n++] = xstrndup(entry->d_name, len - 4);
	}
	if (d)
		closedir(d);
	if (n)
		qsort(*names, n, sizeof(**names), compare);
	return n;
}

static bool same_host(const struct address *a, const struct address *b)
{
	return strcmp(a->host, b->host) == 0 || (address_loopback(a) && address_loopback(b));
}

static bool reaches(const struct context *c, const struct address *a)
{
	if (same_host(&c->discovery, a) && c->discovery.port == a->port)
		return true;
	return same_host(&c->base, a) && a->port >= c->base.port &&
	       a->port < c->base.port + PORT__COUNT;
}

bool context_find(const char *runtime_dir, const struct address *a, struct context *out)
{
	char **names;
	size_t n = context_names(runtime_dir, &names);
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		struct context c;
		if (!found && context_read(runtime_dir, names[i], &c, NULL) == 0 &&
			reaches(&c, a)) {
			*out = c;
			found = true;
		}
		free(names[i]);
	}
	free(names);
	return found;
}

bool context_alive(const struct context *c)
{
	return c->pid > 0 && (kill((pid_t)c->pid, 0) == 0 || errno == EPERM);
}

/* Before there is a loop: waiting here keeps nobody from anything. */
static int lock(int fd, bool wait)
{
	int rc;

	do
		rc = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
	while (rc && errno == EINTR);
	return rc;
}

int context_lock_start(const char *runtime_dir, const char *name, bool wait, struct err *e)
{
	char *path = path_of(runtime_dir, name, ".start");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		err_errno(e, ERR_CONFIG, "%s", path);
	} else if (lock(fd, wait)) {
		err_errno(e, errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO, "cannot lock %s", path);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

void context_unlock_start(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int context_lock(const char *runtime_dir, const char *name, bool wait, struct err *e)
{
	char *path = path_of(runtime_dir, name, ".lock"), holder[32] = "";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		err_errno(e, ERR_CONFIG, "%s", path);
	} else if (lock(fd, wait)) {
		ssize_t n = read(fd, holder, sizeof(holder) - 1);
		holder[n > 0 ? strcspn(holder, "\n") : 0] = '\0';
		err_set(e, ERR_CONFIG,
			"a control plane \"%s\" is running already (pid %s); `fastworker stop` ends it, -P NAME starts another beside it",
			name, *holder ? holder : "unknown");
		close(fd);
		fd = -1;
	} else if (ftruncate(fd, 0) || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		err_errno(e, ERR_IO, "%s", path);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}
