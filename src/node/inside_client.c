/* Speaking to our runner from inside a task: one connection, one request, its answer. */
#include "node/inside_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fraction.h"
#include "node/inside_msg.h"

#define PATIENCE_S 5

static int connect_to(const char *path, struct err *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(e, ERR_USAGE, "%s is too long for a socket: %s",
			INSIDE_SOCKET_VAR, path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, ERR_PEER, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)(void *)&address, sizeof(address)) != 0) {
		err_errno(e, ERR_PEER,
			"the runner of this task is not there (%s): has the task ended?", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int send_all(int fd, const struct buf *b, struct err *e)
{
	for (size_t sent = 0; sent < b->len;) {
		ssize_t n = send(fd, b->data + sent, b->len - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE) /* it said why before it closed */
			return 0;
		if (n < 0)
			return err_errno(e, ERR_PEER,
				"the runner of this task does not listen");
		sent += (size_t)n;
	}
	return 0;
}

static int take_error(const struct inside_msg *m, struct err *e)
{
	char word[64] = "", why[900] = "";
	json_strcpy(json_get(m->head, "code"), word, sizeof(word));
	json_strcpy(json_get(m->head, "why"), why, sizeof(why));
	return err_set(e, err_from_word(word), "the runner of this task says: %s", why);
}

/* Reads until the answer to request 1. */
static int wait_answer(int fd, struct inside_reader *r, struct err *e)
{
	char chunk[4096];
	struct inside_msg m;
	int rc;
	for (;;) {
		while ((rc = inside_next(r, &m, e)) > 0) {
			if (strcmp(m.name, "error") == 0)
				return take_error(&m, e);
			if (m.req == 1)
				return 0;
		}
		if (rc < 0)
			return err_prefix(e, "the runner of this task answered nonsense");
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_PEER,
				"the runner of this task did not answer within %d s",
				PATIENCE_S);
		if (n == 0)
			return err_set(e, ERR_DENIED, "this attempt of the task is over");
		inside_feed(r, chunk, (size_t)n);
	}
}

static void write_hello(struct buf *out, const char *token)
{
	struct json_out w;
	inside_begin(&w, out, "hello", 0);
	jout_i64(&w, "v", INSIDE_VERSION);
	jout_str(&w, "token", token);
	inside_end(&w);
}

static void write_progress(struct buf *out, int32_t millionths, const char *text)
{
	struct json_out w;
	char number[12];
	inside_begin(&w, out, "progress", 1);
	if (millionths >= 0) {
		fraction_text(number, millionths);
		jout_raw(&w, "progress", number, strlen(number));
	}
	if (text)
		jout_strn(&w, "text", text, strnlen(text, 4096));
	inside_end(&w);
}

static int ask(const struct buf *lines, const char *path, struct err *e)
{
	struct inside_reader r = {0};
	int fd = connect_to(path, e), rc = -1;
	if (fd < 0)
		return -1;
	if (send_all(fd, lines, e) == 0)
		rc = wait_answer(fd, &r, e);
	inside_reader_fini(&r);
	close(fd);
	return rc;
}

int inside_say_progress(int32_t millionths, const char *text, struct err *e)
{
	const char *path = getenv(INSIDE_SOCKET_VAR), *token = getenv(INSIDE_TOKEN_VAR);
	struct buf lines = BUF_INIT;
	if (!path || !token)
		return err_set(e, ERR_USAGE,
			"this is not the inside of a task: %s and %s are set for tasks of a worker only",
			INSIDE_SOCKET_VAR, INSIDE_TOKEN_VAR);
	write_hello(&lines, token);
	write_progress(&lines, millionths, text);
	int rc = ask(&lines, path, e);
	buf_fini(&lines);
	return rc;
}
