/* Slots and runners with real processes. This program is the runner, too: its main() is runner_main() when it is called `__runner`.
 *
 * Nothing sleeps: a test waits for a callback, for a line that a task writes into a named pipe, or for the end of a process (pidfd). */
#include "node/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "node/runner.h"
#include "node/runner_msg.h"
#include "node/spawn.h"
#include "tests/unit/test.h"

#define TOO_LONG_MS 20000

static const char module[] =
	"add() { echo $(($1 + $2)); }\n"
	"show() { for a in \"$@\"; do printf '<%s>' \"$a\"; done; }\n"
	"kw() { printf '%s|%s|%s|%s' \"$FW_KW_name\" \"$FW_KW_n\" \"${FW_KW_bad_key-unset}\" \"$FW_KWARGS\"; }\n"
	"kwfile() { stat -c %a \"$FW_KWARGS\"; wc -c <\"$FW_KWARGS\"; echo \"$FW_KW_small ${FW_KW_big-unset} $FW_KWARGS\"; }\n"
	"shut() { exec <&-; read -r x <\"$1\"; echo open; }\n"
	"ids() { echo $FW_TASK $FW_TASK_ID $FW_ATTEMPT; }\n"
	"fail() { echo partial; printf 'first\\n\\n\\033[31mred \\377\\n\\n  last line\\n\\n' >&2; return $1; }\n"
	"suicide() { kill -9 $$; }\n"
	"hang() { echo $$ >\"$1\"; sleep 1000 & echo $! >\"$1\"; wait; }\n"
	/* The process id comes when it is stopped. */
	"stop_self() {\n"
	"  ( while [ \"$(cut -d' ' -f3 /proc/$$/stat)\" != T ]; do :; done; echo $$ >\"$1\" ) &\n"
	"  kill -STOP $$\n"
	"}\n"
	/* Waits for a child that is asked, too. */
	"SAVE='trap \"echo saved; exit 0\" TERM; echo $$ >\"$1\"; while :; do sleep 1000 & wait; done'\n"
	"deep() { trap : TERM; sh -c \"$SAVE\" sh \"$1\" & while kill -0 $!; do wait $!; done; }\n"
	"saver() { sh -c \"$SAVE\" sh \"$1\"; }\n"
	/* Three levels that ignore TERM, the lowest two in sessions of their own and without their parents. */
	"stubborn() {\n"
	"  trap '' TERM\n"
	"  ( ( setsid sh -c '( ( setsid sh -c \"echo \\$\\$ >$1; exec sleep 1000\" sh ) & ) ; echo $$ >'$1'; sleep 1000' sh $1 & ) & )\n"
	"  echo $$ >\"$1\"\n"
	"  sleep 1000\n"
	"}\n"
	"deaf() { trap '' TERM; sleep 1000 & echo $! >\"$1\"; echo $$ >\"$1\"; wait; }\n"
	"leave_behind() { ( ( setsid sh -c 'echo $$ >\"$1\"; exec sleep 1000' sh \"$1\" ) & ); read -r x <\"$2\"; echo left; }\n"
	"parent() { echo $PPID; }\n"
	"meet_first() { echo hello >\"$1\"; cat \"$2\"; }\n"
	"meet_second() { cat \"$1\"; echo there >\"$2\"; }\n"
	"litter() { mkdir -p \"$TMPDIR/a/b\"; ln -s / \"$TMPDIR/a/root\"; : >\"$TMPDIR/a/b/c\"; chmod 0 \"$TMPDIR/a/b\"; echo \"$TMPDIR\"; }\n"
	"look() { [ -d \"$TMPDIR\" ] && ls -A \"$TMPDIR\" && stat -c %a \"$TMPDIR\"; }\n"
	"descriptors() { ls /proc/self/fd | sort -n | tr '\\n' ' '; }\n"
	/* Without signals 32 and 33: they are libc's own, and what started us may have left them ignored. */
	"status() { while read -r key value _; do case $key in SigBlk:|SigIgn:) echo $((0x$value & ~0x180000000)) ;;"
	" NoNewPrivs:) echo $value ;; esac done </proc/self/status | tr '\\n' ' '; }\n"
	"flags() { echo $-; }\n"
	"session() { cut -d' ' -f6 /proc/$PPID/stat /proc/$$/stat; echo $PPID $$; }\n"
	"input() { cat; tty || :; }\n";

static char folder[] = "/tmp/slot_test.XXXXXX";
static char *exe, *module_path;
static struct clock wall;
static struct loop *loop;

struct seen { /* what a slot's callbacks said */
	bool started, done;
	struct outcome o;
	char *error, *left, *text; /* copies; text is the result */
	size_t len;
	int64_t at_us;
};

static void on_started(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt)
{
	struct seen *seen = arg;
	CHECK(!seen->started && !seen->done && slot_busy(s));
	CHECK_INT(attempt, 3);
	seen->started = true;
}

