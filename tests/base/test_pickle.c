#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pickle.h"

#define BYTES(s) (s), sizeof(s) - 1

/* Decodes exact bytes on the heap, so that ASan sees a byte too many. */
static long
decode(struct value **ret, const char *p, size_t n, struct err *err)
{
	char *heap = xmalloc(n > 0 ? n : 1);
	long used;

	memcpy(heap, p, n);
	used = pickle_decode(ret, heap, n, err);
	free(heap);
	return used;
}

/* fail2ban: spec 14, requests of clients in the field and its answers */
static const struct good_case {
	const char *p;
	size_t n;
	const char *repr;
} good_cases[] = {
    {BYTES("(lp0\nVping\np1\na."), "['ping']"},
    {BYTES("(lp0\nS'ping'\np1\na."), "['ping']"},
    {BYTES("]q\0X\4\0\0\0pingq\1a."), "['ping']"},
    {BYTES("(U\4pingl."), "['ping']"},
    {BYTES("\x80\2]q\0X\4\0\0\0pingq\1a."), "['ping']"},
    {BYTES("\x80\2]U\4pinga."), "['ping']"},
    {BYTES("\x80\2](U\4pingU\003100e."), "['ping', '100']"},
    {BYTES("\x80\2(U\4pingl."), "['ping']"},
    {BYTES("\x80\3]q\0X\4\0\0\0pingq\1a."), "['ping']"},
    {BYTES("\x80\4\x95\x0b\0\0\0\0\0\0\0]\x94\x8c\4ping\x94"
           "a."),
        "['ping']"},
    {BYTES("\x80\5\x95\x0b\0\0\0\0\0\0\0]\x94\x8c\4ping\x94"
           "a."),
        "['ping']"},
    {BYTES("\x80\5\x95\x0c\0\0\0\0\0\0\0K\0\x8c\4pong\x94\x86\x94."),
        "(0, 'pong')"},
    {BYTES("\x80\5\x95\x35\0\0\0\0\0\0\0K\0]\x94(\x8c\x0eNumber of jail\x94"
           "K\2\x86\x94\x8c\tJail list\x94\x8c\6t1, t2\x94\x86\x94"
           "e\x86\x94."),
        "(0, [('Number of jail', 2), ('Jail list', 't1, t2')])"},
    {BYTES("\x80\5\x95\x32\0\0\0\0\0\0\0]\x94(\x8c\3set\x94\x8c\2t1\x94\x8c\5"
           "banip\x94\x8c\t192.0.2.1\x94\x8c\x0b"
           "2001:db8::1\x94"
           "e."),
        "['set', 't1', 'banip', '192.0.2.1', '2001:db8::1']"},
    {BYTES("\x80\5\x95\7\0\0\0\0\0\0\0K\0K\2\x86\x94."), "(0, 2)"},
    {BYTES("\x80\5\x95\x40\0\0\0\0\0\0\0K\0]\x94(\x8c\x08"
           "builtins\x94\x8c\3str\x94\x93\x94\x8c\t192.0.2.1\x94\x85\x94R\x94"
           "h\3\x8c\x0b"
           "2001:db8::1\x94\x85\x94R\x94"
           "e\x86\x94."),
        "(0, ['192.0.2.1', '2001:db8::1'])"},
    {BYTES("\x80\5K\0J\xff\xff\xff\xff\x86\x94."), "(0, -1)"},
    {BYTES("\x80\5K\0J\xa0\x86\1\0\x86\x94."), "(0, 100000)"},
    {BYTES("\x80\5K\0\x8a\5\0\xf2\5*\1\x86\x94."), "(0, 5000000000)"},
    {BYTES("\x80\5K\0N\x8c\x08^{EPOCH}\x94\x86\x94\x86\x94."),
        "(0, (None, '^{EPOCH}'))"},
    {BYTES("\x80\5K\0\x88\x86\x94."), "(0, True)"},
    {BYTES("\x80\5K\0\x89\x86\x94."), "(0, False)"},
    {BYTES("\x80\5K\1\x8c\x13"
           "fail2ban.exceptions\x94\x8c\x14UnknownJailException\x94\x93\x94\x8c"
           "\6nojail\x94\x85\x94R\x94\x86\x94."),
        "(1, UnknownJailException('nojail'))"},
    {BYTES("\x80\2K\0X\4\0\0\0pong\x86."), "(0, 'pong')"},
    {BYTES("\x80\2cexceptions\nIndexError\nU\1x\x85R."), "IndexError('x')"},
    {BYTES("\x80\2c__builtin__\nunicode\nU\1x\x85R."), "'x'"},
    {BYTES("I01\n."), "True"},
    {BYTES("I-12\n."), "-12"},
    {BYTES("L12345678901L\n."), "12345678901"},
    {BYTES("F0.5\n."), "0.5"},
    {BYTES("G?\xb9\x99\x99\x99\x99\x99\x9a."), "0.1"},
    {BYTES("\x8a\0."), "0"},
    {BYTES("\x8a\1\x80."), "-128"},
    {BYTES("M\xff\xff."), "65535"},
    {BYTES("V\xe9\\u20ac\\\n."), "'\xc3\xa9\xe2\x82\xac\\\\'"},
    {BYTES("S'a\\n\\x41\\'\\q'\n."), "\"a\\nA'\\\\q\""},
    {BYTES("(dS'a'\nI1\ns."), "{'a': 1}"},
    {BYTES("}(U\1aK\1U\1bK\2u."), "{'a': 1, 'b': 2}"},
    {BYTES("(K\1K\2K\3K\4t."), "(1, 2, 3, 4)"},
    {BYTES("\x8f(K\1K\2\x90."), "[1, 2]"},
    {BYTES("K\1K\2\x30."), "1"},
    {BYTES("](K\1K\2\x31."), "[]"},
    {BYTES("K\1\x32\x86."), "(1, 1)"},
    {BYTES("]p5\n(g5\n1."), "[]"},
    {BYTES("X\3\0\0\0\xed\xb3\xbf."), "'\\udcff'"},
};

