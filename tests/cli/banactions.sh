#!/bin/sh
# Every banaction of this tree against the kernel: ban, unban, restart, stop,
# IPv4 and IPv6. Root only, in a network namespace of its own.
if [ "${CFAIL2BAN_NETNS:-}" != 1 ]; then
	for tool in unshare iptables ip6tables ipset nft; do
		command -v $tool >/dev/null 2>&1 || exit 77
	done
	# what a kernel of a container may lack
	unshare -n sh -c '
		nft add table inet t && nft add set inet t s \
		    "{ type ipv4_addr; flags interval; }" &&
		ipset create s hash:ip && ip6tables -w -N t &&
		iptables -w -A INPUT -p tcp -m multiport --dports 22 \
		    -m set --match-set s src -j REJECT' >/dev/null 2>&1 ||
		exit 77
	CFAIL2BAN_NETNS=1 exec unshare -n "$0" "$@"
fi
. "${srcdir:-.}/tests/cli/lib.sh"

rm -f "$T/conf/action.d/tiny.conf" "$T/conf/jail.conf"
cp "$srcdir"/action.d/*.conf "$T/conf/action.d/"

# what the kernel has of us
kernel() {
	iptables-save | grep -e f2b
	ip6tables-save | grep -e f2b
	ipset save | grep -e f2b
	nft list ruleset | sed -n '/f2b-table/,$p'
}

has() {
	kernel | grep -qF -- "$1"
}

has_not() {
	! has "$1"
}

# wants WHAT has|has_not ADDRESS...
wants() {
	what=$1
	check=$2
	shift 2
	for address; do
		until_ok "$check" "$address" ||
		    fail "$action, $what: $check $address: $(kernel)"
	done
}

for action in iptables iptables-multiport iptables-allports iptables-ipset \
    iptables-ipset-proto6 iptables-ipset-proto6-allports nftables \
    nftables-multiport nftables-allports; do
	cat >"$T/conf/jail.conf" <<END
[one]
enabled = true
backend = polling
usedns = no
filter = tiny
logpath = $T/one.log
bantime = 600
action = $action[name=one, port="ssh", protocol=tcp]
END
	rm -f "$T/db"
	equal "$action: start" "$(client start)" 'Server ready'
	has f2b && fail "$action: rules before the first ban"
	client set one banip 192.0.2.1 192.0.2.2 2001:db8::1 >/dev/null
	wants ban has 192.0.2.1 192.0.2.2 2001:db8::1
	client set one unbanip 192.0.2.1 >/dev/null
	wants unban has_not 192.0.2.1
	wants 'unban of another' has 192.0.2.2 2001:db8::1
	equal "$action: reload" "$(client reload)" OK
	wants reload has 192.0.2.2 2001:db8::1
	equal "$action: restart" "$(client restart one)" OK
	wants restart has 192.0.2.2 2001:db8::1
	client stop >/dev/null
	wants stop has_not f2b
	equal "$action: start" "$(client start)" 'Server ready'
	wants 'start again' has 192.0.2.2 2001:db8::1
	equal "$action: unban --all" "$(client unban --all)" 2
	wants 'unban --all' has_not 192.0.2.2 2001:db8::1
	client stop >/dev/null
	wants 'last stop' has_not f2b
done
grep ' ERROR ' "$T/log" && fail "errors in the log"

# ---- somebody took all rules away: the next ban brings them back, and who was
# banned is so again when he comes again
for action in iptables-multiport iptables-ipset nftables; do
	sed -i "s/^action = .*/action = $action[name=one, port=ssh]/" \
	    "$T/conf/jail.conf"
	rm -f "$T/db"
	equal "$action: start" "$(client start)" 'Server ready'
	client set one banip 192.0.2.1 2001:db8::1 >/dev/null
	wants 'ban' has 192.0.2.1 2001:db8::1
	for t in iptables ip6tables; do
		$t -w -F && $t -w -X
	done
	nft flush ruleset
	ipset destroy
	client set one banip 192.0.2.2 >/dev/null
	wants 'repair' has 192.0.2.2
	client set one banip 192.0.2.1 >/dev/null
	wants 'ban again' has 192.0.2.1
	client stop >/dev/null
	wants 'stop after repair' has_not f2b
done
exit $failed