static void on_done(void *arg, struct slot *s, const struct uuid *id, uint32_t attempt,
	const struct outcome *o)
{
	struct seen *seen = arg;
	CHECK(!seen->done && !slot_busy(s));
	CHECK_INT(attempt, 3);
	seen->done = true;
	seen->o = *o;
	seen->error = xstrdup(o->error);
	seen->left = xstrdup(o->left);
	seen->len = o->result ? o->result->len : 0;
	seen->text = o->result ? xmemdup(o->result->data, seen->len + 1) : NULL;
	seen->at_us = loop_now_us(loop);
	loop_stop(loop);
}

static const struct slot_ops ops = {.started = on_started, .done = on_done};

static void seen_reset(struct seen *s)
{
	free(s->error);
	free(s->left);
	free(s->text);
	*s = (struct seen){0};
}

static void too_long(void *arg)
{
	TEST_FAIL("nothing happened for %d ms", TOO_LONG_MS);
}

/* Until somebody stops the loop. */
static void wait_loop(void)
{
	struct loop_timer t;
	loop_timer_init(loop, &t, too_long, NULL);
	loop_timer_in(&t, TOO_LONG_MS);
	loop_run(loop);
	loop_timer_clear(&t);
}

static void wait_done(struct seen *s)
{
	while (!s->done)
		wait_loop();
}

static struct uuid nth_id(unsigned char n)
{
	struct uuid id = {{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 0, 0, 0, n}};
	pid_t pid =
		getpid(); /* no other run of this test has the same ids: strays are found by them */
	memcpy(id.b + 12, &pid, 3);
	return id;
}

static void start(struct slot *s, const struct module_task *t, const char *args,
	const char *kwargs, int64_t timeout_ms)
{
	static unsigned char n;
	struct slot_task st = {
		.id = nth_id(++n),
		.attempt = 3,
		.task = t,
		.args = args,
		.args_len = strlen(args),
		.kwargs = kwargs,
		.kwargs_len = strlen(kwargs),
		.timeout_ms = timeout_ms,
		.grace_ms = 300,
	};
	slot_run(s, &st);
}

static struct module_task shell_task(const char *function, bool bash)
{
	return (struct module_task){
		.name = (char *)(uintptr_t)function,
		.kind = TASK_KIND_SHELL,
		.path = module_path,
		.function = (char *)(uintptr_t)function,
		.shell = (char *)(uintptr_t)(bash ? "/bin/bash" : "/bin/sh"),
	};
}

static struct module_task exec_task(const char *path)
{
	return (struct module_task){.name = (char *)(uintptr_t) "program",
		.kind = TASK_KIND_EXEC,
		.path = (char *)(uintptr_t)path};
}

static struct module_task builtin_task(const char *name)
{
	return (struct module_task){.name = (char *)(uintptr_t)name, .kind = TASK_KIND_BUILTIN};
}

/* One task in a slot of its own, to its end. */
static struct seen run_kw(const struct module_task *t, const char *args, const char *kwargs,
	int64_t timeout_ms)
{
	struct seen seen = {0};
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	start(s, t, args, kwargs, timeout_ms);
	CHECK(slot_busy(s) && !seen.done);
	wait_done(&seen);
	slot_free(&s);
	return seen;
}

static struct seen run(struct module_task t, const char *args)
{
	return run_kw(&t, args, "{}", 0);
}

static void check_text(struct seen s, const char *want)
{
	if (!s.o.ok)
		TEST_FAIL("failed: %s", s.error);
	CHECK_STR(s.text, want);
	CHECK(s.started && s.o.cause == CAUSE_NONE && !s.error);
	seen_reset(&s);
}

static void check_failure(struct seen s, enum cause cause, const char *error)
{
	CHECK(!s.o.ok);
	CHECK_INT(s.o.cause, cause);
	if (!s.error || !strstr(s.error, error))
		TEST_FAIL("the error is \"%s\", which lacks \"%s\"", s.error, error);
	seen_reset(&s);
}

/* A named pipe that tasks write process ids into, a line each. */
struct line_pipe {
	char *path, *args; /* args: a JSON array with the path */
	int fd;
	struct loop_io *io;
	struct buf in;
};

static void line_ready(void *arg, unsigned events)
{
	struct line_pipe *p = arg;
	char chunk[256];
	ssize_t n = read(p->fd, chunk, sizeof(chunk));
	if (n > 0)
		buf_add(&p->in, chunk, (size_t)n);
	loop_stop(loop);
}

