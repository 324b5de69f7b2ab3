#!/bin/sh
# A name server that never answers: the jail that asks waits, nobody else.
# Needs root; runs in namespaces of its own.
. "${srcdir:-.}/tests/cli/namespace.sh"
own_namespaces "${1:-}" -nm ip python3
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1
ip link set lo up
echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
echo 'hosts: files dns' >"$T/nsswitch.conf"
for file in resolv.conf nsswitch.conf; do
	[ -e /etc/$file ] && mount --bind "$T/$file" /etc/$file ||
	    skip "no /etc/$file"
done
python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
time.sleep(300)' &
dns=$!

cat >"$T/conf/filter.d/named.conf" <<'EOF'
[Definition]
failregex = ^\s*tiny: failure from <HOST>$
EOF
cat >>"$T/conf/jail.conf" <<EOF
[named]
enabled = true
filter = named
usedns = yes
ignoreip = slow.example.org
logpath = $T/named.log
EOF
: >"$T/named.log"

hit() { # JAIL ADDRESS: two failures
	now=$(date '+%Y-%m-%d %H:%M:%S')
	printf '%s tiny: failure from %s\n' "$now" "$2" "$now" "$2" >>"$T/$1.log"
}

is_banned() { # JAIL ADDRESS
	client get "$1" banip | grep -qF "$2"
}

# soon WHAT COMMAND...: it takes less than the name server's five seconds
soon() {
	start=$(date +%s)
	what=$1
	shift
	"$@" >"$T/out" 2>&1 || fail "$what: $(cat "$T/out")"
	[ $(($(date +%s) - start)) -lt 4 ] || fail "$what waits"
}

soon start client start
hit named slow.example.net
hit one 198.51.100.1
until_ok is_banned one 198.51.100.1 || fail "another jail waits"
client set named unbanip slow.example.com >"$T/unbanip" 2>&1 &
unbanip=$!
soon ping client ping
soon status client status named
soon banip client set named banip 198.51.100.2
is_banned named 198.51.100.2 || fail "a ban by hand waits"
soon reload client reload
hit two 198.51.100.3
until_ok is_banned two 198.51.100.3 || fail "another jail waits after reload"
hit named slower.example.net
soon 'restart of the jail' client restart named
soon 'an unban of a name' wait $unbanip
equal 'unban of a name' "$(cat "$T/unbanip")" 0
soon stop client stop
until_ok test ! -e "$T/pid" || fail "it does not stop"
kill $dns
exit $failed
