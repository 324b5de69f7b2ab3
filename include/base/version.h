/*
 * version - the fail2ban version that is answered, and our own
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#include "config.h"

/* What "version", -V and the log say: dashboards accept known numbers only. */
#define COMPAT_VERSION "1.1.0"
/* What --version says. */
#define OWN_NAME PACKAGE_NAME
#define OWN_VERSION PACKAGE_VERSION

#endif
