#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/logformat.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { DATE_MAX = 64 };

static struct tm
local(double time)
{
	time_t seconds = (time_t)time;
	struct tm tm;

	(void)localtime_r(&seconds, &tm);
	return tm;
}

static int
milliseconds(double time)
{
	return (int)((time - (double)(time_t)time) * 1000);
}

static void
print_logger(struct buf *out, const struct logrecord *r)
{
	buf_adds(out, "fail2ban");
	if (r->name[0] == '\0')
		return;
	buf_addc(out, '.');
	buf_adds(out, r->name);
}

static void
field_asctime(struct buf *out, const struct logrecord *r)
{
	int ms = milliseconds(r->time);
	const char text[4] = {',', (char)('0' + ms / 100 % 10),
	    (char)('0' + ms / 10 % 10), (char)('0' + ms % 10)};

	clock_print(out, (time_t)r->time);
	buf_add(out, text, sizeof(text));
}

static void
field_name(struct buf *out, const struct logrecord *r)
{
	print_logger(out, r);
}

static void
field_process(struct buf *out, const struct logrecord *r)
{
	char text[12], *p = text + sizeof(text);
	int n = r->pid;

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	buf_add(out, p, (size_t)(text + sizeof(text) - p));
}

static void
field_levelname(struct buf *out, const struct logrecord *r)
{
	buf_adds(out, log_level_name(r->level));
}

static void
field_levelno(struct buf *out, const struct logrecord *r)
{
	buf_addf(out, "%d", r->level);
}

static void
field_message(struct buf *out, const struct logrecord *r)
{
	buf_add(out, r->msg, r->n);
}

static void
field_module(struct buf *out, const struct logrecord *r)
{
	buf_adds(out, r->name[0] != '\0' ? r->name : "fail2ban");
}

static void
field_main_thread(struct buf *out, const struct logrecord *r)
{
	(void)r;
	buf_adds(out, "MainThread");
}

static void
field_main_process(struct buf *out, const struct logrecord *r)
{
	(void)r;
	buf_adds(out, "MainProcess");
}

static void
field_created(struct buf *out, const struct logrecord *r)
{
	buf_addf(out, "%f", r->time);
}

static void
field_msecs(struct buf *out, const struct logrecord *r)
{
	buf_addf(out, "%d", milliseconds(r->time));
}

static void
field_relative(struct buf *out, const struct logrecord *r)
{
	buf_addf(out, "%lld", (long long)((r->time - r->start) * 1000));
}

#define FIELD(name) name, sizeof(name) - 1

static const struct field {
	const char *name;
	void (*print)(struct buf *out, const struct logrecord *r);
} fields[] = {
    {"asctime", field_asctime},
    {"created", field_created},
    {"levelname", field_levelname},
    {"levelno", field_levelno},
    {"message", field_message},
    {"module", field_module},
    {"msecs", field_msecs},
    {"name", field_name},
    {"process", field_process},
    {"processName", field_main_process},
    {"relativeCreated", field_relative},
    {"thread", field_process},
    {"threadName", field_main_thread},
};

static const struct field *
field_find(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].name) == n &&
		    memcmp(fields[i].name, name, n) == 0)
			return &fields[i];
	return NULL;
}

struct spec {
	bool left;
	bool zero;
	int width;
	int precision; /* -1: none */
	char conversion;
};

enum { WIDTH_MAX = 1000 };

static int
number(const char **p)
{
	int n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		if (n < WIDTH_MAX)
			n = n * 10 + (**p - '0');
	return n < WIDTH_MAX ? n : WIDTH_MAX;
}

/* What stands after "%(name)"; returns what follows it. */
static const char *
parse_spec(struct spec *s, const char *p)
{
	*s = (struct spec){.precision = -1};
	for (; *p != '\0' && strchr("-0+ #", *p) != NULL; p++) {
		s->left = s->left || *p == '-';
		s->zero = s->zero || *p == '0';
	}
	s->width = number(&p);
	if (*p == '.') {
		p++;
		s->precision = number(&p);
	}
	s->conversion = *p;
	return *p == '\0' ? p : p + 1;
}

/* In hexadecimal, where the conversion asks for it. */
static void
to_hex(struct buf *out, size_t at, char conversion)
{
	long value = strtol(out->p + at, NULL, 10);

	buf_truncate(out, at);
	buf_addf(out, conversion == 'x' ? "%lx" : "%lX", value);
}

static void
pad_left(struct buf *out, size_t at, size_t n, char c)
{
	for (size_t i = 0; i < n; i++)
		buf_splice(out, at, 0, &c, 1);
}

/* What was printed from at on gets its width. */
static void
convert(struct buf *out, size_t at, const struct spec *s)
{
	size_t length;

	if (s->conversion == 'x' || s->conversion == 'X')
		to_hex(out, at, s->conversion);
	if (s->width == 0 && s->precision < 0)
		return;
	length = utf8_length(out->p + at, out->n - at);
	if (s->precision >= 0 && s->conversion == 's' &&
	    length > (size_t)s->precision && length == out->n - at) {
		length = (size_t)s->precision;
		buf_truncate(out, at + length);
	}
	if (!s->left && length < (size_t)s->width)
		pad_left(out, at, (size_t)s->width - length,
		    s->zero && s->conversion != 's' ? '0' : ' ');
	for (size_t i = length; s->left && i < (size_t)s->width; i++)
		buf_addc(out, ' ');
}

