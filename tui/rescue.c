/* The last words of a console that dies. Only calls that signal-safety(7) lists may stand in what a handler reaches: everything it
 * needs is made ready before. */
#include "tui/rescue.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

static const int fatal[] = {SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};

static struct {
	bool armed;
	int fd;
	struct termios modes;
	char sequence[512];
	size_t len;
	int kept; /* memory that stands in for stderr; -1: stderr is no terminal and was left alone */
	int true_stderr; /* where it is to go in the end */
} rescue;

/* A stack that overflowed is one of the ways to die. */
static char stack[64 * 1024];

static void write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);
		if (k <= 0)
			return; /* nobody is left to tell */
		p += k;
		n -= (size_t)k;
	}
}

static void show_kept(void)
{
	char part[1024];
	ssize_t n;

	if (rescue.kept < 0)
		return;
	dup2(rescue.true_stderr, STDERR_FILENO);
	lseek(rescue.kept, 0, SEEK_SET);
	while ((n = read(rescue.kept, part, sizeof(part))) > 0)
		write_all(STDERR_FILENO, part, (size_t)n);
}

static void die(int signo)
{
	if (rescue.armed) {
		rescue.armed = false;
		write_all(rescue.fd, rescue.sequence, rescue.len);
		tcsetattr(rescue.fd, TCSANOW, &rescue.modes);
		show_kept();
	}
	raise(signo); /* SA_RESETHAND: now it is deadly */
}

static void keep_stderr(void)
{
	rescue.kept = rescue.true_stderr = -1;
	if (!isatty(STDERR_FILENO))
		return;
	rescue.true_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	rescue.kept = memfd_create("fastworker-stderr", MFD_CLOEXEC);
	if (rescue.kept >= 0)
		dup2(rescue.kept, STDERR_FILENO);
}

void rescue_arm(int fd, const struct termios *modes, const char *sequence, size_t len)
{
	struct sigaction act = {.sa_handler = die,
		.sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK};
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};

	rescue.fd = fd;
	rescue.modes = *modes;
	rescue.len = len < sizeof(rescue.sequence) ? len : sizeof(rescue.sequence);
	memcpy(rescue.sequence, sequence, rescue.len);
	keep_stderr();
	rescue.armed = true;
	sigaltstack(&alternate, NULL);
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &act, NULL);
}

void rescue_disarm(void)
{
	if (!rescue.armed)
		return;
	rescue.armed = false;
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		signal(fatal[i], SIG_DFL);
	show_kept();
	if (rescue.kept < 0)
		return;
	close(rescue.kept);
	close(rescue.true_stderr);
}
