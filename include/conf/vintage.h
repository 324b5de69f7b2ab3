/*
 * vintage - which fail2ban a configuration folder was made for
 *
 * What differs between fail2ban 1.0 and 1.1.1 follows the folder: who keeps
 * the files of the one gets its texts and rules (doc/compat.md).
 */
#ifndef CONF_VINTAGE_H
#define CONF_VINTAGE_H

#include <stdbool.h>

/*
 * Whether it is one for 1.1.1 or later: "banaction" is in a file
 * paths-NAME.conf. Before, jail.conf had it.
 */
bool vintage_is_1_1_1(const char *dir);

#endif
