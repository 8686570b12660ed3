/* One input of a map, from when it was read until it is printed. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/arguments.h"
#include "cmd/mapping.h"
#include "cmd/words.h"

#define HELD_MAX                                                                               \
	(8 * 1024 *                                                                            \
		1024) /* bytes of results that are kept; others are fetched when it is their turn */

char **mapping_words(const struct mapping *m, const struct input *in, size_t *n)
{
	return template_expand(&m->template, in, n);
}

void item_free(struct item *it)
{
	struct mapping *m = it->mapping;

	map_dels(m->by_id, it->id);
	list_del(&it->all);
	m->nitems--;
	m->held -= it->result.cap;
	free(it->input);
	buf_fini(&it->args);
	buf_fini(&it->result);
	buf_fini(&it->record);
	free(it);
}

static char *input_json(const struct input *in)
{
	struct buf text = BUF_INIT;
	struct json_out w;

	jout_init(&w, &text);
	jout_array(&w, NULL);
	for (size_t i = 0; i < in->n; i++)
		jout_str(&w, NULL, in->parts[i]);
	jout_end_array(&w);
	return buf_steal(&text);
}

void item_end(struct item *it)
{
	struct mapping *m = it->mapping;
	bool failed = it->refused || ending_status(&it->ending) != 0;

	it->state = ITEM_ENDED;
	m->nopen--;
	m->ndone++;
	m->nfailed += failed;
	if (failed && m->halt != HALT_NEVER) {
		m->stop = true;
		m->kill = m->kill || m->halt == HALT_NOW;
	}
	if (!m->ordered) {
		list_del(&it->all);
		list_push_back(&m->done, &it->all);
	}
	buf_fini(&it->args);
}

void item_refuse(struct item *it, const struct err *e)
{
	it->refused = true;
	str_safe(&it->record, e->text, strlen(e->text), true);
	item_end(it);
}

struct item *item_new(struct mapping *m, const struct input *in)
{
	struct item *it = xcalloc(1, sizeof(*it));
	struct uuid id;

	it->mapping = m;
	it->number = in->number;
	it->input = input_json(in);
	client_make_id(m->client, &id);
	uuid_text(it->id, &id);
	map_puts(m->by_id, it->id, it);
	list_push_back(&m->items, &it->all);
	m->nitems++;
	m->nopen++;
	m->given++;
	return it;
}

bool item_arguments(struct item *it, const struct input *in)
{
	struct mapping *m = it->mapping;
	size_t n;
	char **words = mapping_words(m, in, &n);
	size_t skip = m->program ? 0 : 1;
	struct err e;
	int rc = arguments_array(&it->args, (const char *const *)words + skip, n - skip,
		m->strings, false, &e);

	words_free(&words);
	if (rc)
		item_refuse(it, &e);
	return rc == 0;
}

void item_keep(struct item *it, const char *p, size_t n)
{
	struct mapping *m = it->mapping;

	if (!p || (m->held > HELD_MAX && n))
		return;
	it->has_result = true;
	buf_add(&it->result, p, n);
	m->held += it->result.cap;
}
