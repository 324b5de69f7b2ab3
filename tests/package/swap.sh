#!/bin/bash
# swap.sh [CFAIL2BAN.DEB]: a machine with Debian's fail2ban gets cfail2ban and
# then goes back. Whatever package runs: the bans are there and the
# configuration is byte for byte what it was. Then cfail2ban alone, from the
# first installation over an upgrade to the purge.
#
# Takes some minutes. See machine.sh for what it needs.
set -u
. "$(dirname "$0")/machine.sh"

# machine SCRIPT: the shell script in the root, with a network of its own. An
# empty /run each time: the machine was started anew.
machine() {
	unshare -n -m -p --fork sh -c 'mount -t proc proc "$1/proc" && mount -t tmpfs run "$1/run" &&
	    ln -sfn /run "$1/var/run" && mkdir -p "$1/run/fail2ban" && exec chroot "$1" bash -c "$2"' \
	    sh "$root" "$1"
}

checksums() {
	(cd "$root/etc" && find fail2ban logrotate.d/fail2ban -type f -exec sha256sum {} + | sort -k2)
}

# Every file that was there is there unchanged.
configuration_untouched() {
	(cd "$root/etc" && sha256sum --quiet -c "$work/sums")
}

# What the administrator of the machine wrote.
write_configuration() {
	cat >"$root/etc/fail2ban/jail.local" <<-'END'
	# mine; blanks at the end and no last newline are mine, too   
	[DEFAULT]
	banaction = nftables
	banaction_allports = nftables[type=allports]
	bantime = 1h
	[sshd]
	enabled = false
	[myservice]
	enabled = true
	filter = myservice
	logpath = /var/log/myservice.log
	backend = polling
	port = 4711
	maxretry = 3
	END
	printf '; the end' >>"$root/etc/fail2ban/jail.local"
	cat >"$root/etc/fail2ban/filter.d/myservice.conf" <<-'END'
	[INCLUDES]
	before = common.conf
	[Definition]
	_daemon = myservice
	failregex = ^%(__prefix_line)sdenied <HOST>$
	END
	printf '[Definition]\nloglevel = INFO\n' >"$root/etc/fail2ban/fail2ban.local"
	sed -i 's/^bantime *= .*/bantime = 10m/' "$root/etc/fail2ban/jail.conf"
	: >"$root/var/log/myservice.log"
}

# Run inside the machine: functions for the scripts below.
helpers='
until_ok() { for i in $(seq 150); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; echo "not so: $*"; return 1; }
is_banned() { fail2ban-client get myservice banned | grep -qF "$1"; }
is_in_firewall() { nft list ruleset | grep -qF "$1"; }
both() { until_ok is_banned "$1" && until_ok is_in_firewall "$1"; }
attack() { for i in 1 2 3; do echo "$(date "+%b %e %T") host myservice[7]: denied $1"; done >>/var/log/myservice.log; }
start() { fail2ban-client -x start && until_ok fail2ban-client ping; }
stop() { fail2ban-client stop && until_ok test ! -e /var/run/fail2ban/fail2ban.pid; }
'

# A ban by the log; all that were there before are there again; the log is
# rotated under the running server.
session='start || exit 1
for ip in $old; do both "$ip" || exit 1; grep -F "Restore Ban $ip" /var/log/fail2ban.log >/dev/null || exit 1; done
attack "$new" && both "$new" || exit 1
grep -F "[myservice] Ban $new" /var/log/fail2ban.log || exit 1
logrotate -f /etc/logrotate.d/fail2ban && until_ok test -s /var/log/fail2ban.log || exit 1
stop'

make_machine "$@"

echo '== Debian'\''s fail2ban'
check 'fail2ban is installed' install install nftables logrotate fail2ban || exit 1
write_configuration
checksums >"$work/sums"
check 'fail2ban bans' machine "$helpers old='' new=203.0.113.1; $session"

echo '== cfail2ban over it'
check 'the package replaces it without a question' install install /var/cache/cfail2ban.deb
check 'fail2ban is removed, not purged' sh -c "inside() { chroot '$root' \"\$@\"; }
    inside dpkg-query -W -f '\${Status}' fail2ban | grep -q 'deinstall ok config-files'"
check 'the programs are ours' inside sh -c 'fail2ban-client --version | grep -q cfail2ban'
check 'the configuration is untouched' configuration_untouched
check 'the configuration is good' inside fail2ban-client -t
check 'the ban is there again, a new one is made' \
    machine "$helpers old=203.0.113.1 new=203.0.113.2; $session"

echo '== and back'
check 'fail2ban comes back without a question' install install fail2ban
check 'cfail2ban is removed' sh -c "! chroot '$root' dpkg-query -W -f '\${Status}' cfail2ban | grep -q 'ok installed'"
check 'the configuration is untouched' configuration_untouched
check 'all bans are there again, a new one is made' \
    machine "$helpers old='203.0.113.1 203.0.113.2' new=203.0.113.3; $session"

echo '== cfail2ban alone'
check 'both are purged' install purge fail2ban cfail2ban
rm -rf "$root/etc/fail2ban" "$root/var/lib/fail2ban"
: >"$root/var/log/myservice.log"
check 'cfail2ban is installed on a clean machine' install install /var/cache/cfail2ban.deb
check 'there is a user without rights' inside sh -c 'getent passwd fail2ban | grep -q nologin'
check 'the shipped configuration is good' inside fail2ban-client -t
write_configuration
checksums >"$work/sums"
check 'it bans' machine "$helpers old='' new=203.0.113.4; $session"
check 'an upgrade' install reinstall /var/cache/cfail2ban.deb
check 'the changed configuration is untouched' configuration_untouched
check 'the ban is there again' machine "$helpers old=203.0.113.4 new=203.0.113.5; $session"
check 'cfail2ban is purged' install purge cfail2ban
check 'what was changed stays, the rest is gone' sh -c "cd '$root/etc' &&
    [ \"\$(find fail2ban -type f | sort | tr '\n' ' ')\" = \
    'fail2ban/fail2ban.local fail2ban/filter.d/myservice.conf fail2ban/jail.conf fail2ban/jail.local ' ] &&
    [ ! -e logrotate.d/fail2ban ] && [ ! -e '$root/var/lib/fail2ban' ] && [ ! -e '$root/var/lib/cfail2ban' ]"

verdict swap
