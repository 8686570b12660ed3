/* Printing what a map brings back: each item's result, then what it wrote to stderr, then how it failed. One at a time; what must be asked for is waited for. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/mapping.h"
#include "proto/msg.h"

#define SHOWN 80 /* bytes of an input in a message */

void harvest_say(struct mapping *m, int stream, const char *text, size_t n)
{
	if (!n)
		return;
	if (m->bar && (stream == 2 || m->ctx->out->tty))
		bar_hide(m->bar);
	pour_write(m->pour, stream, text, n);
}

void harvest_bar(struct mapping *m)
{
	char name[24] = "";
	struct bar_state s = {.name = name,
		.done = m->ndone,
		.failed = m->nfailed,
		.total = inputs_total(m->inputs)};

	if (!m->bar)
		return;
	if (m->group_n)
		snprintf(name, sizeof(name), "b%lld", (long long)m->group_n);
	if (m->over)
		s.total = m->given;
	bar_set(m->bar, &s);
}

/* The input as a person typed it, cut. */
static void add_input(struct buf *to, const struct item *it)
{
	struct json_doc doc;
	struct json_fault fault;
	struct buf all = BUF_INIT, part = BUF_INIT;
	size_t n;

	json_init(&doc);
	if (json_parse(&doc, it->input, strlen(it->input), 0, 64, &fault) == 0)
		for (const struct json_node *v = json_first(doc.nodes); v; v = json_next(v)) {
			buf_reset(&part);
			json_unescape(v, &part);
			buf_adds(&all, all.len ? " " : "");
			str_shell_quote(&all, buf_str(&part));
		}
	for (n = all.len > SHOWN ? SHOWN : all.len;
		n < all.len && n > 0 && ((unsigned char)all.data[n] & 0xC0) == 0x80; n--)
		;
	str_safe(to, buf_str(&all), n, false);
	buf_adds(to, n < all.len ? "..." : "");
	json_fini(&doc);
	buf_fini(&all);
	buf_fini(&part);
}

/* "map: input 3 (b.txt), task 42: failed: exit status 2: ..." */
static void say_failure(struct item *it)
{
	const struct ending *e = &it->ending;
	bool cancelled = strcmp(e->state, "cancelled") == 0;
	struct buf line = BUF_INIT;

	if (it->mapping->ctx->json || (!it->refused && ending_status(e) == 0))
		return;
	buf_addf(&line, "map: input %lld (", (long long)it->number);
	add_input(&line, it);
	buf_addc(&line, ')');
	if (it->n)
		buf_addf(&line, ", task %lld", (long long)it->n);
	buf_addf(&line, ": %s%s", cancelled ? "was cancelled" : "failed",
		it->refused || *e->text ? ": " : "");
	if (it->refused)
		buf_add(&line, buf_str(&it->record), it->record.len);
	else
		str_safe(&line, e->text, strlen(e->text), true);
	buf_addc(&line, '\n');
	harvest_say(it->mapping, 2, line.data, line.len);
	buf_fini(&line);
}

static void end_printing(struct mapping *m)
{
	struct item *it = m->printing;

	say_failure(it);
	m->printing = NULL;
	m->busy = false;
	item_free(it);
	mapping_turn(m);
}

static void on_stderr(void *arg, const struct client_log_news *news)
{
	struct mapping *m = arg;
	const struct linewise_conf conf = {.safe = isatty(STDERR_FILENO) != 0};
	struct buf text = BUF_INIT;
	const char *why = news->e ? news->e->text : news->note;

	if (news->left_out)
		buf_addf(&text, "map: %lld bytes of the stderr of task %lld are not kept\n",
			(long long)news->left_out, (long long)m->printing->n);
	if (why)
		buf_addf(&text, "map: stderr of task %lld: %s\n", (long long)m->printing->n,
			str_show(why));
	if (news->p && news->p->stream == LOGREC_ERR)
		linewise_add(&m->lines, &conf, &text, news->p);
	if (news->end || news->e)
		linewise_end(&m->lines, &conf, &text, LOGREC_ERR);
	harvest_say(m, 2, buf_str(&text), text.len);
	buf_fini(&text);
	client_log_pause(m->log, pour_full(m->pour));
	if (!news->end && !news->e)
		return;
	client_log_close(&m->log);
	end_printing(m);
}

