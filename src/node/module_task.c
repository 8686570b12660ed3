/* The list of tasks that modules define, and the two kinds of comment lines that describe one. */
#include "node/module_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "node/module_copy.h"

static const char *const kind_words[] = {
	[TASK_KIND_BUILTIN] = "builtin",
	[TASK_KIND_PROGRAM] = "program",
	[TASK_KIND_SHELL] = "shell",
	[TASK_KIND_EXEC] = "exec",
	[TASK_KIND_RESIDENT] = "resident",
};

const char *task_kind_word(enum task_kind kind)
{
	return kind_words[kind];
}

int task_kind_parse(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_words); i++) {
		if (strcmp(word, kind_words[i]) == 0)
			return (int)i;
	}
	return -1;
}

static void task_fini(struct module_task *t)
{
	free(t->name);
	free(t->module);
	free(t->doc);
	free(t->params);
	free(t->needs);
	free(t->path);
	free(t->source);
	free(t->function);
	free(t->shell);
	*t = (struct module_task){0};
}

static const char *place(const struct module_task *t)
{
	return t->path ? t->path : "fastworker itself";
}

static int say_twice(const struct module_task *old, const struct module_task *t, struct err *e)
{
	struct buf line[2] = {BUF_INIT, BUF_INIT};
	if (old->line)
		buf_addf(&line[0], ":%d", old->line);
	if (t->line)
		buf_addf(&line[1], ":%d", t->line);
	err_set(e, ERR_DATA, "the task %s is defined twice: in %s%s and in %s%s; %s", t->name,
		place(old), buf_str(&line[0]), place(t), buf_str(&line[1]),
		t->kind == TASK_KIND_EXEC ? "rename one of the files"
					  : "give one another name");
	if (e && t->function) {
		size_t n = strlen(e->text);
		snprintf(e->text + n, sizeof(e->text) - n, ": `# @task %s.%s`", t->module,
			t->function);
	}
	buf_fini(&line[0]);
	buf_fini(&line[1]);
	return -1;
}

int module_task_add(struct modules *m, struct module_task *t, struct err *e)
{
	const struct module_task *old = modules_find(m, t->name);
	if (old) {
		say_twice(old, t, e);
		task_fini(t);
		return -1;
	}
	if (strncmp(t->name, "fw.", 3) == 0) {
		err_set(e, ERR_DATA,
			"%s:%d: a task cannot be called %s: names that begin with fw. are fastworker's own",
			t->path, t->line, t->name);
		task_fini(t);
		return -1;
	}
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 16;
		m->tasks = xreallocarray(m->tasks, m->cap, sizeof(*m->tasks));
	}
	m->tasks[m->n++] = *t;
	*t = (struct module_task){0};
	return 0;
}

const struct module_task *modules_find(const struct modules *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->tasks[i].name, name) == 0)
			return &m->tasks[i];
	}
	return NULL;
}

void modules_fini(struct modules *m)
{
	for (size_t i = 0; i < m->n; i++)
		task_fini(&m->tasks[i]);
	free(m->tasks);
	for (size_t i = 0; i < m->nlist; i++) {
		free(m->list[i].spec);
		free(m->list[i].name);
		free(m->list[i].path);
		free(m->list[i].broken);
	}
	free(m->list);
	for (size_t i = 0; i < m->ncopies; i++)
		free(m->copies[i]);
	free(m->copies);
	module_copy_close(&m->folder);
	*m = (struct modules){0};
}

int module_tasks_move(struct modules *to, struct modules *from, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct module_task *old = modules_find(to, from->tasks[i].name);
		if (old)
			return say_twice(old, &from->tasks[i], e);
	}
	for (size_t i = 0; i < from->n; i++)
		module_task_add(to, &from->tasks[i], NULL);
	from->n = 0;
	return 0;
}

void module_tasks_keep(struct modules *to, const struct modules *old, size_t of)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct module_task *t = &old->tasks[i];
		struct module_task copy = *t;
		if (t->of != of || modules_find(to, t->name))
			continue;
		copy.name = xstrdup(t->name);
		copy.module = xstrdup(t->module);
		copy.doc = xstrdup(t->doc);
		copy.params = xstrdup(t->params);
		copy.needs = xstrdup(t->needs);
		copy.path = xstrdup(t->path);
		copy.source = xstrdup(t->source);
		copy.function = xstrdup(t->function);
		copy.shell = xstrdup(t->shell);
		module_task_add(to, &copy, NULL);
	}
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool module_tasks_same(const struct modules *a, const struct modules *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct module_task *x = &a->tasks[i], *y = &b->tasks[i];
		if (!same(x->name, y->name) || !same(x->module, y->module) ||
			!same(x->doc, y->doc) || !same(x->params, y->params) ||
			!same(x->needs, y->needs) || !same(x->path, y->path) ||
			!same(x->source, y->source))
			return false;
	}
	return true;
}

char *module_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	return dot && dot != base ? xstrndup(base, (size_t)(dot - base)) : xstrdup(base);
}

static size_t blanks(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i;
}

/* What stands behind the '#' and one blank; false when it is no comment line. */
static bool comment(const char **line, size_t *n)
{
	size_t i = blanks(*line, *n);
	if (i == *n || (*line)[i] != '#')
		return false;
	i++;
	if (i < *n && (*line)[i] == ' ')
		i++;
	*line += i;
	*n -= i;
	return true;
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

bool module_directive(const char *line, size_t n, const char **word, size_t *nword,
	const char **rest, size_t *nrest)
{
	if (!comment(&line, &n))
		return false;
	size_t i = blanks(line, n);
	if (i + 1 >= n || line[i] != '@' || !letter(line[i + 1]))
		return false;
	*word = line + i + 1;
	size_t end = i + 1;
	while (end < n && letter(line[end]))
		end++;
	*nword = (size_t)(line + end - *word);
	end += blanks(line + end, n - end);
	*rest = line + end;
	while (n > end && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	*nrest = n - end;
	return true;
}

void module_doc_line(struct buf *doc, const char *line, size_t n)
{
	static const char lint[] = "shellcheck ";
	if (!comment(&line, &n))
		return;
	if (n >= sizeof(lint) - 1 && memcmp(line, lint, sizeof(lint) - 1) == 0)
		return;
	if (doc->len)
		buf_addc(doc, '\n');
	buf_add(doc, line, n);
}
