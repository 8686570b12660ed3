/* Task modules: what becomes a task, and what each mistake is told. */
#include "node/modules.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "tests/unit/test.h"

static char folder[] = "/tmp/modules_test.XXXXXX";

static char *put(const char *name, const char *text, mode_t mode)
{
	struct err e;
	char *path = xasprintf("%s/%s", folder, name);
	if (paths_write(path, mode, text, strlen(text), false, NULL, &e) < 0)
		TEST_FAIL("%s", e.text);
	CHECK(chmod(path, mode) == 0); /* whatever the umask is */
	return path;
}

static void parse(struct modules *m, const char *path, const char *text)
{
	struct err e;
	*m = (struct modules){0};
	if (module_parse(m, path, text, strlen(text), &e) < 0)
		TEST_FAIL("%s", e.text);
}

static void test_parse(void)
{
	struct modules m;
	parse(&m, "/x/tasks.sh",
		"#!/bin/sh\n"
		"# About the file.\n"
		"\n"
		"# Not a task.\n"
		"helper() { :; }\n"
		"# Adds.\n"
		"# @task report.daily timeout=1m30s\n"
		"# shellcheck disable=SC1\n"
		"# @usage A B  \n"
		"#   Two numbers.\n"
		"add() {\n"
		"\techo $(($1 + $2))\n"
		"}\n"
		"# @task\n"
		"last ()\n"
		"{\n"
		"}");
	CHECK_INT(m.n, 2);
	const struct module_task *t = modules_find(&m, "report.daily");
	CHECK(t);
	CHECK_STR(t->module, "tasks");
	CHECK_STR(t->doc, "Adds.\n  Two numbers.");
	CHECK_STR(t->params, "A B");
	CHECK_STR(t->path, "/x/tasks.sh");
	CHECK_STR(t->function, "add");
	CHECK_STR(t->shell, "/bin/sh");
	CHECK_INT(t->kind, TASK_KIND_SHELL);
	CHECK_INT(t->line, 11);
	CHECK_INT(t->timeout_ms, 90000);
	t = modules_find(&m, "last");
	CHECK(t && !t->params);
	CHECK_STR(t->doc, "");
	CHECK_INT(t->timeout_ms, -1);
	CHECK(!modules_find(&m, "helper"));
	modules_fini(&m);
	parse(&m, "/x/tasks.sh", "#!/bin/sh\n# @task\nf() {\n}\n");
	CHECK_STR(m.tasks[0].doc, ""); /* the first line is none */
	modules_fini(&m);
}

static void test_forms(void)
{
	static const char *const forms[] = {"f() {", "f () {", "f()", "  f( ) { :; }", "f() (",
		"f() # why", "function f {", "function f() {", "function f"};
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct modules m;
		char *text = xasprintf("#!/usr/bin/env bash\n# @task\n%s\n", forms[i]);
		parse(&m, "/x/t.sh", text);
		CHECK_INT(m.n, 1);
		CHECK_STR(m.tasks[0].function, "f");
		CHECK_STR(m.tasks[0].shell, "/bin/bash");
		modules_fini(&m);
		free(text);
	}
}

