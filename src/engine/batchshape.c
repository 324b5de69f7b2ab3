/*
 * The key of a line is the interpreter's argv, its words separated by blanks;
 * a first word "*TABLE" is iptables-restore's.
 */
#include <string.h>

#include "base/addr.h"
#include "engine/batchshape.h"
#include "engine/shwords.h"

struct batch_shape {
	const char *name; /* of the program, without its folder */
	bool (*read)(struct batch_line *l, const struct shwords *w);
};

static bool
is(const struct shwords *w, size_t i, const char *text)
{
	return i < w->n && w->w[i].n == strlen(text) &&
	       memcmp(w->w[i].p, text, w->w[i].n) == 0;
}

static bool
is_one_of(const struct shwords *w, size_t i, const char *a, const char *b)
{
	return is(w, i, a) || is(w, i, b);
}

static void
add_word(struct buf *out, const struct shwords *w, size_t i)
{
	if (out->n > 0)
		buf_addc(out, ' ');
	buf_add(out, w->w[i].p, w->w[i].n);
}

/* Exactly as addr_print() writes it: nothing else is a bare operand. */
static bool
is_address(const struct shwords *w, size_t i)
{
	struct buf printed = BUF_INIT;
	struct addr a;
	bool same;

	if (i >= w->n || !addr_parse(&a, w->w[i].p, w->w[i].n))
		return false;
	addr_print(&printed, &a);
	same = printed.n == w->w[i].n &&
	       memcmp(printed.p, w->w[i].p, printed.n) == 0;
	buf_release(&printed);
	return same;
}

static bool
is_number(const struct shwords *w, size_t i)
{
	if (i >= w->n || w->w[i].n > 10)
		return false;
	for (size_t k = 0; k < w->w[i].n; k++)
		if (w->w[i].p[k] < '0' || w->w[i].p[k] > '9')
			return false;
	return true;
}

/* Neither an option nor a bracket. */
static bool
is_name(const struct shwords *w, size_t i)
{
	return i < w->n && strchr("-{}\\", w->w[i].p[0]) == NULL;
}

/* ---- nft add|delete element FAMILY TABLE SET { ADDRESS [timeout T] } */

static bool
read_nft(struct batch_line *l, const struct shwords *w)
{
	size_t end = w->n - 1;

	if ((w->n != 9 && w->n != 11) || !is_one_of(w, 1, "add", "delete") ||
	    !is(w, 2, "element") || !is_name(w, 3) || !is_name(w, 4) ||
	    !is_name(w, 5) || !is_one_of(w, 6, "{", "\\{") ||
	    !is_address(w, 7) || !is_one_of(w, end, "}", "\\}"))
		return false;
	if (w->n == 11 && (!is(w, 8, "timeout") || !is_name(w, 9)))
		return false;
	for (size_t i = 1; i < 6; i++)
		add_word(&l->line, w, i);
	buf_adds(&l->line, " {");
	for (size_t i = 7; i < end; i++)
		add_word(&l->line, w, i);
	buf_adds(&l->line, " }");
	add_word(&l->key, w, 0);
	buf_adds(&l->key, " -f -");
	return true;
}

/*
 * ---- ipset -exist add|del SET ADDRESS [timeout N], "-exist" first or last
 *
 * Without -exist it is no batch: what of a failing one was done cannot be
 * done again.
 */

static bool
read_ipset(struct batch_line *l, const struct shwords *w)
{
	bool first = is_one_of(w, 1, "-exist", "-!");
	bool last = is_one_of(w, w->n - 1, "-exist", "-!");
	size_t from = first ? 2 : 1;
	size_t to = last && w->n > 2 ? w->n - 1 : w->n;

	if (!first && !last)
		return false;
	if ((to - from != 3 && to - from != 5) ||
	    !is_one_of(w, from, "add", "del") || !is_name(w, from + 1) ||
	    !is_address(w, from + 2))
		return false;
	if (to - from == 5 &&
	    (!is(w, from + 3, "timeout") || !is_number(w, from + 4)))
		return false;
	for (size_t i = from; i < to; i++)
		add_word(&l->line, w, i);
	add_word(&l->key, w, 0);
	buf_adds(&l->key, " -exist restore");
	return true;
}

/* ---- iptables [-w [N]] [-t TABLE] -I|-A|-D CHAIN [N] ... -s ADDRESS ... */

