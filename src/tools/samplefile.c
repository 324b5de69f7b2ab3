#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tools/samplefile.h"

#define MAX_FILE ((size_t)64 << 20)

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* "'word'" at *p: its text, and *p behind it. NULL: something else. */
static char *
quoted(const char **p)
{
	const char *from = skip_blanks(*p);
	const char *end;

	if (*from != '\'' && *from != '"')
		return NULL;
	end = strchr(from + 1, *from);
	if (end == NULL)
		return NULL;
	*p = end + 1;
	return xmemdup0(from + 1, (size_t)(end - from) - 1);
}

/* The left side of a comparison: "name" or "opts.get('x')". */
static bool
left_side(const struct samples *s, const char **p, const json_t *opts,
    const char **ret)
{
	char *key;

	*p = skip_blanks(*p);
	if (strncmp(*p, "name", 4) == 0) {
		*p += 4;
		*ret = s->name;
		return true;
	}
	if (strncmp(*p, "opts.get(", 9) != 0)
		return false;
	*p += 9;
	key = quoted(p);
	if (key == NULL || **p != ')') {
		free(key);
		return false;
	}
	(*p)++;
	*ret = json_string_value(json_object_get(opts, key));
	free(key);
	return true;
}

/*
 * name == 'sshd', opts.get('mode') != 'x'. True when there is none.
 */
static bool
condition(const struct samples *s, const json_t *c, const json_t *opts)
{
	const char *p = json_string_value(c);
	const char *left;
	char *right;
	bool equal;
	bool want;

	if (p == NULL)
		return true;
	if (!left_side(s, &p, opts, &left))
		return false;
	p = skip_blanks(p);
	want = p[0] == '=';
	if ((p[0] != '=' && p[0] != '!') || p[1] != '=')
		return false;
	p += 2;
	right = quoted(&p);
	equal = right != NULL && left != NULL && strcmp(left, right) == 0;
	free(right);
	return equal == want;
}

static size_t
group_of(struct samples *s, const json_t *opts)
{
	struct value *plain = value_dict();
	const char *key;
	json_t *v;
	char *text;

	json_object_foreach((json_t *)(uintptr_t)opts, key, v)
	{
		if (strncmp(key, "test.", 5) != 0 &&
		    json_string_value(v) != NULL)
			value_set(plain, key, value_text(json_string_value(v)));
	}
	if (json_object_get(opts, "test.filter-name") != NULL)
		text = xstrdup(json_string_value(
		    json_object_get(opts, "test.filter-name")));
	else {
		struct buf b = BUF_INIT;

		for (size_t i = 0; i + 1 < plain->n; i += 2)
			buf_addf(&b, "%s%s=%s", i > 0 ? ", " : "",
			    value_str(plain->items[i]),
			    value_str(plain->items[i + 1]));
		text = buf_detach(&b);
	}
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->groups[i].key, text) == 0) {
			free(text);
			value_free(plain);
			return i;
		}
	GROW(s->groups, s->n, s->cap);
	s->groups[s->n] = (struct group){.key = text, .options = plain};
	return s->n++;
}

static void
clear_active(struct samples *s)
{
	for (size_t i = 0; i < s->nactive; i++)
		json_decref(s->active[i].opts);
	s->nactive = 0;
}

static void
add_active(struct samples *s, const json_t *own)
{
	json_t *opts = s->common != NULL ? json_copy(s->common) : json_object();
	size_t group;

	if (own != NULL)
		(void)json_object_update(opts, (json_t *)(uintptr_t)own);
	s->skipping =
	    !condition(s, json_object_get(opts, "test.condition"), opts);
	if (s->skipping) {
		json_decref(opts);
		return;
	}
	group = group_of(s, opts);
	GROW(s->active, s->nactive, s->cap_active);
	s->active[s->nactive++] = (struct active){.group = group, .opts = opts};
}

static void
set_options(struct samples *s, const json_t *v)
{
	clear_active(s);
	s->skipping = false;
	if (!json_is_array(v)) {
		add_active(s, v);
		return;
	}
	for (size_t i = 0; i < json_array_size(v); i++)
		add_active(s, json_array_get(v, i));
}

static void
add_sample(struct group *g, const struct sample *sample, const char *prefix)
{
	struct sample copy = *sample;

	copy.text = xasprintf("%s%s", prefix, sample->text);
	copy.want = json_incref(sample->want);
	GROW(g->samples, g->n, g->cap);
	g->samples[g->n++] = copy;
}

