/* Loading task modules from the worker's command line: what is built in, shell files, folders of executables. */
#include "node/modules.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/paths.h"
#include "base/str.h"
#include "node/builtin.h"
#include "node/module_check.h"
#include "node/module_copy.h"
#include "node/module_task.h"

#define MAX_MODULE (1024 * 1024) /* bytes of a shell module */
#define DIGEST_WHOLE                                                                           \
	(1024 * 1024) /* bytes of an executable that count in its module's digest, and its last 64 KiB */
#define MAX_HEAD 4096 /* bytes of an executable that are looked at for documentation */

int modules_builtin(struct modules *m, struct err *e)
{
	for (size_t i = 0; i < nbuiltins; i++) {
		struct module_task t = {
			.name = xstrdup(builtins[i].name),
			.module = xstrdup("builtin"),
			.doc = xstrdup(builtins[i].doc),
			.params = xstrdup(builtins[i].params),
			.kind = TASK_KIND_BUILTIN,
			.of = MODULE_NONE,
			.timeout_ms = -1,
		};
		if (module_task_add(m, &t, e) < 0)
			return -1;
	}
	return 0;
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);
	return n > k && strcmp(s + n - k, end) == 0;
}

/* A first line that names sh or bash, as `#!/bin/sh` or `#!/usr/bin/env bash`. */
static bool shell_line(const char *text)
{
	if (strncmp(text, "#!", 2) != 0)
		return false;
	char *line = xstrndup(text + 2, strcspn(text + 2, "\n")), *save = NULL;
	bool found = false;
	for (char *w = strtok_r(line, " \t", &save); w && !found;
		w = strtok_r(NULL, " \t", &save)) {
		const char *slash = strrchr(w, '/');
		const char *base = slash ? slash + 1 : w;
		found = strcmp(base, "sh") == 0 || strcmp(base, "bash") == 0 ||
			strcmp(base, "dash") == 0;
	}
	free(line);
	return found;
}

static int refuse_python(const char *spec, struct err *e)
{
	return err_set(e, ERR_DATA,
		"%s: Python modules are not supported by this version's workers; write a shell module (a file of functions, each under a line "
		"`# @task`) or name a folder of executables",
		spec);
}

static int check_shell(const char *path, const char *text, struct err *e)
{
	if (ends_in(path, ".py"))
		return refuse_python(path, e);
	if (!ends_in(path, ".sh") && !ends_in(path, ".bash") && !shell_line(text))
		return err_set(e, ERR_DATA,
			"%s: neither its name nor its first line says that it is a shell module; name it FILE.sh, or name the folder it is in",
			path);
	return 0;
}

/* The copy that its tasks run from, or NULL. A module that looks for files beside itself must be where it is. */
static char *copy_text(const char *folder, const struct module *as, const struct buf *text)
{
	struct err e;
	char *copy;
	if (!folder || (text->len && memmem(text->data, text->len, "BASH_SOURCE", 11)))
		return NULL;
	copy = module_copy_put(folder, as->digest, as->path, buf_str(text), text->len, &e);
	if (!copy)
		log_warning("module.copy path=%s error=\"%s\": its tasks read the file itself",
			as->path, str_show(e.text));
	return copy;
}

static int parse_shell(struct modules *m, const char *folder, struct module *as,
	const struct buf *text, struct err *e)
{
	if (check_shell(as->path, buf_str(text), e) < 0 ||
		module_parse(m, as->path, buf_str(text), text->len, e) < 0)
		return -1;
	if (m->n == 0)
		return err_set(e, ERR_DATA,
			"%s: has no task; put a line `# @task` above a function", as->path);
	char *copy = copy_text(folder, as, text);
	int rc = module_check(m->tasks[0].shell, copy ? copy : as->path, as->path, e);
	for (size_t i = 0; i < m->n && rc == 0; i++)
		m->tasks[i].source = xstrdup(copy);
	if (copy && rc < 0)
		module_copy_drop(copy);
	free(copy);
	return rc;
}

static int load_shell(struct modules *m, const char *folder, struct module *as, struct err *e)
{
	struct buf text = BUF_INIT;
	struct digest d;
	int rc = paths_read(as->path, MAX_MODULE, &text, NULL, e);
	if (rc == 0) {
		digest_init(&d);
		digest_add(&d, buf_str(&text), text.len);
		digest_text(&d, as->digest);
		rc = parse_shell(m, folder, as, &text, e);
	}
	buf_fini(&text);
	return rc;
}

/* Leading comment lines of a script; a binary has none, and a last line that was cut off does not count. */
static void read_head_lines(const char *text, struct buf *doc, char **params)
{
	const char *end;
	for (; text[0] == '#' && (end = strchr(text, '\n')); text = end + 1) {
		size_t n = (size_t)(end - text), nword, nrest;
		const char *word, *rest;
		if (text[1] == '!')
			continue;
		if (!module_directive(text, n, &word, &nword, &rest, &nrest))
			module_doc_line(doc, text, n);
		else if (nword == 5 && memcmp(word, "usage", 5) == 0 && !*params)
			*params = xstrndup(rest, nrest);
	}
}

