/* Who may do what: authorized_keys, parsed line by line; what is not understood is refused, not passed over. */
#include "proto/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/paths.h"
#include "base/str.h"

struct keyring {
	struct map *by_key; /* struct principal */
};

static const struct {
	enum role role;
	const char *word;
} roles[] = {
	{ROLE_SUBMIT, "submit"},
	{ROLE_QUERY, "query"},
	{ROLE_WORKER, "worker"},
	{ROLE_ADMIN, "admin"},
	{ROLE_EXEC, "exec"},
};

const char *role_word(enum role r)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (roles[i].role == r)
			return roles[i].word;
	return "none";
}

char *roles_text(char dst[64], unsigned bits)
{
	size_t at = 0;

	dst[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (bits & roles[i].role)
			at += (size_t)snprintf(dst + at, 64 - at, "%s%s", at ? "," : "",
				roles[i].word);
	return dst;
}

/* Bits of "submit,query"; 0 when a word is none. */
static unsigned parse_roles(char *list)
{
	unsigned bits = 0;

	for (char *save = NULL, *w = strtok_r(list, ",", &save); w;
		w = strtok_r(NULL, ",", &save)) {
		unsigned bit = 0;
		for (size_t i = 0; i < ARRAY_LEN(roles); i++)
			if (strcmp(roles[i].word, w) == 0)
				bit = roles[i].role;
		if (!bit)
			return 0;
		bits |= bit;
	}
	return bits;
}

struct keyring *keyring_new(void)
{
	struct keyring *k = xcalloc(1, sizeof(*k));

	k->by_key = map_new();
	return k;
}

void keyring_free(struct keyring **k)
{
	size_t pos = 0;
	void *p;

	if (!*k)
		return;
	while (map_each((*k)->by_key, &pos, NULL, &p))
		free(p);
	map_free(&(*k)->by_key);
	free(*k);
	*k = NULL;
}

void keyring_add(struct keyring *k, const char *key, const char *name, unsigned bits)
{
	struct principal *p = xcalloc(1, sizeof(*p));

	snprintf(p->key, sizeof(p->key), "%s", key);
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->roles = bits;
	free(map_puts(k->by_key, key, p));
}

static int parse_line(struct keyring *k, char *line, const char *file, int number,
	struct err *e)
{
	char *save = NULL, *key = strtok_r(line, " \t\r", &save), *word;
	const char *name = NULL;
	unsigned bits = 0;

	if (!key || *key == '#')
		return 0;
	if (!keys_valid(key))
		return err_set(e, ERR_CONFIG,
			"%s:%d: \"%s\" is not a public key (40 characters of Z85)", file,
			number, str_show(key));
	while ((word = strtok_r(NULL, " \t\r", &save))) {
		if (strncmp(word, "role=", 5) == 0 && (bits = parse_roles(word + 5)))
			continue;
		if (strncmp(word, "name=", 5) == 0 && str_worker_id(word + 5)) {
			name = word + 5;
			continue;
		}
		return err_set(e, ERR_CONFIG,
			"%s:%d: \"%s\": write role=submit,query,worker,admin,exec and name=NAME",
			file, number, str_show(word));
	}
	if (!name || !bits)
		return err_set(e, ERR_CONFIG, "%s:%d: a key needs both role= and name=", file,
			number);
	keyring_add(k, key, name, bits);
	return 0;
}

int keyring_parse(struct keyring *k, const char *text, size_t len, const char *name,
	struct err *e)
{
	char *copy = xstrndup(text, len), *line = copy, *next;
	int rc = 0, number = 1;

	if (strlen(copy) != len)
		rc = err_set(e, ERR_CONFIG, "%s: holds a NUL byte", name);
	for (; rc == 0 && line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		rc = parse_line(k, line, name, number, e);
	}
	free(copy);
	return rc;
}

int keyring_load(struct keyring *k, const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	bool missing = false;
	int rc = paths_read_secret(path, 1024 * 1024, &text, &missing, e);

	if (rc == 0)
		rc = keyring_parse(k, buf_str(&text), text.len, path, e);
	else if (missing)
		rc = 0; /* nobody but the owner */
	buf_fini(&text);
	return rc;
}

const struct principal *keyring_find(const struct keyring *k, const char *key)
{
	return map_gets(k->by_key, key);
}
