/*
 * codec - bytes of a log to valid UTF-8 (spec 07 section 3)
 *
 * UTF-8, ASCII and Latin-1 are built in; the rest is iconv, which opens its
 * tables in codec_new(): call it before the sandbox closes.
 */
#ifndef SENSOR_CODEC_H
#define SENSOR_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct codec;

/*
 * Whether name is an encoding ("utf-8", "UTF8", "latin1", "cp1252" ...; not
 * "auto", which codec_default() replaces).
 */
bool codec_known(const char *name);
/* Encoding of the locale, "UTF-8" for C and POSIX. */
const char *codec_default(void);
/* Whether it needs nothing from outside: works inside the sandbox. */
bool codec_is_builtin(const char *name);

/* NULL: unknown. */
struct codec *codec_new(const char *name);
void codec_free(struct codec *c);
/* As configured. */
const char *codec_name(const struct codec *c);
/* Bytes of its "\n"; 1, 2 or 4, and whether the last of them is the 0x0a. */
size_t codec_unit(const struct codec *c);
bool codec_is_big_endian(const struct codec *c);

/* Whether these bytes are ASCII and mean just that: no need to decode them. */
bool codec_is_plain(const struct codec *c, const char *p, size_t n);
/*
 * Decodes n bytes. *text, *text_n are then p itself when that is valid
 * already, else scratch's contents. Returns false when bytes had to be
 * replaced.
 */
bool codec_decode(struct codec *c, const char *p, size_t n, struct buf *scratch,
    const char **text, size_t *text_n);

#endif
