/* What a `task` of the runner protocol asks for. */
#include <string.h>

#include "base/str.h"
#include "node/module_task.h"
#include "node/run.h"
#include "node/runner_msg.h"

int64_t runner_ms(const struct runner_msg *m, const char *key)
{
	int64_t ms;
	return json_i64(json_get(m->head, key), &ms) && ms > 0 ? ms : 0;
}

static bool complete(const struct run *run)
{
	if (!run->name || !str_task_name(run->name))
		return false;
	if (run->kind == TASK_KIND_BUILTIN || run->kind == TASK_KIND_PROGRAM)
		return true;
	if (!run->path || run->path[0] != '/')
		return false;
	return run->kind == TASK_KIND_EXEC ||
	       (run->function && run->shell && run->shell[0] == '/');
}

int run_read(struct run *run, const struct runner_msg *m, struct err *e)
{
	char word[16];
	int kind = -1;
	if (json_strcpy(json_get(m->head, "kind"), word, sizeof(word)))
		kind = task_kind_parse(word);
	run->kind = kind < 0 ? TASK_KIND_BUILTIN : (enum task_kind)kind;
	run->name = json_strdup(json_get(m->head, "name"));
	run->path = json_strdup(json_get(m->head, "path"));
	run->source = json_strdup(json_get(m->head, "source"));
	run->function = json_strdup(json_get(m->head, "function"));
	run->shell = json_strdup(json_get(m->head, "shell"));
	run->timeout_ms = runner_ms(m, "timeout_ms");
	run->grace_ms = runner_ms(m, "grace_ms");
	task_limits_parse(&run->limits, m->head);
	if (kind < 0 || m->nbodies < 2 || m->nbodies > 3 || !complete(run))
		return err_set(e, ERR_DATA,
			"runner protocol: a task that does not say what to run");
	run_output_read(run, m);
	buf_add(&run->args, m->body[0], m->len[0]);
	buf_add(&run->kwargs, m->body[1], m->len[1]);
	if (m->nbodies == 3)
		buf_add(&run->place, m->body[2], m->len[2]);
	return 0;
}