static void pipe_open(struct line_pipe *p)
{
	static int n;
	*p = (struct line_pipe){.path = xasprintf("%s/pipe%d", folder, n++)};
	p->args = xasprintf("[\"%s\"]", p->path);
	CHECK(mkfifo(p->path, 0600) == 0);
	p->fd = open(p->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	CHECK(p->fd >= 0);
	p->io = loop_fd(loop, p->fd, LOOP_READ, 10, line_ready, p);
}

static pid_t wait_pid(struct line_pipe *p)
{
	while (!memchr(buf_str(&p->in), '\n', p->in.len))
		wait_loop();
	pid_t pid = (pid_t)strtol(buf_str(&p->in), NULL, 10);
	buf_consume(&p->in, strcspn(p->in.data, "\n") + 1);
	CHECK(pid > 1 && kill(pid, 0) == 0);
	return pid;
}

static void pipe_close(struct line_pipe *p)
{
	loop_io_del(&p->io);
	close(p->fd);
	free(p->path);
	free(p->args);
	buf_fini(&p->in);
}

static void pid_ready(void *arg, unsigned events)
{
	*(bool *)arg = true;
	loop_stop(loop);
}

static int pid_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	CHECK(fd >= 0);
	return fd;
}

/* Takes fd. */
static void wait_gone(int fd)
{
	bool gone = false;
	struct loop_io *io = loop_fd(loop, fd, LOOP_READ, 10, pid_ready, &gone);
	while (!gone)
		wait_loop();
	loop_io_del(&io);
	close(fd);
}

/* The same while the loop stands still. */
static void wait_end(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	CHECK(poll(&p, 1, TOO_LONG_MS) == 1);
	close(fd);
}

static bool gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

static void test_shell(void)
{
	check_text(run(shell_task("add", false), "[5,3]"), "8\n");
	check_text(run(shell_task("add", true), "[\"5\", 3]"), "8\n");
}

static void test_arguments(void)
{
	static const char args[] =
		"[\"a b\", \"\", \"it's \\\"q\\\"\", \"line\\nline\\n\", \"$(id >&2; echo no)\", \"`x`;|&*?~\", "
		"\"-n\", \"\\u00e9\\ud83d\\ude00\xc3\xa9\", 1.50, -0, true, null, [1, {\"k\":\"v\"}]]";
	static const char want[] =
		"<a b><><it's \"q\"><line\nline\n><$(id >&2; echo no)><`x`;|&*?~><-n><\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9>"
		"<1.50><-0><true><null><[1, {\"k\":\"v\"}]>";
	check_text(run(shell_task("show", false), args), want);
	check_text(run(shell_task("show", true), args), want);
	check_text(run(exec_task("/usr/bin/printf"), "[\"%s|\", \"a b\", \"$(x)\"]"),
		"a b|$(x)|");
	check_text(run(shell_task("show", false), "[]"), "");
}

static void test_argument_limits(void)
{
	char *large = xmalloc(140000);
	check_failure(run(shell_task("show", false), "[\"x\", \"a\\u0000b\"]"), CAUSE_START,
		"argument 2 holds a NUL byte");
	for (int n = 131071; n <= 131072; n++) {
		memset(large, 'x', 140000);
		memcpy(large, "[\"", 2);
		strcpy(large + 2 + n, "\"]");
		struct seen s = run(exec_task("/usr/bin/printf"), large);
		if (n < 131072)
			CHECK(s.o.ok && s.len == (size_t)n);
		else
			CHECK(!s.o.ok && s.o.cause == CAUSE_START &&
				strstr(s.error, "pass the file's name"));
		seen_reset(&s);
	}
	struct buf many = BUF_INIT;
	buf_adds(&many, "[0");
	for (int i = 0; i < 40; i++)
		buf_addf(&many, ",\"%0100000d\"", i);
	buf_adds(&many, "]");
	check_failure(run(exec_task("/bin/true"), buf_str(&many)), CAUSE_START,
		"arguments are too large");
	buf_fini(&many);
	free(large);
}

static void test_kwargs(void)
{
	struct module_task t = shell_task("kw", false);
	static const char kw[] =
		"{\"name\": \"a \\\"b\\\"\", \"n\":1, \"bad-key\":2, \"n\": [1, 2]}";
	check_text(run_kw(&t, "[]", kw, 0),
		"a \"b\"|[1, 2]|unset|{\"name\": \"a \\\"b\\\"\", \"n\":1, \"bad-key\":2, \"n\": [1, 2]}");
	check_failure(run_kw(&t, "[]", "{\"x\":\"\\u0000\"}", 0), CAUSE_START,
		"keyword argument x holds a NUL");
	t = exec_task("/usr/bin/env");
	struct seen env = run_kw(&t, "[]", kw, 0);
	CHECK(env.o.ok && strstr(env.text, "FW_KW_n=[1, 2]\n") &&
		!strstr(env.text, "FW_KW_n=1"));
	seen_reset(&env);
	t = shell_task("ids", false);
	struct seen s = run_kw(&t, "[]", "{}", 0);
	CHECK(strncmp(s.text, "ids 01020304-0506-7008-800a-", 28) == 0);
	CHECK_STR(s.text + strlen(s.text) - 3, " 3\n");
	seen_reset(&s);
}

