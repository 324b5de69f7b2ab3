#include <check.h>
#include <string.h>

#include "fake.h"
#include "server/cymru.h"

/* fail2ban: names and columns recorded from 1.0.2 with dnspython. */
static const struct name_case {
	const char *id;
	const char *name; /* NULL: no address */
} name_cases[] = {
    {"192.0.2.1", "1.2.0.192.origin.asn.cymru.com"},
    {"2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                    "8.b.d.0.1.0.0.2.origin6.asn.cymru.com"},
    {"192.0.2.0/24", "0.2.0.192.origin.asn.cymru.com"},
    {"user@example.com", NULL},
    {"", NULL},
};

START_TEST(asks_below_the_zone_of_the_family)
{
	const struct name_case *c = &name_cases[_i];
	struct buf b = BUF_INIT;

	ck_assert_int_eq(cymru_name(&b, c->id), c->name != NULL);
	ck_assert_str_eq(b.p, c->name != NULL ? c->name : "");
	buf_release(&b);
}
END_TEST

static const struct column_case {
	const char *records[3];
	const char *columns[CYMRU_COLUMNS]; /* NULL: malformed */
} column_cases[] = {
    {{"64500 | 192.0.2.0/24 | DE | ripencc | 2001-02-03"},
        {"64500", "DE", "ripencc"}},
    {{"64501 64502 | 192.0.2.0/24 | US | arin | 2001-02-03"},
        {"64501 64502", "US", "arin"}},
    {{"64503 | 192.0.2.0/24 | FR | ripencc | 2001-02-03",
         "64504 | 192.0.2.0/25 | FR | apnic | 2001"},
        {"64503, 64504", "FR", "apnic, ripencc"}},
    {{"64508 | 192.0.2.0/24 |  | arin | 2001"}, {"64508", "unknown", "arin"}},
    {{"64509|192.0.2.0/24|NL|ripencc"}, {"64509", "NL", "ripencc"}},
    {{"junk"}, {"junk", NULL, NULL}},
    {{"1 | x | D\033E | ripencc"}, {"1", NULL, "ripencc"}},
    {{NULL}, {NULL, NULL, NULL}},
};

START_TEST(takes_the_records_apart)
{
	const struct column_case *c = &column_cases[_i];
	struct value *records = value_list();

	for (int i = 0; i < 3 && c->records[i] != NULL; i++)
		value_adds(records, c->records[i]);
	for (int i = 0; i < CYMRU_COLUMNS; i++) {
		struct buf b = BUF_INIT;

		ck_assert_int_eq(
		    cymru_column(&b, records, (enum cymru_column)i),
		    c->columns[i] != NULL);
		if (c->columns[i] != NULL)
			ck_assert_str_eq(b.p, c->columns[i]);
		buf_release(&b);
	}
	value_free(records);
}
END_TEST

START_TEST(status_has_a_column_of_each_kind)
{
	struct server *s = fake_server();

	(void)fake_run(s, "['add', 'j', 'polling']");
	(void)fake_run(s, "['start', 'j']");
	ck_assert_ptr_nonnull(strstr(fake_run(s, "['status', 'j', 'cymru']"),
	    "('Banned IP list', []), ('Banned ASN list', []), "
	    "('Banned Country list', []), ('Banned RIR list', [])"));
	(void)fake_run(
	    s, "['set', 'j', 'banip', '192.0.2.1', '192.0.2.2', 'x y']");
	ck_assert_ptr_nonnull(
	    strstr(fake_run(s, "['status', '--all', 'cymru']"),
	        "('Banned IP list', ['192.0.2.1', '192.0.2.2', 'x y']), "
	        "('Banned ASN list', ['64500', 'nxdomain', 'error']), "
	        "('Banned Country list', ['DE', 'nxdomain', 'error']), "
	        "('Banned RIR list', ['ripencc', 'nxdomain', 'error'])"));
	fake_server_free(s);
}
END_TEST

Suite *cymru_suite(void);

Suite *
cymru_suite(void)
{
	Suite *s = suite_create("cymru");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, asks_below_the_zone_of_the_family, 0,
	    sizeof(name_cases) / sizeof(name_cases[0]));
	tcase_add_loop_test(tc, takes_the_records_apart, 0,
	    sizeof(column_cases) / sizeof(column_cases[0]));
	tcase_add_test(tc, status_has_a_column_of_each_kind);
	suite_add_tcase(s, tc);
	return s;
}
