#!/bin/sh
# dry-run.sh SOURCE BUILD: what can be shown without root: the configuration
# is read, and the filter finds the scanner in a log.
set -u
top=$1
bin=$2
log=$top/tests/demo/auth-log

printf '\n== the configuration: fail2ban-client -c . -t\n'
"$bin/fail2ban-client" -c "$top" -t || exit 1
printf '\n== the scanner in a log: fail2ban-regex %s sshd-kex\n' "${log#"$top"/}"
"$bin/fail2ban-regex" -c "$top" "$log" sshd-kex || exit 1
n=$("$bin/fail2ban-regex" -c "$top" -o ip "$log" sshd-kex | grep -c '^203\.0\.113\.83$')
printf '\n%s failures of 203.0.113.83: a jail with maxretry 3 bans it.\n' "$n"
[ "$n" -ge 3 ]
