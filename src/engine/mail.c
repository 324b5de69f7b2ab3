/*
 * Bodies of ASCII are sent as they are; others, and those with lines longer
 * than mail servers take, in base 64.
 */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "engine/mail.h"

enum {
	LINE_MAX_PLAIN = 900,
	LINE_MAX_BASE64 = 76,
};

void
mail_base64(struct buf *out, const char *p, size_t n, size_t line_max)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned long three = 0;
		char four[4];

		for (size_t k = 0; k < 3; k++)
			three = three << 8 |
			        (i + k < n ? (unsigned char)p[i + k] : 0);
		for (int k = 0; k < 4; k++)
			four[k] = digits[three >> (18 - 6 * k) & 63];
		if (i + 1 >= n)
			four[2] = '=';
		if (i + 2 >= n)
			four[3] = '=';
		if (line_max > 0 && column + 4 > line_max) {
			buf_addc(out, '\n');
			column = 0;
		}
		buf_add(out, four, 4);
		column += 4;
	}
}

/* Text of a header: one line, encoded when it is not ASCII. */
static void
add_text(struct buf *out, const char *p, size_t n)
{
	struct buf clean = BUF_INIT;

	utf8_repair(&clean, p, n);
	for (size_t i = 0; i < clean.n; i++)
		if ((unsigned char)clean.p[i] < 0x20 || clean.p[i] == 0x7f)
			clean.p[i] = ' ';
	if (utf8_ascii(clean.p, clean.n) == clean.n)
		buf_add(out, clean.p, clean.n);
	else {
		buf_adds(out, "=?utf-8?b?");
		mail_base64(out, clean.p, clean.n, 0);
		buf_adds(out, "?=");
	}
	buf_release(&clean);
}

static void
add_date(struct buf *out)
{
	static const char *const days[] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)clock_now();
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	buf_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d -0000\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool
is_plain(const struct buf *b)
{
	size_t column = 0;

	for (size_t i = 0; i < b->n; i++) {
		unsigned char c = (unsigned char)b->p[i];

		if (c >= 0x80 || c == '\0' || c == '\r')
			return false;
		column = c == '\n' ? 0 : column + 1;
		if (column > LINE_MAX_PLAIN)
			return false;
	}
	return true;
}

void
mail_print(struct buf *out, const struct mail *m)
{
	bool plain = is_plain(&m->body);
	struct buf clean = BUF_INIT;

	buf_addf(out,
	    "Content-Type: text/plain; charset=\"%s\"\n"
	    "MIME-Version: 1.0\n"
	    "Content-Transfer-Encoding: %s\n"
	    "Subject: ",
	    plain ? "us-ascii" : "utf-8", plain ? "7bit" : "base64");
	add_text(out, m->subject.p, m->subject.n);
	buf_adds(out, "\nFrom: ");
	add_text(out, m->from_name, strlen(m->from_name));
	buf_adds(out, " <");
	add_text(out, m->from, strlen(m->from));
	buf_adds(out, ">\nTo: ");
	add_text(out, m->to, strlen(m->to));
	buf_addc(out, '\n');
	add_date(out);
	buf_addc(out, '\n');
	if (plain)
		buf_add(out, m->body.p, m->body.n);
	else {
		utf8_repair(&clean, m->body.p, m->body.n);
		mail_base64(out, clean.p, clean.n, LINE_MAX_BASE64);
		buf_release(&clean);
	}
	buf_addc(out, '\n');
}
