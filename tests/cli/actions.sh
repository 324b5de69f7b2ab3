#!/bin/sh
# Actions with the real nft, iptables and ipset: bans by the thousand and
# what the kernel holds then. Needs root; runs in a network namespace of its
# own.
. "${srcdir:-.}/tests/cli/namespace.sh"
own_namespaces "${1:-}" -n nft iptables ip6tables ipset
. "${srcdir:-.}/tests/cli/lib.sh"
nft list tables >/dev/null 2>&1 || skip 'nft does not work here'
need_iptables

for f in nftables nftables-multiport iptables iptables-multiport \
    iptables-ipset iptables-ipset-proto6; do
	cp "$srcdir/action.d/$f.conf" "$T/conf/action.d/" || exit 1
done
: >"$T/own"
cat >"$T/conf/action.d/own.conf" <<EOF
[Definition]
actionban = echo ban <ip> >>$T/own
actionunban = echo unban <ip> >>$T/own
[Init]
actionban_bulk = wc -l >>$T/bulk
actionunban_bulk = false
EOF
cat >"$T/conf/jail.conf" <<EOF
[DEFAULT]
backend = polling
usedns = no
filter = tiny
logpath = $T/one.log
bantime = 600
enabled = true
[nft]
action = nftables-multiport[name=nft, port=ssh, protocol=tcp]
[ipt]
action = iptables-multiport[name=ipt, port=ssh, protocol=tcp]
[set]
action = iptables-ipset-proto6[name=set, port=ssh, protocol=tcp]
[own]
action = own
EOF

ids() { # NETWORK COUNT
	i=0
	while [ "$i" -lt "$2" ]; do
		echo "$1.$((i / 250)).$((i % 250 + 1))"
		i=$((i + 1))
	done
}
ids 10.1 600 >"$T/v4"
i=1
while [ "$i" -le 50 ]; do
	printf '2001:db8::%x\n' "$i"
	i=$((i + 1))
done >"$T/v6"

client start >/dev/null || fail "no start: $(cat "$T/log")"
for jail in nft ipt set own; do
	equal "banip $jail" "$(client set $jail banip $(cat "$T/v4" "$T/v6"))" 650
done

in_nft() {
	nft -j list set inet f2b-table "$1" | tr -c '0-9a-f.:' '\n' |
	    grep -c "^$2"
}
equal "nft, IPv4" "$(in_nft addr-set-nft 10.1)" 600
equal "nft, IPv6" "$(in_nft addr6-set-nft 2001:db8::)" 50
in_set() {
	ipset list "$1" | grep -c "^$2"
}
equal "ipset, IPv4" "$(in_set f2b-set 10.1)" 600
equal "ipset, IPv6" "$(in_set f2b-set6 2001:db8::)" 50

# each rule was put before the others, so the last one is the first
iptables -w -S f2b-ipt | sed -n 's|^-A f2b-ipt -s \([^/]*\)/32 .*REJECT.*|\1|p' \
    >"$T/chain"
sort -t. -k3,3nr -k4,4nr "$T/v4" | cmp -s - "$T/chain" ||
    fail "iptables: the order differs from that of one by one"
equal "iptables, the rest of the chain" \
    "$(iptables -w -S f2b-ipt | tail -n 1)" "-A f2b-ipt -j RETURN"
equal "ip6tables" "$(ip6tables -w -S f2b-ipt | grep -c 2001:db8::)" 50

equal "bulk form: all but the first" \
    "$(awk '{ n += $1 } END { print n }' "$T/bulk")" \
    "$((650 - $(wc -l <"$T/own")))"
[ "$(wc -l <"$T/own")" -lt 10 ] || fail "the bulk form is hardly used"

# one that is in the way makes the batch fail; one by one all others go
iptables -w -D f2b-ipt -s 10.1.0.7 -j REJECT \
    --reject-with icmp-port-unreachable
for jail in nft set own; do
	equal "unbanip $jail" "$(client set $jail unbanip $(cat "$T/v4"))" 600
done
equal "unbanip ipt" "$(client set ipt unbanip $(head -n 40 "$T/v4"))" 40
equal "nft, after" "$(in_nft addr-set-nft 10.1)" 0
equal "ipset, after" "$(in_set f2b-set 10.1)" 0
equal "iptables, after" "$(iptables -w -S f2b-ipt | grep -c REJECT)" 560
equal "other family, after" "$(in_nft addr6-set-nft 2001:db8::)" 50
equal "failing bulk form: one by one" "$(grep -c ^unban "$T/own")" 600
grep -q "Failed to execute unban jail 'ipt' action 'iptables-multiport'.*10.1.0.7" \
    "$T/log" || fail "nothing said of the one that was not there"
equal "errors" "$(grep -c 'Failed to execute' "$T/log")" 1

client stop >/dev/null
equal "nft, at the end" "$(nft list tables | grep -c f2b)" 0
equal "iptables, at the end" "$(iptables -w -S | grep -c f2b)" 0
equal "ip6tables, at the end" "$(ip6tables -w -S | grep -c f2b)" 0
equal "ipset, at the end" "$(ipset list -n | grep -c f2b)" 0
exit $failed
