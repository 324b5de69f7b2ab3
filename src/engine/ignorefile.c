#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/dict.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/ignorefile.h"

enum {
	FILE_MAX = 16 << 20,
	CHECK_S = 1,
	RETRY_S = 60,
};

struct ignorefile {
	char *path;
	double next_check;  /* wall clock */
	struct stat seen;   /* of what was read; zero: nothing */
	struct dict *words; /* normalised text -> any pointer */
	struct addr *nets;
	size_t n;
	size_t cap;
};

/*
 * fail2ban: up to two slashes behind "file:" are not part of the path, except
 * that one stays when a first component of three or more characters follows.
 */
static const char *
path_of(const char *text)
{
	const char *p = text + strlen("file:");
	int slashes = 0;

	while (slashes < 2 && p[slashes] == '/')
		slashes++;
	p += slashes;
	if (*p == '/')
		return p;
	return slashes > 0 && strcspn(p, "/") >= 3 && p[strcspn(p, "/")] == '/'
	           ? p - 1
	           : p;
}

struct ignorefile *
ignorefile_new(const char *text)
{
	struct ignorefile *f = xcalloc(1, sizeof(*f));

	f->path = xstrdup(path_of(text));
	f->words = dict_new(NULL);
	return f;
}

void
ignorefile_free(struct ignorefile *f)
{
	if (f == NULL)
		return;
	free(f->path);
	dict_free(f->words);
	free(f->nets);
	free(f);
}

const char *
ignorefile_path(const struct ignorefile *f)
{
	return f->path;
}

static void
add_word(struct ignorefile *f, const char *p, size_t n)
{
	struct buf text = BUF_INIT;
	struct addr a;

	if (addr_parse(&a, p, n) && !addr_is_single(&a)) {
		GROW(f->nets, f->n, f->cap);
		f->nets[f->n++] = a;
	}
	addr_normalise(&text, p, n);
	dict_setn(f->words, text.p, text.n, f);
	buf_release(&text);
}

/* Words; a # or ; at the start of one hides the rest of the line. */
static void
parse(struct ignorefile *f, const char *p)
{
	static const char separators[] = " \t\r\n,";

	dict_clear(f->words);
	f->n = 0;
	for (p += strspn(p, separators); *p != '\0';
	     p += strspn(p, separators)) {
		size_t n = strcspn(p, separators);

		if (*p == '#' || *p == ';')
			n = strcspn(p, "\n");
		else
			add_word(f, p, n);
		p += n;
	}
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void
refresh(struct ignorefile *f)
{
	double now = clock_now();
	struct buf text = BUF_INIT;
	struct stat st;

	if (now < f->next_check && now > f->next_check - 2 * RETRY_S)
		return;
	f->next_check = now + CHECK_S;
	if (stat(f->path, &st) == 0) {
		if (is_same(&st, &f->seen))
			return;
		if (io_read_file(&text, f->path, FILE_MAX) == 0) {
			f->seen = st;
			parse(f, text.p);
			buf_release(&text);
			return;
		}
	}
	log_msg(LOG_WARN, "ipdns", "Retrieving IPs set from '%s' failed: %s",
	    f->path, strerror(errno));
	buf_release(&text);
	f->next_check = now + RETRY_S;
}

bool
ignorefile_has(struct ignorefile *f, const struct ticket *t)
{
	refresh(f);
	if (dict_getn(f->words, t->id, t->id_n) != NULL)
		return true;
	for (size_t i = 0; t->is_addr && i < f->n; i++)
		if (addr_in(&t->addr, &f->nets[i]))
			return true;
	return false;
}
