/* A command line as words, as a POSIX shell would split it: for the shell and the console, where no shell stands before us. */
#ifndef CMD_WORDS_H
#define CMD_WORDS_H

#include <stddef.h>

#include "base/err.h"

/* Splits at blanks outside of quotes: '...' keeps all, "..." keeps all but \ before one of $ ` " \, a \ elsewhere keeps the next
 * character. Nothing is expanded, and ; | & < > # are letters like any other. *words gets *n strings with a NULL behind them, for
 * words_free(). -1 with ERR_USAGE, which names the column (from 1, in bytes), when a quote is not closed or nothing follows a \. */
int words_split(const char *line, char ***words, size_t *n, struct err *e);
/* Nulls *words; NULL is fine. */
void words_free(char ***words);

#endif
