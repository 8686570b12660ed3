/* Our own words in the log of a task: at the beginning how to run it again, at the end how it ended. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/args.h"
#include "node/run.h"

#define MAX_ARGS 4096 /* bytes of arguments that are shown */

/* A word that `submit` reads as this value: a string that could be taken for JSON stays in its quotes. */
static void add_word(struct buf *to, const struct json_node *v)
{
	struct buf text = BUF_INIT;
	size_t n;
	const char *raw = json_raw(v, &n);

	if (v->type == JSON_STRING && json_unescape(v, &text) && text.len &&
		!strchr("-0123456789\"[{tfn", text.data[0]) &&
		!memchr(text.data, 0, text.len)) {
		str_shell_quote(to, buf_str(&text));
	} else {
		buf_reset(&text);
		buf_add(&text, raw, n);
		str_shell_quote(to, buf_str(&text));
	}
	buf_fini(&text);
}

static void add_words(struct buf *to, const struct run *run)
{
	struct json_doc doc;
	struct json_fault fault;

	json_init(&doc);
	if (run->args.len > MAX_ARGS) {
		buf_addf(to, "  # and %zu bytes of arguments", run->args.len);
	} else if (json_parse(&doc, buf_str(&run->args), run->args.len, 0, ARGS_MAX_VALUES,
			   &fault) == 0) {
		for (const struct json_node *v = json_first(doc.nodes); v; v = json_next(v)) {
			buf_addc(to, ' ');
			add_word(to, v);
		}
	}
	if (run->kwargs.len > 2 && run->kwargs.len <= MAX_ARGS) {
		buf_adds(to, " --kwargs ");
		str_shell_quote(to, buf_str(&run->kwargs));
	}
	json_fini(&doc);
}

char *run_log_header(const struct run *run)
{
	struct buf text = BUF_INIT, words = BUF_INIT;
	char id[UUID_TEXT];

	buf_addf(&text, "task %" PRIu64 " (%s), attempt %" PRId64 ", %s\n", run->n, run->name,
		run->attempt, uuid_text(id, &run->id));
	add_words(&words, run);
	buf_addf(&text, "run it again: fastworker submit %s", run->name);
	str_safe(&text, buf_str(&words), words.len, false);
	buf_addc(&text, '\n');
	buf_fini(&words);
	return buf_steal(&text);
}

char *run_log_footer(const struct run *run)
{
	const struct run_end *end = &run->end;
	char took[16];

	str_age(took, end->wall_ms);
	if (end->ok)
		return xasprintf("\nended after %s: exit status 0\n", took);
	return xasprintf("\nended after %s: %s\n", took,
		end->error ? end->error : cause_word(end->cause));
}
