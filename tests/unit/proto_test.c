/* The protocol: every message of the list survives encoding and decoding; what is not as the list says is refused; addresses, keys, authorized_keys. */
#include "base/mem.h"
#include "proto/address.h"
#include "proto/keyring.h"
#include "proto/msg.h"
#include "tests/unit/test.h"

static unsigned sender(enum msg_id id)
{
	return msg_def(id)->from;
}

static int decode(struct msg *m, const char *head, const char *body, unsigned from,
	struct err *e)
{
	return msg_decode(m, head, strlen(head), body, strlen(body), from, e);
}

static void every_message_comes_back(void)
{
	struct mout o;
	struct msg m;
	struct err e;

	mout_init(&o);
	msg_init(&m);
	for (int id = 0; id < MSG__COUNT; id++) {
		msg_example((enum msg_id)id, &o);
		if (msg_decode(&m, o.head.data, o.head.len, o.body.data, o.body.len,
			    sender((enum msg_id)id), &e))
			TEST_FAIL("%s: %s", msg_def((enum msg_id)id)->name, e.text);
		CHECK_INT(m.id, id);
		CHECK_INT(m.req, 7);
		CHECK_INT(msg_find(msg_def((enum msg_id)id)->name), id);
	}
	msg_fini(&m);
	mout_fini(&o);
}

/* Each field of each message: left out when it must be there, or of another type, it is refused. */
static size_t try_fields(enum msg_id id, const struct msg_field *f, const char *prefix)
{
	size_t tried = 0;
	struct msg m;
	struct err e;

	msg_init(&m);
	for (; f->type != F_END; f++) {
		struct mout o;
		char *at, key[80];
		if (f->type == F_JSON)
			continue;
		mout_init(&o);
		msg_example(id, &o);
		snprintf(key, sizeof(key), "\"%s\":", f->name);
		at = strstr(buf_str(&o.head), key);
		CHECK(at != NULL);
		/* Another name: the field is missing. */
		at[1] = '?';
		int rc = msg_decode(&m, o.head.data, o.head.len, o.body.data, o.body.len,
			sender(id), &e);
		if (f->must && rc == 0)
			TEST_FAIL("%s%s may be left out", prefix, f->name);
		mout_fini(&o);
		tried++;
		if (f->type == F_LIST)
			tried += try_fields(id, f->items, f->name);
	}
	msg_fini(&m);
	return tried;
}

static void fields_that_must_be_there(void)
{
	size_t tried = 0;

	for (int id = 0; id < MSG__COUNT; id++)
		tried += try_fields((enum msg_id)id, msg_def((enum msg_id)id)->fields,
			msg_def((enum msg_id)id)->name);
	CHECK(tried > 150);
}

static void what_is_refused(void)
{
	static const struct {
		const char *head, *body;
		unsigned from;
		const char *says;
	} cases[] = {
		{"", "", FROM_CLIENT, "not JSON"},
		{"{", "", FROM_CLIENT, "not JSON"},
		{"[]", "", FROM_CLIENT, "no message name"},
		{"{}", "", FROM_CLIENT, "no message name"},
		{"{\"m\":5}", "", FROM_CLIENT, "no message name"},
		{"{\"m\":\"nonsense\"}", "", FROM_CLIENT, "not known here"},
		{"{\"m\":\"task\",\"tasks\":[]}", "", FROM_CLIENT, "not known here"},
		{"{\"m\":\"cancel\",\"m\":\"cancel\",\"ids\":[]}", "", FROM_CLIENT, "not JSON"},
		{"{\"m\":\"cancel\",\"ids\":[\"a\\u0000b\"]}", "", FROM_CLIENT, "not JSON"},
		{"{\"m\":\"cancel\"}", "", FROM_CLIENT, "ids is missing"},
		{"{\"m\":\"cancel\",\"ids\":[5]}", "", FROM_CLIENT, "wrong type"},
		{"{\"m\":\"cancel\",\"ids\":\"5\"}", "", FROM_CLIENT, "wrong type"},
		{"{\"m\":\"query\",\"what\":5}", "", FROM_CLIENT, "wrong type"},
		{"{\"m\":\"query\",\"what\":\"tasks\",\"limit\":1.5}", "", FROM_CLIENT,
			"wrong type"},
		{"{\"m\":\"query\",\"what\":\"tasks\"}", "x", FROM_CLIENT, "lengths add up"},
		{"{\"m\":\"submit\",\"tasks\":[5]}", "", FROM_CLIENT, "no object"},
		{"{\"m\":\"submit\",\"tasks\":[{\"id\":\"x\",\"name\":\"a\"}]}", "",
			FROM_CLIENT, "wrong type"},
		{"{\"m\":\"submit\",\"tasks\":[{\"id\":\"01890a5d-ac96-774b-bcce-b302099a8057\",\"name\":\"a\",\"args\":3}]}",
			"[]", FROM_CLIENT, "lengths add up"},
		{"{\"m\":\"submit\",\"tasks\":[{\"id\":\"01890a5d-ac96-774b-bcce-b302099a8057\",\"name\":\"a\",\"args\":-1}]}",
			"", FROM_CLIENT, "wrong type"},
	};
	struct msg m;
	struct err e;

	msg_init(&m);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (decode(&m, cases[i].head, cases[i].body, cases[i].from, &e) == 0)
			TEST_FAIL("taken: %s", cases[i].head);
		if (!strstr(e.text, cases[i].says))
			TEST_FAIL("%s: says \"%s\", not \"%s\"", cases[i].head, e.text,
				cases[i].says);
	}
	msg_fini(&m);
}

