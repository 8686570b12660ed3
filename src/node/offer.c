/* What a worker offers: its modules, loaded at its start and again when they changed, and said in `register`. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/labour.h"
#include "node/program.h"

/* Long documentation is cut: a message has a limit, and a list of tasks needs the first lines only. */
static void write_task(struct mout *o, const struct module_task *t)
{
	size_t n = strlen(t->doc);

	if (n > 300)
		for (n = 300; n > 0 && ((unsigned char)t->doc[n] & 0xC0) == 0x80; n--)
			;
	jout_object(&o->w, NULL);
	jout_str(&o->w, "name", t->name);
	jout_str(&o->w, "module", t->module);
	jout_strn(&o->w, "doc", t->doc, n);
	if (t->params)
		jout_str(&o->w, "params", t->params);
	if (t->needs)
		jout_str(&o->w, "needs", t->needs);
	jout_end_object(&o->w);
}

void offer_write(const struct labour *b, struct mout *o)
{
	if (b->conf.has)
		jout_str(&o->w, "has", b->conf.has);
	jout_array(&o->w, "modules");
	for (size_t i = 0; i < b->modules.nlist; i++) {
		const struct module *m = &b->modules.list[i];
		jout_object(&o->w, NULL);
		jout_str(&o->w, "name", m->name);
		jout_str(&o->w, "digest", m->digest);
		if (m->broken)
			jout_str(&o->w, "broken", m->broken);
		jout_end_object(&o->w);
	}
	jout_end_array(&o->w);
	jout_array(&o->w, "tasks");
	for (size_t i = 0; i < b->modules.n; i++)
		write_task(o, &b->modules.tasks[i]);
	if (b->conf.programs)
		write_task(o, &program_task);
	jout_end_array(&o->w);
}

static void watch(struct labour *b)
{
	if (!b->notice)
		return;
	notice_clear(b->notice);
	for (size_t i = 0; i < b->conf.nmodules; i++)
		notice_add(b->notice, b->conf.modules[i]);
}

static void say(const struct modules *m)
{
	for (size_t i = 0; i < m->nlist; i++) {
		const struct module *one = &m->list[i];
		if (one->broken)
			log_error(
				"module.broken module=%s error=\"%s\": its tasks stay as they were loaded before",
				one->name, str_show(one->broken));
		else
			log_info("module.loaded module=%s digest=%s path=%s", one->name,
				one->digest, one->path);
	}
}

/* First looked at, then read: what changes meanwhile is noticed. */
void offer_again(struct labour *b)
{
	watch(b);
	if (!modules_reload(&b->modules)) {
		log_info("module.unchanged");
		return;
	}
	say(&b->modules);
	if (b->registered)
		labour_register(b);
}

static void on_notice(void *arg)
{
	offer_again(arg);
}

int offer_open(struct labour *b, struct err *e)
{
	char *folder = b->conf.state ? xasprintf("%s/modules", b->conf.state) : NULL;
	int rc;

	if (b->conf.nmodules) {
		b->notice = notice_new(b->loop, on_notice, b);
		if (!b->notice)
			log_info(
				"module.watch: this system does not tell of changed files; SIGHUP loads modules again");
	}
	watch(b);
	rc = modules_open(&b->modules, folder, b->conf.modules, b->conf.nmodules, e);
	free(folder);
	if (rc == 0)
		say(&b->modules);
	return rc;
}

void offer_close(struct labour *b)
{
	notice_free(&b->notice);
	modules_fini(&b->modules);
}
