/* Folders, and files that are refused because somebody else could read or write them. */
#include "tests/unit/test.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"

static char
	dir[64]; /* of the running test; its parent is sticky and root's, which is allowed */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_dir(void)
{
	if (dir[0])
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	dir[0] = '\0';
}

static void new_dir(void)
{
	static int cleaning;

	if (!cleaning++)
		atexit(remove_dir);
	remove_dir();
	strcpy(dir, "/tmp/fw-paths-test-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
}

/* "dir/NAME" in a ring of four. */
static const char *in_dir(const char *name)
{
	static char ring[4][256];
	static unsigned next;
	char *s = ring[next++ % 4];

	snprintf(s, sizeof(ring[0]), "%s/%s", dir, name);
	return s;
}

static void make_file(const char *path, mode_t mode)
{
	struct err e;

	unlink(path);
	if (paths_write(path, mode, "secret\n", 7, false, NULL, &e) < 0)
		TEST_FAIL("%s", e.text);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	CHECK(stat(path, &st) == 0);
	return st.st_mode & 07777;
}

static void set_variables(const char *home, const char *config, const char *state,
	const char *runtime)
{
	const char *const pairs[][2] = {{"HOME", home}, {"XDG_CONFIG_HOME", config},
		{"XDG_STATE_HOME", state}, {"XDG_RUNTIME_DIR", runtime}};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		if (pairs[i][1])
			setenv(pairs[i][0], pairs[i][1], 1);
		else
			unsetenv(pairs[i][0]);
	}
}

static void check_folders(const char *config, const char *state, const char *runtime)
{
	struct paths p;
	struct err e;

	CHECK_INT(paths_init(&p, &e), 0);
	CHECK_STR(p.config, config);
	CHECK_STR(p.state, state);
	CHECK_STR(p.runtime, runtime);
	paths_fini(&p);
	CHECK(p.config == NULL);
}

static void folders_follow_the_variables(void)
{
	set_variables("/h", "/c", "/s", "/r");
	check_folders("/c/fastworker", "/s/fastworker", "/r/fastworker");
	set_variables("/h", "/c", NULL, NULL);
	check_folders("/c/fastworker", "/h/.local/state/fastworker",
		"/h/.local/state/fastworker");
	set_variables("/h", "/c", "relative", "");
	check_folders("/c/fastworker", "/h/.local/state/fastworker",
		"/h/.local/state/fastworker");
	set_variables(NULL, "/c", "/s", NULL);
	check_folders("/c/fastworker", "/s/fastworker", "/s/fastworker");
}

static void root_gets_the_system_folders(void)
{
	set_variables("/h", NULL, NULL, "/r");
	if (geteuid() == 0)
		check_folders("/etc/fastworker", "/var/lib/fastworker", "/run/fastworker");
	else
		check_folders("/h/.config/fastworker", "/h/.local/state/fastworker",
			"/r/fastworker");
}

static void nowhere_is_an_error(void)
{
	struct paths p;
	struct err e;

	set_variables(NULL, "/c", NULL, "/r");
	CHECK_INT(paths_init(&p, &e), -1);
	CHECK_INT(e.code, ERR_CONFIG);
	CHECK(p.config == NULL);
}

static void folders_are_made_with_their_mode(void)
{
	struct err e;
	mode_t old;

	new_dir();
	old = umask(0077);
	CHECK_INT(paths_make_dir(in_dir("a//b/c/"), 0750, &e), 0);
	umask(old);
	CHECK_INT(mode_of(in_dir("a")), 0750);
	CHECK_INT(mode_of(in_dir("a/b/c")), 0750);
	CHECK_INT(paths_make_dir(in_dir("a/b"), 0700, &e), 0);
	CHECK_INT(mode_of(in_dir("a/b")), 0750);
	make_file(in_dir("f"), 0600);
	CHECK_INT(paths_make_dir(in_dir("f"), 0700, &e), -1);
	CHECK(strstr(e.text, "a file of this name") != NULL);
	CHECK_INT(paths_make_dir(in_dir("f/g"), 0700, &e), -1);
	CHECK_INT(paths_make_dir("", 0700, &e), -1);
}

