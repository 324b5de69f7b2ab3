#!/bin/sh
# dist.sh SOURCE BUILD: the release tarball has every file of the repository and
# passes `make distcheck`: it is built in a folder apart, tested, installed and
# uninstalled, with warnings as errors.
set -eu
top=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
list=$(mktemp)
trap 'rm -f "$list"' EXIT

make -s -C "$build" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror
tarball=$(ls -t "$build"/cfail2ban-*.tar.xz | head -n 1)
tar tf "$tarball" | sed 's,^[^/]*/,,' | sort >"$list"
results=$(grep -E '\.(sh\.log|trs|o)$|^packaging/fail2ban\.service$' "$list") || true
[ -z "$results" ] || { echo "made by a build and in $tarball:"; echo "$results"; exit 1; }
[ -e "$top/.git" ] || exit 0
missing=$(cd "$top" && git ls-files | grep -vx '.gitignore' | sort | comm -23 - "$list")
[ -z "$missing" ] || { echo "not in $tarball:"; echo "$missing"; exit 1; }
echo "$tarball: $(wc -l <"$list") entries"
