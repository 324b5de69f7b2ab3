/*
 * Where the lines come from: a file, read in large pieces; the text of the
 * argument; the journal. Everything is opened before the first line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sensor/codec.h"
#include "tools/regextest.h"

#define PIECE ((size_t)256 * 1024)
#define MAX_LINE ((size_t)8 * 1024 * 1024)
#define SHOWN_LINES 5
#define CLOCK_LINES 100

struct regextest_input {
	int fd;                            /* -1: text only */
	struct regextest_journal *journal; /* NULL: file or text */
	bool at_end;
	struct codec *codec;
	struct buf data; /* read and not yet consumed from at on */
	size_t at;
	struct buf scratch;
	unsigned long lines;
	double now; /* looked at from time to time */
	bool text;  /* the argument: its last line needs no line end */
};

static struct regextest_input *
input_new(void)
{
	struct regextest_input *in = xcalloc(1, sizeof(*in));

	in->fd = -1;
	buf_init(&in->data);
	buf_init(&in->scratch);
	return in;
}

void
regextest_close(struct regextest_input *in)
{
	if (in == NULL)
		return;
	if (in->fd >= 0)
		(void)close(in->fd);
	codec_free(in->codec);
	regextest_journal_close(in->journal);
	buf_release(&in->data);
	buf_release(&in->scratch);
	free(in);
}

/* ---- opening ---- */

static int
open_file(
    struct regextest_input *in, const struct regextest_opts *o, struct err *err)
{
	const char *encoding =
	    o->encoding != NULL && strcmp(o->encoding, "auto") != 0
	        ? o->encoding
	        : codec_default();

	in->fd = open(o->log, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return err_set(
		    err, "cannot open %s: %s", o->log, strerror(errno));
	in->codec = codec_new(encoding);
	if (in->codec == NULL)
		return err_set(err, "unknown encoding: %s", encoding);
	if (o->out == NULL)
		(void)printf("Use         log file : %s\n"
		             "Use         encoding : %s\n",
		    o->log, encoding);
	return 0;
}

static size_t
count_lines(const char *p)
{
	size_t n = 1;

	while ((p = strchr(p, '\n')) != NULL) {
		p++;
		n++;
	}
	return n;
}

static void
say_lines(const char *text)
{
	struct buf shown = BUF_INIT;
	size_t n = count_lines(text);

	(void)printf("Use      multi line : %zu line(s)\n", n);
	for (size_t i = 1; i <= n; i++) {
		size_t len = strcspn(text, "\n");
		char *line;

		if (i > SHOWN_LINES) {
			(void)printf("| ...\n");
			break;
		}
		line = xmemdup0(text, len);
		buf_reset(&shown);
		regextest_shorten(&shown, line);
		(void)printf("| %2zu: %s\n", i, shown.p);
		free(line);
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	buf_release(&shown);
	(void)printf("`-\n");
}

static void
open_text(struct regextest_input *in, const struct regextest_opts *o,
    const struct filterspec *spec)
{
	struct buf b = BUF_INIT;

	in->text = true;
	in->at_end = true;
	utf8_repair(&in->data, o->log, strlen(o->log));
	buf_addc(&in->data, '\n');
	if (o->out != NULL)
		return;
	if (strchr(o->log, '\n') != NULL || spec->maxlines > 1)
		say_lines(o->log);
	else {
		regextest_shorten(&b, o->log);
		(void)printf("Use      single line : %s\n", b.p);
	}
	buf_release(&b);
}

struct regextest_input *
regextest_open(const struct regextest_opts *o, const struct filterspec *spec,
    const struct value *journalmatch, struct err *err)
{
	struct regextest_input *in = input_new();
	struct stat st;
	int r = 0;

	if (regextest_is_journal_name(o->log) && stat(o->log, &st) != 0) {
		in->journal = regextest_journal_open(o, journalmatch, err);
		r = in->journal != NULL ? 0 : -1;
	} else if (stat(o->log, &st) == 0 && !S_ISDIR(st.st_mode))
		r = open_file(in, o, err);
	else
		open_text(in, o, spec);
	if (r == 0)
		return in;
	regextest_close(in);
	return NULL;
}

bool
regextest_is_journal(const struct regextest_input *in)
{
	return in->journal != NULL;
}

/* ---- reading ---- */

/* Reads another piece behind what is not consumed. False at the end. */
static bool
fill(struct regextest_input *in)
{
	ssize_t n;

	if (in->at_end)
		return false;
	if (in->at > 0) {
		buf_splice(&in->data, 0, in->at, "", 0);
		in->at = 0;
	}
	do
		n = read(in->fd, buf_grow(&in->data, PIECE), PIECE);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		in->at_end = true;
		return false;
	}
	buf_commit(&in->data, (size_t)n);
	return true;
}

/* Whether the unit bytes at p are the character whose one byte is at nl. */
static bool
is_newline(const char *p, size_t unit, const char *nl)
{
	for (size_t i = 0; i < unit; i++)
		if (p + i != nl && p[i] != '\0')
			return false;
	return true;
}

/*
 * The line end at or after offset from: its offset behind, 0 when there is
 * none. In encodings of 2 or 4 bytes it stands at a multiple of that.
 */
static size_t
line_end(const struct regextest_input *in, size_t from)
{
	size_t unit = in->codec != NULL ? codec_unit(in->codec) : 1;
	bool big = unit > 1 && codec_is_big_endian(in->codec);
	const char *p = in->data.p;

	for (;;) {
		const char *nl = memchr(p + from, '\n', in->data.n - from);
		size_t first;

		if (nl == NULL)
			return 0;
		first = (size_t)(nl - p);
		if (unit == 1)
			return first + 1;
		first -= big ? unit - 1 : 0;
		if (first >= in->at && (first - in->at) % unit == 0 &&
		    first + unit <= in->data.n &&
		    is_newline(p + first, unit, nl))
			return first + unit;
		from = (size_t)(nl - p) + 1;
	}
}

/* Raw bytes of the next line, with its end. */
static bool
next_raw(struct regextest_input *in, const char **p, size_t *n)
{
	size_t seen = in->at;

	for (;;) {
		size_t end = line_end(in, seen);

		if (end == 0 && in->data.n - in->at > MAX_LINE)
			end = in->data.n;
		if (end > 0) {
			*p = in->data.p + in->at;
			*n = end - in->at;
			in->at = end;
			return true;
		}
		seen = in->data.n - in->at;
		seen = seen > 3 ? seen - 3 : 0;
		if (!fill(in))
			return false;
	}
}

static void
look_at_clock(struct regextest_input *in, struct filter_line *line)
{
	if (in->lines++ % CLOCK_LINES == 0)
		in->now = clock_now();
	line->now = in->now;
}

bool
regextest_next(struct regextest_input *in, struct filter_line *line)
{
	const char *p;
	size_t n;

	if (in->journal != NULL) {
		if (!regextest_journal_next(in->journal, line))
			return false;
		look_at_clock(in, line);
		return true;
	}
	while (next_raw(in, &p, &n)) {
		if (in->codec != NULL)
			(void)codec_decode(
			    in->codec, p, n, &in->scratch, &p, &n);
		while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
			n--;
		if (n == 0 || *p == '#')
			continue;
		*line = (struct filter_line){.text = p, .n = n};
		look_at_clock(in, line);
		return true;
	}
	return false;
}
