#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "conf/actiondef.h"

/* Set by the server for each ban, also where the file has a default. */
static const char *const kept_tags[] = {
    "matches", "ipmatches", "ipjailmatches", "timeout", "bantime", NULL};

/*
 * The jail's name unless the brackets say another; the action is then named
 * after both, so that a jail may use one file twice.
 */
void
actiondef_names(struct value *given, const struct actiondef_use *use)
{
	const char *name = value_str(value_get(given, "name"));
	struct buf actname = BUF_INIT;
	size_t n = strlen(use->jail);

	if (name == NULL) {
		value_set(given, "name", value_text(use->jail));
		name = use->jail;
	}
	if (value_get(given, "actname") != NULL)
		return;
	buf_adds(&actname, use->name);
	if (strcmp(name, use->jail) == 0)
		;
	else if (strncmp(name, use->jail, n) == 0)
		buf_adds(&actname, name + n);
	else
		buf_addf(&actname, "-%s", name);
	value_set(given, "actname", value_text(actname.p));
	buf_release(&actname);
}

enum overlay_result
actiondef_read(struct definition *d, const struct actiondef_use *use,
    struct value *given, struct err *err)
{
	struct overlay_from from = {.dir = use->dir, .cache = use->cache};
	bool is_path = use->name[0] == '/' || strncmp(use->name, "./", 2) == 0;
	char *path =
	    is_path ? xstrdup(use->name) : xasprintf("action.d/%s", use->name);
	const struct overlay *cfg = NULL;
	enum overlay_result result;

	from.name = path;
	result = overlay_read_shared(&cfg, &from, err);
	if (result == OVERLAY_OK) {
		definition_init(d, use->name, use->jail, given);
		d->of_1_1_1 = overlay_cache_is_1_1_1(use->cache, use->dir);
		d->cfg = cfg;
		d->table = &option_action;
		d->ignored = kept_tags;
	} else
		value_free(given);
	free(path);
	return result;
}

const char *
actiondef_name(const struct definition *d)
{
	return value_str(value_get(d->given, "actname"));
}

static void
add_json_unit(struct buf *out, unsigned unit)
{
	buf_addf(out, "\\u%04x", unit);
}

/* A text as Python's json.dumps() prints it: ASCII alone. */
static void
add_json(struct buf *out, const char *p, size_t n)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";

	buf_addc(out, '"');
	for (size_t at = 0, len; at < n; at += len) {
		const char *special;
		char32_t c;

		len = utf8_decode(p + at, n - at, &c);
		if (len == 0) {
			len = 1;
			c = 0xfffd;
		}
		special = c != 0 && c < 0x80 ? strchr(plain, (int)c) : NULL;
		if (special != NULL) {
			buf_addc(out, '\\');
			buf_addc(out, letter[special - plain]);
		} else if (c >= 0x20 && c < 0x7f)
			buf_addc(out, (char)c);
		else if (c > 0xffff) {
			add_json_unit(out, 0xd800 + ((c - 0x10000) >> 10));
			add_json_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
		} else
			add_json_unit(out, c);
	}
	buf_addc(out, '"');
}

static void
add_json_dict(struct buf *out, const struct value *dict)
{
	buf_addc(out, '{');
	for (size_t i = 0; i + 1 < dict->n; i += 2) {
		const struct value *k = dict->items[i], *v = dict->items[i + 1];

		if (i > 0)
			buf_adds(out, ", ");
		add_json(out, k->text, k->text_n);
		buf_adds(out, ": ");
		add_json(out, v->text, v->text_n);
	}
	buf_addc(out, '}');
}

struct value *
actiondef_python(const struct actiondef_use *use, struct value *given)
{
	struct value *cmd = value_list();
	const char *actname = value_str(value_get(given, "actname"));
	struct buf json = BUF_INIT;
	const char *dot = strrchr(use->name, '.');

	value_adds(cmd, "set");
	value_adds(cmd, use->jail);
	value_adds(cmd, "addaction");
	if (actname != NULL)
		value_adds(cmd, actname);
	else
		value_add(
		    cmd, value_textn(use->name, (size_t)(dot - use->name)));
	value_del(given, "actname");
	value_add(cmd, value_textf("%s/action.d/%s", use->dir, use->name));
	add_json_dict(&json, given);
	value_adds(cmd, json.p);
	buf_release(&json);
	value_free(given);
	return cmd;
}
