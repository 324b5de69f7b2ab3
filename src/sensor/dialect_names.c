/*
 * Unicode's names of the printable ASCII characters. Any more would be a
 * data base that no filter asks for.
 */
#include <string.h>
#include <strings.h>

#include "sensor/dialect_scan.h"

static const struct {
	const char *name;
	char c;
} names[] = {
    {"SPACE", ' '},
    {"EXCLAMATION MARK", '!'},
    {"QUOTATION MARK", '"'},
    {"NUMBER SIGN", '#'},
    {"DOLLAR SIGN", '$'},
    {"PERCENT SIGN", '%'},
    {"AMPERSAND", '&'},
    {"APOSTROPHE", '\''},
    {"LEFT PARENTHESIS", '('},
    {"RIGHT PARENTHESIS", ')'},
    {"ASTERISK", '*'},
    {"PLUS SIGN", '+'},
    {"COMMA", ','},
    {"HYPHEN-MINUS", '-'},
    {"FULL STOP", '.'},
    {"SOLIDUS", '/'},
    {"COLON", ':'},
    {"SEMICOLON", ';'},
    {"LESS-THAN SIGN", '<'},
    {"EQUALS SIGN", '='},
    {"GREATER-THAN SIGN", '>'},
    {"QUESTION MARK", '?'},
    {"COMMERCIAL AT", '@'},
    {"LEFT SQUARE BRACKET", '['},
    {"REVERSE SOLIDUS", '\\'},
    {"RIGHT SQUARE BRACKET", ']'},
    {"CIRCUMFLEX ACCENT", '^'},
    {"LOW LINE", '_'},
    {"GRAVE ACCENT", '`'},
    {"LEFT CURLY BRACKET", '{'},
    {"VERTICAL LINE", '|'},
    {"RIGHT CURLY BRACKET", '}'},
    {"TILDE", '~'},
};

static const char *const digits[] = {"ZERO", "ONE", "TWO", "THREE", "FOUR",
    "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"};

static bool
is_name(const char *p, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(p, name, n) == 0;
}

/* The letter when the name is this and one letter; 0. */
static char32_t
letter(const char *p, size_t n, const char *start)
{
	size_t k = strlen(start);
	char c;

	if (n != k + 1 || strncasecmp(p, start, k) != 0)
		return 0;
	c = (char)(p[k] | 0x20);
	return c >= 'a' && c <= 'z' ? (char32_t)c : 0;
}

char32_t
dialect_named(const char *name, size_t n)
{
	char32_t c;

	if ((c = letter(name, n, "LATIN SMALL LETTER ")) != 0)
		return c;
	if ((c = letter(name, n, "LATIN CAPITAL LETTER ")) != 0)
		return c - 0x20;
	for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++)
		if (n > 6 && strncasecmp(name, "DIGIT ", 6) == 0 &&
		    is_name(name + 6, n - 6, digits[i]))
			return '0' + (char32_t)i;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_name(name, n, names[i].name))
			return (char32_t)names[i].c;
	return 0;
}
