/* A binary heap of borrowed pointers; an element remembers its own place, so that it can be taken out of the middle. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

#define HEAP_NONE ((size_t)-1) /* the index of an element that is in no heap */

struct heap_node {
	size_t index; /* set it to HEAP_NONE before first use */
};

struct heap {
	struct heap_node **items;
	size_t n, cap;
	int (*cmp)(const struct heap_node *a,
		const struct heap_node *b); /* < 0: a comes first */
};

void heap_init(struct heap *h, int (*cmp)(const struct heap_node *, const struct heap_node *));
void heap_fini(struct heap *h);
void heap_push(struct heap *h, struct heap_node *e);
struct heap_node *heap_peek(const struct heap *h); /* NULL when empty */
struct heap_node *heap_pop(struct heap *h);
void heap_remove(struct heap *h, struct heap_node *e); /* does nothing when e is in no heap */
void heap_update(struct heap *h, struct heap_node *e); /* after its key changed */

#endif
