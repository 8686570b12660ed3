/* Values of options: is this text one, and which. */
#include "base/opt.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

static char *check_flag(const char *text, int64_t *number, enum err_code code, struct err *e)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"true", true},
		{"false", false},
		{"yes", true},
		{"no", false},
		{"on", true},
		{"off", false},
		{"1", true},
		{"0", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			*number = words[i].value;
			return xstrdup(words[i].value ? "true" : "false");
		}
	}
	err_set(e, code, "\"%s\" is neither true nor false (yes, no, on, off, 1, 0)",
		str_show(text));
	return NULL;
}

static char *check_int(const struct opt *opt, const char *text, int64_t *number,
	enum err_code code, struct err *e)
{
	bool any = !opt->min && !opt->max;

	if (!str_i64(text, INT64_MIN, INT64_MAX, number)) {
		err_set(e, code, "\"%s\" is not a whole number", str_show(text));
		return NULL;
	}
	if (!any && (*number < opt->min || *number > opt->max)) {
		err_set(e, code, "%" PRId64 " is not between %" PRId64 " and %" PRId64, *number,
			opt->min, opt->max);
		return NULL;
	}
	return xstrdup(text);
}

static char *check_duration(const char *text, int64_t *number, enum err_code code,
	struct err *e)
{
	if (str_duration_ms(text, number))
		return xstrdup(text);
	err_set(e, code,
		"\"%s\" is not a duration like 250ms, 30s, 5m or 1h30m (a bare number is "
		"seconds)",
		str_show(text));
	return NULL;
}

static char *check_size(const struct opt *opt, const char *text, int64_t *number,
	enum err_code code, struct err *e)
{
	bool any = !opt->min && !opt->max;
	char min[16], max[16];

	if (!str_size(text, number)) {
		err_set(e, code,
			"\"%s\" is not a size like 500K, 64MiB or 1G (a bare number is bytes)",
			str_show(text));
		return NULL;
	}
	if (!any && (*number < opt->min || *number > opt->max)) {
		err_set(e, code, "%s is not between %s and %s", str_show(text),
			str_count(min, opt->min, true), str_count(max, opt->max, true));
		return NULL;
	}
	return xstrdup(text);
}

/* "a|b|c" as "a, b, c". */
static void list_choices(struct buf *out, const char *choices)
{
	for (; *choices; choices++) {
		if (*choices == '|')
			buf_adds(out, ", ");
		else
			buf_addc(out, *choices);
	}
}

static char *check_choice(const struct opt *opt, const char *text, enum err_code code,
	struct err *e)
{
	struct buf list = BUF_INIT;
	size_t len = strlen(text), n;

	for (const char *c = opt->choices; *c; c += n + (c[n] == '|')) {
		n = strcspn(c, "|");
		if (n == len && strncasecmp(c, text, n) == 0)
			return xstrndup(c, n);
	}
	list_choices(&list, opt->choices);
	err_set(e, code, "\"%s\" is not one of %s", str_show(text), buf_str(&list));
	buf_fini(&list);
	return NULL;
}

char *opt_check(const struct opt *opt, const char *text, int64_t *number, enum err_code code,
	struct err *e)
{
	switch (opt->type) {
	case OPT_FLAG:
		return check_flag(text, number, code, e);
	case OPT_INT:
		return check_int(opt, text, number, code, e);
	case OPT_DURATION:
		return check_duration(text, number, code, e);
	case OPT_SIZE:
		return check_size(opt, text, number, code, e);
	case OPT_CHOICE:
		return check_choice(opt, text, code, e);
	case OPT_STRING:
	case OPT_MANY:
	case OPT_WORDS:
		break;
	}
	return xstrdup(text);
}
