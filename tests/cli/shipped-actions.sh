#!/bin/sh
# The actions we ship that call other programs than the firewall's: what these
# get to see when strangers wrote the lines. Fakes in their place write down
# their arguments and their standard input. As any user.
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1

mkdir "$T/bin" "$T/calls" "$T/run"
cat >"$T/bin/fake" <<EOF
#!/bin/sh
tool=\${0##*/}
{
	echo "== \$tool"
	for arg; do printf 'arg: %s\n' "\$arg"; done
	case "\$tool \$*" in
	sendmail*|mail*|apprise*|nsupdate*|curl*-K\ -*)
		sed 's/^/in: /'; echo;;
	esac
} >>"$T/calls/\$tool"
case "\$tool \$*" in
whois*) printf 'inetnum: 192.0.2.0 - 192.0.2.255\n~!touch $T/pwned\n.\n';;
dig*) echo '"abuse@example.net, -x@\$(touch $T/pwned)"';;
geoiplookup*) echo 'GeoIP Country Edition: ZZ, Nowhere';;
curl*--get*api.cloudflare.com*)
	echo '{"success": true, "result": [{"id": "0123456789abcdef0123456789abcdef"}]}';;
curl*abuseipdb*) echo '{"data":{"ipAddress":"x","abuseConfidenceScore":7}}';;
curl*blocklist.de*) echo 'status: success';;
curl*chat_id=7*) echo '{"ok":true}';;
curl*nitro*) echo '{"errorcode": 0}{"http":201}';;
curl*) echo '{"success": true}';;
esac
exit 0
EOF
chmod +x "$T/bin/fake"
for tool in curl sendmail mail whois dig nsupdate apprise nginx shorewall \
    apf csf ssh shorewall6 geoiplookup geoiplookup6; do
	ln -s fake "$T/bin/$tool"
done
PATH=$T/bin:$PATH
export PATH

