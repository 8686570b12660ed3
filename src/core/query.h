/* The one windowed query on tasks: filter, order, cursor. What `tasks`, the console and the web show comes from here. */
#ifndef CORE_QUERY_H
#define CORE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/model.h"

struct filter;

/* Terms with spaces between, all must hold: FIELD=V[,V...], FIELD!=V[,V...], FIELD~PART (contains). Fields: state, task, worker, priority, owner, id, n, batch (number of its group). Values of = are
 * matched with * and ?; words are not case sensitive. A word without an operator, an unknown field or state is an error (ERR_USAGE)
 * that names what exists. "" matches all. now: not used yet by any field. */
struct filter *filter_parse(const char *text, struct err *e);
void filter_free(struct filter **f);
bool filter_match(const struct filter *f, const struct task *t);

struct query {
	const struct filter *filter; /* NULL: all */
	const char *owner;           /* only this owner's; NULL: all */
	bool oldest_first;           /* default: newest first */
	uint64_t cursor; /* 0: from the beginning; else behind the task of this number */
	uint64_t offset; /* tasks to pass over first */
	size_t limit;
};

struct query_page {
	size_t n;
	uint64_t next;  /* cursor of the next page; 0 = no more */
	uint64_t total; /* how many match in all; counted only when want_total */
};

/* Fills at most limit pointers into rows. */
void core_query(struct core *c, const struct query *q, bool want_total, struct task **rows,
	struct query_page *page);

#endif
