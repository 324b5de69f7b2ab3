/*
 * Compared with a model that follows spec 04 section 4 word by word, on
 * random lines.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sensor/mlf.h"

#define NOW 1750000000.0

/* What a random line says. */
struct says {
	bool nofail;
	bool gained;
	bool forget;
	bool address;
	int user; /* 0: none */
	int line; /* its number */
};

/* ---- the model: one session */

struct model {
	bool exists;
	bool nofail;
	bool gained;
	bool pending;
	bool address;
	unsigned users; /* bits */
	int matches[2000];
	int nmatches;
	int nofail_matches[2000];
	int nnofail;
};

static int
bits(unsigned v)
{
	return __builtin_popcount(v);
}

static void
model_merge(struct model *e, const struct says *l, bool nofail)
{
	bool was = e->nofail || e->gained; /* step 2 */

	if (l->user != 0)
		e->users |= 1u << l->user;
	e->nofail = e->gained = false;
	if (l->gained)
		e->pending = false;
	if (!was && !e->pending)
		e->nmatches = 0;
	e->address |= l->address;
	e->nofail |= nofail;
	e->gained |= l->gained;
}

static enum mlf_result
model_line(struct model *session, const struct says *l, struct model *r)
{
	bool n = l->nofail || l->gained, g = l->gained;
	bool had = session->exists;

	*r = *session;
	if (had)
		model_merge(r, l, n);
	else {
		memset(r, 0, sizeof(*r));
		r->nofail = n;
		r->gained = g;
		r->address = l->address;
		if (!l->forget && l->user != 0)
			r->users = 1u << l->user; /* step 3 */
	}
	r->exists = !l->forget;
	if (r->pending || bits(r->users) > 1) { /* step 4 */
		r->pending = false;
		r->nofail = r->gained = false;
		n = g = false;
	}
	if (!n) { /* step 5 */
		int both[4000], count = 0;

		for (int i = 0; i < r->nnofail; i++)
			both[count++] = r->nofail_matches[i];
		for (int i = 0; i < r->nmatches; i++)
			both[count++] = r->matches[i];
		if (!g)
			both[count++] = l->line;
		r->nnofail = 0;
		r->nmatches = count;
		memcpy(r->matches, both, (size_t)count * sizeof(int));
	} else if (!l->forget)
		r->nofail_matches[r->nnofail++] = l->line;
	if (r->nofail)
		return MLF_NOFAIL;
	if (r->address)
		return MLF_FAILURE;
	r->pending = true;
	return MLF_PENDING;
}

/* ---- the same line for the module */

static void
make_line(struct captures *c, const struct says *l, const char *id)
{
	char user[20];

	captures_reset(c);
	captures_set(c, NAME_MLFID, id, strlen(id));
	captures_set(c, NAME_NOFAIL, l->nofail ? "n" : NULL, 1);
	captures_set(c, NAME_MLFGAINED, l->gained ? "g" : NULL, 1);
	captures_set(c, NAME_MLFFORGET, l->forget ? "f" : NULL, 1);
	captures_set(c, NAME_IP4, l->address ? "192.0.2.1" : NULL, 9);
	(void)snprintf(user, sizeof(user), "u%d", l->user);
	captures_set(c, NAME_USER, l->user == 0 ? NULL : user, strlen(user));
}

static void
ck_same(enum mlf_result result, const struct mlf_found *found,
    const struct model *r, enum mlf_result expected)
{
	ck_assert_int_eq(result, expected);
	if (result != MLF_FAILURE)
		return;
	ck_assert_uint_eq(found->lines->n, (size_t)r->nmatches);
	ck_assert_uint_eq(found->nusers, (size_t)bits(r->users));
	for (size_t i = 0; i < found->lines->n; i++) {
		struct triple t = linelist_at(found->lines, i);
		char number[20];

		(void)snprintf(number, sizeof(number), "%d", r->matches[i]);
		ck_assert_uint_eq(t.after_n, strlen(number));
		ck_assert(memcmp(t.after, number, t.after_n) == 0);
	}
}

