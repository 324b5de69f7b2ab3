#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/dict.h"
#include "base/heap.h"
#include "base/mem.h"

START_TEST(keeps_insertion_order_over_deletes)
{
	struct dict *d = dict_new(free);
	char key[16];
	int want = 0;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 500; i++) {
			(void)snprintf(key, sizeof(key), "k%d", i);
			dict_set(d, key, xasprintf("%d", i));
		}
		for (int i = 0; i < 500; i += 2) {
			(void)snprintf(key, sizeof(key), "k%d", i);
			dict_del(d, key);
		}
	}
	ck_assert_uint_eq(dict_count(d), 250);
	for (struct dict_iter it = {0}; dict_next(d, &it); want++) {
		(void)snprintf(key, sizeof(key), "%d", want * 2 + 1);
		ck_assert_str_eq(it.value, key);
	}
	ck_assert_int_eq(want, 250);
	ck_assert_ptr_null(dict_get(d, "k2"));
	ck_assert_str_eq(dict_get(d, "k3"), "3");
	dict_free(d);
}
END_TEST

START_TEST(keys_may_hold_nul)
{
	struct dict *d = dict_new(NULL);
	int x, y;

	dict_setn(d, "a\0b", 3, &x);
	dict_setn(d, "a\0c", 3, &y);
	ck_assert_ptr_eq(dict_getn(d, "a\0b", 3), &x);
	ck_assert_ptr_null(dict_get(d, "a"));
	ck_assert_ptr_eq(dict_taken(d, "a\0c", 3), &y);
	ck_assert_uint_eq(dict_count(d), 1);
	dict_free(d);
}
END_TEST

START_TEST(may_be_emptied_while_walked)
{
	struct dict *d = dict_new(free);
	int seen = 0;

	for (int i = 0; i < 100; i++) {
		char *key = xasprintf("%d", i);

		dict_set(d, key, key);
	}
	for (struct dict_iter it = {0}; dict_next(d, &it); seen++)
		dict_deln(d, it.key, it.key_n);
	ck_assert_int_eq(seen, 100);
	ck_assert_uint_eq(dict_count(d), 0);
	dict_set(d, "again", xstrdup("x"));
	ck_assert_str_eq(dict_get(d, "again"), "x");
	dict_free(d);
}
END_TEST

START_TEST(heap_gives_smallest_first_and_moves)
{
	struct heap h = HEAP_INIT;
	struct heap_node nodes[100] = {{0, 0}};

	for (int i = 0; i < 100; i++)
		heap_set(&h, &nodes[i], (i * 37) % 100);
	heap_set(&h, &nodes[50], -1);
	ck_assert_ptr_eq(heap_min(&h), &nodes[50]);
	heap_remove(&h, &nodes[50]);
	heap_remove(&h, &nodes[50]);
	for (double last = -1; heap_min(&h) != NULL;) {
		ck_assert(heap_min(&h)->key >= last);
		last = heap_min(&h)->key;
		heap_remove(&h, heap_min(&h));
	}
	heap_release(&h);
}
END_TEST

START_TEST(lent_keys_go_with_their_values)
{
	struct dict *d = dict_new_lent(free);
	char key[40];

	for (int i = 0; i < 1000; i++) {
		char *own = xasprintf("%*d", i % 24 + 1, i);

		dict_set(d, own, own);
	}
	ck_assert_uint_eq(dict_count(d), 1000);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "%*d", i % 24 + 1, i);
		ck_assert_str_eq(dict_get(d, key), key);
		if (i % 2 == 0)
			dict_del(d, key);
	}
	ck_assert_uint_eq(dict_count(d), 500);
	dict_free(d);
}
END_TEST

Suite *dict_suite(void);

Suite *
dict_suite(void)
{
	Suite *s = suite_create("dict");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, keeps_insertion_order_over_deletes);
	tcase_add_test(tc, keys_may_hold_nul);
	tcase_add_test(tc, lent_keys_go_with_their_values);
	tcase_add_test(tc, may_be_emptied_while_walked);
	tcase_add_test(tc, heap_gives_smallest_first_and_moves);
	suite_add_tcase(s, tc);
	return s;
}
