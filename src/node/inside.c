/* The runner's socket for its task: connections, tokens, and the pace at which progress leaves.
 *
 * A peer can do no more than fill its own buffers: a line has a limit, nothing more is read while an answer waits to be taken, one that does not say who it is
 * is sent away after a while, and when all places are taken the next one waits in the kernel's queue. */
#include "node/inside.h"
#include "node/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"

#define MAX_PATH  100 /* of the socket, its NUL counted: sun_path has 108 */
#define MAX_PEERS 64
#define BACKLOG   128
#define SILENT_MS 10000 /* for a connection to say who it is */
#define PACE_MS   100   /* between two progress messages */
#define READ_SIZE 16384

struct inside {
	struct loop *loop;
	inside_progress_fn *progress;
	void *arg;
	struct rng rng;
	char folder[MAX_PATH]; /* "" = none yet */
	char path[MAX_PATH];   /* of the socket */
	char *file;            /* of inside_file() */
	dev_t dev;             /* what we bound: a task may have put another thing there */
	ino_t ino;
	int fd; /* -1 = not open */
	struct loop_io *io;
	struct list peers; /* struct inside_peer */
	unsigned npeers;

	char token[INSIDE_TOKEN + 1]; /* "" = no attempt runs */
	struct uuid id;
	int64_t attempt;
	int32_t millionths; /* newest; -1 = never said */
	char text[INSIDE_MAX_TEXT + 1];
	bool news;             /* that was not told yet */
	struct loop_timer due; /* set while the last message is not PACE_MS old */
};

struct inside_peer {
	struct inside *inside;
	int fd;
	struct loop_io *io;
	struct inside_reader in;
	struct buf out;
	struct loop_timer silent;
	bool known;   /* it said hello with the token of this attempt */
	bool leaving; /* is closed when its answers are written */
	struct list all;
};

static void free_peer(void *arg)
{
	struct inside_peer *p = arg;
	inside_reader_fini(&p->in);
	buf_fini(&p->out);
	free(p);
}

/* It may be on the call stack: freed at the end of the turn. */
static void close_peer(struct inside_peer *p)
{
	struct inside *in = p->inside;
	if (p->fd < 0)
		return;
	loop_timer_clear(&p->silent);
	loop_io_del(&p->io);
	close(p->fd);
	p->fd = -1;
	list_del(&p->all);
	if (in->npeers-- == MAX_PEERS && in->io)
		loop_io_want(in->io, LOOP_READ);
	loop_defer(in->loop, free_peer, p);
}

static void on_silent(void *arg)
{
	close_peer(arg);
}

static void tell(struct inside *in)
{
	in->news = false;
	loop_timer_in(&in->due, PACE_MS);
	in->progress(in->arg, in->millionths, in->text);
}

static void on_due(void *arg)
{
	struct inside *in = arg;
	if (in->news)
		tell(in);
}

static void answer_error(struct inside_peer *p, int64_t req, const struct err *e)
{
	struct json_out w;
	inside_begin(&w, &p->out, "error", req);
	jout_str(&w, "code", err_word(e->code));
	jout_str(&w, "why", e->text);
	inside_end(&w);
}

static int on_progress(struct inside_peer *p, const struct inside_msg *m, struct err *e)
{
	struct inside *in = p->inside;
	char text[INSIDE_MAX_TEXT + 1];
	int32_t millionths;
	struct json_out w;
	if (inside_progress(m, &millionths, text, e) < 0)
		return -1;
	if (millionths >= 0)
		in->millionths = millionths;
	if (text[0])
		memcpy(in->text, text, sizeof(text));
	in->news = true;
	if (!loop_timer_set(&in->due))
		tell(in);
	inside_begin(&w, &p->out, "ok", m->req);
	inside_end(&w);
	return 0;
}

