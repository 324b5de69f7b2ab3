/*
 * fail2ban: the dialect is the one of Python's configparser with inline
 * comments by ";" alone, greedy section headers, and options that may start
 * anywhere as long as what goes on is indented deeper (spec 01 section 1).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/value.h"
#include "conf/ini.h"

/* Bad lines shown in one error. */
#define MAX_SHOWN 50

struct text {
	const char *p;
	size_t n;
};

struct reader {
	struct ini *ini;
	const struct ini_source *src;
	struct err *err;
	const char *file;            /* its path, for positions */
	struct ini_section *section; /* current one, NULL: none yet */
	int nsections;               /* of this file */
	struct dict *nameless;       /* sections with an option without a name,
	                              * which is not stored; NULL: none */
	struct buf option;           /* name, empty: no option yet */
	struct buf value;            /* lines so far */
	int option_line;
	size_t indent;  /* column of the line that started it */
	struct buf bad; /* parsing errors so far */
	int nbad;
	int line; /* 1-based */
};

static void
repr_line(struct buf *out, struct text raw, bool has_end)
{
	struct buf line = BUF_INIT;

	buf_add(&line, raw.p, raw.n);
	if (has_end)
		buf_addc(&line, '\n');
	value_repr_text(out, line.p, line.n);
	buf_release(&line);
}

/* Python's repr() of the path, as its errors show it. */
static void
repr_path(struct buf *out, const struct reader *r)
{
	value_repr_text(out, r->src->path, strlen(r->src->path));
}

/* Text of a line as stored: a NUL byte is the two bytes c0 80. */
static void
add_text(struct buf *out, struct text t)
{
	const char *nul;

	while ((nul = memchr(t.p, '\0', t.n)) != NULL) {
		buf_add(out, t.p, (size_t)(nul - t.p));
		buf_add(out, "\xc0\x80", 2);
		t.n -= (size_t)(nul + 1 - t.p);
		t.p = nul + 1;
	}
	buf_add(out, t.p, t.n);
}

/* Stores the option that is complete now. */
static int
finish_option(struct reader *r)
{
	const char *p = r->value.p;
	size_t n = r->value.n;
	struct pos pos = {r->file, r->option_line};

	if (r->option.n == 0)
		return 0;
	if (ini_options(r->section) >= INI_MAX_OPTIONS)
		return err_at(r->err, &pos,
		    "more than %d options in section '%s': split the file",
		    INI_MAX_OPTIONS, ini_name(r->section));
	utf8_trim(&p, &n);
	/* only the end is trimmed: a value may start on its second line */
	buf_truncate(&r->value, n == 0 ? 0 : n + (size_t)(p - r->value.p));
	ini_set(r->section, r->option.p, r->value.p, pos);
	buf_reset(&r->option);
	buf_reset(&r->value);
	return 0;
}

static int
duplicate(struct reader *r, const char *what)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "While reading from ");
	repr_path(&text, r);
	buf_addf(&text, " [line %2d]: %s already exists", r->line, what);
	(void)err_set(r->err, "%s", text.p);
	buf_release(&text);
	return -1;
}

static int
duplicate_section(struct reader *r, const char *name)
{
	struct buf what = BUF_INIT;
	int rc;

	buf_adds(&what, "section ");
	value_repr_text(&what, name, strlen(name));
	rc = duplicate(r, what.p);
	buf_release(&what);
	return rc;
}

static int
duplicate_option(struct reader *r, const char *name)
{
	struct buf what = BUF_INIT;
	const char *section = ini_name(r->section);
	int rc;

	buf_adds(&what, "option ");
	value_repr_text(&what, name, strlen(name));
	buf_adds(&what, " in section ");
	value_repr_text(&what, section, strlen(section));
	rc = duplicate(r, what.p);
	buf_release(&what);
	return rc;
}

static int
start_section(struct reader *r, struct text name)
{
	struct buf key = BUF_INIT;
	struct pos pos = {r->file, r->line};
	struct ini_section *s;
	int rc = 0;

	add_text(&key, name);
	s = ini_section(r->ini, key.p);
	if (!ini_is_fresh(s) && strcmp(key.p, INI_DEFAULT) != 0)
		rc = duplicate_section(r, key.p);
	else if (r->nsections >= INI_MAX_SECTIONS)
		rc = err_at(r->err, &pos,
		    "more than %d sections in one file: split it",
		    INI_MAX_SECTIONS);
	else {
		r->nsections += ini_is_fresh(s);
		r->section = s;
		ini_section_start(s, pos);
	}
	buf_release(&key);
	return rc;
}

static void
bad_line(struct reader *r, struct text raw, bool has_end)
{
	if (r->nbad++ >= MAX_SHOWN)
		return;
	buf_addf(&r->bad, "\n\t[line %2d]: ", r->line);
	repr_line(&r->bad, raw, has_end);
}

/* Whether the section has this option already in this file. */
static bool
is_duplicate(struct reader *r, const char *name)
{
	const char *section = ini_name(r->section);

	if (*name != '\0')
		return ini_was_set(r->section, name);
	if (r->nameless == NULL)
		r->nameless = dict_new(NULL);
	if (dict_get(r->nameless, section) != NULL)
		return true;
	dict_set(r->nameless, section, r);
	return false;
}

