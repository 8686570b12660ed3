/* The arguments of a submission: words of the command line to JSON text, never through a double. */
#include "cmd/arguments.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "proto/msg.h"

static int too_large(struct err *e, size_t n)
{
	return err_set(e, ERR_DATA,
		"an argument of more than %zu bytes is too large: at most %d MiB; write it to a file and pass the file's name",
		n, PROTO_BLOB_MAX / 1024 / 1024);
}

/* One whole value with nothing around it: " 5" is a string. */
static bool is_json(const char *p, size_t n)
{
	struct json_doc doc;
	struct json_fault fault;
	size_t len = 0;
	bool ok;

	json_init(&doc);
	ok = json_parse(&doc, p, n, 0, 1 << 22, &fault) == 0;
	if (ok)
		json_raw(doc.nodes, &len);
	ok = ok && len == n;
	json_fini(&doc);
	return ok;
}

static int add_value(struct buf *json, const char *p, size_t n, bool strings, struct err *e)
{
	if (n > PROTO_BLOB_MAX - 1024 || json->len + n > PROTO_BLOB_MAX)
		return too_large(e, n);
	if (!str_utf8(p, n))
		return err_set(e, ERR_DATA,
			"an argument is not valid UTF-8; pass the name of a file, or encode it (base64)");
	if (!strings && is_json(p, n))
		buf_add(json, p, n);
	else
		json_quote(json, p, n);
	return json->len > PROTO_BLOB_MAX ? too_large(e, json->len) : 0;
}

static int add_stdin(struct buf *json, bool strings, struct err *e)
{
	struct buf in = BUF_INIT;
	ssize_t n = 1;
	int rc = -1;

	if (isatty(STDIN_FILENO))
		return err_set(e, ERR_USAGE,
			"`-` takes an argument from stdin, and that is a terminal");
	while (n && in.len <= PROTO_BLOB_MAX) {
		buf_reserve(&in, 65536);
		n = read(STDIN_FILENO, in.data + in.len, 65536);
		if (n < 0 && errno != EINTR) {
			err_errno(e, ERR_IO, "cannot read stdin");
			goto out;
		}
		in.len += n > 0 ? (size_t)n : 0;
	}
	rc = add_value(json, buf_str(&in), in.len, strings, e);
out:
	buf_fini(&in);
	return rc;
}

int arguments_array(struct buf *json, const char *const *words, size_t n, bool strings,
	bool stdin_free, struct err *e)
{
	int stdin_used = 0;

	buf_addc(json, '[');
	for (size_t i = 0; i < n; i++) {
		int rc;
		if (i)
			buf_addc(json, ',');
		if (stdin_free && strcmp(words[i], "-") == 0 && stdin_used++)
			rc = err_set(e, ERR_USAGE, "`-` takes all of stdin: it can stand once");
		else if (stdin_free && strcmp(words[i], "-") == 0)
			rc = add_stdin(json, strings, e);
		else
			rc = add_value(json, words[i], strlen(words[i]), strings, e);
		if (rc)
			return err_prefix(e, "argument %zu", i + 1);
	}
	buf_addc(json, ']');
	return 0;
}

static int add_object(struct buf *json, const char *text, bool *any, struct err *e)
{
	struct json_doc doc;
	struct json_fault fault;
	size_t n;
	int rc = 0;

	json_init(&doc);
	if (json_parse(&doc, text, strlen(text), 0, 1 << 22, &fault)) {
		rc = json_explain(e, "--kwargs", text, strlen(text), &fault);
	} else if (doc.nodes[0].type != JSON_OBJECT) {
		rc = err_set(e, ERR_DATA, "--kwargs must be a JSON object: {\"name\": value}");
	} else {
		const char *raw = json_raw(doc.nodes, &n);
		buf_add(json, raw + 1, n - 2);
		*any = doc.nodes[0].nchild > 0;
	}
	json_fini(&doc);
	return rc;
}

static int add_pair(struct buf *json, const char *pair, bool strings, struct err *e)
{
	const char *eq = strchr(pair, '=');

	if (!eq || eq == pair)
		return err_set(e, ERR_USAGE, "--kw: \"%s\" is not KEY=VALUE", str_show(pair));
	if (!str_utf8(pair, (size_t)(eq - pair)))
		return err_set(e, ERR_DATA, "--kw: the key is not valid UTF-8");
	json_quote(json, pair, (size_t)(eq - pair));
	buf_addc(json, ':');
	return add_value(json, eq + 1, strlen(eq + 1), strings, e);
}

/* A key that is given twice, in --kwargs and --kw or in two --kw, is a mistake. */
static int check_keys(const struct buf *json, struct err *e)
{
	struct json_doc doc;
	struct json_fault fault;
	int rc;

	json_init(&doc);
	rc = json_parse(&doc, json->data, json->len, JSON_STRICT_KEYS, 1 << 22, &fault);
	json_fini(&doc);
	return rc ? err_set(e, ERR_USAGE, "keyword arguments: %s", fault.what) : 0;
}

int arguments_object(struct buf *json, const char *kwargs, const char *const *pairs, size_t n,
	bool strings, struct err *e)
{
	bool any = false;

	buf_addc(json, '{');
	if (kwargs && add_object(json, kwargs, &any, e))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (any)
			buf_addc(json, ',');
		any = true;
		if (add_pair(json, pairs[i], strings, e))
			return -1;
	}
	buf_addc(json, '}');
	if (json->len > PROTO_INLINE_MAX)
		return err_set(e, ERR_DATA,
			"keyword arguments take at most %d KiB together; pass the name of a file",
			PROTO_INLINE_MAX / 1024);
	return check_keys(json, e);
}
