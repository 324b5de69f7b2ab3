#!/bin/sh
# 4,000 connections open at once: none is lost, none counts twice.
# fail2ban: keeps 100 at a time.
. "${srcdir:-.}/tests/cli/lib.sh"
count=${1:-4000}

cp "$srcdir"/filter.d/*.conf "$T/conf/filter.d/"
cat >"$T/conf/jail.conf" <<END
[sshd-kex]
enabled = true
backend = auto
usedns = no
maxretry = 3
findtime = 600
bantime = 600
filter = sshd-kex
logpath = $T/auth.log
action =
END
: >"$T/auth.log"
client start >/dev/null 2>&1 || fail "no start"

# lines DAEMON FIRST-PID MESSAGE...: one line a connection, "%s" its address
lines() {
	awk -v now="$(date '+%b %d %H:%M:%S')" -v n="$count" -v daemon="$1" \
	    -v pid="$2" -v message="$3" 'BEGIN {
		for (i = 0; i < n; i++) {
			line = message
			sub(/%s/, sprintf("10.1.%d.%d", i / 250, i % 250 + 1), line)
			printf("%s host %s[%d]: %s\n", now, daemon, pid + i, line)
		}
	}' >>"$T/auth.log"
}
kex='error: kex_exchange_identification:'
# the address first, the failure after all of them
lines sshd 10000 'Connection from %s port 1 on 192.0.2.10 port 22 rdomain ""'
lines sshd 10000 "$kex Connection closed by remote host"
lines sshd 10000 'Connection closed by %s port 1'
# the failure first
lines sshd-session 20000 "$kex read: Connection reset by peer"
lines sshd-session 20000 'Connection reset by %s port 1'

found() {
	grep -c '\[sshd-kex\] Found 10\.1\.' "$T/log"
}
is_all() {
	[ "$(found)" -ge $((count * 2)) ]
}
until_ok is_all || until_ok is_all
equal 'failures' "$(found)" $((count * 2))
equal 'addresses with two' "$(sed -n 's/.*Found \([^ ]*\).*/\1/p' "$T/log" | sort |
    uniq -c | awk '$1 == 2' | wc -l)" "$count"
equal 'status' "$(client status sshd-kex | sed -n 3,4p | cut -f 2 | tr '\n' ' ')" \
    "$count $((count * 2)) "
client stop >/dev/null
exit $failed
