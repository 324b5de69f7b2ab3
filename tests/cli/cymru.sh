#!/bin/sh
# "status JAIL cymru" with a name server of ours, in a network namespace.
# fail2ban: the answers are those of 1.0.2 with dnspython, but where it stops
# at the first error and leaves out the addresses behind it.
. "${srcdir:-.}/tests/cli/namespace.sh"
own_namespaces "${1:-}" -nm python3
. "${srcdir:-.}/tests/cli/lib.sh"
ip link set lo up || exit 77
echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
mount --bind "$T/resolv.conf" /etc/resolv.conf || exit 77

zone=origin.asn.cymru.com
cat >"$T/table" <<END
1.2.0.192.$zone 64500 | 192.0.2.0/24 | DE | ripencc | 2001-02-03
2.2.0.192.$zone 64501 64502 | 192.0.2.0/24 | US | arin | 2001-02-03
3.2.0.192.$zone 64503 | 192.0.2.0/24 | FR | ripencc | 2001	64504 | 192.0.2.0/25 | FR | apnic | 2001
5.2.0.192.$zone !servfail
6.2.0.192.$zone !empty
7.2.0.192.$zone junk
8.2.0.192.$zone 64508 | 192.0.2.0/24 |  | arin | 2001
0.100.51.198.$zone 64510 | 198.51.100.0/24 | NL | ripencc | 2001
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.origin6.asn.cymru.com 64511 | 2001:db8::/32 | SE | ripencc | 2009
END
python3 "$srcdir/tests/cli/fakedns.py" "$T/table" >"$T/dns" &
dns=$!
until_ok grep -q ready "$T/dns" || exit 77

client start >/dev/null 2>&1 || fail "no start"
cymru() {
	client status one cymru | tail -n 4 | cut -f 2
}
equal 'nobody is banned' "$(cymru)" "$(printf '\n\n\n')"
client set one banip 192.0.2.1 192.0.2.2 192.0.2.4 192.0.2.8 2001:db8::1 >/dev/null
equal 'answers' "$(cymru)" '192.0.2.1 192.0.2.2 192.0.2.4 192.0.2.8 2001:db8::1
64500 64501 64502 nxdomain 64508 64511
DE US nxdomain unknown SE
ripencc arin nxdomain arin ripencc'
client unban --all >/dev/null
client set one banip 192.0.2.3 >/dev/null
equal 'two records' "$(cymru)" '192.0.2.3
64503, 64504
FR
apnic, ripencc'
client set one unbanip 192.0.2.3 >/dev/null
client set one banip 192.0.2.5 192.0.2.6 192.0.2.1 192.0.2.7 198.51.100.0/24 >/dev/null
equal 'errors' "$(cymru | head -n 2)" '192.0.2.5 192.0.2.6 192.0.2.1 192.0.2.7 198.51.100.0/24
error error 64500 error 64510'
equal 'of the cache' "$(grep -c '1.2.0.192' "$T/dns")" 1

# ---- a name server that is gone holds up nobody but who asks
kill $dns
client set one banip 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4 203.0.113.5 >/dev/null
client status one cymru >"$T/late" 2>&1 &
late=$!
equal 'meanwhile' "$(client ping)" 'Server replied: pong'
wait $late
equal 'no server' "$(tail -n 3 "$T/late" | head -n 1 | cut -f 2)" \
    'error error 64500 error 64510 error error error error error'
client stop >/dev/null
exit $failed
