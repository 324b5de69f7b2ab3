/*
 * firewall - which one the shipped configuration bans with
 *
 * %(fail2ban_firewall)s is "nftables" or "iptables": by the programs in the
 * system's folders, so that any user sees the same with -d.
 */
#ifndef CONF_FIREWALL_H
#define CONF_FIREWALL_H

#include "conf/ini.h"

/*
 * The action for what is installed in the folders, separated by colons:
 * nftables goes before iptables, and is the answer too where there is neither.
 */
const char *firewall_choose(const char *folders);
/*
 * The program that an action of this name bans with and that is not in the
 * folders (NULL: the system's); NULL: it is there, or the action is another's.
 */
const char *firewall_lacks(const char *folders, const char *action);
/*
 * Sets fail2ban_firewall in the defaults, unless a file says it. What the
 * shipped paths-common.conf says does not count: it is for other programs.
 */
void firewall_predefine(struct ini_section *defaults);

#endif
