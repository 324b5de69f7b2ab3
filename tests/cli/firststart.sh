#!/bin/sh
# The first start with the configuration as it is shipped: who is logged in over
# SSH is not banned, services that are not there do not matter, and without
# auth.log the journal is read.
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1

# ---- the admin's address
cat >"$T/conf/fail2ban.d/on.conf" <<EOF
[DEFAULT]
protectssh = true
EOF
now=$(date '+%Y-%m-%d %H:%M:%S')
attempts() { # ADDRESS
	for i in 1 2 3; do
		echo "$now tiny: failure from $1"
	done >>"$T/one.log"
}
attempts 192.0.2.1
attempts 198.51.100.2
admin() {
	SSH_CONNECTION='192.0.2.1 5022 203.0.113.1 22' client "$@"
}
equal "database" "$(ls "$T" | grep -c '^db$')" 0
admin -d | grep addignoreip && fail "-d shows what depends on who asks"
admin start >"$T/out" 2>"$T/err" || fail "no start: $(cat "$T/log")"
grep -q "\[DEFAULT\] in $T/conf/jail.local: ignoreip =.* 192.0.2.1\>" \
    "$T/err" || fail "no word of it: $(cat "$T/err")"
until_ok grep -q '\[one\] Ban 198.51.100.2$' "$T/log" || fail "no ban"
client get one ignoreip | grep -q 192.0.2.1 || fail "not in ignoreip"
client get two ignoreip | grep -q 192.0.2.1 || fail "not in ignoreip of two"
grep -q '\[one\] Ban 192.0.2.1$' "$T/log" && fail "the admin is banned"

# from then on the configuration alone counts
admin reload >/dev/null
client get one ignoreip | grep -q 192.0.2.1 && fail "a reload keeps it"
client stop >/dev/null
admin start >/dev/null 2>"$T/err"
grep 'First start' "$T/err" && fail "a second first start"
client get one ignoreip | grep -q 192.0.2.1 && fail "the second start too"
client stop >/dev/null

# and not at all when it is not wanted
rm -f "$T/db" "$T/log"
sed -i 's/true/no/' "$T/conf/fail2ban.d/on.conf"
admin start >/dev/null 2>"$T/err"
grep 'First start' "$T/err" && fail "protectssh = no"
until_ok grep -q '\[one\] Ban 192.0.2.1$' "$T/log" || fail "no ban of the admin"
client stop >/dev/null

# through the server's program in the foreground, as systemd starts it
rm -f "$T/db" "$T/log"
sed -i 's/no/true/' "$T/conf/fail2ban.d/on.conf"
SSH_CONNECTION='192.0.2.1 5022 203.0.113.1 22' \
    "$bin/fail2ban-server" -c "$T/conf" -f start >"$T/out" 2>"$T/err" &
until_ok grep -q '\[one\] Ban 198.51.100.2$' "$T/log" || fail "no ban, foreground"
client get one ignoreip | grep -q 192.0.2.1 || fail "not in the foreground"
client stop >/dev/null
wait

# ---- all of the shipped configuration, no log anywhere
for d in filter.d action.d jail.d; do
	cp -r "$srcdir/$d" "$T/shipped.$d"
done
mkdir "$T/etc" "$T/etc/fail2ban.d"
for d in filter.d action.d jail.d; do
	mv "$T/shipped.$d" "$T/etc/$d"
done
cp "$srcdir"/*.conf "$T/etc/"
cat >"$T/etc/fail2ban.local" <<EOF
[DEFAULT]
logtarget = $T/log
socket = $T/sock
pidfile = $T/pid
dbfile = $T/db
protectssh = no
EOF
cat >"$T/etc/paths-overrides.local" <<EOF
[DEFAULT]
syslog_authpriv = $T/none/auth.log
EOF
cat >"$T/etc/jail.local" <<EOF
[DEFAULT]
action = tiny[name=%(__name__)s]
EOF
cp "$T/conf/action.d/tiny.conf" "$T/etc/action.d/"
sed -n 's/^\[\([a-z0-9].*\)\]$/\1/p' "$srcdir/jail.conf" >"$T/jails"
"$bin/fail2ban-client" -c "$T/etc" -t >"$T/out" 2>&1 ||
    fail "the configuration: $(cat "$T/out")"

# each jail waits for its log or reads the journal; none is an error
rm -f "$T/db" "$T/log" "$T/actions"
sed 's/.*/[&]\nenabled = true/' "$T/jails" >>"$T/etc/jail.local"
"$bin/fail2ban-client" -c "$T/etc" start >"$T/out" 2>"$T/err" ||
    fail "services that are not there: $(cat "$T/err")"
equal "jails" "$("$bin/fail2ban-client" -c "$T/etc" status |
    sed -n 's/.*Number of jail:[^0-9]*//p')" "$(wc -l <"$T/jails")"
grep -E 'ERROR|CRITICAL' "$T/log" | head -n 5 | grep . && fail "errors"
client stop >/dev/null

# ---- sshd in the journal
remote=/lib/systemd/systemd-journal-remote
[ -x $remote ] && [ "$(id -u)" = 0 ] && [ -s /etc/machine-id ] &&
    unshare -m true 2>/dev/null || {
	echo "no journal: that part is left out"
	exit $failed
}
stamp=$(date +%s)
for i in 1 2 3 4 5; do
	cat <<EOF
__REALTIME_TIMESTAMP=$stamp$i$i$i$i$i$i
__MONOTONIC_TIMESTAMP=100$i
_BOOT_ID=0123456789abcdef0123456789abcdef
_MACHINE_ID=$(cat /etc/machine-id)
_SYSTEMD_UNIT=ssh.service
_COMM=sshd
SYSLOG_IDENTIFIER=sshd
_PID=77$i
PRIORITY=6
MESSAGE=Failed password for invalid user x from 192.0.2.9 port 4000$i ssh2

EOF
done >"$T/export"
cat >"$T/inside" <<EOF
mount -t tmpfs none /run/log 2>/dev/null || { mkdir -p /run/log && mount -t tmpfs none /run/log; }
[ -d /var/log/journal ] && mount -t tmpfs none /var/log/journal
mkdir -p "/run/log/journal/$(cat /etc/machine-id)"
$remote -o "/run/log/journal/$(cat /etc/machine-id)/system.journal" "$T/export" 2>"$T/err" || exit 1
exec "$bin/fail2ban-client" -c "$T/etc" start
EOF
printf '[DEFAULT]\naction = tiny[name=%%(__name__)s]\n' >"$T/etc/jail.local"
rm -f "$T/db" "$T/log" "$T/actions"
unshare -m sh "$T/inside" >"$T/out" 2>&1 || fail "no start: $(cat "$T/out")"
grep -q "for 'sshd' jail. Jail will monitor systemd journal" "$T/out" ||
    fail "no word of the journal: $(cat "$T/out")"
until_ok grep -qxF 'ban sshd 192.0.2.9' "$T/actions" ||
    fail "no ban from the journal: $(cat "$T/log")"
client stop >/dev/null
exit $failed
