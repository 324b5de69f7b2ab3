#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/word.h"
#include "sensor/journalfiles.h"

/* libsystemd's flags, as users write them. */
enum {
	RUNTIME_ONLY = 2,
	SYSTEM_ONLY = 4,
	CURRENT_USER = 8,
};

struct search {
	const struct value *options;
	struct value *found;
	bool archived; /* these too */
};

static const char *
option(const struct search *s, const char *name)
{
	return s->options != NULL ? value_str(value_get(s->options, name))
	                          : NULL;
}

static void
add_glob(struct search *s, const char *pattern)
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *slash = strrchr(g.gl_pathv[i], '/');

		if (s->archived || slash == NULL || strchr(slash, '@') == NULL)
			value_adds(s->found, g.gl_pathv[i]);
	}
	globfree(&g);
}

/* "a*.journal, b.journal" */
static void
add_globs(struct search *s, const char *text)
{
	while (text[strspn(text, " ,\t\n")] != '\0') {
		char *pattern;
		size_t n;

		text += strspn(text, " ,\t\n");
		n = strcspn(text, " ,\t\n");
		pattern = xmemdup0(text, n);
		add_glob(s, pattern);
		free(pattern);
		text += n;
	}
}

static void
add_kind(struct search *s, const char *dir, const char *name)
{
	char *pattern =
	    xasprintf("%s/%s%s.journal", dir, name, s->archived ? "*" : "");

	add_glob(s, pattern);
	free(pattern);
}

static void
add_dir(struct search *s, const char *dir, long flags)
{
	char *user = xasprintf("user-%u", (unsigned)getuid());

	if ((flags & (SYSTEM_ONLY | CURRENT_USER)) == 0)
		add_kind(s, dir, "*");
	if ((flags & SYSTEM_ONLY) != 0)
		add_kind(s, dir, "system");
	if ((flags & CURRENT_USER) != 0)
		add_kind(s, dir, user);
	free(user);
}

static long
flags_of(const struct search *s, bool is_default)
{
	const char *flags = option(s, "journalflags");

	if (flags == NULL && is_default)
		flags = getenv("F2B_SYSTEMD_DEFAULT_FLAGS");
	if (flags != NULL)
		return strtol(flags, NULL, 0);
	return is_default && s->archived ? SYSTEM_ONLY : 0;
}

static void
add_default(struct search *s, long flags)
{
	static const char *const roots[] = {"/var", "/run"};
	const char *space = option(s, "namespace");

	for (int i = (flags & RUNTIME_ONLY) != 0 ? 1 : 0; i < 2; i++) {
		char *dir = xasprintf("%s/log/journal/*%s%s", roots[i],
		    space != NULL ? "." : "", space != NULL ? space : "");

		add_dir(s, dir, flags);
		free(dir);
	}
}

struct value *
journalfiles_find(const struct value *options)
{
	struct search s = {.options = options, .found = value_list()};
	const char *files = option(&s, "journalfiles");
	const char *path = option(&s, "journalpath");
	bool is_default = files == NULL && path == NULL;
	long flags;

	s.archived = files != NULL || word_is_true(option(&s, "rotated"));
	flags = flags_of(&s, is_default);
	if (files != NULL)
		add_globs(&s, files);
	if (path != NULL) {
		char *below = xasprintf("%s/*", path);

		add_dir(&s, path, flags);
		add_dir(&s, below, flags);
		free(below);
	}
	if (is_default)
		add_default(&s, flags);
	return s.found;
}