static unsigned
next_random(unsigned *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

START_TEST(random_sessions_agree_with_the_model)
{
	static struct model sessions[2], r;
	struct mlf *m = mlf_new(MLF_MAX);
	struct captures c = CAPTURES_INIT;
	unsigned seed = (unsigned)_i + 1;

	memset(sessions, 0, sizeof(sessions));
	for (int i = 0; i < 1000; i++) {
		unsigned x = next_random(&seed), s = x & 1;
		struct says l = {
		    .nofail = (x & 2) != 0,
		    .gained = (x & 0x1c) == 0,
		    .forget = (x & 0x60) == 0,
		    .address = (x & 0x80) != 0,
		    .user = (int)(x >> 8 & 3),
		    .line = i,
		};
		char number[20];
		struct triple t = {"", 0, "", 0, number, 0};
		struct mlf_line line = {
		    .data = &c, .lines = &t, .n = 1, .time = NOW, .now = NOW};
		struct mlf_found found;
		enum mlf_result result, expected;

		t.after_n = (size_t)snprintf(number, sizeof(number), "%d", i);
		make_line(&c, &l, s == 0 ? "a" : "b");
		result = mlf_line(m, &line, &found);
		expected = model_line(&sessions[s], &l, &r);
		ck_same(result, &found, &r, expected);
		sessions[s] = r;
	}
	captures_release(&c);
	mlf_free(m);
}
END_TEST

/* One pending line of this id, so many seconds by the log after the first. */
static void
touch_at(struct mlf *m, int id, double after)
{
	struct says l = {.line = 1};
	struct captures c = CAPTURES_INIT;
	struct mlf_line line = {.data = &c, .time = NOW + after, .now = NOW};
	struct mlf_found found;
	char text[20];

	(void)snprintf(text, sizeof(text), "%d", id);
	make_line(&c, &l, text);
	(void)mlf_line(m, &line, &found);
	captures_release(&c);
}

static void
touch(struct mlf *m, int id)
{
	touch_at(m, id, 0);
}

START_TEST(old_log_does_not_pile_up)
{
	struct mlf *m = mlf_new(MLF_MAX);

	for (int i = 0; i < 3000; i++)
		touch_at(m, i, i);
	/* those of the last five minutes */
	ck_assert_uint_ge(mlf_count(m), 300);
	ck_assert_uint_le(mlf_count(m), 302);
	for (int i = 3000; i < 3100; i++)
		touch_at(m, i, i * 1000.0);
	/* but never less than fail2ban would */
	ck_assert_uint_ge(mlf_count(m), 100);
	ck_assert_uint_eq(mlf_evicted(m), 0);
	mlf_free(m);
}
END_TEST

START_TEST(least_recently_used_goes_first)
{
	struct mlf *m = mlf_new(3);
	struct says l = {.address = true};
	struct captures c = CAPTURES_INIT;
	struct mlf_line line = {.data = &c, .time = NOW, .now = NOW};
	struct mlf_found found;

	touch(m, 1);
	make_line(&c, &l, "2");
	(void)mlf_line(m, &line, &found);
	touch(m, 3);
	ck_assert(mlf_knows(m, "2", 1));
	touch(m, 2);
	touch(m, 1);
	touch(m, 4); /* 3 is the one */
	ck_assert_uint_eq(mlf_count(m), 3);
	ck_assert_uint_eq(mlf_evicted(m), 1);
	ck_assert(mlf_knows(m, "2", 1));
	touch(m, 5);
	ck_assert(!mlf_knows(m, "2", 1));
	captures_release(&c);
	mlf_free(m);
}
END_TEST

/* A line of session "1" with these captures; the value of each is its name. */
static enum mlf_result
feed(struct mlf *m, enum name first, enum name second, struct mlf_found *found)
{
	struct captures c = CAPTURES_INIT;
	struct mlf_line line = {.data = &c, .time = NOW, .now = NOW};
	enum mlf_result result;

	captures_set(&c, NAME_MLFID, "1", 1);
	captures_set(&c, first, "x", 1);
	captures_set(&c, second, "x", 1);
	result = mlf_line(m, &line, found);
	captures_release(&c);
	return result;
}

START_TEST(a_connection_with_mlfonce_counts_once)
{
	struct mlf *m = mlf_new(10);
	struct mlf_found found;

	ck_assert_int_eq(
	    feed(m, NAME_MLFONCE, NAME_MLFONCE, &found), MLF_PENDING);
	ck_assert_int_eq(feed(m, NAME_NOFAIL, NAME_IP4, &found), MLF_FAILURE);
	ck_assert_int_eq(feed(m, NAME_MLFONCE, NAME_IP4, &found), MLF_NOFAIL);
	ck_assert_int_eq(feed(m, NAME_IP4, NAME_IP4, &found), MLF_NOFAIL);
	ck_assert_int_eq(
	    feed(m, NAME_MLFFORGET, NAME_NOFAIL, &found), MLF_NOFAIL);
	ck_assert_int_eq(feed(m, NAME_MLFONCE, NAME_IP4, &found), MLF_FAILURE);
	mlf_free(m);
}
END_TEST

START_TEST(address_of_the_line_wins_over_an_earlier_family)
{
	struct mlf *m = mlf_new(10);
	struct mlf_found found;

	ck_assert_int_eq(feed(m, NAME_IP4, NAME_IP4, &found), MLF_FAILURE);
	ck_assert_int_eq(feed(m, NAME_IP6, NAME_IP6, &found), MLF_FAILURE);
	ck_assert(!captures_has(found.data, NAME_IP4));
	ck_assert_int_eq(feed(m, NAME_DNS, NAME_DNS, &found), MLF_FAILURE);
	ck_assert(!captures_has(found.data, NAME_IP6));
	mlf_free(m);
}
END_TEST

START_TEST(lines_of_an_endless_session_are_bounded)
{
	struct mlf *m = mlf_new(3);
	struct says l = {.line = 1};
	struct captures c = CAPTURES_INIT;
	struct triple t = {"", 0, "", 0, "x", 1};
	struct mlf_line line = {
	    .data = &c, .lines = &t, .n = 1, .time = NOW, .now = NOW};
	struct mlf_found found;

	for (int i = 0; i < 5000; i++) {
		l.user = i % 4;
		make_line(&c, &l, "a");
		(void)mlf_line(m, &line, &found);
	}
	ck_assert_uint_le(found.lines->n, LINELIST_MAX);
	ck_assert_uint_gt(found.lines->n, LINELIST_MAX / 4);
	captures_release(&c);
	mlf_free(m);
}
END_TEST

Suite *mlf_suite(void);

Suite *
mlf_suite(void)
{
	Suite *s = suite_create("mlf");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, random_sessions_agree_with_the_model, 0, 24);
	tcase_add_test(tc, old_log_does_not_pile_up);
	tcase_add_test(tc, least_recently_used_goes_first);
	tcase_add_test(tc, a_connection_with_mlfonce_counts_once);
	tcase_add_test(tc, address_of_the_line_wins_over_an_earlier_family);
	tcase_add_test(tc, lines_of_an_endless_session_are_bounded);
	suite_add_tcase(s, tc);
	return s;
}
