#include <check.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/ticket.h"

START_TEST(id_is_normalised_where_it_is_an_address)
{
	struct ticket *t = ticket_new("::ffff:192.0.2.1", 16, 1);

	ck_assert_str_eq(t->id, "192.0.2.1");
	ck_assert(t->is_addr);
	ck_assert_int_eq(ticket_family(t), AF_INET);
	ticket_free(t);
	t = ticket_new("some.host", 9, 1);
	ck_assert_str_eq(t->id, "some.host");
	ck_assert_int_eq(ticket_family(t), 0);
	ticket_free(t);
}
END_TEST

START_TEST(address_of_another_id_comes_from_data)
{
	struct ticket *t = ticket_new("user1", 5, 1), *copy;

	value_set(t->data, "ip", value_text("2001:db8::1"));
	copy = ticket_copy(t);
	ticket_free(t);
	ck_assert_str_eq(ticket_ip(copy), "2001:db8::1");
	ck_assert_int_eq(ticket_family(copy), AF_INET6);
	ticket_free(copy);
}
END_TEST

START_TEST(end_follows_own_or_common_bantime)
{
	struct ticket *t = ticket_new("a", 1, 1000);

	ck_assert(ticket_end(t, 60) == 1060);
	ck_assert(isinf(ticket_end(t, -1)));
	t->has_bantime = true;
	t->bantime = 5;
	ck_assert(ticket_end(t, 60) == 1005);
	t->bantime = -1;
	ck_assert(isinf(ticket_end(t, 60)));
	ticket_free(t);
}
END_TEST

START_TEST(shown_id_cannot_forge_a_line)
{
	struct buf out = BUF_INIT;

	ticket_shown(&out, "x\nNOTICE \033[0m", 13);
	ck_assert_str_eq(out.p, "x\\x0aNOTICE \\x1b[0m");
	buf_release(&out);
}
END_TEST

START_TEST(times_beyond_the_calendar_print_its_end)
{
	struct buf out = BUF_INIT;

	ticket_print_time(&out, INFINITY);
	ck_assert_str_eq(out.p, "9999-12-31 23:59:59");
	buf_reset(&out);
	ticket_print_time(&out, -1e300);
	ck_assert_str_eq(out.p, "0001-01-01 00:00:00");
	buf_reset(&out);
	ticket_print_time(&out, 4102444800);
	ck_assert_str_eq(out.p, "2100-01-01 00:00:00");
	buf_reset(&out);
	ticket_print_time(&out, 0.7);
	ck_assert_str_eq(out.p, "1970-01-01 00:00:00");
	buf_release(&out);
}
END_TEST

START_TEST(packed_tickets_are_the_same_again)
{
	struct ticket *t = ticket_new("192.0.2.1", 9, 1795340016.5);
	struct value *match = value_list();
	struct ticket *copy, *same = NULL;

	value_adds(match, "before");
	value_add(match, value_none());
	value_add(match, value_textn("a\0b", 3));
	value_add(t->matches, match);
	value_adds(t->matches, "joined");
	value_set(t->data, "user", value_text("root"));
	value_set(t->data, "ip", value_text("2001:db8::1"));
	same = ticket_copy(t);
	ticket_pack(t);
	ticket_pack(t);
	copy = ticket_copy(t);
	ticket_free(t);
	ticket_unpack(copy);
	ticket_unpack(copy);
	ck_assert(value_eq(copy->matches, same->matches));
	ck_assert(value_eq(copy->data, same->data));
	ck_assert_str_eq(ticket_ip(copy), "2001:db8::1");
	ck_assert_double_eq(copy->time, 1795340016.5);
	ticket_free(copy);
	ticket_free(same);
}
END_TEST

Suite *ticket_suite(void);

Suite *
ticket_suite(void)
{
	Suite *s = suite_create("ticket");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, id_is_normalised_where_it_is_an_address);
	tcase_add_test(tc, address_of_another_id_comes_from_data);
	tcase_add_test(tc, end_follows_own_or_common_bantime);
	tcase_add_test(tc, shown_id_cannot_forge_a_line);
	tcase_add_test(tc, times_beyond_the_calendar_print_its_end);
	tcase_add_test(tc, packed_tickets_are_the_same_again);
	suite_add_tcase(s, tc);
	return s;
}
