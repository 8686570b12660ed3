/* The hash map against a plain array that knows the truth. */
#include "tests/unit/test.h"

#include <stdint.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"

#define NKEYS 500

static void entries_come_and_go(void)
{
	struct map *m = map_new();
	int a, b;

	CHECK(map_gets(m, "x") == NULL);
	CHECK(map_dels(m, "x") == NULL);
	CHECK(map_puts(m, "x", &a) == NULL);
	CHECK(map_puts(m, "x", &b) == &a);
	CHECK(map_gets(m, "x") == &b);
	CHECK_INT(map_count(m), 1);
	CHECK(map_dels(m, "x") == &b);
	CHECK(map_gets(m, "x") == NULL);
	CHECK_INT(map_count(m), 0);
	map_free(&m);
	CHECK(m == NULL);
	map_free(&m);
}

static void keys_are_bytes_and_copied(void)
{
	struct map *m = map_new();
	char key[] = "a\0b";
	const char *found;
	size_t pos = 0;
	void *v;
	int x, y, z;

	map_put(m, key, 3, &x);
	map_put(m, key, 2, &y);
	map_put(m, NULL, 0, &z);
	key[0] = 'q';
	CHECK(map_get(m, "a\0b", 3) == &x);
	CHECK(map_get(m, "a\0c", 3) == NULL);
	CHECK(map_get(m, "a\0", 2) == &y);
	CHECK(map_gets(m, "") == &z);
	while (map_each(m, &pos, &found, &v))
		if (v == &x)
			CHECK(memcmp(found, "a\0b", 4) == 0);
	map_free(&m);
}

static void check_against(const struct map *m, int *const truth[NKEYS])
{
	size_t n = 0;

	for (uint32_t k = 0; k < NKEYS; k++) {
		CHECK(map_get(m, &k, sizeof(k)) == truth[k]);
		n += truth[k] != NULL;
	}
	CHECK_INT(map_count(m), n);
}

/* Many more changes than slots: tombstones fill the table again and again. */
static void random_changes_match_an_array(void)
{
	static int values[4];
	int *truth[NKEYS] = {0};
	struct map *m = map_new();
	struct rng rng;

	rng_seeded(&rng, 3);
	for (int i = 0; i < 50000; i++) {
		uint32_t k = (uint32_t)rng_below(&rng, NKEYS);
		int *v = rng_below(&rng, 2) ? &values[rng_below(&rng, 4)] : NULL;
		CHECK((v ? map_put(m, &k, sizeof(k), v) : map_del(m, &k, sizeof(k))) ==
			truth[k]);
		truth[k] = v;
		if (i % 1000 == 0)
			check_against(m, truth);
	}
	check_against(m, truth);
	map_free(&m);
}

static void a_walk_meets_all_and_may_delete(void)
{
	static int seen[NKEYS];
	struct map *m = map_new();
	const char *key;
	size_t pos = 0, n = 0;
	uint32_t k;
	void *v;

	for (k = 0; k < NKEYS; k++)
		map_put(m, &k, sizeof(k), &seen[k]);
	while (map_each(m, &pos, &key, &v)) {
		memcpy(&k, key, sizeof(k));
		CHECK(v == &seen[k] && seen[k]++ == 0);
		if (k % 2)
			CHECK(map_del(m, &k, sizeof(k)) == v);
		n++;
	}
	CHECK_INT(n, NKEYS);
	CHECK_INT(map_count(m), NKEYS / 2);
	for (pos = 0, n = 0; map_each(m, &pos, NULL, &v); n++)
		;
	CHECK_INT(n, NKEYS / 2);
	map_free(&m);
}

static const struct test tests[] = {
	{"entries_come_and_go", entries_come_and_go},
	{"keys_are_bytes_and_copied", keys_are_bytes_and_copied},
	{"random_changes_match_an_array", random_changes_match_an_array},
	{"a_walk_meets_all_and_may_delete", a_walk_meets_all_and_may_delete},
};

TEST_MAIN(tests)
