/*
 * Filters are looked at as text: conf compiles no regexes. Every filter of
 * the directory is looked at as it stands in its files, and those that a
 * jail uses also with all replaced.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/tags.h"
#include "conf/interp.h"
#include "conf/lint.h"

static const char *const regexes[] = {
    "prefregex", "failregex", "ignoreregex", NULL};

/* Any of these tells a regex who it was. */
static const char *const identities[] = {"<HOST>", "<ADDR>", "<IP4>", "<IP6>",
    "<DNS>", "<SUBNET>", "<CIDR>", "<F-ID>", "<F-ID/>", "<F-IP4>", "<F-IP6>",
    "<F-DNS>", "<F-MLFID>", "<F-MLFID/>", "(?P<host>", "(?P<fid>", "(?P<ip4>",
    "(?P<ip6>", "(?P<dns>", "(?P<cidr>", "(?P<mlfid>", NULL};

static bool
has_identity(const char *text)
{
	for (const char *const *p = identities; *p != NULL; p++)
		if (strstr(text, *p) != NULL)
			return true;
	return false;
}

/* First line of the text that fn finds fault with; NULL: none. Owned. */
static char *
find_line(const char *text, bool (*fn)(const char *))
{
	char *copy = xstrdup(text), *rest = copy, *line, *found = NULL;

	while (found == NULL && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0' && fn(line))
			found = xstrdup(line);
	free(copy);
	return found;
}

static bool
lacks_identity(const char *line)
{
	return !has_identity(line);
}

/*
 * A "$" with text behind it that could match: outside of brackets, not
 * escaped, not the end of an alternative or group. Returns where, NULL: none.
 */
static const char *
dollar_within(const char *p)
{
	bool in_class = false;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '[' && !in_class) {
			in_class = true;
			if (p[1] == '^')
				p++;
			if (p[1] == ']')
				p++;
		} else if (*p == ']')
			in_class = false;
		else if (*p == '$' && !in_class && p[1] != '\0' &&
		         strchr("|)\n", p[1]) == NULL)
			return p;
	}
	return NULL;
}

static bool
has_dollar_within(const char *line)
{
	return dollar_within(line) != NULL;
}

/* Whether the directory has filter.d/NAME.conf. */
static bool
has_filter(const struct lint *l, const char *name)
{
	char *path = xasprintf("%s/filter.d/%s.conf", l->o->dir, name);
	struct overlay_from from = {
	    .dir = l->o->dir, .name = path, .exact = true, .cache = l->cache};
	struct overlay *cfg = NULL;
	bool found = overlay_read(&cfg, &from, NULL) == OVERLAY_OK;

	overlay_free(cfg);
	free(path);
	return found;
}

/* Faults that a filter for lines of sshd's key exchange likely has. */
static const char *
better_filter(const struct lint *l, const char *text)
{
	static const char *const words[] = {"kex_exchange_identification",
	    "banner exchange", "ssh_dispatch_run_fatal", NULL};

	for (const char *const *p = words; *p != NULL; p++)
		if (strstr(text, *p) != NULL)
			return has_filter(l, "sshd-kex")
			           ? "; the shipped filter sshd-kex does this "
			             "job"
			           : "; the filter sshd-kex that comes with "
			             "cfail2ban does this job";
	return "";
}

static void
warn_no_identity(struct lint *l, const struct overlay *cfg, const char *text)
{
	const struct ini_section *s = ini_find(cfg->all, "Definition");
	char *line = find_line(text, lacks_identity);

	if (line != NULL)
		lint_warn(l, overlay_pos(cfg, s, "failregex"),
		    "option 'failregex': no address tag such as <HOST> or "
		    "<ADDR> in \"%.200s\": it cannot tell whom to ban, and "
		    "the server refuses it%s",
		    line, better_filter(l, text));
	free(line);
}

/* Dollars as in a template: "$$preauth$$$". */
static void
warn_dollars(struct lint *l, const struct overlay *cfg, const char *option,
    const char *text)
{
	const struct ini_section *s = ini_find(cfg->all, "Definition");
	char *line = find_line(text, has_dollar_within);
	const char *at = line == NULL ? NULL : dollar_within(line);

	if (at != NULL && strstr(line, "$$") != NULL)
		lint_warn(l, overlay_pos(cfg, s, option),
		    "option '%s': \"%.60s\" is no syntax of fail2ban: there is "
		    "no $$...$$; an unescaped $ is the end of the line, so "
		    "with text behind it the regex never matches (\\$ is the "
		    "character)%s",
		    option, at, better_filter(l, text));
	else if (at != NULL)
		lint_warn(l, overlay_pos(cfg, s, option),
		    "option '%s': an unescaped $ is the end of the line: with "
		    "\"%.60s\" behind it the regex never matches (\\$ is the "
		    "character)",
		    option, at + 1);
	free(line);
}

