/* Addresses as people write them. */
#include "proto/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

const char *port_word(enum port p)
{
	static const char *const words[] = {"critical", "high", "normal", "low", "query",
		"worker"};

	return words[p];
}

static bool host_ok(const char *host)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";

	return strcmp(host, "*") == 0 || (*host && strspn(host, allowed) == strlen(host));
}

/* Splits HOST:PORT or [HOST]:PORT; false when it is neither. */
static bool split(const char *s, char *host, size_t size, const char **port)
{
	const char *end;
	size_t n;

	if (*s == '[') {
		end = strchr(++s, ']');
		if (!end || end[1] != ':')
			return false;
		*port = end + 2;
	} else {
		end = strrchr(s, ':');
		if (!end || memchr(s, ':', (size_t)(end - s)))
			return false;
		*port = end + 1;
	}
	n = (size_t)(end - s);
	if (n == 0 || n >= size)
		return false;
	memcpy(host, s, n);
	host[n] = '\0';
	return true;
}

int address_parse(const char *text, struct address *out, struct err *e)
{
	const char *s = text, *port;
	int64_t number;

	if (strncmp(s, "tcp://", 6) == 0)
		s += 6;
	else if (strstr(s, "://"))
		return err_set(e, ERR_USAGE,
			"\"%s\" is not an address: only tcp://HOST:PORT is spoken",
			str_show(text));
	if (!split(s, out->host, sizeof(out->host), &port) || !host_ok(out->host))
		return err_set(e, ERR_USAGE,
			"\"%s\" is not an address: write tcp://HOST:PORT, or tcp://[IPV6]:PORT",
			str_show(text));
	if (!str_i64(port, 1, 65535, &number))
		return err_set(e, ERR_USAGE,
			"\"%s\" is not an address: the port must be 1 to 65535",
			str_show(text));
	out->port = (int)number;
	return 0;
}

char *address_text(char dst[300], const struct address *a)
{
	bool v6 = strchr(a->host, ':') != NULL;

	snprintf(dst, 300, "tcp://%s%s%s:%d", v6 ? "[" : "", a->host, v6 ? "]" : "", a->port);
	return dst;
}

bool address_numeric(const struct address *a)
{
	unsigned char raw[16];
	char plain[256];

	snprintf(plain, sizeof(plain), "%s", a->host);
	plain[strcspn(plain, "%")] = '\0';
	return strcmp(a->host, "*") == 0 || inet_pton(AF_INET, a->host, raw) == 1 ||
	       inet_pton(AF_INET6, plain, raw) == 1;
}

bool address_loopback(const struct address *a)
{
	return strncmp(a->host, "127.", 4) == 0 || strcmp(a->host, "::1") == 0 ||
	       strcmp(a->host, "localhost") == 0;
}
