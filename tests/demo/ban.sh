#!/bin/bash
# ban.sh SOURCE BUILD: a scanner and a password guesser against a real log,
# banned by the shipped configuration. Runs in a network and mount namespace
# that the caller made; the attackers get one of their own.
set -u
top=$1
bin=$2
work=$(mktemp -d /tmp/cfail2ban-demo.XXXXXX) || exit 1
log=$work/auth.log
client="$bin/fail2ban-client -c $work/etc"
scanner=203.0.113.83
guesser=203.0.113.99
server=192.0.2.10
fails=0
pids=
inside=

finish() {
	$client stop >/dev/null 2>&1
	[ -z "$pids" ] || kill $pids 2>/dev/null
	[ -z "$inside" ] || kill "$inside" 2>/dev/null
	[ ! -d "$work/dev" ] || { umount -l /dev && umount -R -l "$work/dev"; } 2>/dev/null
	if [ "$fails" -eq 0 ]; then rm -rf --one-file-system "$work"; else echo "left for a look: $work"; fi
}
trap finish EXIT

title() {
	printf '\n== %s\n' "$*"
}

wrong() {
	printf 'FAILED: %s\n' "$*"
	fails=$((fails + 1))
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# A second namespace with the attackers' addresses, joined by a veth pair.
make_network() {
	ip link set lo up && ip link add srv type veth peer name att || return 1
	unshare -n sleep 600 &
	inside=$!
	wait_for 5 test -e "/proc/$inside/ns/net"
	wait_for 5 bash -c "[ \$(readlink /proc/$inside/ns/net) != \$(readlink /proc/self/ns/net) ]"
	ip link set att netns "$inside" || return 1
	ip addr add $server/24 dev srv && ip link set srv up
	ip route add 203.0.113.0/24 dev srv
	attack ip link set lo up
	attack ip addr add $scanner/24 dev att
	attack ip addr add $guesser/24 dev att
	attack ip link set att up
	attack ip route add 192.0.2.0/24 dev att
}

attack() {
	nsenter -t "$inside" -n "$@"
}

# sshd writes to /dev/log: give it one that ends in our file.
start_syslog() {
	mkdir "$work/dev" && mount -t tmpfs dev "$work/dev" || return 1
	for node in null zero full random urandom tty; do
		: >"$work/dev/$node" && mount --bind "/dev/$node" "$work/dev/$node"
	done
	mkdir "$work/dev/pts" "$work/dev/shm"
	ln -s pts/ptmx "$work/dev/ptmx"
	ln -s /proc/self/fd "$work/dev/fd"
	mount -t devpts -o newinstance,ptmxmode=666 devpts "$work/dev/pts" &&
	    mount --rbind "$work/dev" /dev || return 1
	perl -MSocket -e '
		socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die;
		bind($s, sockaddr_un("/dev/log")) or die;
		chmod 0666, "/dev/log";
		open(my $out, ">>", $ARGV[0]) or die;
		select($out); $| = 1;
		while (defined recv($s, my $m, 8192, 0)) {
			$m =~ s/[\0\n]+$//;
			print "$1 demo $2\n" if $m =~ /^<\d+>(\w+ +\d+ [\d:]+) (.*)/s;
		}' "$log" &
	pids="$pids $!"
	wait_for 5 test -S /dev/log
}

start_sshd() {
	command -v sshd >/dev/null && command -v ssh >/dev/null || return 1
	start_syslog || return 1
	ssh-keygen -q -t ed25519 -N '' -f "$work/hostkey" || return 1
	mkdir -p /run/sshd
	"$(command -v sshd)" -D -f /dev/null -h "$work/hostkey" \
	    -o ListenAddress=$server -o PidFile=none -o LogLevel=VERBOSE \
	    -o UsePAM=no -o MaxStartups=100 2>"$work/sshd.err" &
	pids="$pids $!"
	wait_for 5 attack bash -c "exec 3<>/dev/tcp/$server/22"
}

# Plays the log lines instead, with the time of now.
play() {
	local pid=$((RANDOM + 1000))
	printf "$1" | sed "s/PID/$pid/g; s/^/$(LC_ALL=C date '+%b %e %H:%M:%S') demo /" >>"$log"
}

scan() {
	if [ "$real" = yes ]; then
		attack bash -c "exec 3<>/dev/tcp/$server/22; exec 3>&-" 2>/dev/null
	else
		play "sshd[PID]: Connection from $scanner port 34876 on $server port 22\nsshd[PID]: error: kex_exchange_identification: Connection closed by remote host\n"
	fi
}

guess() {
	if [ "$real" = yes ]; then
		attack ssh -b $guesser -o BatchMode=yes -o StrictHostKeyChecking=no \
		    -o UserKnownHostsFile=/dev/null -o LogLevel=QUIET \
		    -o ConnectTimeout=3 "admin$1@$server" true
	else
		play "sshd[PID]: Invalid user admin$1 from $guesser port 41001\n"
	fi
}

write_config() {
	mkdir "$work/etc" || return 1
	cp -R "$top/fail2ban.conf" "$top/jail.conf" "$top"/paths-*.conf \
	    "$top/filter.d" "$top/action.d" "$top/jail.d" "$work/etc/"
	cat >"$work/etc/fail2ban.local" <<-EOF
		[Definition]
		logtarget = $work/fail2ban.log
		socket = $work/f2b.sock
		pidfile = $work/f2b.pid
		dbfile = $work/f2b.sqlite3
	EOF
	cat >"$work/etc/jail.local" <<-EOF
		[DEFAULT]
		sshd_log = $log
		$([ "$firewall" = yes ] || echo "banaction = dummy[target=$work/would-do]")
	EOF
}

# attack NAME until the server has banned ADDRESS, or 20 times
until_banned() {
	for n in $(seq 1 20); do
		$1 "$n"
		wait_for 1 grep -q "Ban $2\$" "$work/fail2ban.log" && return 0
		[ "$real" = yes ] || sleep 0.02
	done
	return 1
}

rules() {
	if [ "$firewall" = yes ]; then nft list ruleset; else cat "$work/would-do"; fi
}

: >"$log"
make_network || { echo 'the namespaces could not be made'; fails=1; exit 1; }
firewall=yes
nft list ruleset >/dev/null 2>&1 || {
	firewall=no
	echo 'No nftables here: the action "dummy" writes what would be done.'
}
real=no
if start_sshd; then
	real=yes
	echo "A real sshd listens at $server in a namespace of its own."
else
	echo 'No sshd here: its log lines are played.'
fi
write_config || exit 1

title 'starting the server with the shipped configuration'
$client start || { wrong 'the server does not start'; cat "$work/fail2ban.log"; exit 1; }

title "a scanner ($scanner) connects and breaks off, a guesser ($guesser) tries names"
began=$(date +%s%N)
until_banned scan $scanner || wrong "$scanner was not banned"
until_banned guess $guesser || wrong "$guesser was not banned"
grep -E 'Found|Ban' "$work/fail2ban.log"
echo "($(( ($(date +%s%N) - began) / 1000000 )) ms with all attacks)"

title 'fail2ban-client status sshd-kex'
$client status sshd-kex
$client status sshd-kex | grep -q "Banned IP list:.*$scanner" || wrong 'the status does not list it'

title 'the firewall'
for address in $scanner $guesser; do
	wait_for 3 bash -c "$(declare -f rules); firewall=$firewall; work=$work; rules | grep -q $address" || wrong "no rule has $address"
done
rules
if [ "$real" = yes ] && [ "$firewall" = yes ]; then
	if attack timeout 2 bash -c "exec 3<>/dev/tcp/$server/22" 2>/dev/null; then
		wrong "$scanner still gets through"
	else
		echo "$scanner tries again: shut out."
	fi
fi

title 'the ban database: select jail, ip, bantime, bancount from bips'
sqlite3 "$work/f2b.sqlite3" 'select jail, ip, bantime, bancount from bips' || wrong 'sqlite3 cannot read it'
sqlite3 "$work/f2b.sqlite3" 'select ip from bips' | grep -q "^$scanner\$" || wrong 'no row for it'

title "fail2ban-client set sshd-kex unbanip $scanner"
$client set sshd-kex unbanip $scanner
wait_for 3 bash -c "! { $(declare -f rules); firewall=$firewall; work=$work; [ $firewall = no ] || rules | grep -q '$scanner'; }" || wrong 'the rule is still there'
grep 'Unban' "$work/fail2ban.log" || wrong 'no Unban in the log'
if [ "$real" = yes ] && [ "$firewall" = yes ]; then
	attack timeout 2 bash -c "exec 3<>/dev/tcp/$server/22" 2>/dev/null &&
	    echo "$scanner connects again." || wrong "$scanner is still shut out"
fi

title 'fail2ban-client stop'
$client stop || wrong 'stop failed'
[ "$firewall" = no ] || [ -z "$(nft list ruleset)" ] || wrong 'rules were left'
if [ "$fails" -eq 0 ]; then
	printf '\nAll of it worked.\n'
else
	grep -E 'ERROR|CRITICAL|WARNING' "$work/fail2ban.log"
fi
exit "$fails"
