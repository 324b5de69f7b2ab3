#!/bin/sh
# What goes wrong around the server: bans go on, or there is a clear word, and
# nothing waits for ever.
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1

hit() { # JAIL ADDRESS: two failures
	now=$(date '+%Y-%m-%d %H:%M:%S')
	printf '%s tiny: failure from %s\n' "$now" "$2" "$now" "$2" >>"$T/$1.log"
}

is_banned() { # JAIL ADDRESS
	client get "$1" banip | grep -qF "$2"
}

banned() {
	until_ok is_banned "$1" "$2" || fail "$what: $2 is not banned"
}

end() {
	client stop >/dev/null
	until_ok test ! -e "$T/pid" || fail "$what: it does not stop"
	rm -f "$T/db" "$T/actions"
}

children() {
	cat "/proc/$1/task/$1/children"
}

# ---- no standard descriptors: no file of ours takes their place
what='closed descriptors'
"$bin/fail2ban-server" -c "$T/conf" -f start <&- >&- 2>&- &
until_ok client ping ||
    fail "$what: no server"
hit one 198.51.100.1
banned one 198.51.100.1
until_ok grep -qx 'ban one 198.51.100.1' "$T/actions" || fail "$what: no action"
for fd in 0 1 2; do
	equal "$what, $fd" "$(readlink "/proc/$(cat "$T/pid")/fd/$fd")" /dev/null
done
end
wait

# ---- the process that reads logs, killed or told to end
what=worker
client start >/dev/null || fail "no start"
pid=$(cat "$T/pid")
hit one 198.51.100.2
banned one 198.51.100.2
for signal in TERM HUP INT USR1; do
	for child in $(children "$pid"); do
		kill -$signal "$child" 2>/dev/null
	done
done
equal 'no restart' "$(grep -c 'is started again' "$T/log")" 0
for i in 3 4; do
	for child in $(children "$pid"); do
		kill -KILL "$child" 2>/dev/null
	done
	hit one 198.51.100.$i
	banned one 198.51.100.$i
done
equal 'said' "$(grep -c 'reads the logs ended (died); it is started again' "$T/log")" 2
equal 'counted once' "$(client status one | sed -n 's/.*Total failed:\t//p')" 8

# ---- the server killed: what was banned and what came meanwhile is banned
what='killed server'
kill -KILL "$pid"
until_ok is_gone "$pid"
hit two 198.51.100.5
client start >"$T/out" 2>&1 && fail "$what: started over a stale socket"
grep -q 'not running but the socket exists' "$T/out" || fail "$what: $(cat "$T/out")"
client -x start >/dev/null || fail "$what: -x does not help"
banned one 198.51.100.2
banned one 198.51.100.4
banned two 198.51.100.5
end

# ---- the folder of the socket
what='no folder'
"$bin/fail2ban-server" -s "$T/a/b/sock" -p "$T/a/b/pid" --logtarget "$T/log" \
    --async -b >/dev/null 2>&1
until_ok grep -q "cannot bind '$T/a/b/sock': no such file or directory" "$T/log" ||
    fail "$what: $(tail -n 3 "$T/log")"

# ---- the log target's folder vanishes and comes back
what='log target'
mkdir "$T/logs"
client start >/dev/null || fail "no start"
client set logtarget "$T/logs/log" >/dev/null
rm -r "$T/logs"
hit one 198.51.100.6
banned one 198.51.100.6
equal 'flushlogs' "$(client flushlogs 2>/dev/null)" \
    "[Errno 2] No such file or directory: '$T/logs/log'"
mkdir "$T/logs"
equal 'flushlogs' "$(client flushlogs)" 'logs: rolled over'
hit one 198.51.100.7
until_ok grep -q 'Ban 198.51.100.7' "$T/logs/log" || fail "$what: no line"
client set logtarget "$T/log" >/dev/null
equal 'refused' "$(client set logtarget "$T/nowhere/log" 2>&1 | tail -n 1)" \
    'Failed to change log target'
hit one 198.51.100.8
until_ok grep -q 'Ban 198.51.100.8' "$T/log" || fail "$what: the old one is gone"
end

# ---- few descriptors, and more connections than there are
what='64 descriptors'
(ulimit -n 64 && exec "$bin/fail2ban-client" -c "$T/conf" -s "$T/sock" \
    -p "$T/pid" start >/dev/null) || fail "$what: no start"
hit one 198.51.100.9
banned one 198.51.100.9
equal "$what" "$(client ping)" 'Server replied: pong'
end

# ---- actions that hang, tell much, stay in the background; hanging commands
what=hang
cat >>"$T/conf/jail.conf" <<EOF
[hang]
enabled = true
action = hang
logpath = $T/hang.log
[much]
enabled = true
action = much
         stay
logpath = $T/hang.log
[ask]
enabled = true
ignorecommand = sleep 1000
logpath = $T/hang.log
EOF
cat >"$T/conf/action.d/hang.conf" <<EOF
[Definition]
actionban = sleep 1000
actionunban = sleep 1000
actionstop = sleep 1000
EOF
cat >"$T/conf/action.d/much.conf" <<EOF
[Definition]
actionban = head -c 3000000 /dev/zero | tr '\\\\0' x; head -c 300000 /dev/zero >&2; echo much >>$T/actions
EOF
cat >"$T/conf/action.d/stay.conf" <<EOF
[Definition]
actionban = sleep 1000 & echo \$! >>$T/stays; echo stay >>$T/actions
EOF
: >"$T/hang.log"
client start >/dev/null || fail "no start"
hit hang 198.51.100.10
hit hang 198.51.100.11
banned hang 198.51.100.11
hit one 198.51.100.12
until_ok grep -qx 'ban one 198.51.100.12' "$T/actions" || fail "$what: others wait"
until_ok grep -qx much "$T/actions" || fail "much output hangs"
until_ok grep -qx stay "$T/actions" || fail "a background child hangs"
start=$(date +%s)
client reload --restart hang >"$T/out" 2>&1 &
reload=$!
equal "ping meanwhile" "$(client ping)" 'Server replied: pong'
equal "banip meanwhile" "$(client set one banip 198.51.100.13)" 1
wait $reload
equal "reload" "$(cat "$T/out")" OK
end=$(date +%s)
[ $((end - start)) -lt 30 ] || fail "reload took $((end - start)) s"
grep -q "Jail 'hang' does not end: what still runs is killed" "$T/log" ||
    fail "not a word on the jail that hangs"
banned hang 198.51.100.10
start=$(date +%s)
client stop >/dev/null
end=$(date +%s)
[ $((end - start)) -lt 30 ] || fail "stop took $((end - start)) s"
[ ! -s "$T/stays" ] || kill $(cat "$T/stays") 2>/dev/null
exit $failed
