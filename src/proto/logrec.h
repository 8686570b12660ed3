/* Records: the form in which the output of a task lies in its log file and travels to readers.
 *
 * A record is a line of text and the bytes that it announces:
 *
 *     @STREAM MS LEN\n<LEN bytes>
 *
 * STREAM: 0 = what fastworker itself says, 1 = stdout, 2 = stderr. MS: when it was read, in ms since 1970. So `less` on a file makes sense. */
#ifndef PROTO_LOGREC_H
#define PROTO_LOGREC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGREC_HEAD_MAX 48                 /* bytes of the line, newline and NUL included */
#define LOGREC_MAX      (64 * 1024 * 1024) /* bytes of one record; more is no record */

enum { LOGREC_NOTE, LOGREC_OUT, LOGREC_ERR, LOGREC__STREAMS };

/* A part of what a task wrote, in order. Large records come in several pieces. */
struct log_piece {
	int stream;       /* 0 our own words, 1 stdout, 2 stderr */
	int64_t at_ms;    /* wall clock */
	const char *data; /* borrowed during the call */
	size_t len;
};

/* Writes the line of a record; its length. */
size_t logrec_head(char dst[LOGREC_HEAD_MAX], int stream, int64_t at_ms, size_t len);

/* Takes bytes in pieces of any size. Set to zero at the start, and again where bytes are left out: they go on with a new record. */
struct logrec_parser {
	char head[LOGREC_HEAD_MAX]; /* of the line that is not complete yet */
	size_t nhead;
	size_t left; /* of the record's bytes */
	int stream;
	int64_t at_ms;
	bool broken; /* what came is no record: nothing is given any more */
};

/* The next piece of the *n bytes at *at, which move on; false when they are used up. *out lies in them. */
bool logrec_next(struct logrec_parser *p, const char **at, size_t *n, struct log_piece *out);

#endif
