#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/mail.h"
#include "engine/smtpclient.h"

static struct letter letter;
static struct err err;
static char heard[4096]; /* what the server was told */

/* Answers by the beginning of a line; "" is the greeting. */
struct answer {
	const char *to;
	const char *text;
};

static const struct answer polite[] = {
    {"", "220 mail.example.org ESMTP"},
    {"EHLO", "250-hello\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN"},
    {"MAIL", "250 ok"},
    {"RCPT", "250 ok"},
    {"DATA", "354 go on"},
    {".\r", "250 queued"},
    {"QUIT", "221 bye"},
    {"AUTH PLAIN AHUAcA==", "235 welcome"},
    {NULL, NULL},
};

static const char *
find(const struct answer *table, const char *line)
{
	for (; table->to != NULL; table++)
		if (table->to[0] != '\0' &&
		    strncmp(line, table->to, strlen(table->to)) == 0)
			return table->text;
	return NULL;
}

/* A server in a child: writes what it hears to the pipe. */
static void
serve(int fd, int record, const struct answer *table)
{
	FILE *in = fdopen(fd, "r");
	char line[1024];
	bool data = false;

	dprintf(fd, "%s\r\n", table[0].text);
	while (fgets(line, sizeof(line), in) != NULL) {
		const char *text = find(table, line);

		(void)!write(record, line, strlen(line));
		if (data && strcmp(line, ".\r\n") != 0)
			continue;
		if (text == NULL)
			text = "500 what?";
		data = strncmp(text, "354", 3) == 0;
		dprintf(fd, "%s\r\n", text);
	}
	_exit(0);
}

