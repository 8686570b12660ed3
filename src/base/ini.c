/* Configuration files: one pass over the lines into a list of entries in the order of the file.
 *
 * A key that stands twice in a section is refused: nobody should have to know which one counts. */
#include "base/ini.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/paths.h"
#include "base/str.h"

#define INI_MAX_FILE (64 * 1024) /* bytes; a longer one is no configuration */

struct entry {
	size_t section; /* index into sections */
	char *key;      /* with '-' for '_' */
	char *value;
	int line;
};

struct ini {
	char **sections; /* [0] is "", before the first one */
	size_t nsections;
	struct entry *entries;
	size_t nentries;
};

/* The text as it is gone through. */
struct parse {
	struct ini *ini;
	size_t section; /* of the entries that come */
	const char *name;
	int line;
	struct err *e;
};

static bool find_section(const struct ini *i, const char *name, size_t *at)
{
	for (*at = 0; *at < i->nsections; ++*at)
		if (strcmp(i->sections[*at], name) == 0)
			return true;
	return false;
}

static size_t add_section(struct ini *i, const char *name)
{
	size_t at;

	if (find_section(i, name, &at))
		return at;
	i->sections = xreallocarray(i->sections, i->nsections + 1, sizeof(*i->sections));
	i->sections[i->nsections] = xstrdup(name);
	return i->nsections++;
}

static struct entry *find_entry(const struct ini *i, size_t section, const char *key)
{
	for (size_t n = 0; n < i->nentries; n++)
		if (i->entries[n].section == section && strcmp(i->entries[n].key, key) == 0)
			return &i->entries[n];
	return NULL;
}

/* Not isspace(): the locale has no say in how a file is read. */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A copy without the white space at both ends. */
static char *trimmed(const char *s, size_t n)
{
	while (n && is_space(*s)) {
		s++;
		n--;
	}
	while (n && is_space(s[n - 1]))
		n--;
	return xstrndup(s, n);
}

static void dash(char *key)
{
	for (; (key = strchr(key, '_')); key++)
		*key = '-';
}

static int broken(const struct parse *p, const char *why)
{
	return err_set(p->e, ERR_CONFIG, "%s:%d: %s", str_show(p->name), p->line, why);
}

static int parse_section(struct parse *p, const char *line)
{
	size_t len = strlen(line);
	char *name;
	int r = 0;

	if (line[len - 1] != ']')
		return broken(p, "expected ']' at the end of the line");
	name = trimmed(line + 1, len - 2);
	if (!*name || strpbrk(name, "[]"))
		r = broken(p, "expected the name of a section: [NAME]");
	else
		p->section = add_section(p->ini, name);
	free(name);
	return r;
}

/* Takes key and value over. */
static int add_entry(struct parse *p, char *key, char *value)
{
	struct ini *i = p->ini;

	i->entries = xreallocarray(i->entries, i->nentries + 1, sizeof(*i->entries));
	i->entries[i->nentries++] = (struct entry){p->section, key, value, p->line};
	return 0;
}

static int parse_entry(struct parse *p, const char *line)
{
	const char *equals = strchr(line, '=');
	const struct entry *twin;
	char *key;

	if (!equals)
		return broken(p, "expected 'key = value', '[section]' or '# comment'");
	key = trimmed(line, (size_t)(equals - line));
	dash(key);
	twin = find_entry(p->ini, p->section, key);
	if (*key && !twin && !strpbrk(key, " \t"))
		return add_entry(p, key, trimmed(equals + 1, strlen(equals + 1)));
	if (twin)
		err_set(p->e, ERR_CONFIG, "%s:%d: %s is set already in line %d",
			str_show(p->name), p->line, str_show(key), twin->line);
	else
		broken(p, "expected a key of one word before '='");
	free(key);
	return -1;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

static int parse_line(struct parse *p, const char *text, size_t len)
{
	char *line = trimmed(text, len);
	int r = 0;

	if (memchr(text, '\0', len) || has_control(line) || !str_utf8(line, strlen(line)))
		r = broken(p, "the line is no text in UTF-8");
	else if (*line == '[')
		r = parse_section(p, line);
	else if (*line && *line != '#' && *line != ';')
		r = parse_entry(p, line);
	free(line);
	return r;
}

struct ini *ini_parse(const char *text, size_t len, const char *name, struct err *e)
{
	struct ini *i = xcalloc(1, sizeof(*i));
	struct parse p = {.ini = i, .name = name, .e = e};
	const char *end = text + len, *newline;

	add_section(i, "");
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* some editors put a byte order mark there */
	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		newline = newline ? newline : end;
		p.line++;
		if (parse_line(&p, text, (size_t)(newline - text)) < 0) {
			ini_free(&i);
			break;
		}
	}
	return i;
}

struct ini *ini_load(const char *path, struct err *e)
{
	struct buf text = BUF_INIT;
	bool missing = false;
	struct ini *i = NULL;

	if (paths_read(path, INI_MAX_FILE, &text, &missing, e) < 0 && !missing)
		goto out;
	if (missing && e)
		*e = (struct err){.code = ERR_NONE};
	i = ini_parse(buf_str(&text), text.len, path, e);
out:
	buf_fini(&text);
	return i;
}

void ini_free(struct ini **i)
{
	struct ini *gone = *i;

	*i = NULL;
	if (!gone)
		return;
	for (size_t n = 0; n < gone->nentries; n++) {
		free(gone->entries[n].key);
		free(gone->entries[n].value);
	}
	for (size_t n = 0; n < gone->nsections; n++)
		free(gone->sections[n]);
	free(gone->entries);
	free(gone->sections);
	free(gone);
}

const char *ini_get(const struct ini *i, const char *section, const char *key, int *line)
{
	const struct entry *found = NULL;
	char *dashed = xstrdup(key);
	size_t at;

	dash(dashed);
	if (find_section(i, section, &at))
		found = find_entry(i, at, dashed);
	free(dashed);
	if (!found)
		return NULL;
	if (line)
		*line = found->line;
	return found->value;
}

bool ini_each(const struct ini *i, const char *section, size_t *pos, const char **key,
	const char **value, int *line)
{
	size_t at;

	if (!find_section(i, section, &at))
		return false;
	while (*pos < i->nentries) {
		const struct entry *entry = &i->entries[(*pos)++];
		if (entry->section != at)
			continue;
		*key = entry->key;
		*value = entry->value;
		if (line)
			*line = entry->line;
		return true;
	}
	return false;
}

bool ini_has_section(const struct ini *i, const char *section)
{
	size_t at;

	return *section && find_section(i, section, &at);
}

bool ini_each_section(const struct ini *i, size_t *pos, const char **section)
{
	if (*pos + 1 >= i->nsections)
		return false;
	*section = i->sections[++*pos];
	return true;
}