static const struct mistake {
	const char *text, *says;
} mistakes[] = {
	{"\n# @tsk\nf() {\n}\n", "/x/t.sh:2: unknown directive \"@tsk\" (did you mean @task?)"},
	{"x=1 # @tsk\n  #@whatever\n",
		"/x/t.sh:2: unknown directive \"@whatever\" (did you mean @task?)"},
	{"# @task\n\nf() {\n}\n", "/x/t.sh:1: no function follows this @task"},
	{"# @task\nx=1\nf() {\n}\n", "/x/t.sh:1: no function follows this @task"},
	{"# @task\n", "/x/t.sh:1: no function follows this @task"},
	{"# @task\n# the end", "/x/t.sh:1: no function follows this @task"},
	{"# @task\nfunction f {\n}\n", "need a first line #!/bin/bash"},
	{"# @task\na-b() {\n}\n", "need a first line #!/bin/bash"},
	{"# @task\n# @task\nf() {\n}\n", "/x/t.sh:2: a second @task"},
	{"# @usage A\nf() {\n}\n", "/x/t.sh:2: @usage without a @task"},
	{"# @usage A\n# @usage A\n", "/x/t.sh:2: a second @usage"},
	{"# @task retries=3\nf() {\n}\n", "/x/t.sh:1: unknown option \"retries=3\" of @task"},
	{"# @task a b\nf() {\n}\n", "/x/t.sh:1: unknown option \"b\" of @task"},
	{"# @task timeout=soon\nf() {\n}\n", "/x/t.sh:1: \"soon\" is no duration"},
	{"# @task memory=lots\nf() {\n}\n", "/x/t.sh:1: \"lots\" is no size of at least 1M"},
	{"# @task memory=1K\nf() {\n}\n", "/x/t.sh:1: \"1K\" is no size of at least 1M"},
	{"# @task nofile=3\nf() {\n}\n", "/x/t.sh:1: \"3\" is no number from 4"},
	{"# @task cpu=0\nf() {\n}\n", "/x/t.sh:1: \"0\" is no duration above 0"},
	{"# @runner resident\n\n# @task cpu=1s\nf() {\n}\n",
		"/x/t.sh:4: f: memory=, nofile=, cpu= and daemon"},
	{"# @task 1a\nf() {\n}\n", "/x/t.sh:1: \"1a\" is no task name"},
	{"# @task\nf() {\n}\n# @task\nf() {\n}\n",
		"the task f is defined twice: in /x/t.sh:2 and in /x/t.sh:5; give one "
		"another name: `# @task t.f`"},
	{"#!/bin/sh\r\n# @task\r\n", "lines end in CR LF"},
	{"# \xff\n", "no text in UTF-8"},
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct modules m = {0};
		struct err e = {0};
		const char *text = mistakes[i].text;
		CHECK_INT(module_parse(&m, "/x/t.sh", text, strlen(text), &e), -1);
		CHECK_INT(e.code, ERR_DATA);
		if (!strstr(e.text, mistakes[i].says))
			TEST_FAIL("\"%s\" does not say \"%s\"", e.text, mistakes[i].says);
		modules_fini(&m);
	}
	struct modules m = {0};
	struct err e = {0};
	CHECK_INT(module_parse(&m, "/x/t.sh", "a\0b", 3, &e), -1);
	CHECK(strstr(e.text, "no text"));
}

static int load_one(struct modules *m, const char *spec, struct err *e)
{
	*e = (struct err){0};
	return modules_load(m, &spec, 1, e);
}

static void test_load(void)
{
	struct modules m;
	struct err e;
	char *sh = put("mine.sh", "# @task\nf() {\n:\n}\n", 0644);
	char *bash = put("other.bash", "# @task\ng-1() {\n:\n}\n", 0644);
	char *plain = put("plain", "#!/usr/bin/env bash\n# @task\nh() {\n:\n}\n", 0644);
	const char *const specs[] = {sh, bash, plain};
	if (modules_load(&m, specs, 3, &e) < 0)
		TEST_FAIL("%s", e.text);
	CHECK_INT(m.n, 6);
	CHECK_STR(m.tasks[0].name, "echo");
	CHECK_STR(m.tasks[1].name, "sleep");
	CHECK_STR(m.tasks[2].name, "true");
	CHECK_STR(m.tasks[2].module, "builtin");
	CHECK(!m.tasks[0].path);
	CHECK_STR(modules_find(&m, "f")->module, "mine");
	CHECK_STR(modules_find(&m, "f")->path, sh);
	CHECK_STR(modules_find(&m, "g-1")->shell, "/bin/bash");
	CHECK_STR(modules_find(&m, "h")->shell, "/bin/bash");
	modules_fini(&m);
	free(sh);
	free(bash);
	free(plain);
}

