/* Shell modules: finds the functions that stand under a `# @task` comment, line by line.
 *
 * This is no shell parser. It looks at comment lines and at the line behind a block of them, which is enough to find the tasks and to say where a
 * directive is wrong; everything else is the shell's. A block is what directly stands above: a blank line or code ends it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/needs.h"
#include "node/module_task.h"

struct parser {
	struct modules *to;
	const char *path;
	bool bash;
	bool resident;
	size_t first;   /* of its tasks in `to` */
	int line;       /* the one that is looked at, from 1 */
	int task_line;  /* of the block's @task; 0: it has none */
	struct buf doc; /* of the block */
	bool doc_last;  /* the line before belonged to the block */
	char *name;     /* given with @task, or NULL */
	char *params;   /* from @usage, or NULL */
	char *needs;    /* given with @task, or NULL */
	int64_t timeout_ms;
	struct task_limits limits;
	struct err *e;
};

struct directive {
	const char *word;
	int (*read)(struct parser *p, const char *rest, size_t n);
};

static void block_end(struct parser *p)
{
	buf_reset(&p->doc);
	free(p->name);
	free(p->params);
	free(p->needs);
	p->name = p->params = p->needs = NULL;
	p->task_line = 0;
	p->timeout_ms = -1;
	p->limits = (struct task_limits){0};
}

static int read_timeout(struct parser *p, const char *value)
{
	if (!str_duration_ms(value, &p->timeout_ms))
		return err_set(p->e, ERR_DATA,
			"%s:%d: \"%s\" is no duration; write it like timeout=90s or timeout=5m",
			p->path, p->line, str_show(value));
	return 0;
}

static int read_needs(struct parser *p, const char *value)
{
	struct err why;
	char set[NEEDS_TEXT];
	if (needs_parse(value, set, &why) < 0 || !*set)
		return err_set(p->e, ERR_DATA, "%s:%d: needs=%s: %s", p->path, p->line,
			str_show(value),
			*set || !*value ? "write it like needs=db,gpu" : why.text);
	free(p->needs);
	p->needs = xstrdup(set);
	return 0;
}

static const struct {
	const char *name; /* with its '=' */
	int (*read)(struct parser *p, const char *value);
} options[] = {
	{"timeout=", read_timeout},
	{"needs=", read_needs},
};

static int read_option(struct parser *p, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		size_t n = strlen(options[i].name);
		if (strncmp(word, options[i].name, n) == 0)
			return options[i].read(p, word + n);
	}
	int rc = task_limits_read(&p->limits, word, p->e);
	if (rc < 0)
		return err_prefix(p->e, "%s:%d", p->path, p->line);
	if (rc > 0)
		return 0;
	return err_set(p->e, ERR_DATA,
		"%s:%d: unknown option \"%s\" of @task (known: timeout=DURATION, needs=WORDS, memory=SIZE, nofile=N, cpu=DURATION, daemon)",
		p->path, p->line, str_show(word));
}

/* The first word may be the name; all others are options. */
static int read_task_word(struct parser *p, const char *word, bool first)
{
	if (strchr(word, '=') || !first || strcmp(word, "daemon") == 0)
		return read_option(p, word);
	if (!str_task_name(word))
		return err_set(p->e, ERR_DATA,
			"%s:%d: \"%s\" is no task name: letters, digits, '_', '.' and '-', at most 64, the first a letter or '_'",
			p->path, p->line, str_show(word));
	p->name = xstrdup(word);
	return 0;
}

static int read_task(struct parser *p, const char *rest, size_t n)
{
	if (p->task_line)
		return err_set(p->e, ERR_DATA,
			"%s:%d: a second @task above one function (the first: line %d)",
			p->path, p->line, p->task_line);
	p->task_line = p->line;
	char *words = xstrndup(rest, n), *save = NULL;
	int rc = 0;
	char *w = strtok_r(words, " \t", &save);
	for (bool first = true; w && rc == 0; first = false) {
		rc = read_task_word(p, w, first);
		w = strtok_r(NULL, " \t", &save);
	}
	free(words);
	return rc;
}

