/* Errors of the world: the table of codes, and filling a struct err. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* The words are part of the protocol and of --json, the numbers of the manual: neither may change. */
static const struct {
	const char *word;
	int exit_code;
} codes[ERR__COUNT] = {
	[ERR_NONE] = {"ok", 0},
	[ERR_NO] = {"no", 1},
	[ERR_USAGE] = {"usage", 64},
	[ERR_DATA] = {"data", 65},
	[ERR_PEER] = {"peer", 69},
	[ERR_BUG] = {"bug", 70},
	[ERR_IO] = {"io", 74},
	[ERR_BUSY] = {"busy", 75},
	[ERR_SERVER_KEY] = {"server-key", 76},
	[ERR_DENIED] = {"denied", 77},
	[ERR_CONFIG] = {"config", 78},
	[ERR_TIMEOUT] = {"timeout", 124},
	[ERR_FAILED] = {"failed", 125},
	[ERR_NO_WORKER] = {"no-worker", 126},
	[ERR_NO_TASK] = {"no-task", 127},
};

/* Formats beside e->text first: the arguments may point into it. */
__attribute__((format(printf, 3, 0))) static void fill(struct err *e, const char *behind,
	const char *fmt, va_list ap)
{
	char text[sizeof(e->text)];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (behind && n >= 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, ": %s", behind);
	memcpy(e->text, text, sizeof(text));
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	fill(e, NULL, fmt, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *e, enum err_code code, const char *fmt, ...)
{
	const char *why = strerror(errno);
	va_list ap;

	if (!e)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	fill(e, why, fmt, ap);
	va_end(ap);
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;

	if (!e)
		return -1;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	fill(e, old, fmt, ap);
	va_end(ap);
	return -1;
}

int err_exit_code(enum err_code code)
{
	if ((unsigned)code >= ERR__COUNT)
		BUG("no error code %d", (int)code);
	return codes[code].exit_code;
}

const char *err_word(enum err_code code)
{
	if ((unsigned)code >= ERR__COUNT)
		BUG("no error code %d", (int)code);
	return codes[code].word;
}

enum err_code err_from_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(codes[i].word, word) == 0)
			return (enum err_code)i;
	return ERR_BUG;
}