static void newer_peers_are_understood(void)
{
	struct msg m;
	struct err e;

	msg_init(&m);
	/* A field of a later version is passed over. */
	CHECK(decode(&m,
		      "{\"m\":\"query\",\"r\":3,\"what\":\"tasks\",\"colour\":[1,{\"a\":2}]}",
		      "", FROM_CLIENT, &e) == 0);
	CHECK_INT(m.req, 3);
	/* The number of a request is known even when the rest is not: it can be answered. */
	CHECK(decode(&m, "{\"m\":\"later\",\"r\":4}", "", FROM_CLIENT, &e) == -1);
	CHECK_INT(m.req, 4);
	msg_fini(&m);
}

static void bodies_are_taken_in_order(void)
{
	static const char head[] =
		"{\"m\":\"submit\",\"tasks\":["
		"{\"id\":\"01890a5d-ac96-774b-bcce-b302099a8057\",\"name\":\"a\",\"args\":3,\"kwargs\":2},"
		"{\"id\":\"01890a5d-ac96-774b-bcce-b302099a8058\",\"name\":\"b\",\"args\":4}]}";
	struct msg m;
	struct err e;
	size_t at = 0, n;
	const struct json_node *o;

	msg_init(&m);
	CHECK(decode(&m, head, "[1]{}[22]", FROM_CLIENT, &e) == 0);
	o = msg_list(m.head, "tasks");
	CHECK(strncmp(msg_take(&m, o, "args", &at, &n), "[1]", 3) == 0);
	CHECK(strncmp(msg_take(&m, o, "kwargs", &at, &n), "{}", 2) == 0);
	o = json_next(o);
	CHECK(strncmp(msg_take(&m, o, "args", &at, &n), "[22]", 4) == 0);
	CHECK(msg_take(&m, o, "kwargs", &at, &n) == NULL);
	CHECK_INT(at, 9);
	msg_fini(&m);
}

static void errors_travel(void)
{
	struct mout o;
	struct msg m;
	struct err e, got;

	mout_init(&o);
	msg_init(&m);
	for (int code = ERR_NO; code < ERR__COUNT; code++) {
		err_set(&e, (enum err_code)code, "what \"failed\" and why");
		mout_error(&o, 9, &e);
		CHECK(msg_decode(&m, o.head.data, o.head.len, NULL, 0, FROM_SERVER, &got) == 0);
		msg_error(&m, &got);
		CHECK_INT(got.code, code);
		CHECK_STR(got.text, e.text);
	}
	msg_fini(&m);
	mout_fini(&o);
}

static void addresses(void)
{
	static const struct {
		const char *text, *host;
		int port;
	} good[] = {
		{"tcp://127.0.0.1:5555", "127.0.0.1", 5555},
		{"127.0.0.1:1", "127.0.0.1", 1},
		{"tcp://[::1]:5555", "::1", 5555},
		{"tcp://[fe80::1%eth0]:65535", "fe80::1%eth0", 65535},
		{"tcp://cp.example:5555", "cp.example", 5555},
		{"tcp://*:5555", "*", 5555},
	};
	static const char *const bad[] = {"", "tcp://", "tcp://a", "tcp://a:", "tcp://a:0",
		"tcp://a:65536", "tcp://a:x", "http://a:1", "tcp://::1:5", "tcp://[::1]",
		"tcp://[::1]5", "tcp://a b:1", "tcp://:5555", "ipc:///x:1", "tcp://a:1 "};
	struct address a;
	struct err e;
	char text[300];

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (address_parse(good[i].text, &a, &e))
			TEST_FAIL("%s: %s", good[i].text, e.text);
		CHECK_STR(a.host, good[i].host);
		CHECK_INT(a.port, good[i].port);
		struct address again;
		CHECK(address_parse(address_text(text, &a), &again, &e) == 0 &&
			strcmp(again.host, a.host) == 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (address_parse(bad[i], &a, &e) == 0)
			TEST_FAIL("taken: %s", bad[i]);
}

static void authorized_keys(void)
{
	struct keyring *k = keyring_new();
	struct keypair pair;
	char text[300];
	struct err e;

	keys_make(&pair);
	CHECK(keys_valid(pair.public));
	snprintf(text, sizeof(text), "# comment\n\n%s role=submit,query name=ana\n",
		pair.public);
	CHECK(keyring_parse(k, text, strlen(text), "f", &e) == 0);
	CHECK_STR(keyring_find(k, pair.public)->name, "ana");
	CHECK_INT(keyring_find(k, pair.public)->roles, ROLE_SUBMIT | ROLE_QUERY);
	CHECK(keyring_find(k, pair.secret) == NULL);
	static const char *const bad[] = {"%s role=submit\n", "%s name=a\n",
		"%s role=root name=a\n", "%s role=submit name=a other=1\n",
		"x%s role=submit name=a\n", "%s role= name=a\n",
		"%s role=submit name=a/../\x1b\n"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *at = strstr(bad[i], "%s");
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - bad[i]), bad[i],
			pair.public, at + 2);
		if (keyring_parse(k, text, strlen(text), "f", &e) == 0)
			TEST_FAIL("taken: %s", text);
		CHECK(strstr(e.text, "f:1:") != NULL);
	}
	keyring_free(&k);
}

static const struct test tests[] = {
	{"every_message_comes_back", every_message_comes_back},
	{"fields_that_must_be_there", fields_that_must_be_there},
	{"what_is_refused", what_is_refused},
	{"newer_peers_are_understood", newer_peers_are_understood},
	{"bodies_are_taken_in_order", bodies_are_taken_in_order},
	{"errors_travel", errors_travel},
	{"addresses", addresses},
	{"authorized_keys", authorized_keys},
};

TEST_MAIN(tests)
