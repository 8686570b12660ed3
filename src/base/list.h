/* Intrusive doubly linked list: the link sits in the element, one list head owns nothing. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct list {
	struct list *next,
		*prev; /* a head points at itself when empty; an element that is in no list has NULLs */
};

#define LIST_INIT(name)                                                                        \
	{                                                                                      \
		&(name), &(name)                                                               \
	}

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool list_linked(const struct list *e)
{
	return e->next != NULL;
}

static inline void list_insert_before(struct list *pos, struct list *e)
{
	e->prev = pos->prev;
	e->next = pos;
	pos->prev->next = e;
	pos->prev = e;
}

static inline void list_push_back(struct list *head, struct list *e)
{
	list_insert_before(head, e);
}

static inline void list_push_front(struct list *head, struct list *e)
{
	list_insert_before(head->next, e);
}

/* Does nothing when e is in no list. */
static inline void list_del(struct list *e)
{
	if (!e->next)
		return;
	e->next->prev = e->prev;
	e->prev->next = e->next;
	e->next = e->prev = NULL;
}

#define list_first(head, type, member)                                                         \
	(list_empty(head) ? NULL : container_of((head)->next, type, member))
#define list_last(head, type, member)                                                          \
	(list_empty(head) ? NULL : container_of((head)->prev, type, member))
/* Walks raw links; `e` may be deleted in the body. */
#define list_each(e, tmp, head)                                                                \
	for ((e) = (head)->next, (tmp) = (e)->next; (e) != (head);                             \
		(e) = (tmp), (tmp) = (e)->next)

#endif
