#!/bin/bash
# run-all.sh SOURCE BUILD: every test. Called by "./quickstart test".
#
#   1. gcc, warnings as errors: build and make check
#   2. clang with ASan and UBSan: build and make check
#   3. the release tarball builds; with RUN_PACKAGE_TESTS=1 make distcheck and
#      the swap of packages
#   4. layout (clang-format), manual pages (mandoc)
#   5. the conformance runners against the reference, as a ratchet:
#      tests/conformance.min says how many must pass
#   6. as root: the demonstration, tests/cli, the live runners
set -u
top=$1
build=$2
cd "$top" || exit 1
passed=0
failed=0

step() {
	printf '\n==== %s (%s)\n' "$1" "$(date +%T)"
}

# check NAME COMMAND...: one counted check, its output kept when it fails
check() {
	local name=$1 log
	shift
	log=$build/log/$(echo "$name" | tr -c 'a-zA-Z0-9\n' '-').log
	if "$@" >"$log" 2>&1; then
		echo "ok      $name"
		passed=$((passed + 1))
	else
		echo "FAILED  $name"
		tail -n 60 "$log"
		failed=$((failed + 1))
	fi
	# the closing lines of the runners
	grep -E '^# (TOTAL|PASS|FAIL|SKIP|ERROR):|^[0-9]+ passed, [0-9]+ failed|^skipped ' "$log" | sed 's/^/        /'
}

skip() {
	echo "skipped $1: $2"
}

build_and_check() {
	local dir=$1
	shift
	mkdir -p "$dir" && (cd "$dir" &&
	    { [ -f Makefile ] || "$top/configure" -q "$@"; } &&
	    make -s -j"$(nproc)" && make -s -j"$(nproc)" check)
}

# What a release holds is enough to build it (make distcheck tests it, too).
tarball_builds() {
	local dir=$build/tarball
	rm -rf "$dir" && mkdir -p "$dir" &&
	    make -s -C "$build/gcc" dist && cp "$build"/gcc/cfail2ban-*.tar.xz "$dir/" &&
	    tar -xJf "$dir"/cfail2ban-*.tar.xz -C "$dir" --strip-components=1 &&
	    (cd "$dir" && ./configure -q CFLAGS=-O0 && make -s -j"$(nproc)")
}

mkdir -p "$build/log"
[ -x configure ] && [ configure -nt configure.ac ] || ./autogen.sh >/dev/null 2>&1

step 'gcc, warnings as errors'
check 'gcc: build and make check' build_and_check "$build/gcc" --enable-werror CFLAGS='-O2 -g'
step 'clang, ASan and UBSan'
check 'clang and sanitizers: build and make check' build_and_check "$build/asan" --enable-werror --enable-sanitize CC=clang CFLAGS='-O1 -g'
step 'release and packages'
check 'release tarball: it builds' tarball_builds
if [ "${RUN_PACKAGE_TESTS-}" = 1 ]; then
	check 'release tarball: make distcheck' tests/package/dist.sh "$top" "$build/gcc"
	check 'packages: fail2ban to cfail2ban and back' tests/package/swap.sh
else
	skip 'packages: fail2ban to cfail2ban and back' 'some minutes; RUN_PACKAGE_TESTS=1 runs it'
fi
step 'layout and pages'
check 'clang-format' make -s -C "$build/gcc" check-format
pages=$(ls man/*.[1-8] 2>/dev/null)
[ -z "$pages" ] || check 'mandoc -Tlint' mandoc -Tlint -Wwarning $pages

bin=$build/bin
mkdir -p "$bin"
for p in client server regex; do
	[ ! -x "$build/gcc/fail2ban-$p" ] || cp -f "$build/gcc/fail2ban-$p" "$bin/"
done

step 'conformance'
. "$top/tests/conformance.sh"

if [ "$(id -u)" -eq 0 ] && unshare -n -m true 2>/dev/null; then
	step 'the demonstration'
	check 'demonstration: a ban with the shipped configuration' unshare -n -m tests/demo/ban.sh "$top" "$bin"
else
	skip 'demonstration and live runners' 'they need root and network namespaces'
fi

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
