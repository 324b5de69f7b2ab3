#!/bin/sh
# A full disk, a read-only one, a damaged and a locked database: bans go on,
# the log says what is wrong, and what could not be written is written later.
# Needs root; runs in namespaces of its own.
. "${srcdir:-.}/tests/cli/namespace.sh"
own_namespaces "${1:-}" -nm sqlite3 mount
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1
disk=$T/disk
mkdir "$disk" && mount -t tmpfs -o size=160k tmpfs "$disk" ||
    skip 'no tmpfs'
sed -i "s#^dbfile = .*#dbfile = $disk/db#" "$T/conf/fail2ban.conf"

ban() { # NUMBER
	equal "$what: banip" "$(client set one banip "198.51.100.$1")" 1
	client get one banip | grep -qF "198.51.100.$1" ||
	    fail "$what: no ban"
	grep -qx "ban one 198.51.100.$1" "$T/actions" ||
	    fail "$what: no action"
}

says() { # TEXT
	until_ok grep -qF -e "$1" "$T/log" ||
	    fail "$what: the log does not say '$1': $(cat "$T/log")"
}

rows() {
	sqlite3 "$disk/db" 'select count(*) from bans'
}

has_rows() {
	[ "$(rows)" = "$1" ]
}

start() {
	rm -f "$T/log"
	equal "$what: start" "$(client start)" 'Server ready'
}

end() {
	client stop >/dev/null
	until_ok test ! -e "$T/pid" || fail "$what: it does not stop"
}

fill() {
	dd if=/dev/zero of="$disk/fill" bs=1k count=400 2>/dev/null
}

# ---- full, and room again
what='full disk'
start
client set logtarget "$disk/log" >/dev/null
fill
for i in $(seq 1 60); do
	ban "$i"
done
rm "$disk/fill"
until_ok has_rows 60 || fail "$what: $(rows) rows"
ban 61
for i in 1 59 61; do
	grep -qE "^20[-0-9]* [0-9:,]* fail2ban.actions .* \[one\] Ban 198.51.100.$i$" \
	    "$disk/log" || fail "$what: no line of ban $i"
done
client set logtarget "$T/log" >/dev/null
end

# ---- still full at the end
what='full disk at stop'
start
fill
client set one banip $(seq -f 198.51.100.%g 62 181) >/dev/null
says 'Writing failed: database or disk is full'
end
says 'cannot be written (database or disk is full)'
rm "$disk/fill"

# ---- full at start: no database, protection all the same
what='full disk at start'
rm -f "$disk"/db*
fill
start
says 'bans are kept in memory only'
ban 200
end
rm "$disk/fill"

# ---- read-only
what='read-only disk'
start
ban 201
end
mount -o remount,ro "$disk"
start
says 'bans are kept in memory only'
ban 202
client get one banip | grep -q 198.51.100.201 || fail "$what: not restored"
end
mount -o remount,rw "$disk"

# ---- no database at all in the file
what='damaged file'
echo garbage >"$disk/db"
start
says 'Recreate ...'
ban 203
end
start
equal "$what: restored" "$(client get one banip)" 198.51.100.203
ls "$disk" | grep -q '^db\.20' || fail "$what: no copy was kept"

# ---- somebody holds it
what='locked file'
mkfifo "$T/hold"
sqlite3 "$disk/db" <"$T/hold" >/dev/null &
exec 7>"$T/hold"
echo 'begin exclusive;' >&7
until_ok sh -c "! sqlite3 $disk/db 'select 1 from bans'" ||
    fail "$what: it is not"
ban 204
exec 7>&-
wait
until_ok has_rows 2 || fail "$what: $(rows) rows"
end
umount "$disk"
exit $failed