static bool
read_rule(struct batch_line *l, const struct shwords *w, size_t i)
{
	size_t sources = 0, jumps = 0;
	bool insert = is(w, i, "-I");

	if ((!insert && !is_one_of(w, i, "-A", "-D")) || !is_name(w, i + 1))
		return false;
	add_word(&l->line, w, i);
	add_word(&l->line, w, i + 1);
	i += 2;
	if (insert && is_number(w, i))
		add_word(&l->line, w, i++);
	for (; i < w->n; i++) {
		if (is_one_of(w, i, "-s", "--source") && is_address(w, i + 1))
			sources++;
		if (is_one_of(w, i, "-j", "--jump") && is_name(w, i + 1))
			jumps++;
		if (strchr("{}\\", w->w[i].p[0]) != NULL ||
		    is_one_of(w, i, "-t", "--table"))
			return false;
		add_word(&l->line, w, i);
	}
	return sources == 1 && jumps == 1;
}

static bool
read_iptables(struct batch_line *l, const struct shwords *w)
{
	struct shword table = {"filter", 6};
	size_t i = 1, wait = 0;

	if (is_one_of(w, i, "-w", "--wait")) {
		wait = 1;
		if (is_number(w, ++i)) {
			wait = 2;
			i++;
		}
	}
	if (is(w, i, "-t") && is_name(w, i + 1)) {
		table = w->w[i + 1];
		i += 2;
	}
	if (!read_rule(l, w, i))
		return false;
	buf_addc(&l->key, '*');
	buf_add(&l->key, table.p, table.n);
	add_word(&l->key, w, 0);
	buf_adds(&l->key, "-restore");
	for (size_t k = 1; k <= wait; k++)
		add_word(&l->key, w, k);
	buf_adds(&l->key, " --noflush");
	return true;
}

static const struct batch_shape shapes[] = {
    {"nft", read_nft},
    {"ipset", read_ipset},
    {"iptables", read_iptables},
    {"ip6tables", read_iptables},
    {"iptables-nft", read_iptables},
    {"ip6tables-nft", read_iptables},
    {"iptables-legacy", read_iptables},
    {"ip6tables-legacy", read_iptables},
};

static const struct batch_shape *
find_shape(const struct shword *program)
{
	const char *slash = memrchr(program->p, '/', program->n);
	const char *name = slash == NULL ? program->p : slash + 1;
	size_t n = program->n - (size_t)(name - program->p);

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strlen(shapes[i].name) == n &&
		    memcmp(shapes[i].name, name, n) == 0)
			return &shapes[i];
	return NULL;
}

/* ---- lines */

void
batch_line_init(struct batch_line *l)
{
	l->shape = NULL;
	buf_init(&l->key);
	buf_init(&l->line);
}

void
batch_line_release(struct batch_line *l)
{
	buf_release(&l->key);
	buf_release(&l->line);
	l->shape = NULL;
}

bool
batch_line_parse(struct batch_line *l, const char *text)
{
	struct shwords w;

	batch_line_release(l);
	if (!shwords_read(&w, text))
		return false;
	l->shape = find_shape(&w.w[0]);
	if (l->shape != NULL && l->shape->read(l, &w))
		return true;
	batch_line_release(l);
	return false;
}

/* "filter" of the key "*filter iptables-restore -w --noflush"; NULL: none. */
static const char *
key_table(const struct batch_line *l, size_t *n)
{
	if (l->key.p[0] != '*')
		return NULL;
	*n = strcspn(l->key.p, " ") - 1;
	return l->key.p + 1;
}

void
batch_begin(struct buf *input, const struct batch_line *l)
{
	size_t n = 0;
	const char *table = key_table(l, &n);

	if (table != NULL)
		buf_addf(input, "*%.*s\n", (int)n, table);
}

void
batch_end(struct buf *input, const struct batch_line *l)
{
	if (l->key.p[0] == '*')
		buf_adds(input, "COMMIT\n");
}

void
batch_argv_init(struct batch_argv *a, const struct batch_line *l)
{
	size_t n = 0, table = 0;
	char *p;

	memset(a->argv, 0, sizeof(a->argv));
	buf_init(&a->text);
	buf_adds(&a->text, l->key.p);
	p = a->text.p;
	if (key_table(l, &table) != NULL)
		p += 1 + table + 1;
	while (*p != '\0' && n + 1 < BATCH_ARGV_MAX) {
		a->argv[n++] = p;
		p += strcspn(p, " ");
		if (*p == ' ')
			*p++ = '\0';
	}
}

void
batch_argv_release(struct batch_argv *a)
{
	buf_release(&a->text);
}