static void
take_line(struct samples *s, const struct sample *sample)
{
	if (s->skipping)
		return;
	if (s->nactive == 0)
		add_active(s, NULL);
	for (size_t i = 0; i < s->nactive; i++) {
		const json_t *opts = s->active[i].opts;
		const char *type =
		    json_string_value(json_object_get(opts, "logtype"));
		const char *prefix = json_string_value(
		    json_object_get(opts, "test.prefix-line"));

		if (!condition(
		        s, json_object_get(sample->want, "constraint"), opts))
			continue;
		if (type == NULL || strcmp(type, "journal") != 0 ||
		    prefix == NULL)
			prefix = "";
		add_sample(&s->groups[s->active[i].group], sample, prefix);
	}
}

/* The word of a directive and its value; false: it is another comment. */
static bool
directive(const char *line, char word[16], const char **value)
{
	const char *p = line;
	size_t n;

	while (*p == '#')
		p++;
	if (*p == ' ')
		p++;
	n = strcspn(p, ":");
	if (p == line || p[n] != ':' || n >= 16)
		return false;
	memcpy(word, p, n);
	word[n] = '\0';
	*value = p + n + 1;
	return strcmp(word, "failJSON") == 0 || strcmp(word, "addFILE") == 0 ||
	       strcmp(word, "fileOptions") == 0 ||
	       strcmp(word, "filterOptions") == 0;
}

static void
add_file(struct samples *s, const char *from, const char *name)
{
	const char *slash = strrchr(from, '/');
	int n = slash != NULL ? (int)(slash - from) + 1 : 0;

	if (name != NULL && s->nfiles < SAMPLEFILE_MAX)
		s->files[s->nfiles++] = xasprintf("%.*s%s", n, from, name);
}

struct walk {
	struct samples *s;
	const char *file;
	int line;
	json_t *want; /* of the next line */
};

static int
take_directive(
    struct walk *w, const char *word, const char *text, struct err *err)
{
	json_error_t je;
	json_t *v = json_loads(text, JSON_DECODE_ANY, &je);

	if (v == NULL)
		return err_set(
		    err, "%s:%d: %s: %s", w->file, w->line, word, je.text);
	if (strcmp(word, "failJSON") == 0) {
		json_decref(w->want);
		w->want = json_incref(v);
	} else if (strcmp(word, "addFILE") == 0)
		add_file(w->s, w->file, json_string_value(v));
	else if (strcmp(word, "fileOptions") == 0) {
		json_decref(w->s->common);
		w->s->common = json_incref(v);
	} else
		set_options(w->s, v);
	json_decref(v);
	return 0;
}

static int
walk_line(struct walk *w, char *text, struct err *err)
{
	char word[16];
	const char *value;
	struct sample sample = {.file = w->file, .line = w->line, .text = text};

	if (w->want == NULL && directive(text, word, &value))
		return take_directive(w, word, value, err);
	if (w->want == NULL && (*skip_blanks(text) == '\0' || *text == '#'))
		return 0;
	sample.want = w->want;
	take_line(w->s, &sample);
	json_decref(w->want);
	w->want = NULL;
	return 0;
}

int
samplefile_read(struct samples *s, const char *file, struct err *err)
{
	struct walk w = {.s = s, .file = file};
	struct buf raw = BUF_INIT;
	struct buf b = BUF_INIT;
	char *p;
	int r = 0;

	if (io_read_file(&raw, file, MAX_FILE) != 0) {
		buf_release(&raw);
		return err_set(
		    err, "cannot read %s: %s", file, strerror(errno));
	}
	utf8_repair(&b, raw.p, raw.n);
	buf_release(&raw);
	s->skipping = false;
	p = b.p;
	while (r == 0 && p < b.p + b.n) {
		char *end = memchr(p, '\n', (size_t)(b.p + b.n - p));
		char *next = end != NULL ? end + 1 : b.p + b.n;

		if (end == NULL)
			end = b.p + b.n;
		*end = '\0';
		if (end > p && end[-1] == '\r')
			end[-1] = '\0';
		w.line++;
		r = walk_line(&w, p, err);
		p = next;
	}
	json_decref(w.want);
	buf_release(&b);
	return r;
}

void
samplefile_release(struct samples *s)
{
	clear_active(s);
	free(s->active);
	for (size_t i = 0; i < s->n; i++) {
		struct group *g = &s->groups[i];

		for (size_t k = 0; k < g->n; k++) {
			free(g->samples[k].text);
			json_decref(g->samples[k].want);
		}
		free(g->samples);
		free(g->key);
		value_free(g->options);
	}
	free(s->groups);
	for (size_t i = 0; i < s->nfiles; i++)
		free(s->files[i]);
	json_decref(s->common);
	free(s->name);
}