cp "$srcdir"/action.d/* "$T/conf/action.d/" || exit 1
# the default is a path of the system
mta="mailcmd='sendmail -i -f \"<sender>\" \"<dest>\"'"
log="logpath=\"$T/app*.log tail\""
cat >"$T/conf/jail.conf" <<EOF
[DEFAULT]
backend = polling
usedns = no
filter = tiny
logpath = $T/one.log
maxretry = 1
bantime = 600
enabled = true
[sendmail]
action = sendmail[sender=f2b@example.org, dest="a@example.org, b@example.org", sendername="Jürgen", $mta]
[sm-whois]
action = sendmail-whois[$mta]
[sm-lines]
action = sendmail-whois-lines[$log, $mta]
[sm-matches]
action = sendmail-whois-matches[$mta]
[sm-ipmatches]
action = sendmail-whois-ipmatches[$mta]
[sm-ipjail]
action = sendmail-whois-ipjailmatches[$mta]
[sm-geoip]
action = sendmail-geoip-lines[$log, $mta]
[sm-buffered]
action = sendmail-buffered[lines=2, tmpfile="$T/run/sm", $mta]
[mail]
action = mail[dest=root]
[mail-whois]
action = mail-whois
[mail-lines]
action = mail-whois-lines[$log]
[mail-buffered]
action = mail-buffered[lines=2, tmpfile="$T/run/mail"]
[complain]
action = complain[$log]
[xarf]
action = xarf-login-attack[$log, service=xarf, port=22, sender=f2b@example.org, mailcmd="sendmail -i"]
[abuseipdb]
action = abuseipdb[abuseipdb_apikey=KEY, abuseipdb_category="18,22"]
[blocklist]
action = blocklist_de[email=me@example.org, apikey=KEY, service=ssh, agent=Agent/1]
[cloudflare]
action = cloudflare[cfuser=me@example.org, cftoken=KEY]
[cftoken]
action = cloudflare-token[cfzone=ZONE, cftoken=KEY]
[apprise]
action = apprise[config=/x/apprise.conf]
[ntfy]
action = ntfy[topic=t, token=KEY]
[telegram]
action = telegram[token=KEY, chat=7, message="<matches>"]
[webhook]
action = webhook[url="https://example.org/hook"]
[slack]
action = webhook[url="https://example.org/slack", format=slack, message="<matches>"]
[nsupdate]
action = nsupdate[domain=bl.example.org, keyfile=/x/key, nsupdatecmd=nsupdate]
[hostsdeny]
action = hostsdeny[file="$T/hosts.deny", lock="$T/run/hosts.lock"]
[nginx]
action = nginx-block-map[blck_lst_file="$T/nginx.map", srv_pid="$T/run/nginx.pid", lock="$T/run/nginx.lock"]
[shorewall]
action = shorewall
[apf]
action = apf
[csf]
action = csf
[mikrotik]
action = mikrotik[host=router, user=u, keyfile=/x/key, port=2222]
[ipthreat]
action = ipthreat[ipthreat_apikey=KEY, ipthreat_system=ssh]
[netscaler]
action = netscaler[ns_host=ns, ns_auth=AUTH, ns_dataset=set]
[dshield]
action = dshield[userid=7, port=22, lines=2, minreportinterval=0, tmpfile="$T/run/dshield"]
[dummy]
action = dummy[target="$T/dummy"]
EOF
# it is the turn of the second action when the first one has ended
sed -i '/^action = /a\         tiny[name=%(__name__)s]' "$T/conf/jail.conf"
printf '# mine\nsshd: 203.0.113.9\n' >"$T/hosts.deny"
chmod 644 "$T/hosts.deny"
echo $$ >"$T/run/nginx.pid"
printf 'line of 192.0.2.1 here\nline of 192.0.2.12\nline of 11192.0.2.1\n' \
    >"$T/app-1.log"
jails=$(sed -n 's/^\[\([a-z].*\)\]$/\1/p' "$T/conf/jail.conf")

called() { # TOOL LINE: what the tool got
	grep -qxF -e "$2" "$T/calls/$1" || fail "$1 did not get: $2"
}

client start >/dev/null || fail "no start: $(cat "$T/log")"
bad="it's \"x\" \\ \$(touch $T/pwned) \`touch $T/pwned\`; touch $T/pwned
~!touch $T/pwned
.
Bcc: x@example.org é"
for jail in $jails; do
	for ip in 192.0.2.1 2001:db8::1; do
		client set "$jail" attempt $ip "$bad" >/dev/null ||
		    fail "attempt $jail"
		until_ok grep -qxF "ban $jail $ip" "$T/actions" ||
		    fail "no ban in $jail"
	done
	client set "$jail" unbanip 192.0.2.1 >/dev/null
done
cp "$T/hosts.deny" "$T/hosts.during"
cp "$T/nginx.map" "$T/nginx.during"
client stop >/dev/null

[ -e "$T/pwned" ] && fail "a command of the line was run"
grep -E -A3 'ERROR|CRITICAL' "$T/log" | head -n 20 | grep . && fail "errors"

# ---- mail
for jail in sendmail sm-whois sm-lines sm-matches sm-ipmatches sm-ipjail \
    sm-geoip; do
	grep -q "^in: Subject: \\[Fail2Ban\\] $jail: banned 192.0.2.1 from " \
	    "$T/calls/sendmail" || fail "no mail of $jail"
done
called sendmail 'arg: a@example.org, b@example.org'
called sendmail 'in: To: a@example.org, b@example.org'
called sendmail 'in: From: =?UTF-8?Q?J=C3=BCrgen?= <f2b@example.org>'
for jail in sm-matches sm-ipmatches sm-ipjail; do
	sed -n "/Subject.*$jail: banned 192.0.2.1/,/^== /p" \
	    "$T/calls/sendmail" >"$T/mail"
	grep -qxF "in: it's \"x\" \\ \$(touch $T/pwned) \`touch $T/pwned\`; touch $T/pwned" \
	    "$T/mail" || fail "$jail: the line is not as it was"
	equal "$jail: headers from the log" \
	    "$(sed '/^in: $/q' "$T/mail" | grep -c '^in: Bcc')" 0
done
sed -n '/Subject.*sm-lines: banned 192.0.2.1/,/^== /p' "$T/calls/sendmail" \
    >"$T/mail"
grep -qx 'in: line of 192.0.2.1 here' "$T/mail" || fail "no line of the log"
grep -q '2\.12\|11192' "$T/mail" && fail "lines of other addresses"
called sendmail 'in: Country: ZZ, Nowhere'
equal "summary" "$(sed -n '/sm-buffered: summary/,/^== /p' \
    "$T/calls/sendmail" | grep -c 'sm-buffered, 1 failures')" 2
[ -e "$T/run/sm" ] && fail "the collected lines are left"
grep '^in: ~' "$T/calls/mail" && fail "a command to mail"
called mail 'arg: -s'
called mail "in:  ~!touch $T/pwned"
called mail 'arg: root'
called mail 'arg: Abuse from 192.0.2.1'
called mail 'arg: abuse@example.net'
grep -q 'arg: -x@' "$T/calls/mail" && fail "an option from the DNS"
called sendmail 'in: X-XARF: PLAIN'
called sendmail 'in: Report-Type: login-attack'
called sendmail 'in: Source-Type: ipv6'
called sendmail 'in: Port: 22'

# ---- web services
called curl 'arg: ip=192.0.2.1'
called curl 'in: header = "Key: KEY"'
called curl 'arg: categories=18,22'
called curl 'arg: service=ssh'
called curl 'arg: {"mode":"block","configuration":{"target":"ip6","value":"2001:db8::1"},"notes":"Fail2Ban cftoken"}'
rules=firewall/access_rules/rules
id=0123456789abcdef0123456789abcdef
called curl "arg: https://api.cloudflare.com/client/v4/zones/ZONE/$rules/$id"
called curl "arg: https://api.cloudflare.com/client/v4/user/$rules/$id"
called curl 'in: header = "Authorization: Bearer KEY"'
called curl 'in: header = "X-Auth-Key: KEY"'
called curl 'in: url = "https://api.telegram.org/botKEY/sendMessage"'
called curl 'in: url = "https://example.org/slack"'
grep '^arg: .*\(KEY\|AUTH\)' "$T/calls/curl" && fail "a key among the arguments"
called curl 'in: header = "X-API-KEY: KEY"'
called curl 'in: header = "Authorization: Basic AUTH"'
called curl 'arg: {"ip":"192.0.2.1","flags":"BruteForce","system":"ssh","notes":"fail2ban"}'
called curl 'arg: {"policydataset_value_binding":{"name":"set","value":"2001:db8::1"}}'
called curl 'arg: https://ns/nitro/v1/config/policydataset_value_binding/set?args=value:192.0.2.1'
called apf 'arg: --deny'
called apf 'arg: --remove'
called csf 'arg: banned by Fail2Ban csf'
called ssh 'arg: :if ([:len [/ip firewall address-list find list="fail2ban" address="192.0.2.1"]] = 0) do={/ip firewall address-list add list="fail2ban" address=192.0.2.1 timeout=600s comment="Fail2Ban mikrotik"}'
called ssh 'arg: /ip firewall address-list remove [/ip firewall address-list find list="fail2ban" address="192.0.2.1"]'
grep -q 'find list="fail2ban" address="2001:db8::1/128"' "$T/calls/ssh" || fail "no IPv6 at the router"
grep -q '^arg: FORMAT DSHIELD USERID 7 TZ [-+0-9:]* Fail2Ban$' "$T/calls/mail" || fail "no report to DShield"
grep -q '^in: 20..-..-.. ..:..:.. [-+][0-9:]*	7	1	2001:db8::1	???	???	22	TCP	$' "$T/calls/mail" ||
    fail "report to DShield: $(grep -A5 DSHIELD "$T/calls/mail")"
called curl 'arg: chat_id=7'
called apprise 'arg: /x/apprise.conf'
if command -v python3 >/dev/null; then
	sed -n 's/^in: data-binary = "\({.*}\)"$/\1/p' "$T/calls/curl" |
	    sed 's/\\\(.\)/\1/g' >"$T/json"
	python3 - "$T/json" "$bad" <<'EOF' || fail "not the JSON that was meant"
import json, sys
rows = [json.loads(x) for x in open(sys.argv[1], encoding="utf-8")]
bad = sys.argv[2]
both = ["192.0.2.1", "2001:db8::1"]
bans = [r for r in rows if r.get("event") == "ban"]
assert [r["ip"] for r in bans] == both, bans
assert all(r["matches"] == bad and r["jail"] == "webhook" for r in bans), bans
gone = [r["ip"] for r in rows if r.get("event") == "unban"]
assert gone == both, gone
assert [r["text"] for r in rows if "text" in r] == [bad] * 2
assert len([r for r in rows if r.get("topic") == "t"]) == 2
EOF
fi
called nsupdate 'in: update add 1.2.0.192.bl.example.org. 60 IN A 127.0.0.2'
called nsupdate 'in: update delete 1.2.0.192.bl.example.org.'
called shorewall 'arg: reject'
called shorewall6 'arg: 2001:db8::1'
called shorewall 'arg: allow'

# ---- files
equal "hosts.deny" "$(cat "$T/hosts.during")" '# mine
sshd: 203.0.113.9
ALL: [2001:db8::1]'
equal "hosts.deny after" "$(cat "$T/hosts.deny")" '# mine
sshd: 203.0.113.9'
equal "mode of hosts.deny" "$(stat -c %a "$T/hosts.deny")" 644
equal "nginx" "$(cat "$T/nginx.during")" '"\\2001:db8::1" 1;'
equal "nginx after" "$(cat "$T/nginx.map")" ''
called nginx 'arg: reload'
grep -q '^ban 2001:db8::1 dummy' "$T/dummy" || fail "dummy"
exit $failed
