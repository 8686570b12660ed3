/* What tasks say while they run, on its way from their runners to the control plane. */
#include <stdlib.h>
#include <string.h>

#include "base/fraction.h"
#include "base/mem.h"
#include "node/labour.h"
#include "node/runner_msg.h"

/* A runner lets at most 10 a second of each task through, so each is sent. */
void job_tell_progress(struct job *j)
{
	struct labour *b = j->labour;
	struct mout *o;

	if (!b->registered || j->unwanted || (j->progress < 0 && !j->progress_text))
		return;
	o = jobs_list(b, &b->progress, MSG_PROGRESS, 0);
	jout_object(&o->w, NULL);
	mout_uuid(o, "id", &j->id);
	jout_i64(&o->w, "attempt", j->attempt);
	if (j->progress >= 0)
		jout_i64(&o->w, "millionths", j->progress);
	if (j->progress_text)
		jout_str(&o->w, "text", j->progress_text);
	jout_end_object(&o->w);
}

void jobs_said(void *arg, const struct uuid *id, uint32_t attempt, const struct runner_msg *m)
{
	struct job *j = jobs_find(arg, id, attempt);
	char text[PROGRESS_TEXT];
	int64_t millionths = runner_number(m, "millionths", -1);

	if (!j || strcmp(m->name, "progress") != 0)
		return;
	if (millionths >= 0 && millionths <= FRACTION_ONE)
		j->progress = (int32_t)millionths;
	if (json_strcpy(json_get(m->head, "text"), text, sizeof(text))) {
		free(j->progress_text);
		j->progress_text = xstrdup(text);
	}
	job_tell_progress(j);
}
