/* Limits of a task: from a module's comment to the runner. */
#include "node/task_limits.h"

#include <string.h>

#include "base/str.h"

#define MEMORY_MIN (1024 * 1024) /* below it no program starts */
#define FILES_MIN  4             /* 0, 1, 2, and one to load a library with */
#define FILES_MAX  1000000

static const char *value_of(const char *word, const char *name)
{
	size_t n = strlen(name);
	return strncmp(word, name, n) == 0 ? word + n : NULL;
}

int task_limits_read(struct task_limits *l, const char *word, struct err *e)
{
	const char *v;
	int64_t ms;
	if (strcmp(word, "daemon") == 0) {
		l->daemon = true;
		return 1;
	}
	if ((v = value_of(word, "memory="))) {
		if (str_size(v, &l->memory) && l->memory >= MEMORY_MIN)
			return 1;
		return err_set(e, ERR_DATA,
			"\"%s\" is no size of at least 1M; write it like memory=512M",
			str_show(v));
	}
	if ((v = value_of(word, "nofile="))) {
		if (str_i64(v, FILES_MIN, FILES_MAX, &l->files))
			return 1;
		return err_set(e, ERR_DATA,
			"\"%s\" is no number from %d to %d; write it like nofile=256",
			str_show(v), FILES_MIN, FILES_MAX);
	}
	if ((v = value_of(word, "cpu="))) {
		if (str_duration_ms(v, &ms) && ms > 0) {
			l->cpu_s = (ms + 999) / 1000;
			return 1;
		}
		return err_set(e, ERR_DATA,
			"\"%s\" is no duration above 0; write it like cpu=10s", str_show(v));
	}
	return 0;
}

void task_limits_write(const struct task_limits *l, struct json_out *w)
{
	if (l->memory)
		jout_i64(w, "memory", l->memory);
	if (l->files)
		jout_i64(w, "nofile", l->files);
	if (l->cpu_s)
		jout_i64(w, "cpu_s", l->cpu_s);
	if (l->daemon)
		jout_bool(w, "daemon", true);
}

static int64_t number(const struct json_node *o, const char *key)
{
	int64_t n;
	return json_i64(json_get(o, key), &n) && n > 0 ? n : 0;
}

void task_limits_parse(struct task_limits *l, const struct json_node *o)
{
	*l = (struct task_limits){.memory = number(o, "memory"),
		.files = number(o, "nofile"),
		.cpu_s = number(o, "cpu_s")};
	if (!json_bool(json_get(o, "daemon"), &l->daemon))
		l->daemon = false;
}
