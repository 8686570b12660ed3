/* A map under way: inputs become tasks, a window of them at a time, and what comes back is printed in order.
 *
 * mapping.c hands in and hears how tasks end, item.c is one input, harvest.c prints; map.c is the command. An item is made from an input, is under way until its task has ended, and lives
 * until it is printed. There are never more than `window` under way, nor more than twice as many in all: with results in order, at most a window of
 * finished ones is held back behind a slow one. */
#ifndef CMD_MAPPING_H
#define CMD_MAPPING_H

#include "base/list.h"
#include "base/map.h"
#include "cmd/bar.h"
#include "cmd/ending.h"
#include "cmd/inputs.h"
#include "cmd/linewise.h"
#include "cmd/pour.h"

#define WINDOW_MIN 8
#define WINDOW_MAX 1000
#define JOBS_MAX   10000 /* -j */

enum halt { HALT_NEVER, HALT_SOON, HALT_NOW };

struct mapping;

struct item {
	struct mapping *mapping;
	int64_t number; /* of the input */
	char id[UUID_TEXT];
	char *input; /* as a JSON array */
	struct buf args;
	enum { ITEM_UNDER_WAY, ITEM_AGAIN, ITEM_ENDED } state;
	bool refused; /* it never became a task: ending.text says why */
	int64_t n, errs;
	struct ending ending;
	bool has_result;           /* in `result`; else it is fetched when there is one */
	struct buf result, record; /* record: its event, for --json */
	struct list all;           /* in the order of printing */
};

struct mapping {
	struct cmd_ctx *ctx;
	struct client *client;
	struct client_watch *watch;
	struct inputs *inputs;
	struct template template;
	const char **words;     /* that it borrows */
	struct submission task; /* what all of them share */
	struct buf kwargs, place;
	struct uuid group;
	int64_t group_n;                        /* 0 = not known yet */
	bool program, strings, ordered, strict; /* strict: the window was given and stays */
	enum halt halt;
	size_t window;

	struct list items; /* not printed: by number when ordered */
	struct list done;  /* ended and not printed, when not ordered */
	struct map *by_id;
	size_t nitems, nopen, nagain,
		held; /* in all; under way; refused for now; bytes of results kept */
	int64_t given, ndone, nfailed; /* inputs taken; ended; of these */
	bool over;                     /* no input is left */
	bool stop;                     /* none is taken any more */
	bool kill;        /* the group is to be cancelled as soon as its number is known */
	bool cut;         /* by somebody who cancelled the group */
	struct err fault; /* code ERR_NONE: none; ends it when what is under way has ended */
	struct loop_timer fill, retry;
	int64_t grown_us; /* when the window was looked at; and how many had ended then */
	int64_t grown_at;

	/* Printing. */
	struct pour *pour;
	struct bar *bar;
	struct item *printing;
	bool busy; /* its result or its stderr is being read */
	struct client_log *log;
	struct linewise lines;
};

struct mapping *mapping_new(struct cmd_ctx *ctx);
/* Begins to hand in; ctx->state is the mapping, and it ends with cmd_done() or cmd_fail(). */
void mapping_start(struct mapping *m);
void mapping_free(struct mapping *m);
/* There may be more to hand in, or it is the end. Not at once: from the loop. */
void mapping_turn(struct mapping *m);

/* item.c */
/* The words of one input, ended by NULL: of the task, or of the program. */
char **mapping_words(const struct mapping *m, const struct input *in, size_t *n);
struct item *item_new(struct mapping *m,
	const struct input *in); /* under way, without arguments */
/* Makes them; false: they cannot be any, and the item has ended with that. */
bool item_arguments(struct item *it, const struct input *in);
/* Its result, as it came with the event; p NULL: it did not. */
void item_keep(struct item *it, const char *p, size_t n);
void item_end(struct item *it); /* as its ending says; its turn to be printed comes */
void item_refuse(struct item *it, const struct err *e); /* it ends without having been a task */
void item_free(struct item *it);

/* harvest.c */
void harvest_init(struct mapping *m);
void harvest_fini(struct mapping *m);
void harvest(struct mapping *m); /* prints what can be printed */
/* On stdout (1) or stderr (2), beside the bar. */
void harvest_say(struct mapping *m, int stream, const char *text, size_t n);
void harvest_bar(struct mapping *m);

#endif
