# conformance.sh: sourced by run-all.sh. Holds the programs in $bin against the
# reference with the runners of ../shared/conformance, where they are.
#
# The reference is Debian's fail2ban 1.0.2-2: downloaded and unpacked below the
# build folder, never installed.

shared=${SHARED:-$top/../shared}
ref=$build/reference

get_reference() {
	[ -f "$ref/etc/fail2ban/jail.conf" ] && return 0
	mkdir -p "$ref" && (cd "$ref" || exit 1
	    apt-get download -qq fail2ban >/dev/null 2>&1 &&
	    dpkg-deb -x fail2ban_*.deb .) || return 1
	[ -f "$ref/etc/fail2ban/jail.conf" ]
}

# ratchet NAME COMMAND...: at least as many must pass as conformance.min says
ratchet() {
	local name=$1 want got log=$build/log/$1.log
	shift
	want=$(awk -v n="$name" '$1 == n { print $2 }' tests/conformance.min)
	"$@" >"$log" 2>&1
	got=$(sed -n 's/^\([0-9]*\) passed, [0-9]* failed.*/\1/p' "$log" | tail -n 1)
	echo "        $name: $(grep -E '^[0-9]+ passed' "$log" | tail -n 1) (at least ${want:-0})"
	if [ "${got:-0}" -ge "${want:-0}" ]; then
		echo "ok      $name"
		passed=$((passed + 1))
	else
		echo "FAILED  $name: ${got:-nothing} passed, $want did before"
		tail -n 40 "$log"
		failed=$((failed + 1))
	fi
}

if [ ! -d "$shared/conformance" ]; then
	skip 'conformance runners' "$shared/conformance is not there"
elif ! get_reference; then
	skip 'conformance runners' "Debian's fail2ban package cannot be downloaded"
else
	c=$shared/conformance
	p="--client $bin/fail2ban-client --regex $bin/fail2ban-regex"
	ratchet run-config "$c/run-config" $p --stock "$ref/etc/fail2ban"
	ratchet run-dates "$c/run-dates" $p
	ratchet run-regex "$c/run-regex" $p --config "$ref/etc/fail2ban"
	ratchet run-samples "$c/run-samples" $p --config "$ref/etc/fail2ban" \
	    --samples "$ref/usr/lib/python3/dist-packages/fail2ban/tests/files/logs" \
	    --tests-config "$ref/usr/lib/python3/dist-packages/fail2ban/tests/config"
	if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
		ratchet e2e-ssh-shipped "$c/live/e2e-ssh" --bindir "$bin" --config "$top"
		ratchet e2e-ssh-stock "$c/live/e2e-ssh" --bindir "$bin" --config "$ref/etc/fail2ban"
		check 'banactions of the shipped configuration' \
		    tests/live/banactions.sh "$c/live" "$bin" "$top"
		check 'banactions of the stock configuration' \
		    tests/live/banactions.sh "$c/live" "$bin" "$ref/etc/fail2ban"
		ratchet protocol env CAND_VERSION=1.1.0 "$c/live/protocol" --bindir "$bin"
		ratchet db-basic "$c/live/db-basic" --bindir "$bin"
	fi
fi
