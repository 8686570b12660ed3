/* How tasks are asked for. */
#include "cmd/asking.h"

#include "cmd/arguments.h"
#include "core/needs.h"

int asking_read(struct submission *t, struct buf *kwargs, const struct opts *o, struct err *e)
{
	const char *const *pairs;
	size_t n = opts_many(o, "kw", &pairs);
	char needs[NEEDS_TEXT];

	if (opts_given(o, "needs") && needs_parse(opts_str(o, "needs"), needs, e))
		return err_prefix(e, "--needs");
	if (arguments_object(kwargs, opts_str(o, "kwargs"), pairs, n, opts_flag(o, "str"), e))
		return -1;
	t->priority = opts_str(o, "priority");
	t->timeout_ms = opts_ms(o, "timeout");
	t->defer = opts_flag(o, "defer");
	t->needs = opts_str(o, "needs");
	t->kwargs = kwargs->data;
	t->kwargs_len = kwargs->len;
	return 0;
}
