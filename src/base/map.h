/* A hash map from bytes to a pointer. Keys are copied; values are borrowed. SipHash with a key of the process, so that nobody outside
 * can make collisions. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);
void map_free(struct map **m); /* not the values */
size_t map_count(const struct map *m);
void *map_get(const struct map *m, const void *key, size_t len); /* NULL when absent */
/* Stores value (not NULL); returns the value that it replaced, or NULL. */
void *map_put(struct map *m, const void *key, size_t len, void *value);
void *map_del(struct map *m, const void *key,
	size_t len); /* the value that was there, or NULL */
/* C strings as keys, without their NUL. */
void *map_gets(const struct map *m, const char *key);
void *map_puts(struct map *m, const char *key, void *value);
void *map_dels(struct map *m, const char *key);
/* Walks all entries in no order; start with *pos = 0. False at the end. The map must not change but for deleting the entry just
 * given. key may be NULL; it is borrowed and NUL-terminated behind its len. */
bool map_each(const struct map *m, size_t *pos, const char **key, void **value);

#endif
