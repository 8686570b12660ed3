/* The log: one line of key=value on stderr per record, written at once so that lines of several processes do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define LINE_MAX_BYTES 4096

static const struct {
	const char *word;
	int priority; /* of syslog(3), for the journal */
} levels[] = {
	[LOG_ERROR] = {"error", 3},
	[LOG_WARNING] = {"warning", 4},
	[LOG_INFO] = {"info", 6},
	[LOG_DEBUG] = {"debug", 7},
};

static enum log_level max_level = LOG_INFO;

void log_set_level(enum log_level level)
{
	max_level = level;
}

bool log_level_parse(const char *word, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcasecmp(levels[i].word, word) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* systemd sets JOURNAL_STREAM to DEVICE:INODE of the stream that it gave us: systemd.exec(5). Children inherit the variable,
 * but perhaps not the stream; hence the comparison. */
static bool stderr_is_journal(void)
{
	const char *var = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	return var && sscanf(var, "%ju:%ju", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

static int put_head(char *line, size_t size, enum log_level level)
{
	static int journal = -1;
	struct timespec ts;
	char time[32];

	if (journal < 0)
		journal = stderr_is_journal();
	if (journal)
		return snprintf(line, size, "<%d>level=%s ", levels[level].priority,
			levels[level].word);
	clock_gettime(CLOCK_REALTIME, &ts);
	str_time(time, (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
	return snprintf(line, size, "ts=%s level=%s ", time, levels[level].word);
}

void log_at(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	size_t head, len;
	va_list ap;
	int n;

	if (level > max_level)
		return;
	head = (size_t)put_head(line, sizeof(line), level);
	va_start(ap, fmt);
	n = vsnprintf(line + head, sizeof(line) - head, fmt, ap);
	va_end(ap);
	len = head + (n > 0 ? (size_t)n : 0);
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	for (size_t i = head; i < len;
		i++) /* texts of errors may have several lines, a record has one */
		if (line[i] == '\n')
			line[i] = ' ';
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nowhere left to complain */
}
