/* Host names to numbers: glibc's getaddrinfo_a(3) looks up in a thread of its own and wakes the loop through an eventfd. */
#include "proto/resolve.h"

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

/* What the thread touches. It is freed by whoever comes last: the thread that is done, or the loop that no longer wants it. */
struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char host[256];
	int fd;
	int owners; /* atomic */
};

struct resolve {
	struct loop *loop;
	struct address address;
	resolve_fn *fn;
	void *arg;
	struct lookup *lookup; /* NULL: it was a number */
	struct loop_io *io;
	bool cancelled;
};

static void lookup_release(struct lookup *k)
{
	if (__atomic_sub_fetch(&k->owners, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (k->request.ar_result)
		freeaddrinfo(k->request.ar_result);
	close(k->fd);
	free(k);
}

static void in_thread(union sigval value)
{
	struct lookup *k = value.sival_ptr;
	uint64_t one = 1;

	if (write(k->fd, &one, sizeof(one)) < 0)
		abort(); /* an eventfd that nobody else writes takes a one */
	lookup_release(k);
}

static void finish(struct resolve *r, const struct address *numeric, const struct err *e)
{
	loop_io_del(&r->io);
	if (r->lookup)
		lookup_release(r->lookup);
	if (!r->cancelled)
		r->fn(r->arg, numeric, e);
	free(r);
}

static void on_result(void *arg, unsigned events)
{
	struct resolve *r = arg;
	struct address numeric = r->address;
	struct err e;
	int rc = gai_error(&r->lookup->request);
	struct addrinfo *found = r->lookup->request.ar_result;

	if (rc == 0 && found)
		rc = getnameinfo(found->ai_addr, found->ai_addrlen, numeric.host,
			sizeof(numeric.host), NULL, 0, NI_NUMERICHOST);
	if (rc == 0 && found) {
		finish(r, &numeric, NULL);
		return;
	}
	err_set(&e, ERR_PEER, "host \"%s\" cannot be found: %s", str_show(r->address.host),
		gai_strerror(rc));
	finish(r, NULL, &e);
}

static void on_numeric(void *arg)
{
	struct resolve *r = arg;

	finish(r, &r->address, NULL);
}

static bool start_lookup(struct resolve *r)
{
	struct lookup *k = xcalloc(1, sizeof(*k));
	struct gaicb *list[1] = {&k->request};
	struct sigevent wake = {.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = in_thread};

	k->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	snprintf(k->host, sizeof(k->host), "%s", r->address.host);
	k->hints.ai_socktype = SOCK_STREAM;
	k->hints.ai_flags = AI_ADDRCONFIG;
	k->request.ar_name = k->host;
	k->request.ar_request = &k->hints;
	k->owners = 2;
	wake.sigev_value.sival_ptr = k;
	if (k->fd < 0 || getaddrinfo_a(GAI_NOWAIT, list, 1, &wake)) {
		k->owners = 1;
		lookup_release(k);
		return false;
	}
	r->lookup = k;
	r->io = loop_fd(r->loop, k->fd, LOOP_READ, 5, on_result, r);
	return true;
}

static void on_no_lookup(void *arg)
{
	struct resolve *r = arg;
	struct err e;

	err_set(&e, ERR_PEER, "host \"%s\" cannot be looked up: no memory or descriptors",
		str_show(r->address.host));
	finish(r, NULL, &e);
}

struct resolve *resolve_start(struct loop *l, const struct address *a, resolve_fn *fn,
	void *arg)
{
	struct resolve *r = xcalloc(1, sizeof(*r));

	r->loop = l;
	r->address = *a;
	r->fn = fn;
	r->arg = arg;
	if (address_numeric(a))
		loop_defer(l, on_numeric, r);
	else if (!start_lookup(r))
		loop_defer(l, on_no_lookup, r);
	return r;
}

void resolve_cancel(struct resolve **r)
{
	if (!*r)
		return;
	(*r)->cancelled = true;
	/* A deferred call still holds it; a look-up in its thread does not. */
	if ((*r)->io)
		finish(*r, NULL, NULL);
	*r = NULL;
}