static void files_are_read_up_to_a_size(void)
{
	struct buf b = BUF_INIT;
	bool missing = true;
	struct err e;

	new_dir();
	buf_adds(&b, "x");
	make_file(in_dir("f"), 0644);
	CHECK_INT(paths_read(in_dir("f"), 7, &b, &missing, &e), 0);
	CHECK_STR(buf_str(&b), "xsecret\n");
	CHECK(!missing);
	CHECK_INT(paths_read(in_dir("f"), 6, &b, &missing, &e), -1);
	CHECK_INT(e.code, ERR_CONFIG);
	CHECK_STR(buf_str(&b), "xsecret\n");
	CHECK_INT(paths_read(in_dir("g"), 6, &b, &missing, &e), -1);
	CHECK(missing && e.code == ERR_CONFIG);
	CHECK_INT(paths_read(dir, 6, &b, &missing, &e), -1);
	CHECK(!missing && e.code == ERR_IO);
	CHECK_INT(paths_read_secret(in_dir("g"), 6, &b, &missing, &e), -1);
	CHECK(missing && e.code == ERR_CONFIG);
	buf_fini(&b);
}

/* Refused, and the message ends with this command and path. */
static void check_refused(int rc, const struct err *e, const char *command, const char *path)
{
	char *want = xasprintf("run: %s %s", command, path);
	const char *at = strstr(e->text, "run: ");

	CHECK_INT(rc, -1);
	CHECK_INT(e->code, ERR_CONFIG);
	CHECK_STR(at, want);
	free(want);
}

static int read_secret(const char *path, struct err *e)
{
	struct buf b = BUF_INIT;
	int rc = paths_read_secret(path, 100, &b, NULL, e);

	if (rc == 0)
		CHECK_STR(buf_str(&b), "secret\n");
	else
		CHECK_INT(b.len, 0);
	buf_fini(&b);
	return rc;
}

