/*
 * literal - a value written as Python prints it, for tables of tests
 *
 * Texts have single quotes and no escapes; an exception is ValueError('x').
 */
#ifndef TESTS_TOOLS_LITERAL_H
#define TESTS_TOOLS_LITERAL_H

#include "base/value.h"

/* Aborts when s is no such text. */
struct value *literal(const char *s);

#endif