/* The name in "... interpolation key 'NAME' which is not ..."; owned. */
static char *
unknown_name(const char *error)
{
	static const char before[] = "interpolation key '";
	const char *p = strstr(error, before), *end;

	if (p == NULL || strstr(error, "not a valid option name") == NULL)
		return NULL;
	p += sizeof(before) - 1;
	end = strchr(p, '\'');
	return end == NULL ? NULL : xmemdup0(p, (size_t)(end - p));
}

static void
warn_unknown_name(struct lint *l, const struct overlay *cfg, const char *option,
    const char *error)
{
	static const char *const common[] = {"__prefix_line", "__prefix",
	    "__pref", "__daemon_re", "__daemon_combs_re", "__hostname",
	    "__kernel_prefix", "__bsd_syslog_verbose", "_daemon", NULL};
	const struct ini_section *s = ini_find(cfg->all, "Definition");
	char *name = unknown_name(error);
	bool is_common = false;

	for (const char *const *p = common; name != NULL && *p != NULL; p++)
		is_common |= strcmp(name, *p) == 0;
	if (name == NULL || option_find(&option_jail, name) != NULL ||
	    strncmp(name, "known/", 6) == 0)
		;
	else if (is_common)
		lint_warn(l, overlay_pos(cfg, s, option),
		    "option '%s': %%(%s)s is not defined; it comes from "
		    "common.conf, and the lines \"[INCLUDES]\" and \"before = "
		    "common.conf\" are missing in this file",
		    option, name);
	else
		lint_warn(l, overlay_pos(cfg, s, option),
		    "option '%s': %%(%s)s is not defined in this file nor in "
		    "those it includes",
		    option, name);
	free(name);
}

/* Sections nearly called as those that are read. */
static void
lint_sections(struct lint *l, const struct overlay *cfg)
{
	static const char *const words[] = {
	    "Definition", "Init", "INCLUDES", INI_DEFAULT, NULL};

	for (size_t i = 0; i < ini_count(cfg->all); i++) {
		const struct ini_section *s = ini_at(cfg->all, i);
		const char *name = ini_name(s), *near = NULL;

		for (const char *const *w = words; *w != NULL; w++)
			if (strcmp(name, *w) == 0)
				break;
			else if (strcasecmp(name, *w) == 0)
				near = *w;
		if (near == NULL)
			near = lint_nearest_word(words, name);
		if (near != NULL && strcmp(near, name) != 0 &&
		    option_find(&option_filter, name) == NULL)
			lint_warn(l, ini_section_pos(s),
			    "nothing reads section [%s]; did you mean [%s]?",
			    name, near);
	}
}

/* Options nearly called as those that mean something. */
static void
lint_names(
    struct lint *l, const struct overlay *cfg, const struct option_table *t)
{
	const struct ini_section *s = ini_find(cfg->all, "Definition");

	for (size_t i = 0; s != NULL && i < ini_options(s); i++) {
		const char *name = ini_option(s, i);
		const struct option *near = lint_nearest(t, name);

		if (near == NULL || option_find(t, name) != NULL ||
		    lint_is_used(l, cfg, name))
			continue;
		lint_warn(l, ini_pos(s, name),
		    "option '%s' is unknown and has no effect; did you mean "
		    "'%s' (%s)?",
		    name, near->name, near->help);
	}
}

/* The option with its %()s replaced, as it stands where they cannot be. */
static char *
text_of(struct lint *l, const struct overlay *cfg, const char *option)
{
	struct interp in = {.cfg = cfg, .section = "Definition"};
	const struct ini_section *s = ini_find(cfg->all, "Definition");
	struct buf text = BUF_INIT;
	struct err why = ERR_INIT;
	const char *raw = overlay_get(cfg, s, option);
	int rc = interp_get(&text, &in, option, &why);

	if (rc < 0) {
		warn_unknown_name(l, cfg, option, err_text(&why));
		buf_adds(&text, raw == NULL ? "" : raw);
	}
	err_release(&why);
	return buf_detach(&text);
}

