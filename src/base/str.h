/* Text: UTF-8, numbers, durations, and making foreign text safe to show. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* True when the n bytes are valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool str_utf8(const char *s, size_t n);
/* Appends the n bytes so that no terminal, log or page obeys them: control bytes (C0, DEL, C1), bidirectional controls and
 * invalid UTF-8 become \xNN; newline and tab stay when `keep_lines`. */
void str_safe(struct buf *out, const char *s, size_t n, bool keep_lines);
/* str_safe() of a C string into a static ring of 8 buffers: for one log line or message; never free it. */
const char *str_show(const char *s);

/* Whole string to a number; false when it is not exactly one, or is out of [min, max]. */
bool str_i64(const char *s, int64_t min, int64_t max, int64_t *out);
/* `30s` `5m` `2h30m` `1d` `1w` `250ms` `1.5` (bare = seconds) to milliseconds; false when not one or negative. */
bool str_duration_ms(const char *s, int64_t *out);
/* `500` `64K` `64MiB` `1.5G` to bytes, each step 1024; false when not one or negative. */
bool str_size(const char *s, int64_t *out);
/* 1234 -> "1.2s", 65000 -> "1m05s", 7300000 -> "2h01m", 100000000 -> "1d03h"; at most 7 cells; returns dst. */
char *str_age(char dst[16], int64_t ms);
/* 1234 -> "1234", 99999 -> "99k", bytes with binary = true -> "97.6 KiB"; returns dst. */
char *str_count(char dst[16], int64_t n, bool binary);
/* Milliseconds since 1970 as RFC 3339 in UTC with milliseconds; returns dst. */
char *str_time(char dst[32], int64_t wall_ms);

/* Edit distance with swaps, for "did you mean"; at most `max`+1. */
int str_distance(const char *a, const char *b, int max);
/* The candidate nearest to `word` and near enough to be suggested, else NULL. */
const char *str_nearest(const char *word, const char *const *candidates, size_t n);
/* Shell-style match with * and ?; no character classes. */
bool str_glob(const char *pattern, const char *s);
/* A name that a task, worker or profile may have: [A-Za-z_][A-Za-z0-9_.-]{0,63}; worker ids may hold '/' too and begin with a digit. */
bool str_task_name(const char *s);
bool str_worker_id(const char *s);
/* Appends s so that a POSIX shell reads it as one word (quotes only where needed). */
void str_shell_quote(struct buf *out, const char *s);

#endif
