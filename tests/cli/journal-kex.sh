#!/bin/sh
# The kex case read from the journal: files made by systemd-journal-remote,
# the shipped filters sshd and sshd-kex.
remote=/lib/systemd/systemd-journal-remote
[ -x $remote ] || exit 77
. "${srcdir:-.}/tests/cli/lib.sh"
"$bin/fail2ban-regex" systemd-journal x 2>&1 | grep -q 'libsystemd' && exit 77

cp "$srcdir"/filter.d/*.conf "$T/conf/filter.d/"
mkdir "$T/journal"
cat >"$T/conf/jail.conf" <<END
[DEFAULT]
backend = systemd[journalpath="$T/journal"]
usedns = no
maxretry = 2
findtime = 600
bantime = 600
action = tiny[name=%(__name__)s]
enabled = true
[sshd]
filter = sshd
[sshd-kex]
filter = sshd-kex
END

# ---- a writer of entries: stays open, as journald does
mkfifo "$T/export"
begin_journal() {
	$remote -o "$T/journal/system.journal" - <"$T/export" >/dev/null 2>"$T/remote" &
	writer=$!
	exec 8>"$T/export"
}
end_journal() {
	exec 8>&-
	wait $writer
}
begin_journal
boot=$(tr -d - </proc/sys/kernel/random/boot_id)
# in the past, one line a millisecond
usec=$(($(date +%s) * 1000000 - 60000000))

# entry IDENTIFIER PID MESSAGE
entry() {
	usec=$((usec + 1000))
	cat >&8 <<END
__REALTIME_TIMESTAMP=$usec
__MONOTONIC_TIMESTAMP=$usec
_BOOT_ID=$boot
_HOSTNAME=host
_TRANSPORT=syslog
_COMM=$1
_SYSTEMD_UNIT=ssh.service
SYSLOG_IDENTIFIER=$1
SYSLOG_PID=$2
_PID=$2
PRIORITY=6
MESSAGE=$3

END
}

# ---- each shape twice, pids between one another, by both daemons
kex='error: kex_exchange_identification:'
shapes() {
	port=40000
	for d in sshd sshd-session; do
		a=203.0.113
		[ $d = sshd ] || a=198.51.100
		for p in 100 200; do
			n=$p$([ $d = sshd ] && echo 0 || echo 1)
			entry $d ${n}1 "Connection from $a.1 port $p on 192.0.2.10 port 22 rdomain \"\""
			entry $d ${n}2 "Connection from $a.2 port $p"
			entry $d ${n}3 "$kex Connection closed by remote host"
			entry $d ${n}4 "$kex read: Connection reset by peer"
			entry $d ${n}1 "$kex Connection closed by remote host"
			entry $d ${n}5 "$kex client sent invalid protocol identifier \"Connection from 192.0.2.99 port 1\""
			entry $d ${n}2 "$kex read: Connection reset by peer"
			entry $d ${n}3 "Connection closed by $a.3 port $p"
			entry $d ${n}6 "banner exchange: Connection from $a.6 port $p: invalid format"
			entry $d ${n}4 "Connection reset by $a.4 port $p"
			entry $d ${n}5 "banner exchange: Connection from $a.5 port $p: invalid format"
			entry $d ${n}1 "Connection closed by $a.1 port $p"
			entry $d ${n}7 "Connection from $a.7 port $p on 192.0.2.10 port 22 rdomain \"\""
			entry $d ${n}7 "$kex banner line too long"
			entry $d ${n}7 "banner exchange: Connection from $a.7 port $p: invalid format"
			entry $d ${n}7 "Connection closed by $a.7 port $p"
			entry $d 900 "drop connection #0 from [$a.8]:$p on [192.0.2.10]:22 penalty: failed authentication"
			# forgiven, and innocent
			entry $d ${n}9 "Connection from $a.9 port $p on 192.0.2.10 port 22 rdomain \"\""
			entry $d ${n}9 "Accepted publickey for admin from $a.9 port $p ssh2: ED25519 SHA256:AAAA"
			entry $d ${n}9 "Disconnected from user admin $a.9 port $p"
			entry $d ${n}8 "Connection closed by $a.10 port $p"
			# passwords are the other jail's
			entry $d ${n}0 "Failed password for root from $a.20 port $p ssh2"
		done
	done
}
# another service must not be heard
shout() {
	entry evil 1 "$kex Connection closed by remote host"
	entry evil 1 "Connection closed by 192.0.2.66 port 1"
}
found() {
	sed -n "s/.*\[$1\] Found \([^ ]*\) .*/\1/p" "$T/log" | sort | uniq -c |
	    sed 's/^ *//'
}
banned() {
	"$bin/fail2ban-client" -s "$T/sock" get "$1" banip | tr ' ' '\n' | sort
}

# ---- what is there before the start
shapes
shout
until_ok test -s "$T/journal/system.journal" || fail "no journal is written"
client start >/dev/null 2>"$T/err" || fail "no start: $(cat "$T/err")"
until_ok grep -q '\[sshd-kex\] Ban 198.51.100.8' "$T/log" || fail "no ban"
until_ok grep -q '\[sshd\] Ban 198.51.100.20' "$T/log" || fail "no ban"
hosts=$(for a in 203.0.113 198.51.100; do
	seq -f "$a.%.0f" 1 8
done | sort)
equal 'one failure a connection' "$(found sshd-kex)" "$(echo "$hosts" | sed 's/^/2 /')"
equal 'failures of the other jail' "$(found sshd)" "2 198.51.100.20
2 203.0.113.20"
equal 'all are banned' "$(banned sshd-kex)" "$hosts"