/* What no variable can hold is a file, for as long as the task runs. */
static void test_large_kwargs(void)
{
	struct buf kw = BUF_INIT;
	struct module_task t = shell_task("kwfile", false);
	char size[32];
	buf_adds(&kw, "{\"small\":7,\"big\":\"");
	for (int i = 0; i < 200000; i++)
		buf_addc(&kw, 'x');
	buf_adds(&kw, "\"}");
	struct seen s = run_kw(&t, "[]", buf_str(&kw), 0);
	snprintf(size, sizeof(size), "600\n%zu\n7 unset /", kw.len);
	CHECK(s.o.ok && strncmp(s.text, size, strlen(size)) == 0);
	char *path = s.o.ok ? strchr(s.text, '/') : NULL;
	if (path) {
		path[strcspn(path, "\n")] = '\0';
		CHECK(strstr(path, "kwargs.json") && access(path, F_OK) != 0);
	}
	seen_reset(&s);
	buf_fini(&kw);
}

static struct {
	int64_t offset;
	bool closed;
	int n;
} acked;

static void on_said(void *arg, const struct uuid *id, uint32_t attempt,
	const struct runner_msg *m)
{
	if (strcmp(m->name, "stdin_ack") != 0)
		return;
	acked.offset = runner_number(m, "offset", -1);
	acked.closed = json_get(m->head, "closed") != NULL;
	acked.n++;
	loop_stop(loop);
}

static void feed(struct slot *s, int64_t offset, const char *data, bool eof)
{
	const struct uuid id = nth_id(200);
	slot_feed(s, &id, 3,
		&(struct slot_part){.offset = offset,
			.data = data,
			.len = strlen(data),
			.eof = eof});
}

static struct slot *start_fed(const struct module_task *t, const char *args, struct seen *seen)
{
	static const struct slot_ops said = {.started = on_started,
		.done = on_done,
		.said = on_said};
	struct slot *s = slot_new(loop, exe, &said, seen);
	const struct slot_task st = {.id = nth_id(200),
		.attempt = 3,
		.task = t,
		.args = args,
		.args_len = strlen(args),
		.kwargs = "{}",
		.kwargs_len = 2,
		.fed = true,
		.grace_ms = 300};
	memset(&acked, 0, sizeof(acked));
	slot_run(s, &st);
	return s;
}

/* Parts that come twice are passed over, one behind a gap is, too; the end comes behind the last byte. */
static void test_fed(void)
{
	struct seen seen = {0};
	struct module_task t = exec_task("/bin/cat");
	struct slot *s = start_fed(&t, "[]", &seen);
	feed(s, 0, "abc", false); /* before it has started */
	while (acked.offset < 3)
		wait_loop();
	int n = acked.n;
	feed(s, 9, "gap", true);
	while (acked.n == n)
		wait_loop();
	CHECK_INT(acked.offset, 3);
	feed(s, 0, "abcdef", false);
	feed(s, 3, "defgh", false);
	while (acked.offset < 8)
		wait_loop();
	CHECK(!seen.done && !acked.closed);
	feed(s, 8, "", true);
	wait_done(&seen);
	check_text(seen, "abcdefgh");
	slot_free(&s);
}

static void test_fed_closes_early(void)
{
	struct seen seen = {0};
	struct module_task t = shell_task("shut", false);
	struct slot *s;
	char args[128], *go = xasprintf("%s/go", folder);
	CHECK_INT(mkfifo(go, 0600), 0);
	snprintf(args, sizeof(args), "[\"%s\"]", go);
	s = start_fed(&t, args, &seen);
	int fd = open(go,
		O_RDWR); /* nobody waits for the other end: the task is sent in the next turn of the loop */
	CHECK(fd >= 0);
	while (!acked.closed) {
		int n = acked.n;
		feed(s, acked.offset, "xxxx", false);
		while (acked.n == n)
			wait_loop();
	}
	CHECK(write(fd, "\n", 1) == 1);
	wait_done(&seen);
	close(fd);
	check_text(seen, "open\n");
	unlink(go);
	free(go);
	slot_free(&s);
}

