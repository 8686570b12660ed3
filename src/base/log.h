/* The log: one line of key=value on stderr per record. Text from outside must go through str_show(). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
bool log_level_parse(const char *word,
	enum log_level *out); /* DEBUG|INFO|WARNING|ERROR, any case */
/* `ts=2026-11-22T15:04:05.123Z level=info msg...`; msg is `event key=value ...`. Under the systemd journal the time is left out and <N> put
 * before. One write(2) per line. Lines over 4 KiB are cut. */
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_at(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_DEBUG, __VA_ARGS__)

#endif