static int
converse(const char *input, const struct answer *table)
{
	int pair[2], record[2], ret;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	ck_assert_int_eq(letter_read(&letter, input, strlen(input), &err), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(pipe(record), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		serve(pair[1], record[1], table);
	}
	(void)close(pair[1]);
	(void)close(record[1]);
	ret = letter_send(pair[0], pair[0], &letter, &err);
	(void)close(pair[0]);
	while ((got = read(record[0], heard + n, sizeof(heard) - 1 - n)) > 0)
		n += (size_t)got;
	heard[n] = '\0';
	(void)close(record[0]);
	(void)waitpid(pid, NULL, 0);
	return ret;
}

static void
setup(void)
{
	err = (struct err)ERR_INIT;
	memset(&letter, 0, sizeof(letter));
}

static void
teardown(void)
{
	letter_release(&letter);
	err_release(&err);
	clock_set(-1);
}

START_TEST(a_mail_is_delivered)
{
	ck_assert_int_eq(converse("host h\nfrom me@x\nto root\nto you@y\n\n"
	                          "Subject: s\n\n.dot\nend",
	                     polite),
	    0);
	ck_assert_str_eq(strchr(heard, '\n') + 1,
	    "MAIL FROM:<me@x>\r\nRCPT TO:<root>\r\nRCPT TO:<you@y>\r\nDATA\r\n"
	    "Subject: s\r\n\r\n..dot\r\nend\r\n.\r\nQUIT\r\n");
}
END_TEST

START_TEST(a_user_logs_in)
{
	ck_assert_int_eq(
	    converse("host h\nuser u\npassword p\nfrom f\nto t\n\nx", polite),
	    0);
	ck_assert_ptr_nonnull(strstr(heard, "AUTH PLAIN AHUAcA==\r\nMAIL"));
}
END_TEST

START_TEST(login_is_the_other_way)
{
	static const struct answer login[] = {
	    {"", "220 x"},
	    {"EHLO", "250-x\r\n250 AUTH LOGIN"},
	    {"AUTH LOGIN", "334 VXNlcm5hbWU6"},
	    {"dQ==", "334 UGFzc3dvcmQ6"},
	    {"cA==", "535 no"},
	    {NULL, NULL},
	};

	ck_assert_int_eq(
	    converse("host h\nuser u\npassword p\nfrom f\nto t\n\nx", login),
	    -1);
	ck_assert_str_eq(err_text(&err), "login refused: 535 no");
}
END_TEST

START_TEST(one_recipient_is_enough)
{
	static const struct answer one[] = {
	    {"", "220 x"},
	    {"EHLO", "500 no"},
	    {"HELO", "250 x"},
	    {"MAIL", "250 ok"},
	    {"RCPT TO:<a>", "550 unknown"},
	    {"RCPT TO:<b>", "250 ok"},
	    {"DATA", "354 go on"},
	    {".\r", "250 queued"},
	    {NULL, NULL},
	};

	ck_assert_int_eq(converse("host h\nfrom f\nto a\nto b\n\nx", one), 0);
}
END_TEST

START_TEST(no_recipient_is_an_error)
{
	ck_assert_int_eq(
	    converse("host h\nfrom f\nto a\n\nx",
	        (const struct answer[]){{"", "220 x"}, {"EHLO", "250 x"},
	            {"MAIL", "250 ok"}, {"RCPT", "550 unknown"}, {NULL, NULL}}),
	    -1);
	ck_assert_str_eq(
	    err_text(&err), "every recipient refused: 550 unknown");
}
END_TEST

START_TEST(a_server_that_is_none_is_an_error)
{
	ck_assert_int_eq(
	    converse("host h\nfrom f\nto a\n\nx",
	        (const struct answer[]){{"", "SSH-2.0-OpenSSH"}, {NULL, NULL}}),
	    -1);
	ck_assert_str_eq(err_text(&err), "no SMTP answer: SSH-2.0-OpenSSH\n");
}
END_TEST

/* fail2ban: headers recorded from smtp.py of 1.0.2. */
START_TEST(the_text_of_a_mail)
{
	struct mail m = {.subject = BUF_INIT,
	    .body = BUF_INIT,
	    .from_name = "S\303\266me",
	    .from = "fail2ban",
	    .to = "root, foo bar@x"};
	struct buf out = BUF_INIT;

	clock_set(1795531768);
	buf_adds(&m.subject, "[Fail2Ban] J: banned 1\r\nBcc: x");
	buf_adds(&m.body, "Hi\n");
	mail_print(&out, &m);
	ck_assert_str_eq(out.p,
	    "Content-Type: text/plain; charset=\"us-ascii\"\n"
	    "MIME-Version: 1.0\n"
	    "Content-Transfer-Encoding: 7bit\n"
	    "Subject: [Fail2Ban] J: banned 1  Bcc: x\n"
	    "From: =?utf-8?b?U8O2bWU=?= <fail2ban>\n"
	    "To: root, foo bar@x\n"
	    "Date: Tue, 24 Nov 2026 14:49:28 -0000\n"
	    "\n"
	    "Hi\n\n");
	buf_reset(&out);
	buf_reset(&m.body);
	buf_adds(&m.body, "Matches for this ban:\nline 1 \303\244\303\266\n");
	mail_print(&out, &m);
	ck_assert_ptr_nonnull(strstr(
	    out.p, "\n\nTWF0Y2hlcyBmb3IgdGhpcyBiYW46CmxpbmUgMSDDpMO2Cg==\n"));
	ck_assert_ptr_nonnull(strstr(out.p, "charset=\"utf-8\""));
	ck_assert_ptr_nonnull(strstr(out.p, "Encoding: base64\n"));
	buf_release(&out);
	buf_release(&m.subject);
	buf_release(&m.body);
}
END_TEST

Suite *smtp_suite(void);

Suite *
smtp_suite(void)
{
	Suite *s = suite_create("smtp");
	TCase *tc = tcase_create("core");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_mail_is_delivered);
	tcase_add_test(tc, a_user_logs_in);
	tcase_add_test(tc, login_is_the_other_way);
	tcase_add_test(tc, one_recipient_is_enough);
	tcase_add_test(tc, no_recipient_is_an_error);
	tcase_add_test(tc, a_server_that_is_none_is_an_error);
	tcase_add_test(tc, the_text_of_a_mail);
	suite_add_tcase(s, tc);
	return s;
}