static void test_folder(void)
{
	struct modules m;
	struct err e;
	char *bin = xasprintf("%s/bin.d", folder);
	CHECK(mkdir(bin, 0755) == 0);
	free(put("bin.d/zoo", "#!/bin/sh\n# @usage [N]\n# Animals.\n#\n# All.\n\n# Not this.\n",
		0755));
	free(put("bin.d/ape.py",
		"\x7f"
		"ELF\x01",
		0755));
	free(put("bin.d/.hidden", "#!/bin/sh\n", 0755));
	free(put("bin.d/zoo~", "#!/bin/sh\n", 0755));
	free(put("bin.d/README with blanks", "text\n", 0644));
	if (load_one(&m, bin, &e) < 0)
		TEST_FAIL("%s", e.text);
	CHECK_INT(m.n, 5);
	CHECK_STR(m.tasks[3].name, "ape.py");
	CHECK_STR(m.tasks[3].doc, "");
	CHECK_STR(m.tasks[4].name, "zoo");
	CHECK_STR(m.tasks[4].doc, "Animals.\n\nAll.");
	CHECK_STR(m.tasks[4].params, "[N]");
	CHECK_STR(m.tasks[4].module, "bin.d");
	CHECK_INT(m.tasks[4].kind, TASK_KIND_EXEC);
	modules_fini(&m);
	free(put("bin.d/two words", "#!/bin/sh\n", 0755));
	CHECK_INT(load_one(&m, bin, &e), -1);
	CHECK(strstr(e.text, "\"two words\" is no task name"));
	CHECK_INT(e.code, ERR_DATA);
	free(bin);
}

static void check_refused(const char *spec, enum err_code code, const char *says)
{
	struct modules m;
	struct err e;
	CHECK_INT(load_one(&m, spec, &e), -1);
	if (e.code != code || !strstr(e.text, says))
		TEST_FAIL("code %d, \"%s\", not %d and \"%s\"", (int)e.code, e.text, (int)code,
			says);
	CHECK_INT(m.n, 0);
}

static void test_refused(void)
{
	check_refused("myapp.tasks", ERR_DATA, "Python modules are not supported");
	check_refused("tasks", ERR_DATA, "Python modules are not supported");
	check_refused("tasks.py", ERR_DATA, "Python modules are not supported");
	check_refused("./tasks", ERR_DATA, "No such file");
	check_refused("tasks.sh", ERR_DATA, "No such file");
	check_refused("/dev/null", ERR_DATA, "neither a file nor a folder");
	char *path = put("real.py", "#!/usr/bin/python3\n", 0644);
	check_refused(path, ERR_DATA, "Python modules are not supported");
	free(path);
	path = put("data", "text\n", 0644);
	check_refused(path, ERR_DATA, "neither its name nor its first line");
	free(path);
	path = put("open.sh", "# @task\nf() {\n:\n}\n", 0666);
	check_refused(path, ERR_CONFIG, "chmod");
	free(path);
	path = put("echo.sh", "# @task\necho() {\n:\n}\n", 0644);
	check_refused(path, ERR_DATA,
		"the task echo is defined twice: in fastworker itself and in ");
	free(path);
}

static void test_too_large(void)
{
	char *text = xmalloc(1024 * 1024 + 2);
	memset(text, '\n', 1024 * 1024 + 1);
	text[1024 * 1024 + 1] = '\0';
	char *path = put("large.sh", text, 0644);
	struct modules m;
	struct err e;
	CHECK_INT(load_one(&m, path, &e), -1);
	/* One byte less: it is read, and what it lacks is told. */
	CHECK(truncate(path, 1024 * 1024) == 0);
	CHECK_INT(load_one(&m, path, &e), -1);
	CHECK(strstr(e.text, "has no task") != NULL);
	free(path);
	free(text);
}

static void test_examples(void)
{
	static const char *const specs[] = {"examples/tasks.sh", "examples/bin"};
	struct modules m;
	struct err e;
	for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
		if (access(specs[i], R_OK) != 0)
			continue; /* run from elsewhere */
		if (load_one(&m, specs[i], &e) < 0)
			TEST_FAIL("%s", e.text);
		for (size_t t = 3; t < m.n; t++)
			CHECK(m.tasks[t].doc[0] && m.tasks[t].params);
		modules_fini(&m);
	}
}

