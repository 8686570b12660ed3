/* Errors of the world: what failed, in words a person can act on, and the exit code that it leads to. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/* Each code has a word (used on the wire and in --json) and an exit code; the table is in err.c. */
enum err_code {
	ERR_NONE,
	ERR_NO,    /* 1    the answer is 'no': unknown id, already final */
	ERR_USAGE, /* 64   wrong words on the command line */
	ERR_DATA,  /* 65   bad input: JSON, an argument too large, a broken module */
	ERR_PEER,  /* 69   no control plane, or it does not answer */
	ERR_BUG,   /* 70   our own fault */
	ERR_IO,    /* 74   a file or a disk failed */
	ERR_BUSY,  /* 75   a limit is reached: try later */
	ERR_SERVER_KEY, /* 76   the server does not hold the key that we expect, or speaks another protocol */
	ERR_DENIED,    /* 77   our key is not authorised */
	ERR_CONFIG,    /* 78   wrong or unsafe configuration */
	ERR_TIMEOUT,   /* 124  our own deadline for waiting passed */
	ERR_FAILED,    /* 125  fastworker failed where a task's status is passed on */
	ERR_NO_WORKER, /* 126  nobody may or can run it */
	ERR_NO_TASK,   /* 127  no task of this name */
	ERR__COUNT
};

struct err {
	enum err_code code;
	char text
		[1024]; /* one or more lines, no newline at the end; says what was tried, why it failed, what to do */
};

/* Fills *e (which may be NULL) and returns -1, so that a caller can 'return err_set(...)'. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same; ": " and strerror(errno) are put behind the text. */
int err_errno(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "TEXT: " before what *e says already; the code stays. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int err_exit_code(enum err_code code);
const char *err_word(enum err_code code);      /* "busy", "denied", ... static */
enum err_code err_from_word(const char *word); /* ERR_BUG for an unknown word */

#endif
