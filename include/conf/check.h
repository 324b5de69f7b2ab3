/*
 * check - whether a value is what its option wants
 *
 * The client passes values on as they are and the server refuses wrong ones;
 * these say it before (conf/lint). Each returns 0, or -1 with what is wrong
 * in err, as the second half of a sentence.
 */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "base/err.h"

int check_bool(const char *value, struct err *err);
int check_int(const char *value, struct err *err);
int check_positive(const char *value, struct err *err);
int check_maxlines(const char *value, struct err *err);
int check_span(const char *value, struct err *err);
int check_backend(const char *value, struct err *err);
int check_usedns(const char *value, struct err *err);
int check_loglevel(const char *value, struct err *err);
int check_ignoreip(const char *value, struct err *err);
int check_formula(const char *value, struct err *err);
int check_multipliers(const char *value, struct err *err);

#endif
