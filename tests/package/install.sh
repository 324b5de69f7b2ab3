#!/bin/sh
# install.sh: `make install` and `make uninstall` of the build in the current
# folder, into a folder of its own: what somebody changed in /etc is never
# overwritten or removed, and everything else is.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
here=$(pwd)
root=$(mktemp -d "${TMPDIR:-/tmp}/cfail2ban-install.XXXXXX") || exit 1
trap 'rm -rf "$root"' EXIT
fails=0

wrong() {
	echo "FAILED: $*"
	fails=$((fails + 1))
}

# with TARGET: the prefixes of a distribution
with() {
	make -s -C "$here" "$1" DESTDIR="$root" prefix=/usr sysconfdir=/etc localstatedir=/var \
	    systemdsystemunitdir=/lib/systemd/system >"$root/log" 2>&1 ||
	    { wrong "make $1"; cat "$root/log"; }
}

has() {
	[ -f "$root/$1" ] || wrong "$1 is missing"
}

has_not() {
	[ ! -e "$root/$1" ] || wrong "$1 is there"
}

etc=$root/etc/fail2ban
with install
for f in usr/bin/fail2ban-client usr/bin/fail2ban-server usr/bin/fail2ban-regex \
    etc/fail2ban/jail.conf etc/fail2ban/fail2ban.conf etc/fail2ban/filter.d/sshd.conf \
    etc/fail2ban/action.d/nftables.conf etc/logrotate.d/fail2ban \
    usr/lib/tmpfiles.d/fail2ban-tmpfiles.conf usr/lib/sysusers.d/fail2ban.conf \
    usr/share/man/man5/jail.conf.5; do
	has $f
done

grep -q '^ExecStart=/[^@]*/fail2ban-server ' "$root/lib/systemd/system/fail2ban.service" ||
    wrong "the unit: $(grep Exec "$root/lib/systemd/system/fail2ban.service")"

# the log paths of the distribution that was built for
paths=$(sed -n 's/^before = //p' "$etc/jail.conf")
[ "$paths" = "paths-$(sed -n 's/^PATHS = //p' Makefile).conf" ] || wrong "jail.conf includes $paths"
for p in alpine arch common debian fedora opensuse; do
	sed -i "s/^before = paths-.*/before = paths-$p.conf/" "$etc/jail.conf"
	"$here/fail2ban-client" -c "$etc" -d >"$root/log" 2>&1 || { wrong "paths-$p.conf"; tail -n 3 "$root/log"; }
done
sed -i "s/^before = paths-.*/before = $paths/" "$etc/jail.conf"

# changed, removed, added by the administrator
echo '# mine' >>"$etc/filter.d/sshd.conf"
rm "$etc/action.d/dummy.conf"
echo '# mine' >"$etc/jail.local"
echo '# mine' >>"$root/etc/logrotate.d/fail2ban"
with install
[ "$(grep -rlx '# mine' "$root/etc" | wc -l)" -eq 3 ] || wrong 'a changed file was overwritten'
grep -q 'kept your' "$root/log" || wrong 'nobody is told that a file was kept'
has_not etc/fail2ban/action.d/dummy.conf

with uninstall
rm -f "$root/log"
left=$(cd "$root" && find . -type f | sort | tr '\n' ' ')
[ "$left" = './etc/fail2ban/filter.d/sshd.conf ./etc/fail2ban/jail.local ./etc/logrotate.d/fail2ban ' ] ||
    wrong "left after uninstall: $left"

# a configuration of fail2ban that is there already: nothing is switched on
rm -rf "$root/etc" "$root/var"
mkdir -p "$etc/filter.d"
echo '# theirs' >"$etc/jail.conf"
echo '# theirs' >"$etc/filter.d/sshd.conf"
with install
[ "$(cat "$etc/jail.conf" "$etc/filter.d/sshd.conf" | sort -u)" = '# theirs' ] ||
    wrong 'the configuration of fail2ban was changed'
has etc/fail2ban/filter.d/sshd-kex.conf
has_not etc/fail2ban/jail.d/sshd-kex.conf
has_not etc/fail2ban/fail2ban.conf

[ $fails -eq 0 ]
