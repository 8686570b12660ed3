/* Fuzzes filters: whatever is taken can be matched, what is refused says why, and taking it twice gives the same answers. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (!ok)
		BUG("filter_fuzz: %s", what);
}

static bool match_states(const struct filter *f, struct task *t)
{
	bool any = false;

	for (int s = 0; s < TASK__STATES; s++) {
		t->state = (enum task_state)s;
		any |= filter_match(f, t);
	}
	return any;
}

static void try_text(const char *text)
{
	char word[] = "resize-Image", owner[] = "alice", worker[] = "w2/local";
	struct name name = {.text = word};
	struct task t = {.n = 18446744073709551615u, .name = &name, .owner = owner};
	struct err e = {.code = ERR_NONE};
	struct filter *f = filter_parse(text, &e), *again = filter_parse(text, NULL);

	require(!f == !again, "the same text is taken twice");
	if (!f) {
		require(e.code == ERR_USAGE && *e.text, "a refusal says why");
		return;
	}
	require(match_states(f, &t) == match_states(again, &t), "the same matches");
	t.worker_id = worker;
	require(match_states(f, &t) == match_states(again, &t),
		"the same matches, with a worker");
	filter_free(&f);
	filter_free(&again);
	require(!f && !again, "filter_free() nulls");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	try_text(text);
	free(text);
	return 0;
}
