/*
 * nobody - a monitor without a worker: its channel ends in a socket, and
 * nobody listens to what it tells
 */
#ifndef TESTS_MONITOR_NOBODY_H
#define TESTS_MONITOR_NOBODY_H

#include "server/monitor_impl.h"

/* For struct monitor_ops. */
void nobody_position(void *arg, const char *jail, const char *path,
    const struct monitor_pos *pos);
bool nobody_stored(
    void *arg, const char *jail, const char *path, struct monitor_pos *ret);

/* Gives m a channel; returns the worker's end of it, -1 with errno. */
int nobody_connect(struct monitor *m);

#endif
