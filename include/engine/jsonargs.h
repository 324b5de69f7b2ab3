/*
 * jsonargs - arguments of actions that commands give as JSON objects
 */
#ifndef ENGINE_JSONARGS_H
#define ENGINE_JSONARGS_H

#include "base/err.h"
#include "base/value.h"

/*
 * New dict of an object's text; NULL or "": an empty dict. NULL with the
 * reason in err when it is no object or too deep.
 */
struct value *jsonargs_read(const char *text, struct err *err);

#endif