static void secrets_that_others_may_read_are_refused(void)
{
	static const mode_t modes[] = {0640, 0620, 0604, 0602, 0610};
	const char *f;
	struct err e;

	new_dir();
	f = in_dir("key");
	make_file(f, 0600);
	CHECK_INT(read_secret(f, &e), 0);
	chmod(f, 0400);
	CHECK_INT(read_secret(f, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		chmod(f, modes[i]);
		check_refused(read_secret(f, &e), &e, "chmod 600", f);
	}
}

static void secrets_are_regular_files(void)
{
	struct err e;

	new_dir();
	make_file(in_dir("key"), 0600);
	CHECK(symlink(in_dir("key"), in_dir("link")) == 0);
	CHECK_INT(read_secret(in_dir("link"), &e), -1);
	CHECK(strstr(e.text, "symbolic link") != NULL);
	CHECK(mkfifo(in_dir("fifo"), 0600) == 0);
	CHECK_INT(read_secret(in_dir("fifo"), &e), -1);
	CHECK(strstr(e.text, "not a regular file") != NULL);
}

static void secrets_below_open_folders_are_refused(void)
{
	const char *f, *a;
	struct err e;

	new_dir();
	CHECK_INT(paths_make_dir(in_dir("a/b"), 0700, &e), 0);
	f = in_dir("a/b/key");
	a = in_dir("a");
	make_file(f, 0600);
	CHECK_INT(read_secret(f, &e), 0);
	chmod(a, 0770);
	check_refused(read_secret(f, &e), &e, "chmod go-w", a);
	chmod(a, 0702);
	check_refused(read_secret(f, &e), &e, "chmod go-w", a);
	chmod(a, 01777);
	CHECK_INT(read_secret(f, &e),
		geteuid() == 0 ? 0 : -1); /* sticky helps in root's folders only */
}

static void secrets_of_others_are_refused(void)
{
	const char *f, *a;
	struct err e;

	if (geteuid() != 0)
		return;
	new_dir();
	CHECK_INT(paths_make_dir(in_dir("a"), 0700, &e), 0);
	f = in_dir("a/key");
	a = in_dir("a");
	make_file(f, 0600);
	CHECK(chown(f, 12345, 0) == 0);
	check_refused(read_secret(f, &e), &e, "chown 0", f);
	CHECK(chown(f, 0, 0) == 0 && chown(a, 12345, 0) == 0);
	check_refused(read_secret(f, &e), &e, "chown 0", a);
}

static void commands_can_be_pasted(void)
{
	char *quoted;
	struct err e;

	new_dir();
	make_file(in_dir("my key"), 0644);
	quoted = xasprintf("'%s/my key'", dir);
	check_refused(read_secret(in_dir("my key"), &e), &e, "chmod 600", quoted);
	free(quoted);
}

static void modules_that_others_may_write_are_refused(void)
{
	const char *f, *a;
	struct err e;

	new_dir();
	CHECK_INT(paths_make_dir(in_dir("a"), 0755, &e), 0);
	f = in_dir("a/tasks.sh");
	a = in_dir("a");
	make_file(f, 0755);
	CHECK_INT(paths_check_unwritable(f, &e), 0);
	chmod(f, 0775);
	check_refused(paths_check_unwritable(f, &e), &e, "chmod go-w", f);
	chmod(f, 0755);
	chmod(a, 0777);
	check_refused(paths_check_unwritable(f, &e), &e, "chmod go-w", a);
	CHECK_INT(paths_check_unwritable(in_dir("none"), &e), -1);
	CHECK_INT(e.code, ERR_CONFIG);
}

/* Both ends count: what a link points at, and the folder where the link could be replaced. */
static void links_to_modules_are_followed(void)
{
	struct err e;

	new_dir();
	CHECK_INT(paths_make_dir(in_dir("a"), 0755, &e), 0);
	CHECK_INT(paths_make_dir(in_dir("b"), 0755, &e), 0);
	make_file(in_dir("a/m"), 0644);
	CHECK(symlink("../a/m", in_dir("b/l")) == 0);
	CHECK_INT(paths_check_unwritable(in_dir("b/l"), &e), 0);
	chmod(in_dir("a"), 0775);
	check_refused(paths_check_unwritable(in_dir("b/l"), &e), &e, "chmod go-w", in_dir("a"));
	chmod(in_dir("a"), 0755);
	chmod(in_dir("b"), 0775);
	check_refused(paths_check_unwritable(in_dir("b/l"), &e), &e, "chmod go-w", in_dir("b"));
}

static int nfiles;

static int count_files(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	nfiles += type == FTW_F;
	return 0;
}

/* No temporary file is left behind. */
static void check_files(int want)
{
	nfiles = 0;
	nftw(dir, count_files, 16, FTW_PHYS);
	CHECK_INT(nfiles, want);
}

static void check_content(const char *path, const char *want)
{
	struct buf b = BUF_INIT;
	struct err e;

	CHECK_INT(paths_read(path, 100, &b, NULL, &e), 0);
	CHECK_STR(buf_str(&b), want);
	buf_fini(&b);
}

static void files_are_replaced_whole(void)
{
	mode_t old;
	struct err e;

	new_dir();
	old = umask(0077);
	CHECK_INT(paths_write(in_dir("f"), 0640, "one", 3, false, NULL, &e), 0);
	umask(old);
	CHECK_INT(mode_of(in_dir("f")), 0640);
	CHECK_INT(paths_write(in_dir("f"), 0600, "two", 3, false, NULL, &e), 0);
	check_content(in_dir("f"), "two");
	CHECK_INT(mode_of(in_dir("f")), 0600);
	check_files(1);
	CHECK(chdir(dir) == 0);
	CHECK_INT(paths_write("bare", 0600, "", 0, false, NULL, &e), 0);
	check_content("bare", "");
	CHECK(chdir("/") == 0);
	check_files(2);
	CHECK_INT(paths_write(in_dir("no/f"), 0600, "x", 1, false, NULL, &e), -1);
	CHECK_INT(e.code, ERR_IO);
	CHECK(strstr(e.text, in_dir("no/f: ")) != NULL);
}

static void exclusive_files_are_never_replaced(void)
{
	bool exists = true;
	struct err e;

	new_dir();
	CHECK_INT(paths_write(in_dir("f"), 0600, "one", 3, true, &exists, &e), 0);
	CHECK(!exists);
	CHECK_INT(paths_write(in_dir("f"), 0600, "two", 3, true, &exists, &e), -1);
	CHECK(exists);
	check_content(in_dir("f"), "one");
	check_files(1);
	CHECK_INT(paths_write(in_dir("no/f"), 0600, "x", 1, true, &exists, &e), -1);
	CHECK(!exists);
	CHECK(mkdir(in_dir("d"), 0700) == 0);
	CHECK_INT(paths_write(in_dir("d"), 0600, "x", 1, false, &exists, &e), -1);
	check_files(1);
}

static const struct test tests[] = {
	{"folders_follow_the_variables", folders_follow_the_variables},
	{"root_gets_the_system_folders", root_gets_the_system_folders},
	{"nowhere_is_an_error", nowhere_is_an_error},
	{"folders_are_made_with_their_mode", folders_are_made_with_their_mode},
	{"files_are_read_up_to_a_size", files_are_read_up_to_a_size},
	{"secrets_that_others_may_read_are_refused", secrets_that_others_may_read_are_refused},
	{"secrets_are_regular_files", secrets_are_regular_files},
	{"secrets_below_open_folders_are_refused", secrets_below_open_folders_are_refused},
	{"secrets_of_others_are_refused", secrets_of_others_are_refused},
	{"commands_can_be_pasted", commands_can_be_pasted},
	{"modules_that_others_may_write_are_refused",
		modules_that_others_may_write_are_refused},
	{"links_to_modules_are_followed", links_to_modules_are_followed},
	{"files_are_replaced_whole", files_are_replaced_whole},
	{"exclusive_files_are_never_replaced", exclusive_files_are_never_replaced},
};

TEST_MAIN(tests)
