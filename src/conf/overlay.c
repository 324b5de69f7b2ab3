#include <stdlib.h>

#include "conf/overlay.h"

void
overlay_free(struct overlay *o)
{
	if (o == NULL)
		return;
	ini_free(o->all);
	ini_free(o->known);
	for (size_t i = 0; i < o->nfiles; i++)
		free(o->files[i]);
	free(o->files);
	free(o);
}

const char *
overlay_get_key(
    const struct overlay *o, const struct ini_section *s, struct ini_key key)
{
	const char *v = s == NULL ? NULL : ini_get_key(s, key);

	return v != NULL ? v : ini_get_key(ini_defaults(o->all), key);
}

const char *
overlay_get(
    const struct overlay *o, const struct ini_section *s, const char *option)
{
	return overlay_get_key(o, s, ini_key(option));
}

const char *
overlay_known(const struct overlay *o, const char *section, const char *option)
{
	const struct ini_section *s =
	    o->known == NULL ? NULL : ini_find(o->known, section);

	return overlay_get(o, s, option);
}

struct pos
overlay_pos(
    const struct overlay *o, const struct ini_section *s, const char *option)
{
	if (s != NULL && ini_get(s, option) != NULL)
		return ini_pos(s, option);
	return ini_pos(ini_defaults(o->all), option);
}

size_t
overlay_condition(const char *name)
{
	const char *p = name;

	for (; *p != '\0' && *p != '?'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x80 && c != '_' && !(c >= '0' && c <= '9') &&
		    !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return 0;
	}
	return *p == '?' && p[1] != '\0' ? (size_t)(p - name) : 0;
}
