/* Loading task modules from the worker's command line: what is built in, shell files, folders of executables. */
#include "node/modules.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "base/str.h"
#include "node/builtin.h"
#include "node/module_task.h"

#define MAX_MODULE (1024 * 1024) /* bytes of a shell module */
#define MAX_HEAD   4096 /* bytes of an executable that are looked at for documentation */

static int add_builtins(struct modules *m, struct err *e)
{
	for (size_t i = 0; i < nbuiltins; i++) {
		struct module_task t = {
			.name = xstrdup(builtins[i].name),
			.module = xstrdup("builtin"),
			.doc = xstrdup(builtins[i].doc),
			.params = xstrdup(builtins[i].params),
			.kind = TASK_KIND_BUILTIN,
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

static int load_shell(struct modules *m, const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = paths_read(path, MAX_MODULE, &text, NULL, e);
	if (rc == 0 && ends_in(path, ".py"))
		rc = refuse_python(path, e);
	if (rc == 0 && !ends_in(path, ".sh") && !ends_in(path, ".bash") &&
		!shell_line(buf_str(&text)))
		rc = err_set(e, ERR_DATA,
			"%s: neither its name nor its first line says that it is a shell module; name it FILE.sh, or name the folder it is in",
			path);
	size_t before = m->n;
	if (rc == 0)
		rc = module_parse(m, path, buf_str(&text), text.len, e);
	if (rc == 0 && m->n == before)
		rc = err_set(e, ERR_DATA,
			"%s: has no task; put a line `# @task` above a function", path);
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

static void read_exec_doc(const char *path, struct module_task *t)
{
	char head[MAX_HEAD + 1];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(head, 1, MAX_HEAD, f)
		     : 0; /* one that may be run but not read has no documentation */
	if (f)
		fclose(f);
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

static int add_exec(struct modules *m, const char *folder, const char *file, struct err *e)
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
	read_exec_doc(path, &t);
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

static int load_folder(struct modules *m, const char *path, struct err *e)
{
	struct dirent **list;
	int n = scandir(path, &list, visible, by_bytes), rc = 0;
	if (n < 0)
		return err_errno(e, ERR_DATA, "cannot read the folder %s", path);
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = add_exec(m, path, list[i]->d_name, e);
		free(list[i]);
	}
	free(list);
	return rc;
}

static bool python_name(const char *s)
{
	if (strchr(s, '/') || ends_in(s, ".sh") || ends_in(s, ".bash"))
		return false;
	return ends_in(s, ".py") || str_task_name(s);
}

static int load(struct modules *m, const char *spec, struct err *e)
{
	struct stat st;
	char *path = realpath(spec, NULL);
	int rc;
	if (!path || stat(path, &st) != 0)
		rc = errno == ENOENT && python_name(spec)
			     ? refuse_python(spec, e)
			     : err_errno(e, ERR_DATA, "cannot load the module %s", spec);
	else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		rc = err_set(e, ERR_DATA,
			"cannot load the module %s: it is neither a file nor a folder", spec);
	else if (paths_check_unwritable(spec, e) < 0)
		rc = -1;
	else
		rc = S_ISDIR(st.st_mode) ? load_folder(m, path, e) : load_shell(m, path, e);
	free(path);
	return rc;
}

int modules_load(struct modules *m, const char *const *specs, size_t n, struct err *e)
{
	*m = (struct modules){0};
	int rc = add_builtins(m, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = load(m, specs[i], e);
	if (rc < 0)
		modules_fini(m);
	return rc;
}
