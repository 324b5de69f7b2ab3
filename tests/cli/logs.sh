#!/bin/sh
# The ways in which a log comes, goes and is read, through the whole server.
. "${srcdir:-.}/tests/cli/lib.sh"

mkdir "$T/grow" "$T/real"
: >"$T/grow/a.log"
: >"$T/real/log"
ln -s "$T/real/log" "$T/link.log"
: >"$T/shared.log"
: >"$T/latin.log"
: >"$T/wide.log"
: >"$T/old.log"
now() {
	date '+%Y-%m-%d %H:%M:%S'
}
# failure ADDRESS
failure() {
	echo "$(now) tiny: failure from $1"
}
failure 192.0.2.99 >"$T/tail.log"
{
	i=0
	while [ $i -lt 200 ]; do
		echo "2005-08-14 11:59:50 tiny: failure from 192.0.2.98"
		i=$((i + 1))
	done
	failure 192.0.2.97
} >"$T/old.log"

cat >"$T/conf/jail.conf" <<END
[DEFAULT]
backend = auto
ignoreself = false
usedns = no
maxretry = 100
findtime = 600
bantime = 600
filter = tiny
action =
[grow]
enabled = true
logpath = $T/grow/*.log
[late]
enabled = true
logpath = $T/to/come/late.log
[link]
enabled = true
logpath = $T/link.log
[first]
enabled = true
logpath = $T/shared.log
[second]
enabled = true
logpath = $T/shared.log
findtime = 1200
[latin]
enabled = true
logpath = $T/latin.log
logencoding = latin1
failregex = ^\s*caf\xe9 from <ADDR>$
[wide]
enabled = true
logpath = $T/wide.log
logencoding = utf-16le
[tail]
enabled = true
logpath = $T/tail.log tail
[old]
enabled = true
logpath = $T/old.log
END

# found JAIL ADDRESS N: so often, after a moment
found() {
	until_ok has "$1" "$2" "$3" ||
	    fail "$1: $2: $(grep -c "\[$1\] Found $2 " "$T/log"), not $3"
}
has() {
	[ "$(grep -c "\[$1\] Found $2 " "$T/log")" -eq "$3" ]
}

client -d >"$T/out" 2>&1
grep -q awaitlogpath "$T/out" && fail "-d shows a command of our own"
equal "start" "$(client start 2>/dev/null)" 'Server ready'

# ---- a place in the log
found old 192.0.2.97 1
has old 192.0.2.98 0 || fail "lines older than findtime count"

# ---- a glob that grows
failure 192.0.2.1 >>"$T/grow/a.log"
failure 192.0.2.2 >"$T/grow/b.log"
failure 192.0.2.3 >"$T/grow/c.txt"
found grow 192.0.2.1 1
found grow 192.0.2.2 1
cp "$T/grow/a.log" "$T/grow/a-20260101.log"
mv "$T/grow/b.log" "$T/grow/b.1.log"
failure 192.0.2.4 >"$T/grow/b.log"
found grow 192.0.2.4 1
failure 192.0.2.5 >"$T/grow/d.log"
found grow 192.0.2.5 1
has grow 192.0.2.1 1 || fail "a copy is read as a log of its own"
has grow 192.0.2.2 1 || fail "an old log is read as one of its own"
has grow 192.0.2.3 0 || fail "a name that does not match is read"

# ---- a folder that comes, with the log in it
mkdir -p "$T/new/come"
failure 192.0.2.6 >"$T/new/come/late.log"
mv "$T/new" "$T/to"
found late 192.0.2.6 1
failure 192.0.2.6 >>"$T/to/come/late.log"
found late 192.0.2.6 2
mv "$T/to" "$T/away"
mkdir -p "$T/to/come"
failure 192.0.2.7 >"$T/to/come/late.log"
found late 192.0.2.7 1

# ---- a link, and its file rotated where it is
failure 192.0.2.8 >>"$T/real/log"
found link 192.0.2.8 1
mv "$T/real/log" "$T/real/log.1"
failure 192.0.2.9 >"$T/real/log"
found link 192.0.2.9 1
failure 192.0.2.10 >"$T/real/other"
ln -sf "$T/real/other" "$T/link.log"
found link 192.0.2.10 1

# ---- two jails at one file
failure 192.0.2.11 >>"$T/shared.log"
found first 192.0.2.11 1
found second 192.0.2.11 1

# ---- encodings, converted inside the sandbox
printf '%s caf\351 from 192.0.2.12\n' "$(now)" >>"$T/latin.log"
found latin 192.0.2.12 1
failure 192.0.2.13 | iconv -t UTF-16LE >>"$T/wide.log"
found wide 192.0.2.13 1

# ---- from the end
failure 192.0.2.14 >>"$T/tail.log"
found tail 192.0.2.14 1
has tail 192.0.2.99 0 || fail "tail reads what was there"

# ---- idle
equal "idle" "$(client set first idle on)" 'True'
failure 192.0.2.15 >>"$T/shared.log"
found second 192.0.2.15 1
has first 192.0.2.15 0 || fail "an idle jail reads"
equal "not idle" "$(client set first idle off)" 'False'
found first 192.0.2.15 1

# ---- not a file
mkfifo "$T/fifo"
client set first addlogpath "$T/fifo" >"$T/out" 2>&1 &&
    fail "a FIFO is taken for a log"
client set first addlogpath /dev/zero >"$T/out" 2>&1 &&
    fail "a device is taken for a log"
mv "$T/shared.log" "$T/shared.log.1"
mkfifo "$T/shared.log"
failure 192.0.2.16 >>"$T/shared.log.1"
found first 192.0.2.16 1
rm "$T/shared.log"
failure 192.0.2.17 >"$T/shared.log"
found first 192.0.2.17 1
found second 192.0.2.17 1

# ---- a third jail comes to a file that others have read
client set late addlogpath "$T/shared.log" >/dev/null
found late 192.0.2.17 1
failure 192.0.2.20 >>"$T/shared.log"
found late 192.0.2.20 1
found first 192.0.2.20 1
found second 192.0.2.20 1
has first 192.0.2.17 1 || fail "a line counts again for who was there"

# ---- the reading process dies: nothing is lost, nothing counts twice
worker=$(pgrep -P "$(cat "$T/pid")" | head -n 1)
kill -KILL "$worker"
failure 192.0.2.18 >>"$T/shared.log"
cp "$T/shared.log" "$T/shared.log.2"
: >"$T/shared.log"
failure 192.0.2.19 >>"$T/shared.log"
found first 192.0.2.18 1
found first 192.0.2.19 1
has first 192.0.2.17 1 || fail "a line counts again"
grep -q 'Worker says' "$T/log" && fail "$(grep 'Worker says' "$T/log")"

equal "stop" "$(client stop)" 'Shutdown successful'
exit $failed
