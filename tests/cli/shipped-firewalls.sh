#!/bin/sh
# The firewall actions we ship and tests/cli/actions.sh does not try, with the
# real iptables, ipset, ip and, if it is there, ufw; firewall-cmd is played by
# a script that does with iptables what it is told. Needs root; runs in
# namespaces of its own.
. "${srcdir:-.}/tests/cli/namespace.sh"
own_namespaces "${1:-}" -nm iptables ip6tables ipset ip
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1
need_iptables
ip link set lo up

mkdir "$T/bin"
cat >"$T/bin/firewall-cmd" <<EOF
#!/bin/sh
printf '%s\n' "\$*" >>"$T/firewalld"
[ "\$1" = --direct ] || exit 0
do=\$2
case \$3 in ipv6) t='ip6tables -w';; *) t='iptables -w';; esac
chain=\$5 prio=\${6:-}
case \$do in
*-chain) [ \$# = 5 ] || exit 2;;
*-rule) shift 6;;
esac
case \$do in
--query-chain) \$t -n -L "\$chain" >/dev/null 2>&1;;
--add-chain) \$t -N "\$chain";;
--remove-chain) \$t -X "\$chain";;
--add-rule) \$t -C "\$chain" "\$@" 2>/dev/null && exit 0
	case \$prio in 0) \$t -I "\$chain" "\$@";; *) \$t -A "\$chain" "\$@";; esac;;
--remove-rule) \$t -D "\$chain" "\$@";;
--remove-rules) \$t -F "\$chain";;
--query-rule) \$t -C "\$chain" "\$@" 2>/dev/null;;
--get-chains) \$t -S | sed -n 's/^-N //p' | tr '\n' ' ';;
*) exit 2;;
esac
EOF
chmod +x "$T/bin/firewall-cmd"
PATH=$T/bin:$PATH
export PATH
for t in iptables ip6tables; do
	$t -w -N INPUT_direct
	$t -w -A INPUT -j INPUT_direct
done

