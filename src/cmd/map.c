/* map: one task, or one program, for each of many inputs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/asking.h"
#include "cmd/mapping.h"
#include "cmd/place.h"
#include "cmd/private.h"
#include "cmd/words.h"
#include "node/program.h"

static const struct opt opts[] = {
	{.name = "jobs",
		.letter = 'j',
		.type = OPT_INT,
		.arg = "N",
		.min = 1,
		.max = JOBS_MAX,
		.help = "So many tasks under way at most (twice the slots of all workers, at least 8; more when they are short)"},
	{.name = "lines",
		.type = OPT_STRING,
		.arg = "FILE",
		.complete = "file",
		.help = "Each line of it is an input; - is stdin"},
	{.name = "null",
		.letter = '0',
		.type = OPT_FLAG,
		.help = "Inputs end with a NUL, not with a newline (find -print0)"},
	{.name = "unordered",
		.type = OPT_FLAG,
		.help = "Print results as they come, not in the order of the inputs"},
	{.name = "halt",
		.type = OPT_CHOICE,
		.choices = "never|soon|now",
		.def = "never",
		.help = "When a task failed: go on, hand in no more, or cancel the others"},
	{.name = "dry-run",
		.type = OPT_FLAG,
		.help = "Print what would be run, a line for each input"},
	ASKING_OPTS,
	PLACE_OPTS,
	MODULE_OPT,
	NO_START_OPT,
	{.name = NULL},
};

/* A dry run: no control plane is asked. */
static void dry_turn(void *arg)
{
	struct mapping *m = arg;
	struct buf line = BUF_INIT;
	struct input in;
	struct err e;
	enum inputs_news news = INPUT_LATER;

	while (!pour_full(m->pour) && (news = inputs_next(m->inputs, &in, &e)) == INPUT_ONE) {
		size_t n;
		char **words = mapping_words(m, &in, &n);
		for (size_t i = 0; i < n; i++) {
			buf_adds(&line, i ? " " : "");
			str_shell_quote(&line, words[i]);
		}
		buf_addc(&line, '\n');
		harvest_say(m, 1, line.data, line.len);
		buf_reset(&line);
		words_free(&words);
	}
	buf_fini(&line);
	m->over = m->over || news == INPUT_END;
	if (news == INPUT_BAD)
		cmd_fail(m->ctx, &e);
	else if (m->ctx->out->failed || (m->over && pour_empty(m->pour)))
		cmd_done(m->ctx, 0);
}

static void on_ready(void *arg)
{
	mapping_turn(arg);
}

/* How many of the words stand before the first ::: */
static size_t command_words(const struct opts *o)
{
	size_t n = 0;

	while (n < opts_nargs(o) && strncmp(opts_arg(o, n), ":::", 3) != 0)
		n++;
	return n;
}

static struct inputs *find_inputs(struct mapping *m, const char *const *words, size_t n,
	struct err *e)
{
	const struct opts *o = m->ctx->opts;
	const char *file = opts_str(o, "lines");

	if (n && (file || opts_flag(o, "null"))) {
		err_set(e, ERR_USAGE, "inputs come from behind `:::` or from %s, not both",
			file ? "--lines" : "stdin (-0)");
		return NULL;
	}
	if (n)
		return inputs_lists(words, n, e);
	if (!file && isatty(STDIN_FILENO)) {
		err_set(e, ERR_USAGE,
			"no inputs: write them behind `:::`, name a file with --lines, or pipe them in");
		return NULL;
	}
	return inputs_lines(m->ctx->session->loop, file ? file : "-",
		opts_flag(o, "null") ? '\0' : '\n', on_ready, m, e);
}

static int read_words(struct mapping *m, const char *const *words, size_t n, struct err *e)
{
	const struct opts *o = m->ctx->opts;
	size_t command = command_words(o);

	if (!command)
		return err_set(e, ERR_USAGE,
			"which task or program? `fastworker map TASK ::: INPUT...`, `fastworker map -- PROGRAM ::: INPUT...`");
	m->program = opts_dashdash(o) == 0;
	if (!m->program &&
		(opts_given(o, "env") || opts_given(o, "cwd") || opts_given(o, "clean-env")))
		return err_set(e, ERR_USAGE,
			"--env, --cwd and --clean-env are for programs: fastworker map -- PROGRAM");
	m->strings = m->program || opts_flag(o, "str");
	m->inputs = find_inputs(m, words + command, n - command, e);
	if (!m->inputs)
		return -1;
	return template_init(&m->template, words, command, inputs_parts(m->inputs), e);
}

