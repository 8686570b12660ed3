/* A hash map from bytes to a pointer: open addressing with linear probing in a power of two of slots.
 *
 * A deleted entry leaves a tombstone behind, so that no other entry moves and map_each() may go on; the next growth sweeps
 * the tombstones away. The hash is SipHash-2-4 (Aumasson and Bernstein, https://131002.net/siphash/) with a random key. */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

#define FIRST_CAP 8

struct slot {
	char *key; /* NULL: never used; tombstone: was used */
	size_t len;
	uint64_t hash;
	void *value;
};

struct map {
	struct slot *slots;
	size_t cap;   /* a power of two */
	size_t count; /* entries */
	size_t used;  /* entries and tombstones */
};

static char tombstone[1];

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static void sip_rounds(uint64_t v[4], int n)
{
	while (n--) {
		v[0] += v[1];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[0] = rotl(v[0], 32);
		v[2] += v[3];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[2] = rotl(v[2], 32);
	}
}

static void sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_rounds(v, 2);
	v[0] ^= m;
}

static uint64_t siphash(const uint64_t k[2], const unsigned char *p, size_t len)
{
	uint64_t v[4] = {k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d,
		k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573};
	uint64_t m, tail = (uint64_t)len << 56;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&m, p + i, 8);
		sip_word(v, m);
	}
	for (; i < len; i++)
		tail |= (uint64_t)p[i] << (8 * (i % 8));
	sip_word(v, tail);
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t hash_of(const void *key, size_t len)
{
	static uint64_t secret[2];
	struct rng rng;

	if (!secret[0]) {
		rng_system(&rng);
		secret[0] = rng_u64(&rng) | 1; /* never 0 again */
		secret[1] = rng_u64(&rng);
	}
	return siphash(secret, key, len);
}

struct map *map_new(void)
{
	struct map *m = xcalloc(1, sizeof(*m));

	m->cap = FIRST_CAP;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	return m;
}

static bool slot_live(const struct slot *s)
{
	return s->key && s->key != tombstone;
}

void map_free(struct map **m)
{
	if (!*m)
		return;
	for (size_t i = 0; i < (*m)->cap; i++)
		if (slot_live(&(*m)->slots[i]))
			free((*m)->slots[i].key);
	free((*m)->slots);
	free(*m);
	*m = NULL;
}

size_t map_count(const struct map *m)
{
	return m->count;
}

/* The entry of this key, or the never-used slot where the search for it ends. There is always one: the table is never full. */
static struct slot *find(const struct map *m, const void *key, size_t len, uint64_t hash)
{
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct slot *s = &m->slots[i];
		if (!s->key)
			return s;
		if (s->key != tombstone && s->hash == hash && s->len == len &&
			(!len || memcmp(s->key, key, len) == 0))
			return s;
	}
}

/* Moves all entries to a table that is at most half full. */
static void rebuild(struct map *m)
{
	struct slot *old = m->slots;
	size_t old_cap = m->cap;

	for (m->cap = FIRST_CAP; m->cap < 2 * (m->count + 1);)
		m->cap *= 2;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	m->used = m->count;
	for (size_t i = 0; i < old_cap; i++)
		if (slot_live(&old[i]))
			*find(m, old[i].key, old[i].len, old[i].hash) = old[i];
	free(old);
}

void *map_get(const struct map *m, const void *key, size_t len)
{
	return find(m, key, len, hash_of(key, len))->value;
}

void *map_put(struct map *m, const void *key, size_t len, void *value)
{
	uint64_t hash = hash_of(key, len);
	struct slot *s = find(m, key, len, hash);
	void *old = s->value;

	if (!value)
		BUG("NULL is put into a map");
	if (s->key) {
		s->value = value;
		return old;
	}
	if (4 * (m->used + 1) > 3 * m->cap) {
		rebuild(m);
		s = find(m, key, len, hash);
	}
	*s = (struct slot){xmalloc(len + 1), len, hash, value};
	if (len)
		memcpy(s->key, key, len);
	s->key[len] = '\0';
	m->count++;
	m->used++;
	return NULL;
}

void *map_del(struct map *m, const void *key, size_t len)
{
	struct slot *s = find(m, key, len, hash_of(key, len));
	void *old = s->value;

	if (!s->key)
		return NULL;
	free(s->key);
	*s = (struct slot){.key = tombstone};
	m->count--;
	return old;
}

void *map_gets(const struct map *m, const char *key)
{
	return map_get(m, key, strlen(key));
}

void *map_puts(struct map *m, const char *key, void *value)
{
	return map_put(m, key, strlen(key), value);
}

void *map_dels(struct map *m, const char *key)
{
	return map_del(m, key, strlen(key));
}

bool map_each(const struct map *m, size_t *pos, const char **key, void **value)
{
	while (*pos < m->cap) {
		const struct slot *s = &m->slots[(*pos)++];
		if (!slot_live(s))
			continue;
		if (key)
			*key = s->key;
		*value = s->value;
		return true;
	}
	return false;
}
