/* Where a command's words go: stdout and stderr, the shell, or the console's message line. */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"

struct out {
	/* stream 1: data; 2: what is said about it. Bytes as they are: what is not safe for a terminal was made so by the caller. */
	void (*write)(struct out *o, int stream, const char *p, size_t n);
	bool own_files; /* stdout and stderr of this process */
	bool tty;       /* data goes to a terminal */
	bool json;      /* --json; set for each command */
	bool color;
	int width;   /* columns of the terminal; 0 = not one: nothing is cut */
	void *arg;   /* of write */
	bool failed; /* data could not be written: exit 74 */
	int error;   /* errno of that */
};

/* stdout and stderr of this process. Data is gathered and written by out_flush() or when much has come. */
void out_init_cli(struct out *o);
/* Writes what is gathered; false when stdout cannot take it. */
bool out_flush(struct out *o);

/* Data: raw bytes, and a line (text is made safe for a terminal when tty). */
void out_bytes(struct out *o, const void *p, size_t n);
void out_line(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Said on stderr; the same safety always. */
void out_note(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A table over JSON rows. */
enum column_kind {
	COL_TEXT,
	COL_INT,
	COL_AGE,   /* ms */
	COL_SINCE, /* wall clock ms: shown as age */
	COL_BYTES,
	COL_MODULES, /* a list of modules: tasks:3fab12c! */
	COL_FAR,     /* a number from 0 to 1: shown as 40% */
};

struct column {
	const char *title; /* "STATE" */
	const char *key;   /* of the row object */
	enum column_kind kind;
	int min, max; /* cells; max 0 = as wide as needed; the last column takes what is left */
};

/* Rows as a table with a header; with --json a line per row: the row object with "schema":1 put first. now: wall clock ms, for ages. */
void out_rows(struct out *o, const struct column *columns, size_t ncolumns,
	const struct json_node *const *rows, size_t nrows, long long now);
/* A line of data that is safe already: JSON. */
void out_raw_line(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One object as a line of JSON with "schema":1 put first. */
void out_json(struct out *o, const struct json_node *object);
/* One object: with --json as it is with "schema":1 put first, else `key: value` lines. */
void out_object(struct out *o, const struct json_node *object);

#endif