/* Programs may be large: then their length, beginning and end stand for them. */
static void digest_file(struct digest *d, FILE *f)
{
	char chunk[65536];
	size_t n, sum = 0;
	long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
	digest_number(d, (uint64_t)size);
	rewind(f);
	while (sum < DIGEST_WHOLE && (n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		digest_add(d, chunk, n);
		sum += n;
	}
	if (size > (long)sum && fseek(f, -(long)sizeof(chunk), SEEK_END) == 0)
		digest_add(d, chunk, fread(chunk, 1, sizeof(chunk), f));
}

static void read_exec(const char *path, struct digest *d, struct module_task *t)
{
	char head[MAX_HEAD + 1];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(head, 1, MAX_HEAD, f)
		     : 0; /* one that may be run but not read has no documentation */
	if (f) {
		digest_file(d, f);
		fclose(f);
	}
	head[n] = '\0';
	struct buf doc = BUF_INIT;
	read_head_lines(head, &doc, &t->params);
	if (!str_utf8(buf_str(&doc), doc.len) ||
		(t->params && !str_utf8(t->params, strlen(t->params)))) {
		buf_reset(&doc);
		free(t->params);
		t->params = NULL;
	}
	t->doc = buf_steal(&doc);
}

static int add_exec(struct modules *m, const char *folder, const char *file, struct digest *d,
	struct err *e)
{
	char *path = xasprintf("%s/%s", folder, file);
	struct stat st;
	int rc = 0;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || access(path, X_OK) != 0)
		goto out; /* data beside the programs */
	rc = paths_check_unwritable(path, e);
	if (rc == 0 && !str_task_name(file))
		rc = err_set(e, ERR_DATA,
			"%s: \"%s\" is no task name: letters, digits, '_', '.' and '-', at most 64, the first a letter or '_'; rename the "
			"file, or chmod -x it",
			folder, str_show(file));
	if (rc < 0)
		goto out;
	struct module_task t = {
		.name = xstrdup(file),
		.module = xstrdup(strrchr(folder, '/') + 1), /* realpath() gave it a slash */
		.kind = TASK_KIND_EXEC,
		.path = xstrdup(path),
		.timeout_ms = -1,
	};
	digest_add(d, file, strlen(file) + 1);
	read_exec(path, d, &t);
	rc = module_task_add(m, &t, e);
out:
	free(path);
	return rc;
}

/* By bytes, so that every worker announces the same list whatever its locale is. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.' && !ends_in(d->d_name, "~");
}

static int load_folder(struct modules *m, struct module *as, struct err *e)
{
	struct dirent **list;
	struct digest d;
	int n = scandir(as->path, &list, visible, by_bytes), rc = 0;
	if (n < 0)
		return err_errno(e, ERR_DATA, "cannot read the folder %s", as->path);
	digest_init(&d);
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = add_exec(m, as->path, list[i]->d_name, &d, e);
		free(list[i]);
	}
	free(list);
	digest_text(&d, as->digest);
	return rc;
}

static bool python_name(const char *s)
{
	if (strchr(s, '/') || ends_in(s, ".sh") || ends_in(s, ".bash"))
		return false;
	return ends_in(s, ".py") || str_task_name(s);
}

static int load_path(struct modules *m, const char *folder, struct module *as, struct err *e)
{
	struct stat st;
	const char *spec = as->spec;
	as->path = realpath(spec, NULL);
	if (!as->path || stat(as->path, &st) != 0)
		return errno == ENOENT && python_name(spec)
			       ? refuse_python(spec, e)
			       : err_errno(e, ERR_DATA, "cannot load the module %s", spec);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(e, ERR_DATA,
			"cannot load the module %s: it is neither a file nor a folder", spec);
	if (paths_check_unwritable(spec, e) < 0)
		return -1;
	free(as->name);
	if (S_ISDIR(st.st_mode)) {
		as->name = xstrdup(strrchr(as->path, '/') + 1);
		return load_folder(m, as, e);
	}
	as->name = module_name(as->path);
	return load_shell(m, folder, as, e);
}

int module_load(struct modules *m, const char *folder, const char *spec, struct err *e)
{
	struct modules one = {0};
	m->list = xreallocarray(m->list, m->nlist + 1, sizeof(*m->list));
	struct module *as = &m->list[m->nlist];
	*as = (struct module){.spec = xstrdup(spec), .name = module_name(spec)};
	int rc = load_path(&one, folder, as, e);
	for (size_t i = 0; i < one.n; i++)
		one.tasks[i].of = m->nlist;
	m->nlist++;
	if (rc == 0)
		rc = module_tasks_move(m, &one, e);
	modules_fini(&one);
	return rc;
}

int modules_load(struct modules *m, const char *const *specs, size_t n, struct err *e)
{
	return modules_open(m, NULL, specs, n, e);
}

int modules_open(struct modules *m, const char *folder, const char *const *specs, size_t n,
	struct err *e)
{
	struct err why;
	*m = (struct modules){0};
	if (folder && !(m->folder = module_copy_open(folder, &why)))
		log_warning("module.copy error=\"%s\": tasks read the files themselves",
			str_show(why.text));
	int rc = modules_builtin(m, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = module_load(m, m->folder, specs[i], e);
	if (rc < 0)
		modules_fini(m);
	else
		modules_note_copies(m);
	return rc;
}