/* Takes the same time whatever is wrong with it. */
static bool same_token(const char *a, const char *b)
{
	unsigned char differ = 0;
	for (size_t i = 0; i < INSIDE_TOKEN; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

static int on_hello(struct inside_peer *p, const struct inside_msg *m, struct err *e)
{
	struct inside *in = p->inside;
	char token[INSIDE_TOKEN + 1] = "", id[UUID_TEXT];
	struct json_out w;
	int64_t v;
	if (!json_i64(json_get(m->head, "v"), &v) || v < 1)
		return err_set(e, ERR_DATA, "hello without a version");
	if (!json_strcpy(json_get(m->head, "token"), token, sizeof(token)) ||
		strlen(token) != INSIDE_TOKEN || !in->token[0] || !same_token(token, in->token))
		return err_set(e, ERR_DENIED,
			"this token is not that of the attempt that runs here now: %s is set anew for each attempt, and a process that was left by an older one is not heard",
			INSIDE_TOKEN_VAR);
	p->known = true;
	loop_timer_clear(&p->silent);
	inside_begin(&w, &p->out, "hello", 0);
	jout_i64(&w, "v", INSIDE_VERSION);
	jout_str(&w, "id", uuid_text(id, &in->id));
	jout_i64(&w, "attempt", in->attempt);
	inside_end(&w);
	return 0;
}

static const struct request {
	const char *name;
	int (*fn)(struct inside_peer *p, const struct inside_msg *m, struct err *e);
} requests[] = {
	{"progress", on_progress},
};

/* -1: the connection ends with *e. */
static int handle(struct inside_peer *p, const struct inside_msg *m, struct err *e)
{
	struct err why;
	if (!p->known)
		return strcmp(m->name, "hello") == 0
			       ? on_hello(p, m, e)
			       : err_set(e, ERR_DENIED, "the first line must be a hello");
	if (!m->req)
		return err_set(e, ERR_DATA, "%s without a number in \"r\"", str_show(m->name));
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		if (strcmp(requests[i].name, m->name) != 0)
			continue;
		if (requests[i].fn(p, m, &why) < 0)
			answer_error(p, m->req, &why);
		return 0;
	}
	err_set(&why, ERR_USAGE, "%s is not spoken here (version %d)", str_show(m->name),
		INSIDE_VERSION);
	answer_error(p, m->req, &why);
	return 0;
}

/* True when all is written; false also when it was closed. */
static bool flush(struct inside_peer *p)
{
	while (p->out.len) {
		ssize_t n = send(p->fd, p->out.data, p->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_io_want(p->io, LOOP_WRITE);
			return false;
		}
		if (n < 0) {
			close_peer(p);
			return false;
		}
		buf_consume(&p->out, (size_t)n);
	}
	if (p->leaving) {
		close_peer(p);
		return false;
	}
	loop_io_want(p->io, LOOP_READ);
	return true;
}

/* The lines that are there, as long as their answers are taken. */
static void read_lines(struct inside_peer *p)
{
	struct inside_msg m;
	struct err e;
	int rc;
	do {
		rc = inside_next(&p->in, &m, &e);
		if (rc > 0 && handle(p, &m, &e) < 0)
			rc = -1;
		if (rc < 0) {
			answer_error(p, 0, &e);
			p->leaving = true;
		}
	} while (flush(p) && rc > 0);
}

static void on_ready(void *arg, unsigned events)
{
	struct inside_peer *p = arg;
	char chunk[READ_SIZE];
	if (p->out.len) {
		if (flush(p))
			read_lines(p); /* what had come before it was full */
		return;
	}
	ssize_t n = recv(p->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (n > 0) {
		inside_feed(&p->in, chunk, (size_t)n);
		read_lines(p);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_peer(p);
	}
}

static bool our_user(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	       cred.uid == geteuid();
}

static void add_peer(struct inside *in, int fd)
{
	struct inside_peer *p = xcalloc(1, sizeof(*p));
	p->inside = in;
	p->fd = fd;
	list_push_back(&in->peers, &p->all);
	loop_timer_init(in->loop, &p->silent, on_silent, p);
	loop_timer_in(&p->silent, SILENT_MS);
	p->io = loop_fd(in->loop, fd, LOOP_READ, 10, on_ready, p);
	if (++in->npeers == MAX_PEERS)
		loop_io_want(in->io, 0);
}

static void on_connect(void *arg, unsigned events)
{
	struct inside *in = arg;
	int fd = accept4(in->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (our_user(fd))
		add_peer(in, fd);
	else
		close(fd);
}

struct inside *inside_new(struct loop *l, inside_progress_fn *progress, void *arg)
{
	struct inside *in = xcalloc(1, sizeof(*in));
	in->loop = l;
	in->progress = progress;
	in->arg = arg;
	in->fd = -1;
	in->millionths = -1;
	rng_system(&in->rng);
	list_init(&in->peers);
	loop_timer_init(l, &in->due, on_due, in);
	return in;
}

static void close_socket(struct inside *in)
{
	loop_io_del(&in->io);
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
	if (!in->folder[0])
		return;
	unlink(in->path);
	rmdir(in->folder);
	in->folder[0] = '\0';
}

/* Below our own TMPDIR where the path is short enough for a socket. */
static int make_folder(struct inside *in, struct err *e)
{
	static const char form[] = "%s/fastworker-XXXXXX";
	const char *below = getenv("TMPDIR");
	if (!below || below[0] != '/' ||
		strlen(below) + sizeof(form) + sizeof("/socket") > MAX_PATH)
		below = "/tmp";
	bool made = scratch_beside(in->folder, MAX_PATH - sizeof("/socket"), below);
	if (!made)
		snprintf(in->folder, sizeof(in->folder), form, below);
	if (made || mkdtemp(in->folder)) {
		snprintf(in->path, sizeof(in->path), "%.*s/socket",
			(int)(sizeof(in->path) - sizeof("/socket")), in->folder);
		return 0;
	}
	err_errno(e, ERR_IO, "cannot make a folder for the task's socket, %s", in->folder);
	in->folder[0] = '\0';
	return -1;
}

static int open_socket(struct inside *in, struct err *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	if (make_folder(in, e) < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", in->path);
	in->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (in->fd < 0 ||
		bind(in->fd, (struct sockaddr *)(void *)&address, sizeof(address)) != 0 ||
		listen(in->fd, BACKLOG) != 0 || stat(in->path, &st) != 0) {
		err_errno(e, ERR_IO, "cannot open the task's socket, %s", in->path);
		close_socket(in);
		return -1;
	}
	in->dev = st.st_dev;
	in->ino = st.st_ino;
	in->io = loop_fd(in->loop, in->fd, LOOP_READ, 10, on_connect, in);
	return 0;
}

/* Tasks run as our user, so one may have removed it: then the next task gets a new one. */
static bool still_there(const struct inside *in)
{
	struct stat st;
	return in->fd >= 0 && lstat(in->path, &st) == 0 && st.st_dev == in->dev &&
	       st.st_ino == in->ino;
}

static void make_token(struct inside *in)
{
	uint64_t high = rng_u64(&in->rng), low = rng_u64(&in->rng);
	snprintf(in->token, sizeof(in->token), "%016llx%016llx", (unsigned long long)high,
		(unsigned long long)low);
}

int inside_start(struct inside *in, const struct uuid *id, int64_t attempt, struct words *env,
	struct err *e)
{
	inside_over(in);
	if (!still_there(in)) {
		close_socket(in);
		if (open_socket(in, e) < 0)
			return -1;
	}
	make_token(in);
	in->id = *id;
	in->attempt = attempt;
	words_addf(env, INSIDE_SOCKET_VAR "=%s", in->path);
	words_addf(env, INSIDE_TOKEN_VAR "=%s", in->token);
	return 0;
}

void inside_over(struct inside *in)
{
	struct list *e, *tmp;
	if (!in->token[0])
		return;
	if (in->news)
		tell(in);
	loop_timer_clear(&in->due);
	explicit_bzero(in->token, sizeof(in->token));
	in->millionths = -1;
	in->text[0] = '\0';
	list_each (e, tmp, &in->peers)
		close_peer(container_of(e, struct inside_peer, all));
	if (in->file)
		unlink(in->file);
	free(in->file);
	in->file = NULL;
}

void inside_free(struct inside **inp)
{
	struct inside *in = *inp;
	if (!in)
		return;
	*inp = NULL;
	in->news = false;
	inside_over(in);
	close_socket(in);
	free(in);
}

const char *inside_file(struct inside *in, const char *name, const void *data, size_t len,
	struct err *e)
{
	const char *p = data;
	char *path = xasprintf("%s/%s", in->folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		in->file = path;
	while (fd >= 0 && len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p += n;
		len -= (size_t)n;
	}
	if (fd < 0 || len > 0)
		err_errno(e, ERR_IO, "cannot write %s", path);
	if (fd >= 0 && close(fd) != 0 && len == 0)
		len = (size_t)err_errno(e, ERR_IO, "cannot write %s", path);
	if (fd < 0)
		free(path);
	return fd < 0 || len > 0 ? NULL : in->file;
}