cp "$srcdir"/action.d/* "$T/conf/action.d/" || exit 1
cat >"$T/conf/jail.conf" <<EOF
[DEFAULT]
backend = polling
usedns = no
filter = tiny
logpath = $T/one.log
bantime = 600
enabled = true
[log]
action = iptables-multiport-log[port="ssh,http"]
[new]
action = iptables-new[port="ssh,http"]
[set4]
action = iptables-ipset-proto4
[multi]
action = firewallcmd-multiport[port=22, protocol="tcp,udp"]
[all]
action = firewallcmd-allports
[fresh]
action = firewallcmd-new[port=ssh]
[fwset]
action = firewallcmd-ipset[port=ssh, ipsettime=<timeout-bantime>]
[fwset2]
action = firewallcmd-ipset[actiontype=<allports>]
[rich]
action = firewallcmd-rich-rules[port="ssh,1000:1010", protocol="tcp,udp"]
[richlog]
action = firewallcmd-rich-logging[port=ssh]
[recent]
action = iptables-xt_recent-echo
[route]
action = route
[shore]
action = shorewall-ipset-proto6
EOF
jails=$(sed -n 's/^\[\([a-z].*\)\]$/\1/p' "$T/conf/jail.conf")
before=$(iptables -w -S && ip6tables -w -S)

has() { # TOOL RULE
	$1 -w -S | grep -qxF -e "$2" || fail "$1 has not: $2"
}

round() {
	client start >/dev/null || fail "no start: $(cat "$T/log")"
	for jail in $jails; do
		equal "banip $jail" \
		    "$(client set $jail banip 192.0.2.1 192.0.2.2 2001:db8::1)" 3
	done
	# all commands have run when an unban of the same jail has
	for jail in $jails; do
		client set $jail unbanip 192.0.2.2 >/dev/null
	done
}
round
has iptables '-A f2b-log -s 192.0.2.1/32 -j f2b-log-log'
has ip6tables '-A f2b-log -s 2001:db8::1/128 -j f2b-log-log'
has iptables '-A f2b-log-log -m limit --limit 6/min --limit-burst 2 -j LOG --log-prefix "f2b-log: "'
has iptables '-A f2b-log-log -j REJECT --reject-with icmp-port-unreachable'
has iptables '-A INPUT -p tcp -m conntrack --ctstate NEW -m multiport --dports 22,80 -j f2b-new'
has iptables '-A f2b-new -s 192.0.2.1/32 -j REJECT --reject-with icmp-port-unreachable'
has ip6tables '-A INPUT -p tcp -m multiport --dports 22 -m set --match-set f2b-set46 src -j REJECT --reject-with icmp6-port-unreachable'
has iptables '-A INPUT_direct -p udp -m multiport --dports 22 -j f2b-multi'
has iptables '-A f2b-multi -s 192.0.2.1/32 -j REJECT --reject-with icmp-port-unreachable'
has ip6tables '-A f2b-multi -s 2001:db8::1/128 -j REJECT --reject-with icmp6-port-unreachable'
has iptables '-A INPUT_direct -p tcp -j f2b-all'
has iptables '-A INPUT_direct -p tcp -m conntrack --ctstate NEW -m multiport --dports 22 -j f2b-fresh'
has iptables '-A INPUT_direct -p tcp -m multiport --dports 22 -m set --match-set f2b-fwset src -j REJECT --reject-with icmp-port-unreachable'
has iptables '-A INPUT_direct -p tcp -m set --match-set f2b-fwset2 src -j REJECT --reject-with icmp-port-unreachable'
for set in f2b-set4 f2b-fwset f2b-fwset2 f2b-shore; do
	equal "$set" "$(ipset list $set | grep -c '^192.0.2.1\( \|$\)')" 1
	equal "$set, unbanned" "$(ipset list $set | grep -c '^192.0.2.2')" 0
	equal "${set}6" "$(ipset list ${set}6 | grep -c '^2001:db8::1')" 1
done
ipset list f2b-fwset | grep -q '^192.0.2.1 timeout [45][0-9][0-9]$' ||
    fail "the set knows no end of the ban"
grep -qxF -e "--zone=public --add-rich-rule=rule family='ipv4' source address='192.0.2.1' port port='1000-1010' protocol='udp' reject type='icmp-port-unreachable'" \
    "$T/firewalld" || fail "no rich rule"
grep -qF -e "family='ipv6' source address='2001:db8::1' port port='ssh' protocol='tcp' log prefix='f2b-richlog' level='info' limit value='1/m' reject type='icmp6-port-unreachable'" \
    "$T/firewalld" || fail "no rich rule that logs"
has iptables '-A INPUT -m recent --update --seconds 3600 --name f2b-recent --mask 255.255.255.255 --rsource -j REJECT --reject-with icmp-port-unreachable'
equal "recent" "$(cut -d ' ' -f 1 /proc/net/xt_recent/f2b-recent | sort | tr '\n' ' ')" 'src=192.0.2.1 '
equal "recent6" "$(cut -d ' ' -f 1 /proc/net/xt_recent/f2b-recent6)" 'src=2001:0db8:0000:0000:0000:0000:0000:0001'
equal "route" "$(ip route show type unreachable)" 'unreachable 192.0.2.1 '
ip -6 route show type unreachable | grep -q '^unreachable 2001:db8::1 ' ||
    fail "no IPv6 route"
grep -E -A3 'ERROR|CRITICAL' "$T/log" | head -n 20 | grep . && fail "errors"

# a server that dies leaves all of it; the next one takes it over
pid=$(cat "$T/pid")
kill -KILL "$pid"
until_ok is_gone "$pid"
rm -f "$T/sock" "$T/log"
client start >/dev/null || fail "no start: $(cat "$T/log")"
for jail in $jails; do
	until_ok grep -q "\\[$jail\\] Restore Ban 2001:db8::1" "$T/log" ||
	    fail "no restored ban in $jail"
	client set $jail banip 192.0.2.3 >/dev/null
done
for jail in $jails; do
	client set $jail unbanip 192.0.2.3 >/dev/null
done
equal "rules are not doubled" "$(iptables -w -S INPUT | sort | uniq -d)" ""
equal "chains are not doubled" \
    "$(iptables -w -S f2b-log-log | sort | uniq -d)" ""
grep -E -A3 'ERROR|CRITICAL' "$T/log" | head -n 20 | grep . &&
    fail "errors after a crash"

client stop >/dev/null
for set in f2b-shore f2b-shore6; do
	ipset destroy $set || fail "$set is not there"
done
equal "sets at the end" "$(ipset list -n)" ""
equal "routes at the end" "$(ip route show type unreachable)" ""
equal "rules at the end" "$(iptables -w -S && ip6tables -w -S)" "$before"

# ---- ufw
if command -v ufw >/dev/null; then
	cp -r /etc/ufw "$T/ufw" && mount --bind "$T/ufw" /etc/ufw &&
	    cp /etc/default/ufw "$T/ufw.default" &&
	    mount --bind "$T/ufw.default" /etc/default/ufw || exit 1
	cat >"$T/conf/jail.conf" <<EOF
[ufw]
enabled = true
backend = polling
filter = tiny
logpath = $T/one.log
action = ufw[kill-mode=ss]
EOF
	if ufw --force enable >"$T/out" 2>&1; then
		rm -f "$T/log"
		client start >/dev/null
		client set ufw banip 192.0.2.1 192.0.2.2 2001:db8::1 >/dev/null
		client set ufw unbanip 192.0.2.2 >/dev/null
		ufw status | grep -q '^Anywhere *REJECT *192.0.2.1 *# by Fail2Ban after 0 attempts against ufw' ||
		    fail "ufw: $(ufw status)"
		ufw status | grep -q '2001:db8::1' || fail "ufw: no IPv6"
		client stop >/dev/null
		ufw status | grep '192.0.2\|2001:' && fail "ufw: left over"
		grep -E -A3 'ERROR|CRITICAL' "$T/log" && fail "errors with ufw"
		ufw --force disable >/dev/null
	else
		echo "ufw does not work here: $(cat "$T/out")"
	fi
fi
exit $failed
