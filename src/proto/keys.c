/* Key pairs of CURVE in files: two lines, `public = Z85` and `secret = Z85`. */
#include "proto/keys.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "base/ini.h"
#include "base/mem.h"
#include "base/paths.h"

void keys_make(struct keypair *out)
{
	if (zmq_curve_keypair(out->public, out->secret))
		BUG("this libzmq was built without CURVE");
}

bool keys_valid(const char *z85)
{
	unsigned char raw[32];

	return z85 && strlen(z85) == KEY_TEXT - 1 && zmq_z85_decode(raw, z85) != NULL;
}

char *keys_fingerprint(char dst[20], const char *public)
{
	unsigned char raw[32] = {0};

	zmq_z85_decode(raw, public);
	snprintf(dst, 20, "%02x%02x-%02x%02x-%02x%02x-%02x%02x", raw[0], raw[1], raw[2], raw[3],
		raw[4], raw[5], raw[6], raw[7]);
	return dst;
}

static int parse(const char *path, const struct buf *text, struct keypair *out, struct err *e)
{
	struct ini *ini = ini_parse(buf_str(text), text->len, path, e);
	const char *public, *secret;
	char derived[KEY_TEXT];
	int rc = -1;

	if (!ini)
		return -1;
	public = ini_get(ini, "", "public", NULL);
	secret = ini_get(ini, "", "secret", NULL);
	if (!keys_valid(public) || !keys_valid(secret) || zmq_curve_public(derived, secret) ||
		strcmp(derived, public) != 0) {
		err_set(e, ERR_CONFIG,
			"%s: is not a key pair; move it away and a new one will be made", path);
		goto out;
	}
	memcpy(out->public, public, KEY_TEXT);
	memcpy(out->secret, secret, KEY_TEXT);
	rc = 0;
out:
	ini_free(&ini);
	return rc;
}

static int save(const char *path, const struct keypair *pair, bool *exists, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	buf_addf(&text,
		"# fastworker key pair: keep this file secret\npublic = %s\nsecret = %s\n",
		pair->public, pair->secret);
	rc = paths_write(path, 0600, text.data, text.len, true, exists, e);
	explicit_bzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

int keys_load(const char *path, bool make, struct keypair *out, struct err *e)
{
	struct buf text = BUF_INIT;
	bool missing = false, exists = false;
	int rc = paths_read_secret(path, 4096, &text, &missing, e);

	if (rc && missing && make) {
		keys_make(out);
		rc = save(path, out, &exists, e);
		if (rc == 0)
			goto out;
		/* Another process was faster: its key is the one. */
		if (exists)
			rc = paths_read_secret(path, 4096, &text, &missing, e);
	}
	if (rc == 0)
		rc = parse(path, &text, out, e);
out:
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}
