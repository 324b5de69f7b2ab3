#!/bin/sh
# backend = systemd with real journal files, written by systemd-journal-remote.
. "${srcdir:-.}/tests/cli/lib.sh"

remote=
for program in /usr/lib/systemd/systemd-journal-remote \
    /lib/systemd/systemd-journal-remote; do
	[ -x "$program" ] && remote=$program
done
[ -n "$remote" ] || exit 77

mkdir "$T/journal"

# entry UNIT ADDRESS [SECONDS AGO]: one entry in the export format
entry() {
	printf '__REALTIME_TIMESTAMP=%s\n' \
	    $(($(date +%s%6N) - ${3:-0} * 1000000))
	printf '__MONOTONIC_TIMESTAMP=1\n'
	printf '_BOOT_ID=0123456789abcdef0123456789abcdef\n'
	printf '_HOSTNAME=host\n_SYSTEMD_UNIT=%s\nSYSLOG_IDENTIFIER=tiny\n' "$1"
	printf 'MESSAGE=failure from %s\n\n' "$2"
}

# write FILE: starts a writer that takes entries on descriptor 9
write() {
	rm -f "$T/fifo"
	mkfifo "$T/fifo"
	"$remote" -o "$1" - <"$T/fifo" >/dev/null 2>"$T/remote.err" &
	writer=$!
	exec 9>"$T/fifo"
}

finish() {
	exec 9>&-
	wait "$writer"
}

cat >"$T/conf/filter.d/tiny.conf" <<'END'
[Definition]
failregex = ^\s*host tiny(?:\[\d+\])?: failure from <ADDR>$
journalmatch = _SYSTEMD_UNIT=tiny.service
END
cat >"$T/conf/jail.conf" <<END
[DEFAULT]
backend = systemd[journalpath=$T/journal]
usedns = no
ignoreself = false
maxretry = 1000
findtime = 600
bantime = 600
action =
[tiny]
enabled = true
filter = tiny
[other]
enabled = true
filter = tiny[journalmatch="_SYSTEMD_UNIT=other.service"]
journalmatch = _SYSTEMD_UNIT=other.service
END

# found JAIL ADDRESS N: so often, after a moment
found() {
	until_ok has "$1" "$2" "$3" ||
	    fail "$1: $2: $(grep -c "\[$1\] Found $2 " "$T/log"), not $3"
}
has() {
	[ "$(grep -c "\[$1\] Found $2 " "$T/log")" -eq "$3" ]
}

write "$T/journal/system.journal"
entry tiny.service 192.0.2.1 7200 >&9
entry tiny.service 192.0.2.2 60 >&9
entry noise.service 192.0.2.3 >&9
equal "start" "$(client start 2>/dev/null)" 'Server ready'
if grep -q 'libsystemd' "$T/log"; then
	exit 77
fi
found tiny 192.0.2.2 1
entry tiny.service 192.0.2.4 >&9
entry other.service 192.0.2.5 >&9
found tiny 192.0.2.4 1
found other 192.0.2.5 1
has tiny 192.0.2.1 0 || fail "what is older than findtime counts"
has tiny 192.0.2.3 0 || fail "journalmatch is not heeded"
has tiny 192.0.2.5 0 || fail "an entry of the other jail counts"

# ---- many at once, the file archived in between
i=0
while [ $i -lt 300 ]; do
	entry tiny.service 192.0.2.6
	i=$((i + 1))
done >&9
finish
mv "$T/journal/system.journal" "$T/journal/system@1.journal"
write "$T/journal/system.journal"
i=0
while [ $i -lt 300 ]; do
	entry tiny.service 192.0.2.7
	i=$((i + 1))
done >&9
found tiny 192.0.2.6 300
found tiny 192.0.2.7 300

# ---- the reading process dies
kill -KILL "$(pgrep -P "$(cat "$T/pid")" | head -n 1)"
entry tiny.service 192.0.2.8 >&9
found tiny 192.0.2.8 1
has tiny 192.0.2.7 300 || fail "entries count again"

# ---- the server is started again: the place is remembered
equal "stop" "$(client stop)" 'Shutdown successful'
until_ok test ! -e "$T/pid"
sleep 1.1
entry tiny.service 192.0.2.9 >&9
equal "start again" "$(client start 2>/dev/null)" 'Server ready'
found tiny 192.0.2.9 1
has tiny 192.0.2.8 1 || fail "an entry counts again after a restart"
finish
grep -q 'Worker says' "$T/log" && fail "$(grep 'Worker says' "$T/log")"
equal "stop" "$(client stop)" 'Shutdown successful'
exit $failed
