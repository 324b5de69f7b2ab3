#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/filterdef.h"

void
filterdef_set_logtype(struct definition *d, const char *backend)
{
	const struct value *v = value_get(d->given, "logtype");
	const struct ini_section *s = ini_find(d->cfg->all, "Definition");

	if (v != NULL && value_truth(v))
		return;
	if (s != NULL && ini_get(s, "logtype") != NULL)
		return;
	value_set(d->given, "logtype",
	    value_text(
	        strncmp(backend, "systemd", 7) == 0 ? "journal" : "file"));
}

enum overlay_result
filterdef_read(struct definition *d, const struct filterdef_use *use,
    struct value *given, struct err *err)
{
	struct overlay_from from = {
	    .dir = use->dir, .exact = use->exact, .cache = use->cache};
	char *path = use->exact || use->name[0] == '/' ||
	                     strncmp(use->name, "./", 2) == 0
	                 ? xstrdup(use->name)
	                 : xasprintf("filter.d/%s", use->name);
	struct overlay *cfg = NULL;
	enum overlay_result result;

	from.name = path;
	result = overlay_read(&cfg, &from, err);
	if (result == OVERLAY_OK) {
		definition_init(d, use->name, use->jail, given);
		d->of_1_1_1 = overlay_cache_is_1_1_1(use->cache, use->dir);
		d->cfg = d->own_cfg = cfg;
		d->table = &option_filter;
	} else
		value_free(given);
	free(path);
	return result;
}
