/* The task that is a program of the client's own. */
#include "node/program.h"

#include <stdlib.h>
#include <string.h>

const struct module_task program_task = {
	.name = (char *)PROGRAM_NAME,
	.module = (char *)"builtin",
	.doc = (char *)"Runs a program: what `fastworker run` and `fastworker map -- CMD` submit.",
	.params = (char *)"PROGRAM [ARG...]",
	.kind = TASK_KIND_PROGRAM,
	.timeout_ms = 0,
};

static int wrong(const char *what, struct err *e)
{
	return err_set(e, ERR_DATA, "the place of a program: %s", what);
}

/* Nobody may speak for the runner, or load a library into the program by a name that was not meant for it: the variables are the client's own, as
 * at its own prompt; only ours are not. */
static int add_variable(struct words *env, const struct json_node *key, struct err *e)
{
	struct buf var = BUF_INIT;
	size_t name;
	int rc = 0;

	json_unescape(key, &var);
	name = var.len;
	buf_addc(&var, '=');
	if (!json_unescape(json_next(key), &var))
		rc = wrong("a variable that is no string", e);
	else if (memchr(var.data, '\0', var.len) || name == 0 || memchr(var.data, '=', name))
		rc = wrong("a variable with a name or value that no program can be given", e);
	else if (strncmp(var.data, "FW_", 3) != 0)
		words_set(env, buf_str(&var), name);
	buf_fini(&var);
	return rc;
}

static int read(const struct json_node *o, struct place *p, struct words *env, struct err *e)
{
	const struct json_node *vars = json_get(o, "env"), *cwd = json_get(o, "cwd");
	int64_t mask = -1;

	if (o->type != JSON_OBJECT)
		return wrong("no JSON object", e);
	p->cwd = json_strdup(cwd);
	if (cwd && (!p->cwd || p->cwd[0] != '/'))
		return wrong("a folder that is no absolute path", e);
	if (json_get(o, "umask") &&
		(!json_i64(json_get(o, "umask"), &mask) || mask < 0 || mask > 0777))
		return wrong("a umask that is none", e);
	p->umask = (int)mask;
	if (vars && vars->type != JSON_OBJECT)
		return wrong("an environment that is no object", e);
	for (const struct json_node *key = json_first(vars); key;
		key = json_next(json_next(key)))
		if (add_variable(env, key, e))
			return -1;
	return 0;
}

int program_place(const char *json, size_t len, struct place *p, struct words *env,
	struct err *e)
{
	struct json_doc d;
	struct json_fault fault;
	int rc;

	*p = (struct place){.umask = -1};
	json_init(&d);
	if (json_parse(&d, json, len, 0, ARGS_MAX_VALUES, &fault) < 0)
		rc = err_set(e, ERR_DATA, "the place of a program: byte %zu: %s", fault.at,
			fault.what);
	else
		rc = read(d.nodes, p, env, e);
	json_fini(&d);
	if (rc)
		program_place_fini(p);
	return rc;
}

void program_place_fini(struct place *p)
{
	free(p->cwd);
	p->cwd = NULL;
}