static int
start_option(struct reader *r, struct text name, struct text value)
{
	utf8_trim(&name.p, &name.n);
	utf8_trim(&value.p, &value.n);
	add_text(&r->option, name);
	for (char *p = r->option.p; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	if (is_duplicate(r, r->option.p))
		return duplicate_option(r, r->option.p);
	r->option_line = r->line;
	add_text(&r->value, value);
	return 0;
}

static int
no_header(struct reader *r, struct text raw, bool has_end)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "File contains no section headers.\nfile: ");
	repr_path(&text, r);
	buf_addf(&text, ", line: %d\n", r->line);
	repr_line(&text, raw, has_end);
	(void)err_set(r->err, "%s", text.p);
	buf_release(&text);
	return -1;
}

/* A header or an option; line is trimmed and not empty. */
static int
new_entry(struct reader *r, struct text line, struct text raw, bool has_end)
{
	const char *close = memrchr(line.p, ']', line.n), *sep;

	if (line.p[0] == '[' && close != NULL && close > line.p + 1)
		return finish_option(r) != 0
		           ? -1
		           : start_section(
		                 r, (struct text){line.p + 1,
		                        (size_t)(close - line.p) - 1});
	if (r->section == NULL)
		return no_header(r, raw, has_end);
	for (sep = line.p; sep < line.p + line.n; sep++)
		if (*sep == '=' || *sep == ':')
			break;
	if (sep == line.p || sep == line.p + line.n)
		bad_line(r, raw, has_end);
	if (sep == line.p + line.n)
		return 0; /* fail2ban: the option before goes on behind it */
	if (finish_option(r) != 0)
		return -1;
	return start_option(r, (struct text){line.p, (size_t)(sep - line.p)},
	    (struct text){sep + 1, line.n - (size_t)(sep + 1 - line.p)});
}

/* Bytes before a comment that starts within the line; the whole line. */
static size_t
comment_start(struct text raw)
{
	for (const char *p = raw.p, *end = raw.p + raw.n;
	     (p = memchr(p, ';', (size_t)(end - p))) != NULL; p++) {
		size_t n = (size_t)(p - raw.p), back = 1;

		if (n == 0)
			return 0;
		while (back < n && back < 4 &&
		       ((unsigned char)p[-(ptrdiff_t)back] & 0xc0) == 0x80)
			back++;
		if (utf8_space(p - back, back) == back)
			return n;
	}
	return raw.n;
}

static int
read_line(struct reader *r, struct text raw, bool has_end)
{
	struct text line = {raw.p, raw.n}, whole = raw;
	bool has_comment;
	size_t column;

	if (raw.n > 0 && (raw.p[0] == '#' || raw.p[0] == ';'))
		return 0; /* what most lines are */
	line.n = comment_start(raw);
	has_comment = line.n < raw.n;
	utf8_trim(&whole.p, &whole.n);
	column = utf8_length(raw.p, (size_t)(whole.p - raw.p));
	if (whole.n > 0 && (*whole.p == '#' || *whole.p == ';')) {
		has_comment = true;
		line.n = 0;
	}
	utf8_trim(&line.p, &line.n);
	if (line.n == 0) {
		if (!has_comment && r->option.n > 0)
			buf_addc(&r->value, '\n');
		return 0;
	}
	if (r->option.n > 0 && column > r->indent) {
		buf_addc(&r->value, '\n');
		add_text(&r->value, line);
		return 0;
	}
	r->indent = column;
	return new_entry(r, line, raw, has_end);
}

/*
 * Next line from *p on: "\n", "\r" and "\r\n" end one; has_cr: there may be
 * a "\r" at all.
 */
static struct text
next_line(const char **p, const char *end, bool has_cr, bool *has_end)
{
	struct text line = {*p, 0};
	const char *q = NULL;

	if (!has_cr)
		q = memchr(*p, '\n', (size_t)(end - *p));
	else
		for (q = *p; q < end && *q != '\n' && *q != '\r';)
			q++;
	if (q == NULL)
		q = end;
	line.n = (size_t)(q - *p);
	*has_end = q < end;
	if (q < end)
		q += *q == '\r' && q + 1 < end && q[1] == '\n' ? 2 : 1;
	*p = q;
	return line;
}

static int
finish(struct reader *r)
{
	struct buf text = BUF_INIT;

	if (finish_option(r) != 0)
		return -1;
	if (r->nbad == 0)
		return 0;
	buf_adds(&text, "Source contains parsing errors: ");
	repr_path(&text, r);
	buf_add(&text, r->bad.p, r->bad.n);
	if (r->nbad > MAX_SHOWN)
		buf_addf(&text, "\n\tand %d more", r->nbad - MAX_SHOWN);
	(void)err_set(r->err, "%s", text.p);
	buf_release(&text);
	return -1;
}

int
ini_parse(struct ini *ini, const struct ini_source *src, struct err *err)
{
	struct reader r = {.ini = ini,
	    .src = src,
	    .err = err,
	    .file = ini_file_name(src->path),
	    .option = BUF_INIT,
	    .value = BUF_INIT,
	    .bad = BUF_INIT};
	const char *p = src->p, *end = src->p + src->n;
	bool has_cr = memchr(p, '\r', src->n) != NULL;
	int rc = 0;

	ini_start_round(ini);
	while (rc == 0 && p < end) {
		bool has_end;
		struct text line = next_line(&p, end, has_cr, &has_end);

		r.line++;
		rc = read_line(&r, line, has_end);
	}
	if (rc == 0)
		rc = finish(&r);
	dict_free(r.nameless);
	buf_release(&r.option);
	buf_release(&r.value);
	buf_release(&r.bad);
	return rc;
}
