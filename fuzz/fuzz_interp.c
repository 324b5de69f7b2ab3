/*
 * A file as the configuration of one section "s": every option is fetched,
 * then the tags of all are replaced.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/tags.h"
#include "base/utf8.h"
#include "conf/interp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
look_up(void *arg, struct buf *out, const char *name, size_t n, struct err *err)
{
	(void)n;
	return interp_get_tag(out, arg, name, err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct overlay cfg = {.all = ini_new(), .known = ini_new()};
	struct interp in = {.cfg = &cfg, .section = "s"};
	struct tags_rules rules = {.fallback = look_up, .arg = &in};
	struct ini_source src = {"fuzz.conf", (const char *)data, size};
	struct value *dict = value_dict();
	const struct ini_section *s;

	src.n = utf8_valid(src.p, size);
	if (ini_parse(cfg.all, &src, NULL) == 0 &&
	    (s = ini_find(cfg.all, "s")) != NULL) {
		for (size_t i = 0; i < ini_options(s); i++) {
			struct buf text = BUF_INIT;

			if (interp_get(&text, &in, ini_option(s, i), NULL) == 1)
				value_set(dict, ini_option(s, i),
				    value_textn(text.p, text.n));
			buf_release(&text);
		}
		(void)tags_resolve(dict, &rules, NULL);
	}
	value_free(dict);
	ini_free(cfg.all);
	ini_free(cfg.known);
	return 0;
}