START_TEST(decodes_what_clients_and_servers_send)
{
	const struct good_case *c = &good_cases[_i];
	struct value *v = NULL;
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT;

	ck_assert_msg(decode(&v, c->p, c->n, &err) == (long)c->n, "%s: %s",
	    c->repr, err_text(&err));
	ck_assert_str_eq(err_text(&err), "");
	value_repr(&b, v);
	ck_assert_str_eq(b.p, c->repr);
	buf_release(&b);
	value_free(v);
}
END_TEST

START_TEST(asks_for_more_at_every_cut)
{
	const struct good_case *c = &good_cases[_i];
	struct value *v = NULL;

	for (size_t n = 0; n < c->n; n++)
		ck_assert_int_eq(decode(&v, c->p, n, NULL), 0);
	ck_assert_ptr_null(v);
}
END_TEST

static const struct bad_case {
	const char *p;
	size_t n;
	const char *reason;
} bad_cases[] = {
    {BYTES("\xff."), "invalid load key, '\\xff'."},
    {BYTES("P1\n."), "invalid load key, 'P'."},
    {BYTES("\x80\6N."), "unsupported pickle protocol: 6"},
    {BYTES("."), "unpickling stack underflow"},
    {BYTES("K\1a."), "unpickling stack underflow"},
    {BYTES("]e."), "could not find MARK"},
    {BYTES("](."), "unexpected MARK found"},
    {BYTES("(e."), "unpickling stack underflow"},
    {BYTES("h\1."), "Memo value not found at index 1"},
    {BYTES("Nr\xff\xff\xff\xff."), "memo index 4294967295 is too large"},
    {BYTES("K\1K\2a."), "items for what is no list"},
    {BYTES("](K\1u."), "items for what is no dict"},
    {BYTES("}(K\1u."), "odd number of items for SETITEMS"},
    {BYTES("S'x\n."), "the STRING opcode argument must be quoted"},
    {BYTES("Ix\n."), "could not convert string to int"},
    {BYTES("\x8a\x09\0\0\0\0\0\0\0\0\1."), "integer is out of range"},
    {BYTES("]q\0h\0a."), "pickle is too deep, too long or refers to itself"},
    {BYTES("cos\nsystem\nK\1R."), "unacceptable REDUCE"},
    {BYTES("K\1)R."), "unacceptable REDUCE"},
    {BYTES("X\xff\xff\xff\xff."), "text of 4294967295 bytes is too long"},
    {BYTES("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."),
        "text of 18446744073709551615 bytes is too long"},
};

START_TEST(refuses_with_pythons_words)
{
	const struct bad_case *c = &bad_cases[_i];
	struct value *v = NULL;
	struct err err = ERR_INIT;

	ck_assert_int_eq(decode(&v, c->p, c->n, &err), -1);
	ck_assert_ptr_null(v);
	ck_assert_str_eq(err_text(&err), c->reason);
	err_release(&err);
}
END_TEST

START_TEST(says_what_python_says_at_the_end)
{
	struct value *v = NULL;
	struct err err = ERR_INIT;

	ck_assert_int_eq(decode(&v, "", 0, &err), 0);
	ck_assert_str_eq(err_text(&err), "Ran out of input");
	err_reset(&err);
	ck_assert_int_eq(decode(&v, BYTES("\x80\2]X\4\0\0\0pi"), &err), 0);
	ck_assert_str_eq(err_text(&err), "pickle data was truncated");
	err_release(&err);
}
END_TEST

/* A list of ten of a list of ten of ...: a hundred bytes for 10^14 values. */
START_TEST(does_not_unfold_a_bomb)
{
	struct buf b = BUF_INIT;
	struct value *v = NULL;

	buf_adds(&b, "N");
	for (int level = 0; level < 14; level++) {
		buf_addf(&b, "p%d\n", level);
		buf_adds(&b, "0(");
		for (int i = 0; i < 10; i++)
			buf_addf(&b, "g%d\n", level);
		buf_adds(&b, "l");
	}
	buf_adds(&b, ".");
	ck_assert_int_eq(decode(&v, b.p, b.n, NULL), -1);
	buf_release(&b);
}
END_TEST

