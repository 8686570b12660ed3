/* Fuzzes the parser of shell modules: any bytes give tasks with valid names, or an error that names the file. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modules m = {0};
	struct err e = {0};
	int rc = module_parse(&m, "/m/fuzz.sh", (const char *)data, size, &e);
	if (rc < 0 && (e.code != ERR_DATA || !strstr(e.text, "/m/fuzz.sh")))
		BUG("an error that does not name the file: %s", e.text);
	for (size_t i = 0; i < m.n; i++) {
		const struct module_task *t = &m.tasks[i];
		if (!str_task_name(t->name) || t->line < 1 || modules_find(&m, t->name) != t)
			BUG("a task with the name %s", t->name);
		if (!str_utf8(t->doc, strlen(t->doc)))
			BUG("documentation that is no text");
	}
	modules_fini(&m);
	return 0;
}
