/*
 * utf8 - decoding, encoding and checking of UTF-8
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <uchar.h>

#include "base/buf.h"

/*
 * Decodes one character at p of n bytes: returns its length in bytes, or 0
 * when the bytes there are not valid UTF-8 (overlong, surrogate, cut off).
 */
size_t utf8_decode(const char *p, size_t n, char32_t *ret);
/* Appends one character; c <= 0x10ffff. */
void utf8_add(struct buf *out, char32_t c);
/* Number of leading bytes that are valid; n when all are. */
size_t utf8_valid(const char *p, size_t n);
/* Number of leading bytes below 0x80; n when all are ASCII. */
size_t utf8_ascii(const char *p, size_t n);
/*
 * Appends p with every maximal invalid sequence replaced by U+FFFD (spec 07
 * section 3, Unicode "maximal subpart").
 */
void utf8_repair(struct buf *out, const char *p, size_t n);
/* Characters in valid UTF-8 text. */
size_t utf8_length(const char *p, size_t n);
/* Python's str.isprintable() of one character, after its Unicode tables. */
bool utf8_is_printable(char32_t c);
/* Python's str.isspace(): what trims in the configuration (spec 01). */
bool utf8_is_space(char32_t c);
/* Bytes of the white space that starts at p, 0: none there. */
size_t utf8_space(const char *p, size_t n);
/* Python's str.strip(): moves *p and *n to what is left. */
void utf8_trim(const char **p, size_t *n);

#endif
