/*
 * hooks - what monitor and jails call back: failures to judges, and so on
 */
#ifndef SERVER_HOOKS_H
#define SERVER_HOOKS_H

#include "server/monitor.h"

/* arg of its functions is the struct server. */
extern const struct monitor_ops hooks_monitor;

#endif
