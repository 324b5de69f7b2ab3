/* quiet - messages are made, with all their text, and dropped */
#ifndef TESTS_QUIET_H
#define TESTS_QUIET_H

#include "base/log.h"

static inline void
quiet_drop(void *arg, int level, const char *name, const char *msg, size_t n)
{
	(void)arg;
	(void)level;
	(void)name;
	(void)msg;
	(void)n;
}

static inline void
quiet_log(void)
{
	log_set_sink(quiet_drop, NULL);
}

#endif
