/* Which slot runs what. A long task gets a slot that is free. Short ones are also given to a slot that is busy with short ones, a few ms of work ahead, so that
 * its runner finds the next one without asking. When what runs takes longer than it should, those behind it are taken back and go where there is place. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "node/labour.h"
#include "node/program.h"

#define AHEAD_US  2000 /* of short work in one lane */
#define AHEAD_MAX 128  /* tasks likewise */
#define LOOK_MS   3    /* how long the first of a lane may run while others wait behind it */
#define GRACE_MS  10000
#define MODULE_TIMEOUT_MS                                                                      \
	300000 /* FastWorker's: of a task whose module and submission say nothing */

static struct pace *pace_of(struct labour *b, const char *name)
{
	struct pace *p = map_gets(b->paces, name);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		map_puts(b->paces, name, p);
	}
	return p;
}

static int64_t timeout_of(const struct job *j, const struct module_task *t)
{
	if (j->timeout_ms >= 0)
		return j->timeout_ms;
	return t->timeout_ms >= 0 ? t->timeout_ms : MODULE_TIMEOUT_MS;
}

static void enter(struct lane *l, struct job *j)
{
	j->lane = l;
	list_push_back(&l->jobs, &j->line);
	l->n++;
	l->short_us += j->short_us;
	l->open = j->short_us > 0 && (l->n == 1 || l->open);
	if (l->n == 1)
		l->progress_us = loop_now_us(j->labour->loop);
}

void lane_leave(struct job *j)
{
	struct lane *l = j->lane;

	list_del(&j->line);
	j->lane = NULL;
	if (!l)
		return;
	l->n--;
	l->short_us -= j->short_us;
}

static void run(struct job *j, struct lane *l, const struct module_task *task)
{
	struct labour *b = j->labour;
	char *log =
		task->kind == TASK_KIND_BUILTIN ? NULL : logs_path(b, j->n, j->attempt, &j->id);
	const struct slot_task t = {.id = j->id,
		.log = log,
		.log_limit = b->conf.log_limit,
		.fed = j->fed,
		.stream = j->stream,
		.hold = j->hold,
		.attempt = j->attempt,
		.n = j->n,
		.task = task,
		.args = j->args.len ? j->args.data : "[]",
		.args_len = j->args.len ? j->args.len : 2,
		.kwargs = j->kwargs.len ? j->kwargs.data : "{}",
		.kwargs_len = j->kwargs.len ? j->kwargs.len : 2,
		.place = j->place.len ? j->place.data : NULL,
		.place_len = j->place.len,
		.timeout_ms = timeout_of(j, task),
		.grace_ms = GRACE_MS};

	enter(l, j);
	slot_run(l->slot, &t);
	free(log);
}

/* The lane for a task, or NULL: it has to wait. A free one counts first. */
static struct lane *choose(struct labour *b, const struct job *j)
{
	struct lane *best = NULL;
	int64_t late = loop_now_us(b->loop) - LOOK_MS * 1000;

	for (unsigned i = 0; i < b->conf.slots; i++) {
		struct lane *l = &b->lanes[i];
		if (!l->n)
			return l;
		if (j->short_us && l->open && l->n < AHEAD_MAX &&
			l->short_us + j->short_us <= AHEAD_US && l->progress_us > late &&
			(!best || l->short_us < best->short_us))
			best = l;
	}
	return best;
}

static const struct module_task *task_of(const struct labour *b, const char *name)
{
	if (b->conf.programs && strcmp(name, PROGRAM_NAME) == 0)
		return &program_task;
	return modules_find(&b->modules, name);
}

static void look_soon(struct labour *b)
{
	if (!loop_timer_set(&b->look))
		loop_timer_in(&b->look, LOOK_MS);
}

/* First come first served: what finds no lane holds up those behind it, so that a long one gets the next free slot. */
static void advance(struct labour *b)
{
	struct job *j;

	while ((j = list_first(&b->waiting, struct job, line))) {
		const struct module_task *task = task_of(b, j->name);
		if (!task) {
			list_del(&j->line);
			job_fail(j, "this worker does not know the task any more");
			continue;
		}
		j->pace = pace_of(b, j->name);
		j->short_us = pace_short_us(j->pace);
		struct lane *l = choose(b, j);
		if (!l)
			return;
		list_del(&j->line);
		run(j, l, task);
		if (l->n > 1)
			look_soon(b);
	}
}

