/*
 * reload - new rules for running jails, all or nothing (spec 16 section 4;
 * architecture, decision 3)
 *
 * The commands are executed on a second set of rules; when anything fails
 * nothing has changed.
 */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include <stdbool.h>

#include "server/command.h"

struct reload;

/* Row "reload JAIL OPTIONS COMMANDS". */
enum outcome reload_run(struct call *c);
/* Its stream has ended, with or without an error. */
void reload_executed(struct reload *r);

/*
 * A look at the reload under way: the last step, in which actions do what
 * they have to, is not waited for much longer. Whether there is one.
 */
bool reload_look(struct server *s);

/* Whether the commands of a reload are being executed. */
bool reload_is_staging(const struct server *s);
/* The jail that the reload under way makes, NULL: none of this name. */
struct record *reload_staged(const struct server *s, const char *name);

/* "add" and "start" and "config-error" as part of the reload under way. */
enum outcome reload_add(struct call *c, const char *name, const char *backend);
enum outcome reload_start(struct call *c, const char *name);
void reload_config_error(struct server *s, const char *text);

#endif