static bool readable(const char *path)
{
	return path && access(path, R_OK) == 0;
}

static void test_reload(void)
{
	struct modules m;
	struct err e;
	char *a = put("ra.sh", "# @task\nra() { :; }\n", 0644);
	char *b = put("rb.sh", "# @task\nrb() { :; }\n# @task\nrb2() { :; }\n", 0644);
	char *copies = xasprintf("%s/copies", folder), *first, *second;
	const char *const specs[] = {a, b};
	char digest[DIGEST_TEXT];
	if (modules_open(&m, copies, specs, 2, &e) < 0)
		TEST_FAIL("%s", e.text);
	CHECK_INT(m.nlist, 2);
	CHECK_STR(m.list[1].name, "rb");
	first = xstrdup(modules_find(&m, "rb")->source);
	CHECK(readable(first));
	CHECK(!modules_reload(&m));
	memcpy(digest, m.list[1].digest, sizeof(digest));
	/* Broken: what it was stays, and the other one is new. */
	free(put("rb.sh", "# @task\nrb() {\n", 0644));
	free(put("ra.sh", "# @task needs=db\nra() { :; }\n", 0644));
	CHECK(modules_reload(&m));
	CHECK(strstr(m.list[1].broken, "rb.sh:"));
	CHECK(!m.list[0].broken);
	CHECK_STR(m.list[1].digest, digest);
	CHECK(modules_find(&m, "rb") && modules_find(&m, "rb2"));
	CHECK_STR(modules_find(&m, "rb")->source, first);
	CHECK_STR(modules_find(&m, "ra")->needs, "db");
	CHECK(!modules_reload(&m)); /* still the same fault */
	/* A name of another one: likewise. */
	free(put("rb.sh", "# @task\nra() { :; }\n", 0644));
	CHECK(modules_reload(&m));
	CHECK(strstr(m.list[1].broken, "defined twice"));
	CHECK(modules_find(&m, "rb2"));
	/* Mended; what ran from the old version may go on to. */
	free(put("rb.sh", "# @task\nrb() { true; }\n", 0644));
	CHECK(modules_reload(&m));
	CHECK(!m.list[1].broken);
	CHECK(!modules_find(&m, "rb2"));
	second = xstrdup(modules_find(&m, "rb")->source);
	CHECK(strcmp(first, second) != 0);
	CHECK(readable(first) && readable(second));
	CHECK(strcmp(m.list[1].digest, digest) != 0);
	/* Old versions do not gather for ever. */
	for (int i = 0; i < 50; i++) {
		char *text = xasprintf("# @task\nrb() { echo %d; }\n", i);
		free(put("rb.sh", text, 0644));
		free(text);
		CHECK(modules_reload(&m));
	}
	CHECK(!readable(first) && !readable(second));
	CHECK(readable(modules_find(&m, "rb")->source));
	CHECK(m.ncopies < 40);
	free(first);
	first = xstrdup(modules_find(&m, "rb")->source);
	modules_fini(&m);
	CHECK(!readable(first));
	free(first);
	free(second);
	free(copies);
	free(a);
	free(b);
}

static void test_clean_up(void)
{
	char *command = xasprintf("rm -r %s", folder);
	CHECK(system(command) == 0);
	free(command);
}

static const struct test tests[] = {
	{"parse", test_parse},
	{"forms", test_forms},
	{"mistakes", test_mistakes},
	{"load", test_load},
	{"folder", test_folder},
	{"refused", test_refused},
	{"too_large", test_too_large},
	{"examples", test_examples},
	{"reload", test_reload},
	{"clean_up", test_clean_up},
};

int main(int argc, char **argv)
{
	if (!mkdtemp(folder))
		return 1;
	int rc = test_main(tests, ARRAY_LEN(tests), argc, argv);
	if (argc > 1)
		test_clean_up();
	return rc;
}
