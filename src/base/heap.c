/* A binary heap of borrowed pointers: items[i] comes before its children at 2i+1 and 2i+2. */
#include "base/heap.h"

#include <stdlib.h>

#include "base/mem.h"

void heap_init(struct heap *h, int (*cmp)(const struct heap_node *, const struct heap_node *))
{
	*h = (struct heap){.cmp = cmp};
}

void heap_fini(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->items[i]->index = HEAP_NONE;
	free(h->items);
	heap_init(h, h->cmp);
}

static void place(struct heap *h, size_t at, struct heap_node *e)
{
	h->items[at] = e;
	e->index = at;
}

static void sift_up(struct heap *h, struct heap_node *e)
{
	size_t at = e->index;

	while (at > 0) {
		size_t parent = (at - 1) / 2;
		if (h->cmp(h->items[parent], e) <= 0)
			break;
		place(h, at, h->items[parent]);
		at = parent;
	}
	place(h, at, e);
}

static void sift_down(struct heap *h, struct heap_node *e)
{
	size_t at = e->index;

	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->cmp(h->items[child + 1], h->items[child]) < 0)
			child++;
		if (h->cmp(e, h->items[child]) <= 0)
			break;
		place(h, at, h->items[child]);
		at = child;
	}
	place(h, at, e);
}

void heap_push(struct heap *h, struct heap_node *e)
{
	if (e->index != HEAP_NONE)
		BUG("an element is put into a heap twice");
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 16;
		h->items = xreallocarray(h->items, h->cap, sizeof(*h->items));
	}
	place(h, h->n++, e);
	sift_up(h, e);
}

struct heap_node *heap_peek(const struct heap *h)
{
	return h->n ? h->items[0] : NULL;
}

struct heap_node *heap_pop(struct heap *h)
{
	struct heap_node *e = heap_peek(h);

	if (e)
		heap_remove(h, e);
	return e;
}

void heap_remove(struct heap *h, struct heap_node *e)
{
	size_t at = e->index;
	struct heap_node *last;

	if (at == HEAP_NONE)
		return;
	if (at >= h->n || h->items[at] != e)
		BUG("an element is taken out of a heap that it is not in");
	last = h->items[--h->n];
	e->index = HEAP_NONE;
	if (last == e)
		return;
	place(h, at, last);
	heap_update(h, last);
}

/* Only one of the two moves it: where it went up, nothing below it comes before it. */
void heap_update(struct heap *h, struct heap_node *e)
{
	sift_up(h, e);
	sift_down(h, e);
}
