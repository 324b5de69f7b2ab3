/*
 * The text of a command is made once for each family and kept until a
 * property changes: a ban only fills in what is its own.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/span.h"
#include "base/tags.h"
#include "base/word.h"
#include "engine/actiondef.h"
#include "engine/actiontags.h"

#define TIMEOUT_DEFAULT 60  /* seconds */
#define TIMEOUT_MAX 1000000 /* seconds */

static const char *const cmd_names[CMD_COUNT] = {
    [CMD_START] = "actionstart",
    [CMD_STOP] = "actionstop",
    [CMD_CHECK] = "actioncheck",
    [CMD_REPAIR] = "actionrepair",
    [CMD_BAN] = "actionban",
    [CMD_REBAN] = "actionreban",
    [CMD_UNBAN] = "actionunban",
    [CMD_PROLONG] = "actionprolong",
    [CMD_FLUSH] = "actionflush",
    [CMD_RELOAD] = "actionreload",
    [CMD_BAN_BULK] = "actionban_bulk",
    [CMD_UNBAN_BULK] = "actionunban_bulk",
};

static const char *const family_names[FAM_COUNT] = {
    [FAM_ALL] = "",
    [FAM_INET4] = "inet4",
    [FAM_INET6] = "inet6",
    [FAM_RAW] = "None",
};

/* fail2ban: what an action has before anything is set. */
static const struct preset {
	const char *name;
	const char *text;
} presets[] = {
    {"ESCAPE_CRE",
        "re.compile('[\\\\#&;`|*?~<>\\^\\(\\)\\[\\]{}$\\'\"\\n\\r]')"},
    {"ESCAPE_VN_CRE", "re.compile('\\W')"},
    {"actionban", ""},
    {"actioncheck", ""},
    {"actionflush", ""},
    {"actionreban", ""},
    {"actionreload", ""},
    {"actionrepair", ""},
    {"actionstart", ""},
    {"actionstop", ""},
    {"actionunban", ""},
};

static struct value *
default_props(int epoch)
{
	struct value *props = value_dict();

	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		value_set(props, presets[i].name, value_text(presets[i].text));
	value_set(props, "banEpoch", value_int(epoch));
	value_set(props, "timeout", value_int(TIMEOUT_DEFAULT));
	return props;
}

struct action *
action_new(const char *name)
{
	struct action *a = xcalloc(1, sizeof(*a));

	a->name = xstrdup(name);
	a->props = default_props(0);
	return a;
}

void
action_free(struct action *a)
{
	if (a == NULL)
		return;
	action_forget(a);
	value_free(a->props);
	value_free(a->shadow);
	free(a->name);
	free(a);
}

void
action_forget(struct action *a)
{
	for (int cmd = 0; cmd < CMD_COUNT; cmd++)
		for (int fam = 0; fam < FAM_COUNT; fam++) {
			free(a->cache[cmd][fam]);
			a->cache[cmd][fam] = NULL;
		}
}

void
action_shadow(struct action *a)
{
	value_free(a->shadow);
	a->shadow = default_props(a->epoch);
}

void
action_unshadow(struct action *a)
{
	if (a->shadow == NULL)
		return;
	value_free(a->props);
	a->props = a->shadow;
	a->shadow = NULL;
	value_set(a->props, "banEpoch", value_int(a->epoch));
	action_forget(a);
}

const char *
action_name(const struct action *a)
{
	return a->name;
}

const char *
action_cmd_name(enum action_cmd cmd)
{
	return cmd_names[cmd];
}

const char *
action_family_name(enum action_family fam)
{
	return family_names[fam];
}

enum action_family
action_family_of(const struct ticket *t)
{
	const char *name = actiontags_family(t);

	return strcmp(name, "inet4") == 0   ? FAM_INET4
	       : strcmp(name, "inet6") == 0 ? FAM_INET6
	                                    : FAM_RAW;
}

/* ---- properties */