/* One filter as its files stand, whoever may use it. */
static void
lint_text(struct lint *l, const struct overlay *cfg)
{
	char *text[3];

	lint_sections(l, cfg);
	if (ini_find(cfg->all, "Definition") == NULL)
		return;
	lint_names(l, cfg, &option_filter);
	for (int i = 0; regexes[i] != NULL; i++) {
		text[i] = text_of(l, cfg, regexes[i]);
		if (strstr(text[i], "$$") != NULL)
			warn_dollars(l, cfg, regexes[i], text[i]);
	}
	/* what tags bring in is only known when a jail uses it */
	if (!has_identity(text[0]) && !has_identity(text[1]) &&
	    strchr(text[1], '<') == NULL)
		warn_no_identity(l, cfg, text[1]);
	for (int i = 0; i < 3; i++)
		free(text[i]);
}

/* A filter, not a part that others include. */
static bool
is_conf(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0 &&
	       (n < 11 || strcmp(name + n - 11, "common.conf") != 0);
}

void
lint_filter_file(struct lint *l, const char *name, bool exact)
{
	struct overlay_from from = {
	    .dir = l->o->dir, .name = name, .exact = exact, .cache = l->cache};
	struct overlay *cfg = NULL;
	struct err why = ERR_INIT;

	if (overlay_read(&cfg, &from, &why) == OVERLAY_OK)
		lint_text(l, cfg);
	err_release(&why);
	overlay_free(cfg);
}

void
lint_all_filters(struct lint *l)
{
	char *folder = xasprintf("%s/filter.d", l->o->dir);
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		char *name;

		if (!is_conf(e->d_name))
			continue;
		name = xasprintf(
		    "filter.d/%.*s", (int)strlen(e->d_name) - 5, e->d_name);
		lint_filter_file(l, name, false);
		free(name);
	}
	if (dir != NULL)
		(void)closedir(dir);
	free(folder);
}

/* ---- as a jail uses it */

/*
 * Starts of composed tags in the file: "mdre-" of "<mdre-<mode>>". The
 * option that makes the rest goes to *by.
 */
struct composed {
	char *prefix;
	char *by;
};

/* Whether the tag (n bytes) is what is left of a composed one. */
static bool
find_composed(struct composed *ret, const struct ini_section *s,
    const char *tag, size_t n)
{
	for (size_t i = 0; i < ini_options(s); i++) {
		const char *text = ini_get(s, ini_option(s, i)), *p = text;
		size_t at, len;

		while (tags_find(
		    text, strlen(text), (size_t)(p - text), &at, &len)) {
			const char *open = text + at, *start = open;

			while (start > text && start[-1] != '<' &&
			       start[-1] != '>' && start[-1] != ' ')
				start--;
			p = open + len + 2;
			if (start == text || start[-1] != '<' ||
			    start == open || (size_t)(open - start) >= n ||
			    strncmp(start, tag, (size_t)(open - start)) != 0)
				continue;
			ret->prefix = xmemdup0(start, (size_t)(open - start));
			ret->by = xmemdup0(open + 1, len);
			return true;
		}
	}
	return false;
}

static void
list_choices(struct buf *out, const struct value *combined, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i + 1 < combined->n; i += 2) {
		const char *name = value_str(combined->items[i]);

		if (strncmp(name, prefix, n) == 0 && name[n] != '\0')
			buf_addf(out, "%s%s", out->n > 0 ? ", " : "", name + n);
	}
}

static bool
is_word(const char *p, size_t n)
{
	if (n < 2 || !((p[0] >= 'a' && p[0] <= 'z') || p[0] == '_'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) &&
		    strchr("_-./", p[i]) == NULL)
			return false;
	return true;
}

/* Own options of [Definition] that complete the prefix. */
static void
add_own_choices(
    struct buf *out, const struct ini_section *s, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < ini_options(s); i++) {
		const char *name = ini_option(s, i);

		if (strncmp(name, prefix, n) == 0 && name[n] != '\0')
			buf_addf(out, "%s%s", out->n > 0 ? ", " : "", name + n);
	}
}

static void
warn_tag(struct lint *l, const struct definition *d, const char *option,
    const char *tag)
{
	const struct ini_section *s = ini_find(d->cfg->all, "Definition");
	struct composed c = {NULL, NULL};
	struct buf choices = BUF_INIT;

	if (s != NULL && find_composed(&c, s, tag, strlen(tag))) {
		add_own_choices(&choices, s, c.prefix);
		if (choices.n == 0)
			list_choices(&choices, d->given, c.prefix);
		lint_warn(l, overlay_pos(d->cfg, s, option),
		    "option '%s' of filter '%s' in jail '%s': <%s> is not "
		    "defined: '%s' is no %s of this filter; there are %s",
		    option, d->name, d->jail, tag, tag + strlen(c.prefix), c.by,
		    choices.p);
	} else
		lint_warn(l, overlay_pos(d->cfg, s, option),
		    "option '%s' of filter '%s' in jail '%s': <%s> is not "
		    "defined and stays as it is",
		    option, d->name, d->jail, tag);
	free(c.prefix);
	free(c.by);
	buf_release(&choices);
}