/* Few enough values for the fixed limit, far too many for so few bytes. */
START_TEST(unfolds_in_proportion)
{
	struct buf b = BUF_INIT;
	struct value *v = NULL;

	buf_adds(&b, "N");
	for (int level = 0; level < 5; level++) {
		buf_addf(&b, "p%d\n", level);
		buf_adds(&b, "0(");
		for (int i = 0; i < 10; i++)
			buf_addf(&b, "g%d\n", level);
		buf_adds(&b, "l");
	}
	buf_adds(&b, ".");
	ck_assert_int_eq(decode(&v, b.p, b.n, NULL), -1);
	buf_release(&b);
}
END_TEST

START_TEST(stops_at_depth)
{
	struct buf b = BUF_INIT;
	struct value *v = NULL;

	for (int i = 0; i < 100000; i++)
		buf_adds(&b, "]");
	for (int i = 1; i < 100000; i++)
		buf_adds(&b, "a");
	buf_adds(&b, ".");
	ck_assert_int_eq(decode(&v, b.p, b.n, NULL), -1);
	buf_release(&b);
}
END_TEST

static struct value *
sample(void)
{
	static const int64_t ints[] = {0, 1, 255, 256, 65535, 65536, -1,
	    INT32_MAX, INT32_MIN, (int64_t)INT32_MAX + 1,
	    (int64_t)INT32_MIN - 1, 5000000000, -5000000000,
	    ((int64_t)1 << 39) - 1, (int64_t)1 << 39, -((int64_t)1 << 39),
	    -((int64_t)1 << 39) - 1, INT64_MAX, INT64_MIN};
	struct value *v = value_list(), *t = value_tuple(), *d = value_dict();
	struct value *e;

	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++)
		value_add(v, value_int(ints[i]));
	value_add(v, t);
	for (int i = 0; i < 4; i++) {
		value_add(v, value_copy(t));
		value_add(t, value_text("a\xff\xc3\xa9\0b"));
	}
	value_add(v, value_textn("x\0y", 3));
	value_add(v, value_bool(true));
	value_add(v, value_bool(false));
	value_add(v, value_none());
	value_add(v, value_float(-0.5));
	value_add(v, value_list());
	value_add(v, d);
	value_set(d, "key", value_pair(value_int(1), value_text("")));
	e = value_add(v, value_object("fail2ban.exceptions.DuplicateJail"));
	value_add(e, value_text("j"));
	return v;
}

START_TEST(what_is_encoded_decodes_to_the_same)
{
	struct value *v = sample(), *back = NULL;
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;

	pickle_encode(&b, v);
	ck_assert_msg(
	    decode(&back, b.p, b.n, &err) == (long)b.n, "%s", err_text(&err));
	ck_assert(value_eq(v, back));
	value_free(v);
	value_free(back);
	buf_release(&b);
}
END_TEST

/* fail2ban: bytes that its client was seen to accept (spec 14 section 3) */
START_TEST(encodes_as_readers_expect)
{
	static const char pong[] = "\x80\2K\0X\4\0\0\0pong\x86.";
	static const char status[] =
	    "\x80\2K\0](X\x0e\0\0\0Number of jailK\1\x86X\t\0\0\0Jail listX\2\0"
	    "\0\0t1\x86"
	    "e\x86.";
	struct value *list = value_list(), *v;
	struct buf b = BUF_INIT;

	v = value_pair(value_int(0), value_text("pong"));
	pickle_encode(&b, v);
	ck_assert_mem_eq(b.p, pong, sizeof(pong) - 1);
	value_free(v);
	buf_reset(&b);
	value_add(list, value_pair(value_text("Number of jail"), value_int(1)));
	value_add(list, value_pair(value_text("Jail list"), value_text("t1")));
	v = value_pair(value_int(0), list);
	pickle_encode(&b, v);
	ck_assert_uint_eq(b.n, sizeof(status) - 1);
	ck_assert_mem_eq(b.p, status, sizeof(status) - 1);
	value_free(v);
	buf_release(&b);
}
END_TEST

Suite *pickle_suite(void);

Suite *
pickle_suite(void)
{
	Suite *s = suite_create("pickle");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, decodes_what_clients_and_servers_send, 0,
	    sizeof(good_cases) / sizeof(good_cases[0]));
	tcase_add_loop_test(tc, asks_for_more_at_every_cut, 0,
	    sizeof(good_cases) / sizeof(good_cases[0]));
	tcase_add_loop_test(tc, refuses_with_pythons_words, 0,
	    sizeof(bad_cases) / sizeof(bad_cases[0]));
	tcase_add_test(tc, says_what_python_says_at_the_end);
	tcase_add_test(tc, does_not_unfold_a_bomb);
	tcase_add_test(tc, unfolds_in_proportion);
	tcase_add_test(tc, stops_at_depth);
	tcase_add_test(tc, what_is_encoded_decodes_to_the_same);
	tcase_add_test(tc, encodes_as_readers_expect);
	suite_add_tcase(s, tc);
	return s;
}
