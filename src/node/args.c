/* JSON arguments to command line and environment. */
#include "node/args.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const allowed[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ"};

void words_init(struct words *w)
{
	w->n = 0;
	w->cap = 16;
	w->list = xcalloc(w->cap, sizeof(*w->list));
}

void words_fini(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i]);
	free(w->list);
	*w = (struct words){0};
}

static void take(struct words *w, char *s)
{
	if (w->n + 1 == w->cap) {
		w->cap *= 2;
		w->list = xreallocarray(w->list, w->cap, sizeof(*w->list));
	}
	w->list[w->n++] = s;
	w->list[w->n] = NULL;
}

void words_add(struct words *w, const char *s)
{
	take(w, xstrdup(s));
}

void words_set(struct words *w, const char *text, size_t name)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strncmp(w->list[i], text, name + 1) != 0)
			continue;
		free(w->list[i]);
		w->list[i] = xstrdup(text);
		return;
	}
	words_add(w, text);
}

void words_set_value(struct words *w, const char *name, const char *value)
{
	char *text = xasprintf("%s=%s", name, value);
	words_set(w, text, strlen(name));
	free(text);
}

void words_addf(struct words *w, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	take(w, xvasprintf(fmt, ap));
	va_end(ap);
}

void args_add_allowed(struct words *env)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		const char *value = getenv(allowed[i]);
		if (value)
			words_addf(env, "%s=%s", allowed[i], value);
	}
	if (!getenv("PATH"))
		words_add(env, "PATH=/usr/local/bin:/usr/bin:/bin");
}

/* Appends a string's bytes, or the text of any other value; `what` names it in the message. */
static int add_value(struct buf *word, const struct json_node *v, const char *what,
	struct err *e)
{
	size_t before = word->len, n;
	if (!json_unescape(v, word)) {
		const char *text = json_raw(v, &n);
		buf_add(word, text, n);
	}
	if (word->len > before && memchr(word->data + before, '\0', word->len - before))
		return err_set(e, ERR_DATA,
			"%s holds a NUL byte (\\u0000), which no program can be given; encode it, as base64 perhaps",
			what);
	if (word->len >= ARGS_MAX_STRING)
		return err_set(e, ERR_DATA,
			"%s has %zu bytes, and a program can be given at most 128 KiB in one; write it to a file and pass the file's name",
			what, word->len - before);
	return 0;
}

static int parse(struct json_doc *d, const char *what, enum json_type type, const char *json,
	size_t len, struct err *e)
{
	struct json_fault fault;
	json_init(d);
	if (json_parse(d, json, len, 0, ARGS_MAX_VALUES, &fault) < 0)
		return err_set(e, ERR_DATA, "%s: byte %zu: %s", what, fault.at, fault.what);
	if (d->nodes[0].type != type)
		return err_set(e, ERR_DATA, "%s are no JSON %s", what,
			type == JSON_ARRAY ? "array" : "object");
	return 0;
}

int args_add(struct words *w, const char *json, size_t len, struct err *e)
{
	struct json_doc d;
	struct buf word = BUF_INIT;
	int rc = parse(&d, "the arguments", JSON_ARRAY, json, len, e);
	const struct json_node *v = rc == 0 ? json_first(d.nodes) : NULL;
	for (size_t i = 1; v && rc == 0; i++, v = json_next(v)) {
		char what[32];
		snprintf(what, sizeof(what), "argument %zu", i);
		buf_reset(&word);
		rc = add_value(&word, v, what, e);
		if (rc == 0)
			words_add(w, buf_str(&word));
	}
	buf_fini(&word);
	json_fini(&d);
	return rc;
}

static bool identifier(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool alpha = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
			     s[i] == '_';
		if (!alpha && (i == 0 || s[i] < '0' || s[i] > '9'))
			return false;
	}
	return n > 0;
}

static int add_kwarg(struct words *env, struct map *places, const struct json_node *key,
	bool in_file, struct err *e)
{
	struct buf var = BUF_INIT;
	buf_adds(&var, "FW_KW_");
	size_t prefix = var.len;
	json_unescape(key, &var);
	int rc = 0;
	if (!identifier(var.data + prefix, var.len - prefix))
		goto out; /* it is in FW_KWARGS */
	char what[96];
	snprintf(what, sizeof(what), "the keyword argument %.60s", var.data + prefix);
	buf_addc(&var, '=');
	prefix = var.len;
	rc = add_value(&var, json_next(key), what, e);
	if (rc < 0) {
		if (in_file && var.len >= ARGS_MAX_STRING)
			rc = 0;
		goto out;
	}
	/* A place is kept as its number + 1: a map holds no NULL. */
	uintptr_t place = (uintptr_t)map_get(places, var.data, prefix);
	if (place) {
		free(env->list[place - 1]);
		env->list[place - 1] = buf_steal(&var);
	} else {
		map_put(places, var.data, prefix,
			(void *)(uintptr_t)(env->n + 1)); // NOLINT(performance-no-int-to-ptr)
		take(env, buf_steal(&var));
	}
out:
	buf_fini(&var);
	return rc;
}

bool args_need_file(size_t len)
{
	return len + sizeof("FW_KWARGS=") > ARGS_MAX_STRING;
}

int args_add_kwargs(struct words *env, const char *json, size_t len, const char *file,
	struct err *e)
{
	struct json_doc d;
	struct map *places = map_new();
	int rc = parse(&d, "the keyword arguments", JSON_OBJECT, json, len, e);
	if (rc == 0 && file)
		words_addf(env, "FW_KWARGS=%s", file);
	else if (rc == 0)
		words_addf(env, "FW_KWARGS=%.*s", (int)len, json);
	const struct json_node *key = rc == 0 ? json_first(d.nodes) : NULL;
	for (; key && rc == 0; key = json_next(json_next(key)))
		rc = add_kwarg(env, places, key, file != NULL, e);
	map_free(&places);
	json_fini(&d);
	return rc;
}
