# machine.sh: for the scripts here that need a machine of their own: a fresh
# root made by debootstrap from the mirror that apt is configured for, with our
# package. To be sourced; sets $top, $work, $root, $deb.
#
# Programs run in network, mount and process namespaces of their own: nothing
# of this machine is touched but a folder in ${TMPDIR:-/tmp}. Needs root,
# debootstrap and, when no package is given, dpkg-buildpackage with the build
# dependencies. Exit status 77: cannot run here.
#
#	SWAP_ROOT=DIR   use a copy of this root instead of debootstrap's
#	SWAP_KEEP=1     leave the root for a look
top=$(cd "$(dirname "$0")/../.." && pwd)
work=
fails=0

skip() {
	echo "skipped: $*"
	exit 77
}

finish() {
	[ -n "$work" ] || return
	if [ -n "${SWAP_KEEP-}" ]; then echo "left for a look: $work"; else rm -rf --one-file-system "$work"; fi
}

die() {
	echo "FAILED: $*"
	exit 1
}

ok() {
	echo "ok      $*"
}

wrong() {
	echo "FAILED  $*"
	fails=$((fails + 1))
}

# check NAME COMMAND...
check() {
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then ok "$name"; return; fi
	wrong "$name"
	tail -n 45 "$work/out"
	return 1
}

# inside COMMAND...: in the root, with everything of its own but the network
inside() {
	unshare -m -p --fork sh -c 'mount -t proc proc "$1/proc" && root=$1 && shift &&
	    exec chroot "$root" "$@"' sh "$root" "$@"
}

# install ARGUMENTS...: no service may start, nobody may be asked anything
install() {
	inside env DEBIAN_FRONTEND=noninteractive apt-get -y -qq --no-install-recommends "$@" </dev/null
}

# Puts the package that was named on the command line, or one built of the
# source, to $deb.
make_package() {
	deb=${1-}
	[ -z "$deb" ] || return 0
	command -v dpkg-buildpackage >/dev/null || skip 'no package given and dpkg-buildpackage is missing'
	mkdir -p "$work/src"
	(cd "$top" && if [ -e .git ]; then
		git ls-files -z | xargs -0 tar cf -
	else
		tar cf - --exclude=./build .
	fi) | tar xf - -C "$work/src" || die 'the source cannot be copied'
	(cd "$work/src" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc -b) \
	    >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; die 'dpkg-buildpackage'; }
	deb=$(ls "$work"/cfail2ban_*.deb)
}

# An empty machine, with the package in /var/cache; no service starts by itself.
make_root() {
	local suite mirror
	if [ -n "${SWAP_ROOT-}" ]; then
		cp -a "$SWAP_ROOT" "$root" || die "no copy of $SWAP_ROOT"
	else
		suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
		mirror=$(apt-get indextargets --format '$(RELEASE) $(SITE)' 'Created-By: Packages' |
		    awk -v s="$suite" '$1 == s { print $2; exit }')
		[ -n "$mirror" ] || skip 'apt knows no mirror'
		debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
		    { tail -n 5 "$work/debootstrap.log"; skip 'debootstrap failed'; }
	fi
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp "$deb" "$root/var/cache/cfail2ban.deb" || exit 1
}

# make_machine [CFAIL2BAN.DEB]: all of it
make_machine() {
	[ "$(id -u)" -eq 0 ] || skip 'not root'
	command -v debootstrap >/dev/null || [ -n "${SWAP_ROOT-}" ] || skip 'debootstrap is missing'
	unshare -n -m -p --fork true 2>/dev/null || skip 'no namespaces here'
	work=$(mktemp -d "${TMPDIR:-/tmp}/cfail2ban-swap.XXXXXX") || exit 1
	trap finish EXIT
	root=$work/root
	make_package "$@"
	make_root
}

# The last line, and the exit status.
verdict() {
	echo
	if [ $fails -eq 0 ]; then echo "$1: all passed"; else echo "$1: $fails failed"; exit 1; fi
}
