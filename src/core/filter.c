/* Filters: "state=running,queued task!=report* worker~node" is a list of terms that must all hold.
 *
 * Everything is made lower case, the patterns when the filter is parsed and the value of a task when it is matched. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/query.h"

#define FIELD_NAMES "state, task, worker, priority, owner, id, n, batch"

enum op { OP_IS, OP_IS_NOT, OP_HAS };

struct field {
	const char *name;
	const char *(
		*get)(const struct task *t, char text[UUID_TEXT]); /* may use text for it */
	const char *(*word)(int i); /* of the nwords that can stand here; NULL: anything can */
	int nwords;
};

struct term {
	const struct field *field;
	enum op op;
	char **values;
	size_t n;
};

struct filter {
	struct term *terms;
	size_t n;
};

static const char *get_state(const struct task *t, char text[UUID_TEXT])
{
	return task_state_word(t->state);
}

static const char *get_task(const struct task *t, char text[UUID_TEXT])
{
	return t->name->text;
}

static const char *get_worker(const struct task *t, char text[UUID_TEXT])
{
	return t->worker_id ? t->worker_id : "";
}

static const char *get_priority(const struct task *t, char text[UUID_TEXT])
{
	return priority_word(t->priority);
}

static const char *get_owner(const struct task *t, char text[UUID_TEXT])
{
	return t->owner;
}

static const char *get_id(const struct task *t, char text[UUID_TEXT])
{
	return uuid_text(text, &t->id);
}

/* By hand: core has no stdio. */
static const char *number(uint64_t n, char text[UUID_TEXT])
{
	char *p = text + UUID_TEXT - 1;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	return p;
}

static const char *get_n(const struct task *t, char text[UUID_TEXT])
{
	return number(t->n, text);
}

static const char *get_batch(const struct task *t, char text[UUID_TEXT])
{
	return t->group ? number(t->group->n, text) : "";
}

static const char *state_word(int i)
{
	return task_state_word((enum task_state)i);
}

static const char *prio_word(int i)
{
	return priority_word((enum priority)i);
}

/* The names stand in FIELD_NAMES and in query.h, too. */
static const struct field fields[] = {
	{.name = "state", .get = get_state, .word = state_word, .nwords = TASK__STATES},
	{.name = "task", .get = get_task},
	{.name = "worker", .get = get_worker},
	{.name = "priority", .get = get_priority, .word = prio_word, .nwords = PRIO__COUNT},
	{.name = "owner", .get = get_owner},
	{.name = "id", .get = get_id},
	{.name = "n", .get = get_n},
	{.name = "batch", .get = get_batch},
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char *lower_copy(const char *s, size_t n)
{
	char *copy = xstrndup(s, n);

	for (char *p = copy; *p; p++)
		*p = lower(*p);
	return copy;
}

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* A pattern that no word of this field can ever match is a typing error. */
static int check_word(const struct field *f, const char *value, struct err *e)
{
	struct buf known = BUF_INIT;

	for (int i = 0; i < f->nwords; i++) {
		if (str_glob(value, f->word(i))) {
			buf_fini(&known);
			return 0;
		}
		buf_adds(&known, i ? ", " : "");
		buf_adds(&known, f->word(i));
	}
	err_set(e, ERR_USAGE, "\"%s\" is no %s; there are %s", str_show(value), f->name,
		buf_str(&known));
	buf_fini(&known);
	return -1;
}

static int add_value(struct term *t, const char *s, size_t n, struct err *e)
{
	if (n == 0)
		return err_set(e, ERR_USAGE, "a value is missing behind \"%s\" in the filter",
			t->field->name);
	t->values = xreallocarray(t->values, t->n + 1, sizeof(*t->values));
	t->values[t->n++] = lower_copy(s, n);
	if (t->op == OP_HAS || !t->field->word)
		return 0;
	return check_word(t->field, t->values[t->n - 1], e);
}

static int add_values(struct term *t, const char *s, const char *end, struct err *e)
{
	for (;;) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		if (add_value(t, s, (size_t)((comma ? comma : end) - s), e))
			return -1;
		if (!comma)
			return 0;
		s = comma + 1;
	}
}

/* The operator of a word: the first of =, !=, ~ that stands in it. NULL when there is none. */
static const char *find_op(const char *s, const char *end, enum op *op, size_t *len)
{
	for (; s < end; s++) {
		bool negated = *s == '!' && s + 1 < end && s[1] == '=';
		if (*s != '=' && *s != '~' && !negated)
			continue;
		*op = negated ? OP_IS_NOT : *s == '~' ? OP_HAS : OP_IS;
		*len = negated ? 2 : 1;
		return s;
	}
	return NULL;
}

static int no_operator(const char *s, const char *end, struct err *e)
{
	char *word = xstrndup(s, (size_t)(end - s));

	err_set(e, ERR_USAGE,
		"\"%s\" is no filter: write FIELD=VALUE, FIELD!=VALUE or FIELD~PART; fields are %s",
		str_show(word), FIELD_NAMES);
	free(word);
	return -1;
}

static int parse_term(struct filter *f, const char *s, const char *end, struct err *e)
{
	enum op op = OP_IS;
	size_t len = 0;
	const char *at = find_op(s, end, &op, &len);
	const struct field *field;
	char *name;
	int rc = 0;

	if (!at)
		return no_operator(s, end, e);
	name = lower_copy(s, (size_t)(at - s));
	field = find_field(name);
	if (!field)
		rc = err_set(e, ERR_USAGE, "a filter has no field \"%s\"; fields are %s",
			str_show(name), FIELD_NAMES);
	free(name);
	if (rc)
		return rc;
	f->terms = xreallocarray(f->terms, f->n + 1, sizeof(*f->terms));
	f->terms[f->n] = (struct term){.field = field, .op = op};
	return add_values(&f->terms[f->n++], at + len, end, e);
}

struct filter *filter_parse(const char *text, struct err *e)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	const char *end;

	for (const char *s = text + strspn(text, " \t\n"); *s; s = end + strspn(end, " \t\n")) {
		end = s + strcspn(s, " \t\n");
		if (parse_term(f, s, end, e)) {
			filter_free(&f);
			return NULL;
		}
	}
	return f;
}

static void term_fini(struct term *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->values[i]);
	free(t->values);
}

void filter_free(struct filter **f)
{
	if (!*f)
		return;
	for (size_t i = 0; i < (*f)->n; i++)
		term_fini(&(*f)->terms[i]);
	free((*f)->terms);
	free(*f);
	*f = NULL;
}

static bool any_value(const struct term *t, const char *value)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->op == OP_HAS ? strstr(value, t->values[i]) != NULL
				    : str_glob(t->values[i], value))
			return true;
	return false;
}

static bool term_match(const struct term *t, const struct task *task)
{
	char text[UUID_TEXT];
	const char *raw = t->field->get(task, text);
	char *value = lower_copy(raw, strlen(raw));
	bool found = any_value(t, value);

	free(value);
	return found != (t->op == OP_IS_NOT);
}

bool filter_match(const struct filter *f, const struct task *t)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (!term_match(&f->terms[i], t))
			return false;
	return true;
}