static int
set_timeout(struct value *props, const struct value *v, struct err *err)
{
	const char *text = value_str(v);
	struct span s;

	if (text == NULL) {
		if (!value_is(v, VALUE_INT) && !value_is(v, VALUE_FLOAT))
			return err_set(err, "timeout is no number of seconds");
		value_set(props, "timeout", value_copy(v));
		return 0;
	}
	if (span_parse(&s, text, err) == -1)
		return -1;
	value_set(props, "timeout",
	    s.is_float ? value_float(s.seconds)
	               : value_int((int64_t)s.seconds));
	return 0;
}

int
action_set(struct action *a, const char *property, const struct value *v,
    struct err *err)
{
	struct value *props = a->shadow != NULL ? a->shadow : a->props;

	/* fail2ban: the tag of each ban must win over a fixed property */
	if (strcmp(property, "bantime") == 0 ||
	    strcmp(property, "banEpoch") == 0)
		return 0;
	if (strcmp(property, "timeout") == 0) {
		if (set_timeout(props, v, err) == -1)
			return -1;
	} else
		value_set(props, property, value_copy(v));
	if (props == a->props)
		action_forget(a);
	return 0;
}

const struct value *
action_get(const struct action *a, const char *property, struct err *err)
{
	const struct value *props = a->shadow != NULL ? a->shadow : a->props;
	const struct value *v = value_get(props, property);

	if (v == NULL)
		(void)err_set(err, "'%s' object has no attribute '%s'",
		    a->is_smtp ? "SMTPAction" : "CommandAction", property);
	return v;
}

