/* The caller's folder, mask and environment, as a JSON object. */
#include "cmd/place.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

extern char **environ;

/* What a program needs to find others, and to speak as we do. */
static bool goes_along(const char *variable)
{
	static const char *const names[] = {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "USER",
		"LOGNAME", "SHELL", "TERM"};
	size_t n = strcspn(variable, "=");

	if (strncmp(variable, "LC_", 3) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && strncmp(variable, names[i], n) == 0)
			return true;
	return false;
}

static int add(struct json_out *w, const char *name, size_t n, const char *value, struct err *e)
{
	char *key = xstrndup(name, n);
	int rc = 0;

	if (n == 0 || !str_utf8(key, n) || !str_utf8(value, strlen(value)))
		rc = err_set(e, ERR_DATA,
			"--env %s: names and values of variables must be UTF-8", str_show(key));
	else
		jout_str(w, key, value);
	free(key);
	return rc;
}

static int add_env(struct json_out *w, const struct opts *o, struct err *e)
{
	const char *const *given;
	size_t n = opts_many(o, "env", &given);
	struct err ignored;

	for (char **v = environ; *v && !opts_flag(o, "clean-env"); v++)
		if (goes_along(*v))
			add(w, *v, strcspn(*v, "="), strchr(*v, '=') + 1, &ignored);
	for (size_t i = 0; i < n; i++) {
		const char *equal = strchr(given[i], '=');
		const char *value = equal ? equal + 1 : getenv(given[i]);
		if (!value)
			return err_set(e, ERR_USAGE,
				"--env %s: there is no such variable here; give it a value with --env %s=...",
				str_show(given[i]), given[i]);
		if (add(w, given[i], strcspn(given[i], "="), value, e))
			return -1;
	}
	return 0;
}

static int find_folder(const struct opts *o, char folder[PATH_MAX], struct err *e)
{
	const char *given = opts_str(o, "cwd");

	/* One that is named may be on the worker's host only. */
	if (given && given[0] == '/' && strlen(given) < PATH_MAX) {
		memcpy(folder, given, strlen(given) + 1);
		return 0;
	}
	if (!realpath(given ? given : ".", folder))
		return err_errno(e, ERR_USAGE, "--cwd %s", given ? str_show(given) : ".");
	return 0;
}

int place_make(struct buf *json, const struct opts *o, struct err *e)
{
	char folder[PATH_MAX];
	struct json_out w;
	mode_t mask = umask(0);

	umask(mask);
	if (find_folder(o, folder, e))
		return -1;
	if (!str_utf8(folder, strlen(folder)))
		return err_set(e, ERR_DATA,
			"the name of the folder %s is not UTF-8; name another with --cwd",
			str_show(folder));
	jout_init(&w, json);
	jout_object(&w, NULL);
	jout_str(&w, "cwd", folder);
	jout_i64(&w, "umask", (int64_t)mask);
	jout_object(&w, "env");
	if (add_env(&w, o, e))
		return -1;
	jout_end_object(&w);
	jout_end_object(&w);
	return 0;
}
