/* Notices that files or folders changed, so that nobody needs to send a signal. */
#ifndef NODE_NOTICE_H
#define NODE_NOTICE_H

#include <stddef.h>

#include "base/loop.h"

struct notice;

/* fn is called when something changed and nothing more did for 100 ms, at the latest after 1 s. NULL where the system cannot tell: then nothing is noticed. */
struct notice *notice_new(struct loop *l, loop_fn *fn, void *arg);
void notice_free(struct notice **n);
/* Forgets what it looked at. Then add, and only then read what it is about, or a change between is missed. */
void notice_clear(struct notice *n);
/* A file, or a folder and what is directly in it; by its name and by where links lead. What is not there yet is noticed when it comes, if its folder is there. */
void notice_add(struct notice *n, const char *path);

#endif