/* By its number: what comes back from a lane is older than what never had one. */
void lane_wait(struct job *j)
{
	struct labour *b = j->labour;
	struct list *at;

	j->ready = true;
	for (at = b->waiting.prev; at != &b->waiting; at = at->prev)
		if (container_of(at, struct job, line)->serial < j->serial)
			break;
	list_insert_before(at->next, &j->line);
	advance(b);
}

/* Behind what runs for too long nothing is left to wait. */
static void on_look(void *arg)
{
	struct labour *b = arg;
	int64_t late = loop_now_us(b->loop) - LOOK_MS * 1000;
	bool more = false;

	for (unsigned i = 0; i < b->conf.slots; i++) {
		struct lane *l = &b->lanes[i];
		struct list *e, *tmp;
		if (l->n < 2)
			continue;
		more = true;
		if (l->progress_us > late)
			continue;
		list_each (e, tmp, &l->jobs) {
			struct job *j = container_of(e, struct job, line);
			if (!j->started && e != l->jobs.next)
				slot_recall(l->slot, &j->id, j->attempt);
		}
	}
	if (more)
		look_soon(b);
}

static void on_started(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt)
{
	struct labour *b = arg;
	struct job *j = jobs_find(b, id, attempt);

	if (!j)
		return;
	j->started = true;
	if (j->lane)
		j->lane->progress_us = loop_now_us(b->loop);
	list_push_back(&b->begun, &j->begun);
}

static void on_done(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt,
	const struct outcome *o)
{
	struct labour *b = arg;
	struct job *j = jobs_find(b, id, attempt);

	if (j) {
		if (j->lane)
			j->lane->progress_us = loop_now_us(b->loop);
		pace_add(j->pace, o->run_us);
		lane_leave(j);
		job_end(j, o);
	}
	advance(b);
}

static void on_returned(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt)
{
	static const struct outcome cancelled = {.cancelled = true,
		.cause = CAUSE_CANCELLED,
		.exit_status = -1};
	struct labour *b = arg;
	struct job *j = jobs_find(b, id, attempt);

	if (!j)
		return;
	lane_leave(j);
	j->started = false;
	if (j->stop_ms >= 0)
		job_end(j, &cancelled);
	else if (j->recalled)
		job_return(j);
	else
		lane_wait(j);
	advance(b);
}

static void on_output(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt,
	int64_t size, const char *trouble)
{
	struct labour *b = arg;
	struct job *j = jobs_find(b, id, attempt);

	if (j && trouble)
		logs_trouble(j, trouble);
	logs_wake(b, id, attempt, trouble != NULL);
}

static const struct slot_ops ops = {.started = on_started,
	.output = on_output,
	.done = on_done,
	.returned = on_returned,
	.said = jobs_said};

void lane_stop(struct job *j, int64_t grace_ms)
{
	static const struct outcome cancelled = {.cancelled = true,
		.cause = CAUSE_CANCELLED,
		.exit_status = -1};
	struct labour *b = j->labour;

	if (j->lane) {
		j->stop_ms = grace_ms;
		slot_cancel(j->lane->slot, &j->id, j->attempt, grace_ms);
		return;
	}
	list_del(&j->line);
	job_end(j, &cancelled);
	advance(b);
}

void lane_recall(struct job *j)
{
	struct labour *b = j->labour;

	if (j->lane) {
		j->recalled = true;
		slot_recall(j->lane->slot, &j->id, j->attempt);
		return;
	}
	list_del(&j->line);
	job_return(j);
	advance(b);
}

void lanes_init(struct labour *b)
{
	list_init(&b->waiting);
	list_init(&b->begun);
	b->paces = map_new();
	loop_timer_init(b->loop, &b->look, on_look, b);
}

void lanes_start(struct labour *b)
{
	b->lanes = xcalloc(b->conf.slots, sizeof(*b->lanes));
	for (unsigned i = 0; i < b->conf.slots; i++) {
		list_init(&b->lanes[i].jobs);
		b->lanes[i].slot = slot_new(b->loop, b->conf.exe, &ops, b);
	}
}

static void free_paces(struct labour *b)
{
	size_t pos = 0;
	void *v;

	while (map_each(b->paces, &pos, NULL, &v))
		free(v);
	map_free(&b->paces);
}

void lanes_fini(struct labour *b)
{
	for (unsigned i = 0; b->lanes && i < b->conf.slots; i++)
		slot_free(&b->lanes[i].slot);
	free(b->lanes);
	b->lanes = NULL;
	loop_timer_clear(&b->look);
	free_paces(b);
}
