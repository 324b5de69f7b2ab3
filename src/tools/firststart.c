/*
 * These are commands as any others, for this run alone: a reload or the next
 * start sets ignoreip as the configuration has it.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "tools/firststart.h"

static const char *
word(const struct value *command, size_t i)
{
	const char *s = i < command->n ? value_str(command->items[i]) : NULL;

	return s == NULL ? "" : s;
}

bool
firststart_is(const struct value *stream)
{
	for (size_t i = 0; i < stream->n; i++) {
		const struct value *c = stream->items[i];
		const char *file = word(c, 2);

		if (strcmp(word(c, 0), "set") != 0 ||
		    strcmp(word(c, 1), "dbfile") != 0)
			continue;
		return file[0] == '/' && access(file, F_OK) == -1 &&
		       errno == ENOENT;
	}
	return false;
}

static struct value *
ignore_command(const char *jail, const struct value *addresses)
{
	struct value *c = value_list();

	value_adds(c, "set");
	value_adds(c, jail);
	value_adds(c, "addignoreip");
	for (size_t i = 0; i < addresses->n; i++)
		value_add(c, value_copy(addresses->items[i]));
	return c;
}

static void
say(const struct value *addresses, const char *dir)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < addresses->n; i++)
		buf_addf(&list, " %s", value_str(addresses->items[i]));
	log_msg(LOG_WARN, "",
	    "First start: not banned until a reload or restart, because logged "
	    "in over SSH:%s",
	    list.p);
	log_msg(LOG_WARN, "",
	    "To keep it so, write below [DEFAULT] in %s/jail.local: "
	    "ignoreip =%s",
	    dir, list.p);
	buf_release(&list);
}

void
firststart_protect(
    struct value *stream, const struct value *addresses, const char *dir)
{
	size_t first = 0, n = 0, left;

	if (addresses->n == 0)
		return;
	while (first < stream->n &&
	       strcmp(word(stream->items[first], 0), "start") != 0)
		first++;
	/* from the last one on, each in front of those before */
	for (left = stream->n - first; left > 0; left--) {
		const struct value *c = stream->items[first + n + left - 1];

		if (strcmp(word(c, 0), "start") != 0)
			continue;
		value_insert(
		    stream, first, ignore_command(word(c, 1), addresses));
		n++;
	}
	if (n > 0)
		say(addresses, dir);
}
