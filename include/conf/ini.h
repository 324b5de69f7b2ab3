/*
 * ini - one configuration file in fail2ban's dialect (spec 01 section 1)
 *
 * Sections and options keep their order; every value knows file and line.
 * Text is valid UTF-8 in C strings, with a NUL byte as the two bytes c0 80.
 */
#ifndef CONF_INI_H
#define CONF_INI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define INI_DEFAULT "DEFAULT"
/* What one file may hold; real ones are a thousandth of it. */
#define INI_MAX_BYTES (64u << 20)
#define INI_MAX_SECTIONS 100000
#define INI_MAX_OPTIONS 20000 /* in one section */

struct ini;
struct ini_section;

struct ini *ini_new(void);
void ini_free(struct ini *ini);

/*
 * Adds what the n bytes of a file say; path is for positions. -1 with the
 * reference's text in err.
 */
struct ini_source {
	const char *path;
	const char *p;
	size_t n;
};
int ini_parse(struct ini *ini, const struct ini_source *src, struct err *err);

/*
 * What ini lacks is found in under, as if under had been read before; under
 * must outlive it and stay as it is. Once, before other overlays are made.
 */
void ini_lay_over(struct ini *ini, const struct ini *under);

/* What is set from now on belongs to the next file that is read. */
void ini_start_round(struct ini *ini);

/* Sections without DEFAULT, in order of first appearance. */
size_t ini_count(const struct ini *ini);
struct ini_section *ini_at(const struct ini *ini, size_t i);
/* By exact name; "DEFAULT" too, which is always there. NULL: none. */
struct ini_section *ini_find(const struct ini *ini, const char *name);
struct ini_section *ini_defaults(const struct ini *ini);
/* Finds or appends. */
struct ini_section *ini_section(struct ini *ini, const char *name);

const char *ini_name(const struct ini_section *s);
/* Options of the section alone, in order of first appearance. */
size_t ini_options(const struct ini_section *s);
const char *ini_option(const struct ini_section *s, size_t i);
/* NULL when the section has none of that name. Valid until it is changed. */
const char *ini_get(const struct ini_section *s, const char *option);
/* The same for an option that is looked for in several sections. */
struct ini_key {
	const char *name; /* borrowed */
	uint32_t hash;
};
struct ini_key ini_key(const char *option);
const char *ini_get_key(const struct ini_section *s, struct ini_key key);
/* Whether the section was not started, the option set in this round. */
bool ini_is_fresh(const struct ini_section *s);
bool ini_was_set(const struct ini_section *s, const char *option);
/* file NULL when unknown; the file name lives as long as the program. */
struct pos ini_pos(const struct ini_section *s, const char *option);
/* The name of a file as a struct pos has it, good as long as the program. */
const char *ini_file_name(const char *path);
/* Where the section starts first. */
struct pos ini_section_pos(const struct ini_section *s);
void ini_section_start(struct ini_section *s, struct pos pos);

/* Replaces (keeps the place) or appends. Copies, except the file's name. */
void ini_set(struct ini_section *s, const char *option, const char *value,
    struct pos pos);

#endif