static int read_usage(struct parser *p, const char *rest, size_t n)
{
	if (p->params)
		return err_set(p->e, ERR_DATA, "%s:%d: a second @usage above one function",
			p->path, p->line);
	p->params = xstrndup(rest, n);
	return 0;
}

static int read_runner(struct parser *p, const char *rest, size_t n)
{
	char *word = xstrndup(rest, n < 64 ? n : 64);
	p->resident = strcmp(word, "resident") == 0;
	int rc = p->resident ? 0
			     : err_set(p->e, ERR_DATA,
				       "%s:%d: unknown @runner \"%s\" (known: resident)",
				       p->path, p->line, str_show(word));
	free(word);
	return rc;
}

static const struct directive directives[] = {
	{"runner", read_runner},
	{"task", read_task},
	{"usage", read_usage},
};

static int read_directive(struct parser *p, const char *word, size_t nword, const char *rest,
	size_t nrest)
{
	for (size_t i = 0; i < ARRAY_LEN(directives); i++) {
		const struct directive *d = &directives[i];
		if (strlen(d->word) == nword && memcmp(d->word, word, nword) == 0)
			return d->read(p, rest, nrest);
	}
	char *copy = xstrndup(word, nword < 64 ? nword : 64);
	const char *names[ARRAY_LEN(directives)];
	for (size_t i = 0; i < ARRAY_LEN(directives); i++)
		names[i] = directives[i].word;
	const char *near = str_nearest(copy, names, ARRAY_LEN(names));
	err_set(p->e, ERR_DATA, "%s:%d: unknown directive \"@%s\" (did you mean @%s?)", p->path,
		p->line, str_show(copy), near ? near : "task");
	free(copy);
	return -1;
}