/* A text, then a field. */
struct piece {
	const char *text; /* in the copy of the format */
	size_t n;
	const struct field *field; /* NULL: unknown or none */
	struct spec spec;
};

struct logformat {
	char *format; /* owned */
	struct piece *pieces;
	size_t n;
	size_t cap;
};

static struct piece *
add_piece(struct logformat *f, const char *text)
{
	struct piece *p;

	GROW(f->pieces, f->n, f->cap);
	p = &f->pieces[f->n++];
	*p = (struct piece){.text = text};
	return p;
}

struct logformat *
logformat_new(const char *format)
{
	struct logformat *f = xcalloc(1, sizeof(*f));
	struct piece *piece;

	f->format = xstrdup(format);
	piece = add_piece(f, f->format);
	for (const char *p = f->format; *p != '\0';) {
		const char *end =
		    p[0] == '%' && p[1] == '(' ? strchr(p, ')') : NULL;

		if (end != NULL) {
			piece->field = field_find(p + 2, (size_t)(end - p - 2));
			p = parse_spec(&piece->spec, end + 1);
			piece = add_piece(f, p);
			continue;
		}
		if (p[0] == '%' && p[1] == '%')
			piece = add_piece(f, ++p);
		piece->n++;
		p++;
	}
	return f;
}

void
logformat_free(struct logformat *f)
{
	if (f == NULL)
		return;
	free(f->pieces);
	free(f->format);
	free(f);
}

void
logformat_print(
    struct buf *out, const struct logformat *f, const struct logrecord *r)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct piece *p = &f->pieces[i];
		size_t at;

		buf_add(out, p->text, p->n);
		at = out->n;
		if (p->field == NULL)
			continue;
		p->field->print(out, r);
		convert(out, at, &p->spec);
	}
}

static void
json_text(struct buf *out, const char *p, size_t n)
{
	struct buf valid = BUF_INIT;

	utf8_repair(&valid, p, n);
	buf_addc(out, '"');
	for (size_t i = 0; i < valid.n; i++) {
		unsigned char c = (unsigned char)valid.p[i];

		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c == '\n')
			buf_adds(out, "\\n");
		else if (c < 0x20)
			buf_addf(out, "\\u%04x", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '"');
	buf_release(&valid);
}

/* "[jail] Ban 192.0.2.1": the jail, where the message starts with one. */
static size_t
jail_of(const struct logrecord *r)
{
	const char *end =
	    r->n > 0 && r->msg[0] == '[' ? memchr(r->msg, ']', r->n) : NULL;

	return end == NULL ? 0 : (size_t)(end - r->msg - 1);
}

void
logformat_json(struct buf *out, const struct logrecord *r)
{
	struct buf logger = BUF_INIT;
	struct tm tm = local(r->time);
	char date[DATE_MAX], zone[DATE_MAX];
	size_t jail = jail_of(r);

	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)strftime(zone, sizeof(zone), "%z", &tm);
	buf_addf(out, "{\"time\": \"%s.%03d%s\", \"level\": \"%s\"", date,
	    milliseconds(r->time), zone, log_level_name(r->level));
	buf_adds(out, ", \"logger\": ");
	print_logger(&logger, r);
	json_text(out, logger.p, logger.n);
	buf_addf(out, ", \"pid\": %d", r->pid);
	if (jail > 0) {
		buf_adds(out, ", \"jail\": ");
		json_text(out, r->msg + 1, jail);
	}
	buf_adds(out, ", \"message\": ");
	json_text(out, r->msg, r->n);
	buf_addc(out, '}');
	buf_release(&logger);
}

/* fail2ban: from -vvv on there is no date but the time since the start. */
static const struct {
	const char *date;
	const char *rest;
} verbose[] = {
    {" %(asctime)s", " %(thread)X %(levelname)-5.5s "},
    {"", " +%(relativeCreated)5d %(thread)X %(name)-25.25s "
         "%(levelname)-5.5s "},
    {"", " +%(relativeCreated)5d %(thread)X %(name)-25.25s "
         "%(levelname)-5.5s | %(module)15.15s-%(levelno)-2d: "
         "%(module)-20.20s | "},
};

void
logformat_default(struct buf *out, bool date, bool padding, int verbosity)
{
	if (verbosity >= 2) {
		int i = verbosity > 4 ? 2 : verbosity - 2;

		buf_adds(out, date ? verbose[i].date : "");
		buf_adds(out, verbose[i].rest);
	} else {
		buf_adds(out, date ? "%(asctime)s " : "");
		buf_adds(out, padding ? "%(name)-24s[%(process)d]: "
		                        "%(levelname)-7s "
		                      : "%(name)s[%(process)d]: "
		                        "%(levelname)s ");
	}
	buf_adds(out, "%(message)s");
}
