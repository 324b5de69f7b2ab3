/*
 * stream - many commands as one: start and reload (spec 16; architecture,
 * decisions 3 and 10)
 *
 * At start a failing command breaks its jail only: the rest of that jail is
 * left out, the others start, the answer is the first error. A reload is
 * executed on a second set of rules; when anything fails nothing has changed.
 */
#ifndef SERVER_STREAM_H
#define SERVER_STREAM_H

#include <stdbool.h>

#include "server/command.h"

/* Rows "server-stream COMMANDS" and "reload JAIL OPTIONS COMMANDS". */
enum outcome stream_run(struct call *c);
enum outcome stream_reload(struct call *c);

/* Whether the commands of a reload are being executed. */
bool stream_is_staging(const struct server *s);
/* The jail that the reload under way makes, NULL: none of this name. */
struct record *stream_staged(const struct server *s, const char *name);

/* "add" and "start" and "config-error" as part of the reload under way. */
enum outcome stream_add(struct call *c, const char *name, const char *backend);
enum outcome stream_start(struct call *c, const char *name);
void stream_config_error(struct server *s, const char *text);

#endif