# ---- the matches hold both lines of each connection
cat >"$T/matches.py" <<'END'
import json
import sqlite3
import sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True, timeout=5)
for ip, data in db.execute("SELECT ip, data FROM bips WHERE jail = 'sshd-kex'"
                           " AND ip LIKE '203.0.113.%' ORDER BY ip"):
    lines = ["".join(m) for m in json.loads(data)["matches"]]
    print(ip, json.loads(data)["failures"],
          " ".join(line.split("]: ", 1)[1].replace("error: ", "").split(" ")[0]
                   for line in lines))
END
equal 'matches' "$(python3 "$T/matches.py" "$T/db")" \
    '203.0.113.1 2 Connection kex_exchange_identification: Connection kex_exchange_identification:
203.0.113.2 2 Connection kex_exchange_identification: Connection kex_exchange_identification:
203.0.113.3 2 kex_exchange_identification: Connection kex_exchange_identification: Connection
203.0.113.4 2 kex_exchange_identification: Connection kex_exchange_identification: Connection
203.0.113.5 2 kex_exchange_identification: banner kex_exchange_identification: banner
203.0.113.6 2 banner banner
203.0.113.7 2 Connection kex_exchange_identification: Connection kex_exchange_identification:
203.0.113.8 2 drop drop'

# ---- what is appended while it runs, a connection across two writes
usec=$(($(date +%s) * 1000000))
entry sshd 3001 "Connection from 192.0.2.30 port 1 on 192.0.2.10 port 22"
until_ok grep -q '\[sshd-kex\] Jail is in operation now' "$T/log" ||
    fail "never in operation"
entry sshd 3001 "$kex Connection closed by remote host"
entry sshd-session 3002 "$kex Connection closed by remote host"
until_ok grep -q '\[sshd-kex\] Found 192.0.2.30' "$T/log" ||
    fail "what is appended is not found"
entry sshd-session 3002 "Connection closed by 192.0.2.30 port 2"
until_ok grep -q '\[sshd-kex\] Ban 192.0.2.30' "$T/log" ||
    fail "what is appended is not banned"

# ---- after a restart: nothing is counted twice, nothing is lost
client stop >/dev/null
until_ok test ! -e "$T/sock"
mv "$T/log" "$T/log.1"
entry sshd 3003 "$kex Connection closed by remote host"
entry sshd 3003 "Connection closed by 192.0.2.31 port 2"
client start >/dev/null 2>&1 || fail "no second start"
until_ok grep -q '\[sshd-kex\] Found 192.0.2.31' "$T/log" ||
    fail "what came meanwhile is lost"
equal 'found again' "$(found sshd-kex)" '1 192.0.2.31'

# ---- the journal is rotated between the two lines of a connection
entry sshd 3004 "$kex Connection closed by remote host"
end_journal
mv "$T/journal/system.journal" "$T/journal/system@1-2-3.journal"
begin_journal
entry sshd 3004 "Connection closed by 192.0.2.32 port 2"
entry sshd-session 3005 "$kex read: Connection reset by peer"
entry sshd-session 3005 "Connection reset by 192.0.2.33 port 2"
until_ok grep -q '\[sshd-kex\] Found 192.0.2.33' "$T/log" ||
    fail "what comes after a rotation is lost"
equal 'found after a rotation' "$(found sshd-kex)" '1 192.0.2.31
1 192.0.2.32
1 192.0.2.33'
client stop >/dev/null
end_journal

# ---- backend auto: no log, but the jail names a journal
cat >"$T/conf/jail.conf" <<END
[sshd-kex]
enabled = true
backend = auto
usedns = no
logpath = $T/none.log
filter = sshd-kex
journalmatch = _COMM=sshd + _COMM=sshd-session
maxretry = 1
action = tiny
END
rm -f "$T/log" "$T/db"
client -d >"$T/out" 2>"$T/err"
grep -qF "['add', 'sshd-kex', 'systemd']" "$T/out" ||
    fail "auto does not go to the journal: $(grep add "$T/out")"
grep -qF "Have not found any log file for 'sshd-kex' jail. Jail will monitor systemd journal." \
    "$T/err" || fail "auto says nothing: $(cat "$T/err")"
: >"$T/none.log"
client -d >"$T/out" 2>"$T/err"
grep -qF "['add', 'sshd-kex', 'auto']" "$T/out" ||
    fail "auto does not stay with the file: $(grep add "$T/out")"
rm "$T/none.log"

# the machine's own journal: a folder of ours over /var/log
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	mkdir -p "$T/over/journal/0123456789abcdef0123456789abcdef"
	cp "$T/journal/system.journal" "$T/over/journal/"*/
	unshare -m sh -c "mount --bind '$T/over' /var/log && exec \
	    '$bin/fail2ban-client' -c '$T/conf' start" >/dev/null 2>&1 ||
	    fail "auto does not start"
	until_ok grep -q '\[sshd-kex\] Ban 192.0.2.33' "$T/log" ||
	    fail "auto does not read the journal"
	client status sshd-kex | grep -q "Journal matches:.*_COMM=sshd" ||
	    fail "the status does not tell of the journal"
	client stop >/dev/null
fi
exit $failed