/* Tags that are neither named groups nor known to the server. */
static void
lint_tags(struct lint *l, const struct definition *d, const char *option,
    const char *text)
{
	size_t at = 0, n, len = strlen(text);

	for (size_t from = 0; tags_find(text, len, from, &at, &n);
	     from = at + n + 2) {
		char *tag = xmemdup0(text + at + 1, n);
		bool group =
		    at >= 1 && (text[at - 1] == 'P' || text[at - 1] == '?' ||
		                   text[at - 1] == '\\');

		if (!group && is_word(tag, n))
			warn_tag(l, d, option, tag);
		free(tag);
	}
}

void
lint_filter(
    struct lint *l, const struct definition *d, const struct value *combined)
{
	const char *pref, *fail;

	lint_sections(l, d->cfg);
	if (combined == NULL)
		return;
	for (const char *const *p = regexes; *p != NULL; p++) {
		const char *text = value_str(value_get(combined, *p));

		if (text == NULL)
			continue;
		lint_tags(l, d, *p, text);
		if (strstr(text, "$$") != NULL)
			warn_dollars(l, d->cfg, *p, text);
	}
	pref = value_str(value_get(combined, "prefregex"));
	fail = value_str(value_get(combined, "failregex"));
	if (fail != NULL && (pref == NULL || !has_identity(pref)))
		warn_no_identity(l, d->cfg, fail);
}

/* ---- actions */

static bool
is_dynamic(const char *tag)
{
	static const char *const known[] = {"ip", "fid", "family", "ip-rev",
	    "ip-host", "failures", "time", "bantime", "bancount", "matches",
	    "ipmatches", "ipjailmatches", "ipfailures", "ipjailfailures",
	    "restored", "raw-ticket", "jail.name", "jail.banned",
	    "jail.banned_total", "jail.found", "jail.found_total", "br", "sp",
	    "fq-hostname", "sh-hostname", "timeout", NULL};

	for (const char *const *p = known; *p != NULL; p++)
		if (strcmp(tag, *p) == 0)
			return true;
	return strncmp(tag, "F-", 2) == 0;
}

static bool
is_given(const struct definition *d, const char *tag)
{
	size_t n = strlen(tag);

	for (size_t i = 0; i + 1 < d->given->n; i += 2) {
		const char *name = value_str(d->given->items[i]);

		if (strncmp(name, tag, n) == 0 &&
		    (name[n] == '\0' || name[n] == '?'))
			return true;
	}
	return false;
}

/*
 * "<<sender>>" makes "<fail2ban>", an address in a mail: what looks like a tag
 * is only text around one.
 */
static bool
is_around_tag(const struct definition *d, const char *option, const char *tag)
{
	const struct ini_section *s = ini_find(d->cfg->all, "Definition");
	const char *raw = overlay_get(d->cfg, s, option);
	char *literal = xasprintf("<%s>", tag);
	bool is = raw != NULL && strstr(raw, "<<") != NULL &&
	          strstr(raw, literal) == NULL;

	free(literal);
	return is;
}

static void
lint_command(struct lint *l, const struct definition *d, const char *option,
    const char *text)
{
	const struct ini_section *s = ini_find(d->cfg->all, "Definition");
	size_t at = 0, n, len = strlen(text);

	for (size_t from = 0; tags_find(text, len, from, &at, &n);
	     from = at + n + 2) {
		char *tag = xmemdup0(text + at + 1, n);

		/* "cat <file" and the like are the shell's */
		if (is_word(tag, n) && !is_dynamic(tag) && !is_given(d, tag) &&
		    (at == 0 || text[at - 1] != '<') &&
		    !is_around_tag(d, option, tag))
			lint_warn(l, overlay_pos(d->cfg, s, option),
			    "option '%s' of action '%s' in jail '%s': <%s> is "
			    "not defined and stays as it is",
			    option, d->name, d->jail, tag);
		free(tag);
	}
}

void
lint_action(
    struct lint *l, const struct definition *d, const struct value *combined)
{
	lint_sections(l, d->cfg);
	lint_names(l, d->cfg, &option_action);
	for (size_t i = 0; i < option_action.n; i++) {
		const char *name = option_action.rows[i].name;
		const char *text = value_str(value_get(combined, name));

		if (text != NULL)
			lint_command(l, d, name, text);
	}
}
