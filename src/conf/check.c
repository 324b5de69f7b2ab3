#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/expr.h"
#include "base/integer.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/span.h"
#include "conf/check.h"

static bool
is_one_of(const char *value, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(value, *words) == 0)
			return true;
	return false;
}

int
check_bool(const char *value, struct err *err)
{
	static const char *const words[] = {
	    "1", "on", "true", "yes", "0", "off", "false", "no", NULL};

	if (*value == '\0' || is_one_of(value, words))
		return 0;
	return err_set(err,
	    "'%s' counts as false; only 1, on, true and yes are true", value);
}

int
check_int(const char *value, struct err *err)
{
	long long n;

	if (integer_parse(&n, value) == -1)
		return err_set(err, "'%s' is no whole number", value);
	return 0;
}

static int
check_at_least_one(const char *value, struct err *err)
{
	long long n;

	if (integer_parse(&n, value) == -1)
		return err_set(err, "'%s' is no whole number", value);
	return n < 1 ? err_set(err, "'%s' is less than 1", value) : 0;
}

int
check_positive(const char *value, struct err *err)
{
	return check_at_least_one(value, err);
}

int
check_maxlines(const char *value, struct err *err)
{
	return check_at_least_one(value, err);
}

int
check_span(const char *value, struct err *err)
{
	struct err why = ERR_INIT;
	struct span s;
	int rc = 0;

	if (*value != '\0' && span_parse(&s, value, &why) != 0)
		rc = err_set(err,
		    "'%s' is no time; write seconds or such as 10m, 1h 30m, 2d",
		    value);
	err_release(&why);
	return rc;
}

int
check_backend(const char *value, struct err *err)
{
	static const char *const words[] = {
	    "auto", "pyinotify", "polling", "systemd", NULL};
	char *name = xmemdup0(value, strcspn(value, "["));
	int rc = 0;

	if (!is_one_of(name, words))
		rc = err_set(err,
		    "'%s' is no backend; there are auto, pyinotify, polling "
		    "and systemd",
		    name);
	free(name);
	return rc;
}

int
check_usedns(const char *value, struct err *err)
{
	static const char *const words[] = {"yes", "warn", "no", "raw", NULL};

	if (is_one_of(value, words))
		return 0;
	return err_set(
	    err, "'%s' counts as no; there are yes, warn, no and raw", value);
}

int
check_loglevel(const char *value, struct err *err)
{
	if (log_level_parse(value) >= 0)
		return 0;
	return err_set(err, "'%s' is no log level", value);
}

/* What may follow "/": a number of bits or a mask. */
static bool
is_prefix(const char *text, long max)
{
	size_t n = strlen(text);
	struct addr mask;

	if (n > 0 && n <= 3 && strspn(text, "0123456789") == n)
		return strtol(text, NULL, 10) <= max;
	return strpbrk(text, ".:") != NULL && addr_parse(&mask, text, n);
}

/* "192.0.2.0/33", "300.1.1.1": looks like an address and is none. */
static int
check_address(const char *entry, struct err *err)
{
	const char *slash = strchr(entry, '/');
	size_t n = slash == NULL ? strlen(entry) : (size_t)(slash - entry);
	bool digits = strspn(entry, "0123456789.") >= n && n > 0;
	bool colons = memchr(entry, ':', n) != NULL &&
	              strspn(entry, "0123456789abcdefABCDEF:.") >= n;
	char *host = xmemdup0(entry, n);
	struct addr a;
	int rc = 0;

	if (!digits && !colons && slash == NULL)
		;
	else if (!addr_parse(&a, host, n)) {
		if (digits || colons)
			rc = err_set(err, "'%s' is no address", entry);
	} else if (slash != NULL && !is_prefix(slash + 1, colons ? 128 : 32))
		rc = err_set(err,
		    "'%s' is no network: after the / stands a number up to %d "
		    "or a mask",
		    entry, colons ? 128 : 32);
	free(host);
	return rc;
}

int
check_ignoreip(const char *value, struct err *err)
{
	char *copy = xstrdup(value), *rest = copy, *entry;
	int rc = 0;

	while (rc == 0 && (entry = strsep(&rest, " \t\n\r,")) != NULL)
		if (*entry != '\0' && strncmp(entry, "file:", 5) != 0)
			rc = check_address(entry, err);
	free(copy);
	return rc;
}

int
check_formula(const char *value, struct err *err)
{
	static const char *const names[] = {
	    "ban.Time", "ban.Count", "banFactor", NULL};
	struct err why = ERR_INIT;
	struct expr *e;
	int rc = 0;

	if (*value == '\0')
		return 0;
	e = expr_new(value, names, &why);
	if (e == NULL)
		rc = err_set(
		    err, "'%s' is no expression: %s", value, err_text(&why));
	expr_free(e);
	err_release(&why);
	return rc;
}

int
check_multipliers(const char *value, struct err *err)
{
	char *copy = xstrdup(value), *rest = copy, *word;
	int rc = 0;

	while (rc == 0 && *value != '\0' && (word = strsep(&rest, " ")) != NULL)
		if (*word == '\0')
			rc = err_set(err,
			    "'%s': single blanks separate the numbers", value);
		else
			rc = check_int(word, err);
	free(copy);
	return rc;
}
