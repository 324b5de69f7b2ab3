# Sourced by the scripts here: a private folder, the programs just built, and
# a server of our own on its own socket.
set -u
unset F2B_SOCKET_GROUP NOTIFY_SOCKET LISTEN_PID LISTEN_FDS
builddir=${builddir:-$(pwd)}
srcdir=${srcdir:-$(dirname "$0")/../..}
bin=$(cd "$builddir" && pwd)
T=$(mktemp -d)
trap 'leave' EXIT
failed=0

leave() {
	if [ -s "$T/pid" ]; then
		kill -KILL "$(cat "$T/pid")" 2>/dev/null
	fi
	rm -rf "$T"
}

fail() {
	echo "FAILED: $*" >&2
	failed=1
}

# equal WHAT GOT WANTED
equal() {
	[ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"
}

client() {
	"$bin/fail2ban-client" -c "$T/conf" -s "$T/sock" -p "$T/pid" "$@"
}

server() {
	"$bin/fail2ban-server" -s "$T/sock" -p "$T/pid" \
	    --logtarget "$T/log" --loglevel INFO --syslogsocket auto "$@"
}

# until COMMAND...: tries for five seconds
until_ok() {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 \
	    21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 \
	    41 42 43 44 45 46 47 48 49 50; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

mkdir -p "$T/conf/jail.d" "$T/conf/filter.d" "$T/conf/action.d" \
    "$T/conf/fail2ban.d"
cat >"$T/conf/fail2ban.conf" <<EOF
[DEFAULT]
loglevel = INFO
logtarget = $T/log
syslogsocket = auto
allowipv6 = auto
socket = $T/sock
pidfile = $T/pid
dbfile = $T/db
dbpurgeage = 1d
dbmaxmatches = 10
protectssh = no
[Definition]
EOF
cat >"$T/conf/filter.d/tiny.conf" <<'EOF'
[Definition]
failregex = ^\s*tiny: failure from <ADDR>$
EOF
cat >"$T/conf/action.d/tiny.conf" <<EOF
[Definition]
actionstart = echo start <name> >> $T/actions
actionstop = echo stop <name> >> $T/actions
actionban = echo ban <name> <ip> >> $T/actions
actionunban = echo unban <name> <ip> >> $T/actions
[Init]
name = default
EOF
cat >"$T/conf/jail.conf" <<EOF
[DEFAULT]
backend = polling
usedns = no
maxretry = 2
findtime = 600
bantime = 600
filter = tiny
action = tiny[name=%(__name__)s]
[one]
enabled = true
logpath = $T/one.log
[two]
enabled = true
logpath = $T/two.log
EOF
: >"$T/one.log"
: >"$T/two.log"