static int read_options(struct mapping *m, struct err *e)
{
	static const char *const halts[] = {"never", "soon", "now"};
	const struct opts *o = m->ctx->opts;

	m->ordered = !opts_flag(o, "unordered");
	m->window = (size_t)opts_int(o, "jobs");
	for (size_t i = 0; i < ARRAY_LEN(halts); i++)
		if (strcmp(opts_str(o, "halt"), halts[i]) == 0)
			m->halt = (enum halt)i;
	if (asking_read(&m->task, &m->kwargs, o, e))
		return -1;
	m->task.name = m->program ? PROGRAM_NAME : m->template.words[0];
	if (!m->program)
		return 0;
	if (m->task.timeout_ms < 0)
		m->task.timeout_ms = 0;
	if (place_make(&m->place, o, e))
		return -1;
	m->task.place = m->place.data;
	m->task.place_len = m->place.len;
	return 0;
}

static void release(struct cmd_ctx *ctx)
{
	if (ctx->state)
		mapping_free(ctx->state);
}

static void dry_run(struct mapping *m)
{
	loop_timer_init(m->ctx->session->loop, &m->fill, dry_turn, m);
	harvest_init(m);
	mapping_turn(m);
}

static void connected(struct cmd_ctx *ctx, struct client *c)
{
	struct mapping *m = ctx->state;

	m->client = c;
	harvest_init(m);
	mapping_start(m);
}

static void exec(struct cmd_ctx *ctx)
{
	struct mapping *m = mapping_new(ctx);
	size_t n = opts_nargs(ctx->opts);
	struct err e;

	ctx->state = m;
	m->words = xcalloc(n + 1, sizeof(*m->words));
	for (size_t i = 0; i < n; i++)
		m->words[i] = opts_arg(ctx->opts, i);
	if (read_words(m, m->words, n, &e) || read_options(m, &e)) {
		cmd_fail(ctx, &e);
		return;
	}
	if (opts_flag(ctx->opts, "dry-run")) {
		dry_run(m);
		return;
	}
	ctx->session->port = priority_parse(opts_str(ctx->opts, "priority"));
	cmd_connect(ctx, connected);
}

static void interrupt(struct cmd_ctx *ctx)
{
	struct mapping *m = ctx->state;
	long long n = m ? m->group_n : 0;

	if (!n)
		return;
	bar_free(&m->bar);
	out_note(ctx->out,
		"b%lld goes on without us, with the %lld inputs that were handed in: `fastworker wait b%lld` waits for it, `fastworker cancel b%lld` ends it,\n"
		"`fastworker logs -f b%lld` shows its output",
		n, (long long)m->given, n, n, n);
}

const struct cmd cmd_map_entry = {
	.name = "map",
	.group = "tasks",
	.usage =
		"[-j N] [OPTIONS] TASK [ARG...] ::: INPUT...  |  [OPTIONS] -- PROGRAM [ARG...] ::: INPUT...",
	.help = "Runs a task or a program for each of many inputs; prints the results in their order",
	.about =
		"Inputs stand behind :::, are lines of --lines FILE, or come from stdin; an empty line is an empty input. They are read as results come.\n"
		"Places in the words: {} the input, {.} without extension, {/} its last part, {//} its folder, {/.} last part without extension,\n"
		"{#} its number. Without a place it is the last argument. Several ::: give each with each; {1} and {2} (also {1.}, {2/}) are the first\n"
		"and the second. No shell is between: an input is one argument, whatever it holds.\n"
		"Options stand before the task. What a task wrote to stdout is printed, then what it wrote to stderr; failed ones are named on stderr.\n"
		"A program runs in this folder, with this PATH, HOME, LANG and TZ. A task whose worker is lost runs again: at least once.\n"
		"b3 names all tasks of a map for wait, cancel, logs, status and result, as long as they are kept. ^C leaves it: what was handed in goes on.\n"
		"0: all succeeded; 1: some failed, or it was cancelled; 125 fastworker failed, 126 nobody can run it, 127 there is no such task.",
	.examples =
		"fastworker map checksum ::: /usr/share/man/man1/*.gz\n"
		"fastworker map -j4 -- gzip -9 {} ::: *.log\n"
		"find . -name '*.wav' -print0 | fastworker map -0 -- flac -s {} -o {.}.flac\n"
		"fastworker map --lines hosts.txt --unordered -- ping -c1\n"
		"fastworker map --dry-run -- convert {1} -resize {2} {1.}-{2}.png ::: *.jpg ::: 100 200",
	.complete = "task",
	.opts = opts,
	.nargs = -1,
	.flags = CMD_STATUS | CMD_EARLY | CMD_STARTS,
	.exec = exec,
	.interrupt = interrupt,
	.release = release,
};