static bool name_char(char c, bool bash)
{
	bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_';
	return word || (bash && (c == '-' || c == '.'));
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static const char *skip_word(const char *s, const char *word)
{
	size_t n = strlen(word);
	return strncmp(s, word, n) == 0 && (s[n] == ' ' || s[n] == '\t') ? skip_blanks(s + n)
									 : NULL;
}

/* The name of the function that this line begins to define, or NULL; the caller frees it. */
static char *function_name(const char *line, bool bash)
{
	const char *s = skip_blanks(line);
	const char *behind = bash ? skip_word(s, "function") : NULL;
	bool keyword = behind != NULL;
	if (keyword)
		s = behind;
	size_t n = 0;
	while (name_char(s[n], bash))
		n++;
	if (n == 0 || (s[0] >= '0' && s[0] <= '9'))
		return NULL;
	const char *at = skip_blanks(s + n);
	if (*at == '(') {
		at = skip_blanks(at + 1);
		if (*at != ')')
			return NULL;
		at = skip_blanks(at + 1);
	} else if (!keyword) {
		return NULL;
	}
	return *at == '\0' || strchr("{(#", *at) ? xstrndup(s, n) : NULL;
}

static int add_task(struct parser *p, char **function)
{
	struct module_task t = {
		.name = p->name ? p->name : xstrdup(*function),
		.module = module_name(p->path),
		.doc = xstrdup(buf_str(&p->doc)),
		.params = p->params,
		.needs = p->needs,
		.kind = TASK_KIND_SHELL,
		.path = xstrdup(p->path),
		.function = *function,
		.shell = xstrdup(p->bash ? "/bin/bash" : "/bin/sh"),
		.line = p->line,
		.timeout_ms = p->timeout_ms,
		.limits = p->limits,
	};
	p->name = p->params = p->needs = *function = NULL;
	if (!str_task_name(t.name))
		err_set(p->e, ERR_DATA,
			"%s:%d: \"%s\" is no task name; give it one of at most 64 characters: `# @task NAME`",
			p->path, p->line, str_show(t.name));
	else
		return module_task_add(p->to, &t, p->e);
	struct modules one = {.tasks = xmemdup(&t, sizeof(t)), .n = 1};
	modules_fini(&one);
	return -1;
}

/* A line that is no comment: the end of a block, and the function that the block is about if there is one. */
static int read_code(struct parser *p, const char *line)
{
	int rc = 0;
	char *function = function_name(line, p->bash);
	if (p->task_line && !function)
		rc = err_set(p->e, ERR_DATA,
			"%s:%d: no function follows this @task; put it directly above a line like `name() {`%s",
			p->path, p->task_line,
			p->bash ? ""
				: " (forms that only bash knows need a first line #!/bin/bash)");
	else if (p->task_line)
		rc = add_task(p, &function);
	else if (p->params)
		rc = err_set(p->e, ERR_DATA,
			"%s:%d: @usage without a @task above the same function", p->path,
			p->line);
	free(function);
	block_end(p);
	return rc;
}

static int read_line(struct parser *p, const char *line, size_t n)
{
	const char *word, *rest;
	size_t nword, nrest;
	if (module_directive(line, n, &word, &nword, &rest, &nrest))
		return read_directive(p, word, nword, rest, nrest);
	if (line[strspn(line, " \t")] != '#')
		return read_code(p, line);
	if (p->line > 1 || strncmp(line, "#!", 2) != 0)
		module_doc_line(&p->doc, line, n);
	return 0;
}

static int check_text(const char *path, const char *text, size_t len, struct err *e)
{
	if (memchr(text, '\0', len) || !str_utf8(text, len))
		return err_set(e, ERR_DATA,
			"%s: this is no text in UTF-8; a module is a shell script", path);
	const char *end = memchr(text, '\n', len);
	if (end && end > text && end[-1] == '\r')
		return err_set(e, ERR_DATA,
			"%s:1: lines end in CR LF, which no shell understands; run: sed -i 's/\\r$//' %s",
			path, path);
	return 0;
}

/* The first line decides, then the name. */
static bool is_bash(const char *path, const char *text, size_t len)
{
	const char *end = len ? memchr(text, '\n', len) : NULL;
	size_t n = end ? (size_t)(end - text) : len;
	if (n >= 2 && text[0] == '#' && text[1] == '!')
		return memmem(text, n, "bash", 4) != NULL;
	size_t np = strlen(path);
	return np > 5 && strcmp(path + np - 5, ".bash") == 0;
}

/* The functions of a resident shell share its process's limits, and it outlives them. */
static int check_resident(const struct parser *p, const struct module_task *t)
{
	const struct task_limits *l = &t->limits;
	if (!l->memory && !l->files && !l->cpu_s && !l->daemon)
		return 0;
	return err_set(p->e, ERR_DATA,
		"%s:%d: %s: memory=, nofile=, cpu= and daemon are for tasks with a process of their own; leave out `# @runner resident`",
		p->path, t->line, t->name);
}

int module_parse(struct modules *m, const char *path, const char *text, size_t len,
	struct err *e)
{
	if (check_text(path, text, len, e) < 0)
		return -1;
	struct parser p = {.to = m,
		.path = path,
		.bash = is_bash(path, text, len),
		.first = m->n,
		.e = e,
		.timeout_ms = -1};
	struct buf line = BUF_INIT;
	int rc = 0;
	for (size_t at = 0; at < len && rc == 0;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		buf_reset(&line);
		buf_add(&line, text + at, n);
		p.line++;
		rc = read_line(&p, buf_str(&line), n);
		at += n + 1;
	}
	if (rc == 0)
		rc = read_code(&p, ""); /* a block at the end of the file is about nothing */
	for (size_t i = p.first; p.resident && i < m->n && rc == 0; i++) {
		m->tasks[i].kind = TASK_KIND_RESIDENT;
		rc = check_resident(&p, &m->tasks[i]);
	}
	block_end(&p);
	buf_fini(&p.doc);
	buf_fini(&line);
	return rc;
}
