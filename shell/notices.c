/* Notices: `[done] 42 add success`, for tasks that were submitted with -n in this shell.
 *
 * The ids are taken from what submit -n prints, and watched on the session's connection. More than a few notices in a second are
 * folded into one line, until a second without any has passed. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/state.h"
#include "shell/inside.h"

#define SHOWN_PER_SECOND 5
#define WATCHED_MAX      1000 /* more at a time are not watched */

struct notices {
	struct shell *sh;
	struct list watched; /* struct watched */
	size_t nwatched;
	struct loop_timer second; /* set: some were shown less than a second ago */
	unsigned shown;
	unsigned folded[TASK__STATES];
};

/* A task that is not waited for. */
struct watched {
	struct notices *notices;
	struct client_watch *watch; /* NULL: its connection was given up */
	struct list list;
};

static void forget(struct watched *w)
{
	client_unwatch(&w->watch);
	list_del(&w->list);
	w->notices->nwatched--;
	free(w);
}

static void on_second(void *arg)
{
	struct notices *n = arg;
	struct buf line = BUF_INIT;

	for (int i = 0; i < TASK__STATES; i++)
		if (n->folded[i])
			buf_addf(&line, "%s%u %s", line.len ? ", " : "[done] ", n->folded[i],
				task_state_word((enum task_state)i));
	memset(n->folded, 0, sizeof(n->folded));
	if (line.len) {
		buf_addc(&line, '\n');
		n->sh->face->say(n->sh, line.data, line.len);
		loop_timer_in(&n->second, 1000);
	}
	buf_fini(&line);
}

static void show(struct notices *n, const struct json_node *ev, const char *state)
{
	char name[80], text[1100];
	struct buf line = BUF_INIT;

	msg_str(ev, "name", name, sizeof(name));
	msg_str(ev, "text", text, sizeof(text));
	buf_addf(&line, "[done] %lld %s %s%s", (long long)msg_int(ev, "n", 0), str_show(name),
		state, *text ? ": " : "");
	str_safe(&line, text, strlen(text), false);
	buf_addc(&line, '\n');
	n->sh->face->say(n->sh, line.data, line.len);
	buf_fini(&line);
}

static void on_event(void *arg, const struct json_node *ev, const struct msg *m, size_t *at,
	bool gap)
{
	struct watched *w = arg;
	struct notices *n = w->notices;
	char word[80];
	int state = msg_str(ev, "state", word, sizeof(word)) ? task_state_parse(word) : -1;

	if (state < 0 || !task_state_final((enum task_state)state))
		return;
	forget(w);
	if (!loop_timer_set(&n->second)) {
		n->shown = 0;
		loop_timer_in(&n->second, 1000);
	}
	if (n->shown++ < SHOWN_PER_SECOND)
		show(n, ev, word);
	else
		n->folded[state]++;
}

/* The watch goes with its connection. */
static void on_failed(void *arg, const struct err *why)
{
	struct watched *w = arg;

	w->watch = NULL;
	forget(w);
}

/* The control plane does not know it any more. */
static void on_missing(void *arg, const char *selector)
{
	forget(arg);
}

static void watch(struct notices *n, const char *id)
{
	struct watched *w;

	if (n->nwatched == WATCHED_MAX)
		return;
	w = xcalloc(1, sizeof(*w));
	w->notices = n;
	list_push_back(&n->watched, &w->list);
	n->nwatched++;
	w->watch = client_watch_tasks(n->sh->session->client, false, on_event, on_missing, w);
	client_watch_on_failed(w->watch, on_failed);
	client_watch_add(w->watch, &id, 1);
}

/* The next id in a text: alone on its line, behind "Task ID: ", or in JSON. */
static const char *find_id(const char *p, const char *end, char id[UUID_TEXT])
{
	struct uuid parsed;

	for (; end - p >= UUID_TEXT - 1; p++) {
		memcpy(id, p, UUID_TEXT - 1);
		id[UUID_TEXT - 1] = '\0';
		if (uuid_parse(id, &parsed))
			return p + UUID_TEXT - 1;
	}
	return NULL;
}

void notices_look(struct notices *n, const struct cmd_ctx *cmd, const char *p, size_t len)
{
	const char *end = p + len;
	char id[UUID_TEXT];

	if (!cmd || strcmp(cmd->cmd->name, "submit") != 0 ||
		!opts_flag(cmd->opts, "non-blocking"))
		return;
	while (n->sh->session->client && (p = find_id(p, end, id)))
		watch(n, id);
}

void notices_forget(struct notices *n)
{
	while (!list_empty(&n->watched))
		forget(list_first(&n->watched, struct watched, list));
}

struct notices *notices_new(struct shell *sh)
{
	struct notices *n = xcalloc(1, sizeof(*n));

	n->sh = sh;
	list_init(&n->watched);
	loop_timer_init(sh->session->loop, &n->second, on_second, n);
	return n;
}

void notices_free(struct notices **notices)
{
	struct notices *n = *notices;

	if (!n)
		return;
	loop_timer_clear(&n->second);
	notices_forget(n);
	free(n);
	*notices = NULL;
}