static void print_stderr(struct mapping *m)
{
	static const struct client_log_conf whole = {.follow = false};
	struct item *it = m->printing;

	if (it->errs <= 0) {
		end_printing(m);
		return;
	}
	m->busy = true;
	m->log = client_log_open(m->client, it->id, &whole, on_stderr, m);
}

/* {"schema":1,"number":3,"input":"b.txt","id":...,"result":...,"exit_status":0} */
static void print_object(struct item *it)
{
	struct buf line = BUF_INIT;
	struct json_doc doc;
	struct json_fault fault;
	struct json_out w;
	const char *raw;
	size_t len;

	json_init(&doc);
	jout_init(&w, &line);
	jout_object(&w, NULL);
	jout_i64(&w, "schema", 1);
	jout_i64(&w, "number", it->number);
	if (json_parse(&doc, it->input, strlen(it->input), 0, 64, &fault) == 0) {
		const struct json_node *v = doc.nodes;
		raw = json_raw(v->nchild == 1 ? json_first(v) : v, &len);
		jout_raw(&w, "input", raw, len);
	}
	if (it->refused) {
		jout_strn(&w, "error", buf_str(&it->record), it->record.len);
		jout_i64(&w, "exit_status", 125);
		jout_str(&w, "exit_from", "fastworker");
	} else if (json_parse(&doc, it->record.data, it->record.len, 0, 1024, &fault) == 0) {
		result_members(&w, doc.nodes, &it->ending,
			it->has_result ? buf_str(&it->result) : NULL, it->result.len);
	}
	jout_end_object(&w);
	buf_addc(&line, '\n');
	harvest_say(it->mapping, 1, line.data, line.len);
	json_fini(&doc);
	buf_fini(&line);
}

static void print_result(struct mapping *m)
{
	struct item *it = m->printing;
	struct buf text = BUF_INIT;

	if (m->ctx->json) {
		print_object(it);
	} else if (it->has_result) {
		result_text(&text, m->ctx->out, &it->ending, buf_str(&it->result),
			it->result.len);
		/* A value ends its line, or two would be one; bytes are what the task wrote. */
		if (strcmp(it->ending.type, "json") == 0 &&
			(!text.len || text.data[text.len - 1] != '\n'))
			buf_addc(&text, '\n');
		harvest_say(m, 1, buf_str(&text), text.len);
	}
	buf_fini(&text);
	print_stderr(m);
}

static bool on_part(void *arg, const char *data, size_t len, bool last, const struct err *e)
{
	struct cmd_ctx *ctx = arg;
	struct mapping *m = ctx->state;
	struct item *it;

	if ((last || ctx->ended) && !cmd_let(ctx))
		return false;
	it = m->printing;
	if (e) {
		it->refused = true;
		m->nfailed += ending_status(&it->ending) == 0;
		buf_reset(&it->record);
		buf_addf(&it->record, "its result of %lld bytes cannot be had: %s",
			(long long)it->ending.size, str_show(e->text));
	} else {
		m->held -= it->result.cap;
		buf_add(&it->result, data, len);
		m->held += it->result.cap;
	}
	it->has_result = !e;
	if (last)
		print_result(m);
	return true;
}

static void print(struct mapping *m)
{
	struct item *it = m->printing;

	if (it->refused || it->has_result || it->ending.size <= 0) {
		print_result(m);
		return;
	}
	m->busy = true;
	client_fetch(m->client, it->id, "result", on_part, cmd_hold(m->ctx));
}

static struct item *next(struct mapping *m)
{
	struct item *it = list_first(m->ordered ? &m->items : &m->done, struct item, all);

	return it && it->state == ITEM_ENDED ? it : NULL;
}

void harvest(struct mapping *m)
{
	while (!m->busy && !pour_full(m->pour) && !m->ctx->out->failed &&
		(m->printing = next(m)))
		print(m);
}

static void on_drained(void *arg)
{
	struct mapping *m = arg;

	if (m->log)
		client_log_pause(m->log, false);
	mapping_turn(m);
}

void harvest_init(struct mapping *m)
{
	m->pour = pour_new(m->ctx->session->loop, m->ctx->out, on_drained, m);
	if (m->ctx->out->own_files)
		m->bar = bar_new(m->ctx->session->loop);
}

void harvest_fini(struct mapping *m)
{
	client_log_close(&m->log);
	linewise_fini(&m->lines);
	pour_free(&m->pour);
	bar_free(&m->bar);
}
