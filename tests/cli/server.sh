#!/bin/sh
# fail2ban-server: start, stop, signals, files; as any user.
. "${srcdir:-.}/tests/cli/lib.sh"

# ---- options
equal "-V" "$("$bin/fail2ban-server" -V)" 1.1.0
"$bin/fail2ban-server" --nope >/dev/null 2>"$T/err"
equal "unknown option" "$?" 255
grep -q 'Init of command line failed' "$T/err" || fail "no word on options"

equal "-t alone" "$("$bin/fail2ban-server" -c "$T/conf" -t)" \
    'OK: configuration test is successful'
equal "-t -f alone" "$("$bin/fail2ban-server" -c "$T/conf" -t -f)" \
    'OK: configuration test is successful'
client -v -t 2>&1 | grep -qF "Loading files: ['$T/conf/jail.conf']" ||
    fail "-v does not tell the files"
equal "reload of nothing as JSON" "$(client --json reload nope 2>/dev/null)" \
    '{"error": "Could not find server"}'
[ -e "$T/sock" ] && fail "-t without a command starts the server"

# ---- the daemon alone
server --async -b
equal "start in the background" "$?" 0
until_ok client ping || fail "no answer to ping"
pid=$(cat "$T/pid")
equal "ping" "$(client ping)" 'Server replied: pong'
equal "mode of the socket" "$(stat -c %a "$T/sock")" 700
equal "mode of the pid file" "$(stat -c %a "$T/pid")" 600
equal "mode of the log" "$(stat -c %a "$T/log")" 600
equal "folder" "$(readlink "/proc/$pid/cwd")" /
server --async -b 2>/dev/null
until_ok grep -q 'already running' "$T/log" ||
    fail "a second server is not refused"
equal "the first one is still there" "$(client ping)" 'Server replied: pong'
equal "its pid file too" "$(cat "$T/pid")" "$pid"

mv "$T/log" "$T/log.1"
kill -USR1 "$pid"
until_ok grep -q "rollover performed on $T/log" "$T/log" ||
    fail "USR1 does not reopen the log"
kill -HUP "$pid"
equal "HUP is ignored" "$(client ping)" 'Server replied: pong'
kill -TERM "$pid"
until_ok is_gone "$pid" || fail "TERM does not stop it"
[ -e "$T/sock" ] && fail "the socket is left"
[ -e "$T/pid" ] && fail "the pid file is left"
tail -n 1 "$T/log" | grep -q 'INFO    Exiting Fail2ban$' ||
    fail "the last line is $(tail -n 1 "$T/log")"

# ---- a stale socket file
: >"$T/sock"
server --async -b
until_ok grep -q 'Could not start server: Server already running' "$T/log" ||
    fail "a stale socket is no reason"
server --async -b -x
until_ok client ping || fail "-x does not help"
equal "stop" "$(client stop)" 'Shutdown successful'
until_ok test ! -e "$T/pid" || fail "stop leaves the pid file"

# ---- with a configuration, through the server program
rm -f "$T/log"
equal "start" "$("$bin/fail2ban-server" -c "$T/conf" start)" 'Server ready'
equal "status" "$("$bin/fail2ban-server" -c "$T/conf" status | tail -n 1)" \
    "$(printf '`- Jail list:\tone, two')"
now=$(date '+%Y-%m-%d %H:%M:%S')
for i in 1 2; do
	echo "$now tiny: failure from 192.0.2.1"
done >>"$T/one.log"
until_ok grep -q 'NOTICE  \[one\] Ban 192.0.2.1$' "$T/log" || fail "no ban"
until_ok grep -qx 'ban one 192.0.2.1' "$T/actions" || fail "no action"
equal "stop" "$(client stop)" 'Shutdown successful'
grep -q 'NOTICE  \[one\] Repeal Ban 192.0.2.1$' "$T/log" || fail "no repeal"
equal "last action" "$(grep -c '^stop' "$T/actions")" 2
equal "unbanned" "$(grep -c '^unban one 192.0.2.1' "$T/actions")" 1

# ---- in the foreground
"$bin/fail2ban-server" -c "$T/conf" -f start >"$T/out" 2>"$T/err" \
    9<"$T/conf/jail.conf" &
child=$!
until_ok grep -qx 'Server ready' "$T/out" || fail "not ready in the foreground"
equal "same process" "$(cat "$T/pid")" "$child"
for p in $(cat "/proc/$child/task/$child/children"); do
	# root alone may look
	ls -l "/proc/$p/fd" 2>/dev/null | grep -q 'jail.conf' &&
		fail "$(cat "/proc/$p/comm") has a descriptor of others"
done
kill -TERM "$child"
wait "$child"
equal "status after TERM" "$?" 0

# ---- one broken jail
sed -i 's/^logpath = .*two.log/&\nfailregex = no group/' "$T/conf/jail.conf"
client start >"$T/out" 2>"$T/err"
equal "start with a broken jail" "$?" 255
grep -q "No failure-id group in 'no group'" "$T/err" || fail "no reason given"
equal "the other one runs" "$(client status one | sed -n 2p)" '|- Filter'
grep -q "Jail 'one' started" "$T/log" || fail "the other one does not run"

# ---- a failing reload
sed -i 's/maxretry = 2/maxretry = 7/' "$T/conf/jail.conf"
client reload >/dev/null 2>&1
equal "reload fails" "$?" 255
equal "nothing has changed" "$(client get one maxretry)" 2
client stop >/dev/null
exit $failed