static void test_environment(void)
{
	static const char *const allowed[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR",
		"FW_TASK", "FW_TASK_ID", "FW_ATTEMPT", "FW_KWARGS", "FW_SOCKET", "FW_TOKEN"};
	struct seen s = run(exec_task("/usr/bin/env"), "[]");
	char *save = NULL;
	CHECK(s.o.ok);
	for (char *line = strtok_r(s.text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		bool known = false;
		for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
			known |= strncmp(line, allowed[i], strlen(allowed[i])) == 0 &&
				 line[strlen(allowed[i])] == '=';
		if (!known)
			TEST_FAIL("a task sees %s", line);
	}
	seen_reset(&s);
}

static void test_clean_slate(void)
{
	check_text(run(shell_task("descriptors", false), "[]"),
		"0 1 2 3 "); /* 3: the folder that ls reads */
	check_text(run(shell_task("status", false), "[]"), "0 0 1 ");
	check_text(run(shell_task("input", false), "[]"), "not a tty\n");
	struct seen s = run(shell_task("flags", true), "[]");
	CHECK(s.o.ok && strchr(s.text, 'p')); /* it takes no functions from the environment */
	seen_reset(&s);
	int runner_sid, sid, runner, pid;
	s = run(shell_task("session", false), "[]");
	CHECK_INT(sscanf(s.text, "%d %d %d %d", &runner_sid, &sid, &runner, &pid), 4);
	CHECK(runner_sid == runner && sid == pid);
	seen_reset(&s);
}

static void test_temporary(void)
{
	struct seen seen = {0};
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task litter = shell_task("litter", false),
			   look = shell_task("look", false);
	start(s, &litter, "[]", "{}", 0);
	wait_done(&seen);
	CHECK(seen.o.ok && strncmp(seen.text, folder, strlen(folder)) == 0);
	char *tmp = xstrndup(seen.text, strlen(seen.text) - 1);
	seen_reset(&seen);
	start(s, &look, "[]", "{}", 0);
	wait_done(&seen);
	check_text(seen, "700\n");
	seen = (struct seen){0};
	struct module_task parent = shell_task("parent", false);
	start(s, &parent, "[]", "{}", 0);
	wait_done(&seen);
	int fd = pid_open((pid_t)atoi(seen.text));
	seen_reset(&seen);
	slot_free(&s);
	wait_gone(fd);
	CHECK(access(tmp, F_OK) != 0);
	free(tmp);
}

static void test_exit_status(void)
{
	struct seen s = run(shell_task("fail", false), "[3]");
	CHECK_INT(s.o.exit_status, 3);
	CHECK_STR(s.text, "partial\n");
	CHECK_STR(s.error, "exit status 3: first / \\x1b[31mred \\xff / last line");
	check_failure(s, CAUSE_EXIT, "exit status 3");
	check_failure(run(shell_task("no_such_function", false), "[]"), CAUSE_EXIT,
		"exit status 127");
}

static void test_signal(void)
{
	struct seen s = run(shell_task("suicide", false), "[]");
	CHECK_INT(s.o.exit_signal, 9);
	CHECK_INT(s.o.exit_status, -1);
	CHECK(!s.o.result);
	check_failure(s, CAUSE_SIGNAL, "killed by signal 9 (Killed)");
}

static void test_timeout(void)
{
	struct module_task t = exec_task("/usr/bin/sleep"), b = builtin_task("sleep");
	check_failure(run_kw(&t, "[1000]", "{}", 50), CAUSE_TIMEOUT,
		"ran longer than 50 ms (time-out); set --timeout");
	check_failure(run_kw(&b, "[1000]", "{}", 50), CAUSE_TIMEOUT,
		"ran longer than 50 ms (time-out)");
}

static char *script(const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
	return path;
}

static void test_cannot_start(void)
{
	check_failure(run(exec_task("/no/such/program"), "[]"), CAUSE_START,
		"cannot run /no/such/program: No such file");
	char *path = script("lost", "#!/no/such/interpreter\n", 0755);
	check_failure(run(exec_task(path), "[]"), CAUSE_START,
		"interpreter named in its first line does not exist");
	free(path);
	path = script("text", "echo\n", 0755);
	check_failure(run(exec_task(path), "[]"), CAUSE_START, "begin a script with");
	free(path);
	path = script("closed", "#!/bin/sh\n", 0644);
	check_failure(run(exec_task(path), "[]"), CAUSE_START, "Permission denied");
	free(path);
	struct slot *s = slot_new(loop, "/no/such/fastworker", &ops, NULL);
	slot_free(&s);
	struct seen seen = {0};
	s = slot_new(loop, "/no/such/fastworker", &ops, &seen);
	struct module_task t = builtin_task("true");
	start(s, &t, "[]", "{}", 0);
	CHECK(!seen.done); /* never from inside slot_run() */
	wait_done(&seen);
	check_failure(seen, CAUSE_START,
		"cannot start a runner: cannot run /no/such/fastworker");
	slot_free(&s);
}

static void cancel_all(struct slot *s, int64_t grace_ms)
{
	for (int n = 0; n < 256; n++) { /* all but one are none of its business */
		struct uuid id = nth_id((unsigned char)n);
		slot_cancel(s, &id, 2, 0);
		slot_cancel(s, &id, 3, grace_ms);
	}
}

static void test_cancel_stubborn(void)
{
	struct seen seen = {0};
	struct line_pipe p;
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task t = shell_task("stubborn", false);
	pid_t pids[3];
	pipe_open(&p);
	start(s, &t, p.args, "{}", 0);
	for (int i = 0; i < 3; i++)
		pids[i] = wait_pid(&p);
	int64_t from = loop_now_us(loop);
	cancel_all(s, 300);
	wait_done(&seen);
	int64_t took = (seen.at_us - from) / 1000;
	CHECK(took >= 295 && took <= 800);
	CHECK(seen.o.cancelled);
	for (int i = 0; i < 3; i++)
		CHECK(gone(pids[i]));
	check_failure(seen, CAUSE_CANCELLED, "killed after 0.3 s, ");
	slot_free(&s);
	pipe_close(&p);
}

/* The shell dies of TERM at once; what it waited for has its time. And a stopped process can be ended. */
static void test_cancel_graceful(void)
{
	static const char *const functions[] = {"saver", "stop_self", "deep"};
	for (int i = 0; i < 3; i++) {
		struct seen seen = {0};
		struct line_pipe p;
		struct slot *s = slot_new(loop, exe, &ops, &seen);
		struct module_task t = shell_task(functions[i], false);
		pipe_open(&p);
		start(s, &t, p.args, "{}", 0);
		wait_pid(&p);
		cancel_all(s, TOO_LONG_MS);
		wait_done(&seen);
		if (i != 1)
			CHECK_STR(seen.text, "saved\n");
		check_failure(seen, CAUSE_CANCELLED, "ended on TERM after ");
		slot_free(&s);
		pipe_close(&p);
	}
}

/* What stays in the group of the first process is ended with it on every system, also when both ignore TERM. */
static void test_cancel_group(void)
{
	struct seen seen = {0};
	struct line_pipe p;
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task t = shell_task("deaf", false);
	pid_t pids[2];
	pipe_open(&p);
	start(s, &t, p.args, "{}", 0);
	for (int i = 0; i < 2; i++)
		pids[i] = wait_pid(&p);
	cancel_all(s, 100);
	wait_done(&seen);
	CHECK(seen.o.cancelled);
	for (int i = 0; i < 2; i++)
		CHECK(gone(pids[i]));
	check_failure(seen, CAUSE_CANCELLED, "killed after ");
	slot_free(&s);
	pipe_close(&p);
}

static void test_left_behind(void)
{
	struct seen seen = {0};
	struct line_pipe p, go;
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task t = shell_task("leave_behind", false);
	pipe_open(&p);
	pipe_open(&go);
	loop_io_del(&go.io);
	char *args = xasprintf("[\"%s\",\"%s\"]", p.path, go.path);
	start(s, &t, args, "{}", 0);
	pid_t pid = wait_pid(&p);
	CHECK(write(go.fd, "\n", 1) == 1);
	wait_done(&seen);
	CHECK(gone(pid));
	CHECK_INT(seen.o.nleft, 1);
	CHECK(strcmp(seen.left, "sh") == 0 ||
		strcmp(seen.left, "sleep") == 0); /* before its exec, or after */
	CHECK(seen.o.used.rss_kb > 100);
	check_text(seen, "left\n"); /* though the daemon held its stdout */
	slot_free(&s);
	free(args);
	pipe_close(&p);
	pipe_close(&go);
}

static void test_runner_killed(void)
{
	struct seen seen = {0};
	struct line_pipe p;
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task hang = shell_task("hang", false),
			   parent = shell_task("parent", false);
	pipe_open(&p);
	start(s, &parent, "[]", "{}", 0);
	wait_done(&seen);
	pid_t runner = (pid_t)atoi(seen.text);
	seen_reset(&seen);
	start(s, &hang, p.args, "{}", 0);
	int task = pid_open(wait_pid(&p)), child = pid_open(wait_pid(&p));
	CHECK(kill(runner, SIGKILL) == 0);
	wait_end(task); /* with its runner, without our doing anything */
	wait_done(&seen);
	check_failure(seen, CAUSE_LOST, "was killed by signal 9 (Killed)");
	wait_gone(child); /* by the slot */
	for (int i = 0; i < 2;
		i++) { /* the second time the runner is killed while it is idle */
		seen = (struct seen){0};
		start(s, &parent, "[]", "{}", 0);
		wait_done(&seen);
		CHECK(seen.o.ok && atoi(seen.text) != runner);
		runner = (pid_t)atoi(seen.text);
		int fd = pid_open(runner);
		CHECK(kill(runner, SIGKILL) == 0);
		wait_end(fd); /* the loop has heard nothing of it when the next task comes */
		seen_reset(&seen);
	}
	slot_free(&s);
	pipe_close(&p);
}

static void test_free_ends_task(void)
{
	struct seen seen = {0};
	struct line_pipe p;
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task t = shell_task("stubborn", false);
	int pids[3];
	pipe_open(&p);
	start(s, &t, p.args, "{}", 0);
	for (int i = 0; i < 3; i++)
		pids[i] = pid_open(wait_pid(&p));
	slot_free(&s);
	for (int i = 0; i < 3; i++)
		wait_gone(pids[i]);
	CHECK(!seen.done && !s);
	pipe_close(&p);
}

static void test_large_output(void)
{
	struct seen s = run(exec_task("/usr/bin/seq"), "[2700000]");
	char line[16];
	size_t at = 0;
	CHECK(s.o.ok && s.len > 20000000);
	for (int i = 1; i <= 2700000; i++) {
		int n = snprintf(line, sizeof(line), "%d\n", i);
		if (at + (size_t)n > s.len || memcmp(s.text + at, line, (size_t)n) != 0)
			TEST_FAIL("wrong from byte %zu on", at);
		at += (size_t)n;
	}
	CHECK_INT(at, s.len);
	seen_reset(&s);
}

static void test_output_limit(void)
{
	struct seen s = run(exec_task("/usr/bin/head"), "[\"-c\", 67108864, \"/dev/zero\"]");
	CHECK(s.o.ok);
	CHECK_INT(s.len, RUNNER_MAX_BODY);
	seen_reset(&s);
	check_failure(run(exec_task("/usr/bin/head"), "[\"-c\", 67108865, \"/dev/zero\"]"),
		CAUSE_LIMIT, "more than 64 MiB");
	s = run(exec_task("/usr/bin/yes"), "[]");
	CHECK(!s.o.result);
	check_failure(s, CAUSE_LIMIT, "more than 64 MiB to stdout");
}

static void check_json(const char *name, const char *args, const char *want)
{
	struct seen s = run(builtin_task(name), args);
	CHECK_INT(s.o.result_type, RESULT_JSON);
	check_text(s, want);
}

static void test_builtins(void)
{
	check_json("echo", "[ {\"b\" : 1.0e5,\"a\":\"\\u00e9\"} ]",
		"{\"b\" : 1.0e5,\"a\":\"\\u00e9\"}");
	check_json("echo", "[ \"x\\ty\" ]", "\"x\\ty\"");
	check_json("echo", "[1,  \"two\"]", "[1,  \"two\"]");
	check_json("echo", "[]", "null");
	check_json("true", "[1]", "null");
	check_json("sleep", "[0.02]", "null");
	check_json("sleep", "[1e-3]", "null");
	check_failure(run(builtin_task("sleep"), "[\"1\"]"), CAUSE_EXIT,
		"sleep takes one number");
	check_failure(run(builtin_task("sleep"), "[-1]"), CAUSE_EXIT, "sleep takes one number");
	check_failure(run(builtin_task("sleep"), "[]"), CAUSE_EXIT, "sleep takes one number");
	check_failure(run(builtin_task("nap"), "[]"), CAUSE_START, "no built-in task nap");
	struct seen seen = {0};
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task t = builtin_task("sleep");
	start(s, &t, "[1000]", "{}", 0);
	cancel_all(s, TOO_LONG_MS);
	wait_done(&seen);
	check_failure(seen, CAUSE_CANCELLED, "ended");
	slot_free(&s);
}

/* Each waits for the other: one after the other would take for ever. */
static void test_parallel(void)
{
	struct seen seen[2] = {{0}};
	struct slot *s[2];
	struct line_pipe p[2];
	struct module_task first = shell_task("meet_first", false),
			   second = shell_task("meet_second", false);
	for (int i = 0; i < 2; i++) {
		s[i] = slot_new(loop, exe, &ops, &seen[i]);
		pipe_open(&p[i]);
		loop_io_del(&p[i].io);
		close(p[i].fd);
		p[i].fd = -1;
	}
	char *args = xasprintf("[\"%s\",\"%s\"]", p[0].path, p[1].path);
	start(s[0], &first, args, "{}", 0);
	start(s[1], &second, args, "{}", 0);
	wait_done(&seen[0]);
	wait_done(&seen[1]);
	check_text(seen[0], "there\n");
	check_text(seen[1], "hello\n");
	for (int i = 0; i < 2; i++) {
		slot_free(&s[i]);
		pipe_close(&p[i]);
	}
	free(args);
}

static void send_task(struct buf *out, const char *id, const char *args)
{
	struct json_out w;
	struct buf a = BUF_INIT, k = BUF_INIT;
	const struct buf *const bodies[] = {&a, &k};
	buf_adds(&a, args);
	buf_adds(&k, "{}");
	runner_begin(&w, out, "task");
	jout_str(&w, "id", id);
	jout_i64(&w, "attempt", 1);
	jout_str(&w, "name", "sleep");
	jout_str(&w, "kind", "builtin");
	runner_end(&w, bodies, 2);
	buf_fini(&a);
	buf_fini(&k);
}

/* What the runner answers to these bytes, as one line: names, ids' last digit, causes. It is told to go when it has said `ndone` times that it is done. */
static void talk(const struct buf *out, int ndone, struct buf *said)
{
	static char word[] = "__runner";
	char *const argv[] = {exe, word, NULL};
	struct runner_reader r = {0};
	struct runner_msg m;
	struct err e;
	char chunk[4096], text[64];
	int pair[2];
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	const struct spawn sp = {.path = exe,
		.argv = argv,
		.fd = {pair[1], pair[1], 2},
		.session = true};
	CHECK(spawn_start(&sp, &e) > 0);
	close(pair[1]);
	CHECK(send(pair[0], out->data, out->len, MSG_NOSIGNAL) == (ssize_t)out->len);
	for (ssize_t n; (n = recv(pair[0], chunk, sizeof(chunk), 0)) > 0;) {
		runner_feed(&r, chunk, (size_t)n);
		while (runner_next(&r, &m, &e) > 0) {
			buf_adds(said, m.name);
			if (json_strcpy(json_get(m.head, "id"), text, sizeof(text)))
				buf_addc(said, text[35]);
			if (json_strcpy(json_get(m.head, "cause"), text, sizeof(text)))
				buf_addf(said, ":%s", text);
			buf_addc(said, ' ');
			if (strcmp(m.name, "done") == 0 && --ndone == 0)
				shutdown(pair[0], SHUT_WR);
		}
	}
	close(pair[0]);
	runner_reader_fini(&r);
}

static void test_pipelined(void)
{
	struct buf out = BUF_INIT, said = BUF_INIT;
	buf_adds(&out, "{\"m\":\"hello\",\"v\":9}\n{\"m\":\"tomorrow\",\"bodies\":[2]}\nxx");
	send_task(&out, "01930000-0000-7000-8000-000000000001", "[0.05]");
	send_task(&out, "01930000-0000-7000-8000-000000000002", "[1000]");
	send_task(&out, "01930000-0000-7000-8000-000000000003", "[0]");
	buf_adds(&out,
		"{\"m\":\"cancel\",\"id\":\"01930000-0000-7000-8000-000000000002\",\"attempt\":1}\n");
	talk(&out, 3, &said);
	CHECK_STR(buf_str(&said), "hello started1 done1 done2:cancelled started3 done3 ");
	buf_fini(&out);
	buf_fini(&said);
}

#define RELATIVE_PATH                                                                          \
	"{\"m\":\"task\",\"id\":\"01930000-0000-7000-8000-000000000001\",\"attempt\":1,"       \
	"\"kind\":\"exec\",\"name\":\"x\",\"path\":\"ls\",\"bodies\":[0,0]}\n"

static void test_broken_worker(void)
{
	static const char hello[] = "{\"m\":\"hello\",\"v\":1}\n";
	static const char *const texts[] = {
		"{\"m\":\"bye\"}\n",
		"{\"m\":\"hello\"}\n",
		"{\"m\":\"what\"}\n",
		"{\"m\":\"task\",\"id\":\"x\"}\n",
		"junk\n",
		RELATIVE_PATH,
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf out = BUF_INIT, said = BUF_INIT;
		if (i >= 2)
			buf_adds(&out, hello);
		buf_adds(&out, texts[i]);
		talk(&out, 1, &said); /* it ends by itself, and runs nothing */
		CHECK(!strstr(buf_str(&said), "started"));
		buf_fini(&out);
		buf_fini(&said);
	}
}

static void test_many(void)
{
	struct seen seen = {0};
	struct slot *s = slot_new(loop, exe, &ops, &seen);
	struct module_task b = builtin_task("true"), p = exec_task("/bin/true");
	for (int i = 0; i < 400; i++) {
		start(s, i % 2 ? &b : &p, "[]", "{}", 1000000);
		wait_done(&seen);
		CHECK(seen.o.ok);
		seen_reset(&seen);
	}
	slot_free(&s);
}

static const struct test tests[] = {
	{"shell", test_shell},
	{"arguments", test_arguments},
	{"argument_limits", test_argument_limits},
	{"kwargs", test_kwargs},
	{"large_kwargs", test_large_kwargs},
	{"fed", test_fed},
	{"fed_closes_early", test_fed_closes_early},
	{"environment", test_environment},
	{"clean_slate", test_clean_slate},
	{"temporary", test_temporary},
	{"exit_status", test_exit_status},
	{"signal", test_signal},
	{"timeout", test_timeout},
	{"cannot_start", test_cannot_start},
	{"cancel_stubborn", test_cancel_stubborn},
	{"cancel_graceful", test_cancel_graceful},
	{"cancel_group", test_cancel_group},
	{"left_behind", test_left_behind},
	{"runner_killed", test_runner_killed},
	{"free_ends_task", test_free_ends_task},
	{"large_output", test_large_output},
	{"output_limit", test_output_limit},
	{"builtins", test_builtins},
	{"parallel", test_parallel},
	{"pipelined", test_pipelined},
	{"broken_worker", test_broken_worker},
	{"many", test_many},
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "__runner") == 0)
		return runner_main();
	if (!mkdtemp(folder))
		return 1;
	module_path = script("module.sh", module, 0644);
	exe = spawn_self();
	setenv("TMPDIR", folder, 1);
	setenv("SECRET", "42", 1);
	setenv("ENV", "/etc/passwd", 1);
	setenv("BASH_FUNC_ls%%", "() { echo hijacked; }", 1);
	signal(SIGINT, SIG_IGN); /* no task inherits that */
	clock_system(&wall);
	loop = loop_new(&wall);
	int rc = test_main(tests, ARRAY_LEN(tests), argc, argv);
	loop_free(&loop);
	char *clean_up = xasprintf("rm -r %s", folder);
	while (waitpid(-1, NULL, 0) > 0) /* runners empty their folders yet */
		;
	if (system(clean_up) != 0)
		rc = 1;
	free(clean_up);
	free(module_path);
	free(exe);
	return rc;
}
