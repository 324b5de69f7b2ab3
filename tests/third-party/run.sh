#!/bin/sh
# What other programs read of us, with their rules: answers on the socket,
# texts of fail2ban-client, lines of the log, the database. Where such a
# program is installed it reads us itself, else its rule alone is tried.
command -v python3 >/dev/null || exit 77
. "${srcdir:-.}/tests/cli/lib.sh"
here=$(cd "$srcdir/tests/third-party" && pwd)
export T bin here

cat >"$T/conf/filter.d/tiny.conf" <<'END'
[Definition]
failregex = ^\s*tiny: failure from <ADDR>$
END
cat >"$T/conf/jail.conf" <<END
[DEFAULT]
backend = polling
usedns = no
maxretry = 2
findtime = 300
bantime = 600
filter = tiny
action = tiny[name=%(__name__)s]
ignoreip = 192.0.2.99
enabled = true
[sshd]
logpath = $T/one.log
[web-app]
logpath = $T/two.log
bantime = -1
[big]
logpath = $T/big.log
action =
END
: >"$T/big.log"

failure() {
	echo "$(date '+%Y-%m-%d %H:%M:%S') tiny: failure from $1"
}

# ---- a life in short: bans, one ignored, one lifted, one twice, a restart
client start >/dev/null 2>&1 || fail "no start"
for i in 1 2; do
	failure 192.0.2.1
	failure 2001:db8::1
	failure 192.0.2.99
done >>"$T/one.log"
for i in 1 2; do
	failure 198.51.100.7
	failure 198.51.100.9
done >>"$T/two.log"
until_ok grep -q '\[web-app\] Ban 198.51.100.9' "$T/log" || fail "no ban"
until_ok grep -q '\[sshd\] Ban 2001:db8::1' "$T/log" || fail "no ban"
client set web-app unbanip 198.51.100.9 >/dev/null
client set big banip $(seq -f '10.0.0.%.0f' 1 255; for net in \
    $(seq 1 10) ; do seq -f "10.0.$net.%.0f" 0 255; done; \
    seq -f '10.0.11.%.0f' 0 184) >/dev/null
client stop >/dev/null
until_ok test ! -e "$T/sock"
cp "$T/log" "$T/log.first"
client start >/dev/null 2>&1 || fail "no second start"
until_ok grep -q '\[web-app\] Restore Ban 198.51.100.7' "$T/log" ||
    fail "nothing is restored"
failure 192.0.2.50 >>"$T/one.log"
until_ok grep -q '\[sshd\] Found 192.0.2.50' "$T/log" || fail "not found"
cp "$T/log" "$T/log.life"

# ---- one check after the other
for check in "$here"/*.py "$here"/*.test; do
	name=$(basename "$check")
	case $name in
	lib.py) continue ;;
	*.py) PYTHONDONTWRITEBYTECODE=1 python3 "$check" ;;
	*) sh "$check" ;;
	esac
	case $? in
	0) echo "ok      $name" ;;
	77) echo "skipped $name" ;;
	*) fail "$name" ;;
	esac
done
client stop >/dev/null
exit $failed