static int
compare_texts(const void *a, const void *b)
{
	const struct value *const *x = a;
	const struct value *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

struct value *
action_properties(const struct action *a)
{
	const struct value *props = a->shadow != NULL ? a->shadow : a->props;
	struct value *list = value_list();

	for (size_t i = 0; i < props->n; i += 2)
		value_add(list, value_copy(props->items[i]));
	qsort(list->items, list->n, sizeof(*list->items), compare_texts);
	return list;
}

bool
action_flag(const struct action *a, const char *name, bool otherwise)
{
	const struct value *v = value_get(a->props, name);

	if (v == NULL || v->type == VALUE_NONE)
		return otherwise;
	if (v->type != VALUE_TEXT)
		return value_truth(v);
	return word_is_true(v->text);
}

bool
action_is_conditional(const struct action *a)
{
	for (size_t i = 0; i < a->props->n; i += 2)
		if (strstr(a->props->items[i]->text, "?family=") != NULL)
			return true;
	return false;
}

bool
action_on_demand(const struct action *a)
{
	return action_flag(
	    a, "actionstart_on_demand", action_is_conditional(a));
}

static bool
is_secret_name(const char *name)
{
	static const char *const parts[] = {
	    "apikey", "authkey", "passw", "secret", "token", "url"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (name != NULL && strcasestr(name, parts[i]) != NULL)
			return true;
	return false;
}

/* Addresses of the web count, for those of web hooks are all that is secret. */
bool
action_is_secret(const struct action *a, const char *text)
{
	for (size_t i = 0; i + 1 < a->props->n; i += 2) {
		const char *value = value_str(a->props->items[i + 1]);

		if (is_secret_name(value_str(a->props->items[i])) &&
		    value != NULL && value[0] != '\0' &&
		    strstr(text, value) != NULL)
			return true;
	}
	return false;
}

int
action_timeout_ms(const struct action *a)
{
	const struct value *v = value_get(a->props, "timeout");
	double seconds = TIMEOUT_DEFAULT;

	if (value_is(v, VALUE_INT))
		seconds = (double)v->i;
	if (value_is(v, VALUE_FLOAT))
		seconds = v->f;
	if (seconds * 1000 < 1)
		return 1;
	return seconds < TIMEOUT_MAX ? (int)(seconds * 1000)
	                             : TIMEOUT_MAX * 1000;
}

int
action_families(
    const struct action *a, bool ipv6, enum action_family ret[FAM_COUNT])
{
	const char *set = value_str(value_get(a->props, "families"));
	int n = 0;

	if (set != NULL && (strstr(set, "inet4") || strstr(set, "inet6"))) {
		if (strstr(set, "inet4") != NULL)
			ret[n++] = FAM_INET4;
		if (strstr(set, "inet6") != NULL)
			ret[n++] = FAM_INET6;
	} else if (action_is_conditional(a)) {
		ret[n++] = FAM_INET4;
		if (ipv6)
			ret[n++] = FAM_INET6;
	} else
		ret[n++] = FAM_ALL;
	return n;
}

/* ---- commands */

/* A property that came from a log is never more than text in a command. */
static int
escaped_property(
    void *arg, struct buf *out, const char *name, size_t n, struct err *err)
{
	static const char *const names[] = {
	    "matches", "ipmatches", "ipjailmatches"};
	const struct action *a = arg;

	(void)err;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct value *v;

		if (strlen(names[i]) != n || memcmp(names[i], name, n) != 0)
			continue;
		v = value_get(a->props, names[i]);
		if (!value_is(v, VALUE_TEXT))
			return 0;
		actiontags_escape(out, v->text, v->text_n);
		return 1;
	}
	return 0;
}

static void
add_hostname(struct buf *out, bool full)
{
	char name[256] = "";

	(void)gethostname(name, sizeof(name) - 1);
	buf_add(out, name, full ? strlen(name) : strcspn(name, "."));
}

static int
constant_tag(
    void *arg, struct buf *out, const char *name, size_t n, struct err *err)
{
	(void)arg;
	(void)err;
	if (n == 2 && memcmp(name, "br", n) == 0)
		buf_addc(out, '\n');
	else if (n == 2 && memcmp(name, "sp", n) == 0)
		buf_addc(out, ' ');
	else if (n == 11 && memcmp(name, "fq-hostname", n) == 0)
		add_hostname(out, true);
	else if (n == 11 && memcmp(name, "sh-hostname", n) == 0)
		add_hostname(out, false);
	else
		return 0;
	return 1;
}

/* The text that was set for this family, NULL when there is none. */
static const char *
source_text(const struct action *a, enum action_cmd cmd, enum action_family fam)
{
	const char *text = NULL;
	char *name;

	if (fam == FAM_INET4 || fam == FAM_INET6) {
		name = xasprintf(
		    "%s?family=%s", cmd_names[cmd], family_names[fam]);
		text = value_str(value_get(a->props, name));
		free(name);
	}
	if (text == NULL)
		text = value_str(value_get(a->props, cmd_names[cmd]));
	if (text == NULL || text[strspn(text, " \t\r\n")] == '\0')
		return NULL;
	return text;
}

static const char *
condition_of(enum action_family fam)
{
	return fam == FAM_INET4   ? "family=inet4"
	       : fam == FAM_INET6 ? "family=inet6"
	                          : NULL;
}

const char *
action_command(struct action *a, enum action_cmd cmd, enum action_family fam,
    struct err *err)
{
	struct tags_rules rules = {.first = escaped_property,
	    .fallback = constant_tag,
	    .arg = a,
	    .condition = condition_of(fam)};
	enum action_cmd from = cmd;
	struct buf b = BUF_INIT;
	const char *text;

	if (a->cache[cmd][fam] != NULL)
		return a->cache[cmd][fam];
	text = source_text(a, cmd, fam);
	if (text == NULL && cmd == CMD_REBAN) {
		from = CMD_BAN;
		text = source_text(a, from, fam);
	}
	buf_adds(&b, text == NULL ? "" : text);
	if (tags_replace(&b, cmd_names[from], a->props, &rules, err) == -1) {
		buf_release(&b);
		return NULL;
	}
	a->cache[cmd][fam] = buf_detach(&b);
	return a->cache[cmd][fam];
}

bool
action_has(const struct action *a, enum action_cmd cmd)
{
	for (int fam = 0; fam < FAM_COUNT; fam++)
		if (source_text(a, cmd, (enum action_family)fam) != NULL)
			return true;
	return false;
}

/* ---- state */

void
action_state_set(struct action *a, enum action_family fam, unsigned char bits)
{
	bool known = false;

	for (int i = 0; i < a->norder; i++)
		if (a->order[i] == fam)
			known = true;
	if (!known)
		a->order[a->norder++] = fam;
	a->state[fam] = bits;
}

void
action_set_epoch(struct action *a, int epoch)
{
	a->epoch = epoch;
	value_set(a->props, "banEpoch", value_int(epoch));
}
