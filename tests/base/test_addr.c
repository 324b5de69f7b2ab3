#include <arpa/inet.h>
#include <check.h>
#include <string.h>

#include "base/addr.h"

/* fail2ban: the tables of spec 07 section 6 and 10 section 1. */
static const struct text_case {
	const char *in;
	const char *out; /* NULL: no address */
} text_cases[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"192.0.2.77/24", "192.0.2.0/24"},
    {"192.0.2.9/255.255.255.0", "192.0.2.0/24"},
    {"192.0.2.5/32", "192.0.2.5"},
    {"192.0.2.1/33", "192.0.2.1"},
    {"0.0.0.0/0", "0.0.0.0/0"},
    {"2001:DB8::1", "2001:db8::1"},
    {"2001:db8::1/ffff:ffff::", "2001:db8::/32"},
    {"2001:db8::1/128", "2001:db8::1"},
    {"2001:db8:0:8000::1/49", "2001:db8:0:8000::/49"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::192.0.2.1", "::192.0.2.1"},
    {"[2001:db8::2]", "2001:db8::2"},
    {"[192.0.2.1]", "192.0.2.1"},
    {"::/0", "::/0"},
    {"::ffff:192.0.2.0/120", NULL},
    {"192.0.2.0/255.0.255.0", NULL},
    {"192.0.2.0/ffff::", NULL},
    {"192.0.2.300", NULL},
    {"010.1.1.1", NULL},
    {"192.0.2.01", NULL},
    {"1.2.3", NULL},
    {"fe80::1%eth0", NULL},
    {"[2001:db8::1]/64", NULL},
    {" 192.0.2.1", NULL},
    {"192.0.2.1 ", NULL},
    {"192.0.2.1/", NULL},
    {"192.0.2.1/-1", NULL},
    {"some.host", NULL},
    {"notip!", NULL},
    {"[]", NULL},
    {"", NULL},
};

START_TEST(text_has_one_normal_form)
{
	const struct text_case *c = &text_cases[_i];
	struct buf out = BUF_INIT;
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, c->in, strlen(c->in)), c->out != NULL);
	addr_normalise(&out, c->in, strlen(c->in));
	ck_assert_str_eq(out.p, c->out != NULL ? c->out : c->in);
	buf_release(&out);
}
END_TEST

static const struct in_case {
	const char *a;
	const char *net;
	bool in;
} in_cases[] = {
    {"192.0.2.1", "192.0.2.0/24", true},
    {"192.0.3.1", "192.0.2.0/24", false},
    {"192.0.2.0/25", "192.0.2.0/24", true},
    {"192.0.2.0/24", "192.0.2.0/25", false},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "::/0", false},
    {"2001:db8::1", "::/0", true},
    {"2001:db8::1", "0.0.0.0/0", false},
    {"2001:db8:7fff::1", "2001:db8::/33", true},
    {"2001:db8:8000::1", "2001:db8::/33", false},
};

START_TEST(nets_hold_their_own_family)
{
	const struct in_case *c = &in_cases[_i];
	struct addr a, net;

	ck_assert(addr_parse(&a, c->a, strlen(c->a)));
	ck_assert(addr_parse(&net, c->net, strlen(c->net)));
	ck_assert_int_eq(addr_in(&a, &net), c->in);
}
END_TEST

/* RFC 5952: of zeros as long the first are left out. musl has it otherwise. */
static bool
libc_is_oracle(void)
{
	static const unsigned char tie[16] = {[5] = 0x20, [10] = 0xff, 0xff};
	char text[INET6_ADDRSTRLEN];

	(void)inet_ntop(AF_INET6, tie, text, sizeof(text));
	return strcmp(text, "::20:0:0:ffff:0:0") == 0;
}

/* All places of zeros, short and long groups. */
START_TEST(printed_as_inet_ntop_does)
{
	static const unsigned groups[] = {0, 1, 0x20, 0x300, 0x4000, 0xffff};

	if (!libc_is_oracle())
		return;
	for (unsigned n = 0; n < 6 * 256; n++) {
		struct addr a = {.family = AF_INET6, .plen = 128};
		struct buf out = BUF_INIT;
		char want[INET6_ADDRSTRLEN];

		for (int i = 0; i < 8; i++) {
			unsigned g = (n >> i & 1) != 0
			                 ? groups[(n / 256 + (unsigned)i) % 6]
			                 : 0;

			a.bytes[2 * i] = (unsigned char)(g >> 8);
			a.bytes[2 * i + 1] = (unsigned char)g;
		}
		(void)inet_ntop(AF_INET6, a.bytes, want, sizeof(want));
		addr_print(&out, &a);
		ck_assert_str_eq(out.p, want);
		buf_reset(&out);
		a.family = AF_INET;
		a.plen = 32;
		(void)inet_ntop(AF_INET, a.bytes, want, sizeof(want));
		addr_print(&out, &a);
		ck_assert_str_eq(out.p, want);
		buf_release(&out);
	}
}
END_TEST

START_TEST(text_with_nul_is_no_address)
{
	struct addr a;

	ck_assert(!addr_parse(&a, "192.0.2.1\0x", 11));
}
END_TEST

Suite *addr_suite(void);

Suite *
addr_suite(void)
{
	Suite *s = suite_create("addr");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, text_has_one_normal_form, 0,
	    sizeof(text_cases) / sizeof(text_cases[0]));
	tcase_add_loop_test(tc, nets_hold_their_own_family, 0,
	    sizeof(in_cases) / sizeof(in_cases[0]));
	tcase_add_test(tc, printed_as_inet_ntop_does);
	tcase_add_test(tc, text_with_nul_is_no_address);
	suite_add_tcase(s, tc);
	return s;
}
