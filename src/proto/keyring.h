/* Who may do what: the lines of authorized_keys, one principal per key. */
#ifndef PROTO_KEYRING_H
#define PROTO_KEYRING_H

#include <stddef.h>

#include "base/err.h"
#include "proto/keys.h"

enum role {
	ROLE_SUBMIT = 1, /* submit; see and cancel own tasks */
	ROLE_QUERY = 2,  /* see everything but arguments and results of others */
	ROLE_WORKER = 4, /* register, take tasks, hand in results */
	ROLE_ADMIN = 8,  /* everything of submit and query on everybody's tasks, and steering */
	ROLE_EXEC = 16,  /* ad-hoc programs */
	ROLE_ALL = 31,
};

struct principal {
	char key[KEY_TEXT];
	char name[64];  /* the owner of what this key submits */
	unsigned roles; /* bits of enum role */
};

struct keyring;

struct keyring *keyring_new(void);
void keyring_free(struct keyring **k);
/* Adds the lines of a file; see authorized_keys in the manual:
 *     Z85KEY role=submit,query name=ana
 * A missing file is empty. ERR_CONFIG names file and line of what is wrong: nothing is guessed. */
int keyring_load(struct keyring *k, const char *path, struct err *e);
int keyring_parse(struct keyring *k, const char *text, size_t len, const char *name,
	struct err *e);
void keyring_add(struct keyring *k, const char *key, const char *name, unsigned roles);
const struct principal *keyring_find(const struct keyring *k,
	const char *key); /* NULL: a stranger */
const char *role_word(enum role r);
/* "submit,query"; returns dst. */
char *roles_text(char dst[64], unsigned roles);

#endif
