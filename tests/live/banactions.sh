#!/bin/bash
# banactions.sh LIVE BINDIR CONFIG [ACTION...]: the live runner e2e-ssh (folder
# LIVE of the conformance suite) with each banaction of CONFIG. A real sshd, a
# real firewall and an attacker; what the runner checks of iptables-multiport
# is asked of all of them: shut out, let in again, there after a restart,
# nothing left after a stop.
#
# The runner names its action itself, so a copy of it is changed. A name ending
# in ",6" is tried with IPv6. JOBS: how many at a time; FULL=1: IPv6 for every
# action. They wait more than they work: some at a time for each processor.
set -u
[ $# -ge 3 ] || { echo "usage: $0 LIVE BINDIR CONFIG [ACTION...]" >&2; exit 2; }
live=$1 bindir=$(realpath "$2") config=$(realpath "$3")
shift 3

all='iptables iptables-multiport iptables-allports iptables-new
	iptables-multiport[blocktype=DROP] iptables-multiport-log
	iptables-oneport iptables-xt_recent-echo
	iptables-ipset iptables-ipset[type=allports] iptables-ipset-proto4
	iptables-ipset-proto6 iptables-ipset-proto6-allports
	nftables nftables-multiport nftables-allports nftables[type=custom]
	route ufw hostsdeny'
six='iptables-multiport,6 iptables-ipset-proto6-allports,6
	nftables-multiport,6 route,6'

file_of() { # ACTION: the name of its file
	echo "${1%%[,[]*}"
}

# Why an action cannot be tried here; nothing when it can.
reason() {
	local tool
	[ -f "$config/action.d/$(file_of "$1").conf" ] ||
	    { echo 'not in this configuration'; return; }
	case $1 in
	*,6) unshare -n ip6tables -w -L -n >/dev/null 2>&1 ||
	    { echo 'ip6tables does not work here'; return; } ;;
	esac
	case $1 in
	*ipset-proto4,6) echo 'IPv4 only' ;;
	*ipset*) unshare -n sh -c 'ipset create s hash:ip &&
	    iptables -w -A INPUT -m set --match-set s src' >/dev/null 2>&1 ||
	    echo 'ipset does not work here' ;;&
	iptables-xt_recent*) unshare -n sh -c 'iptables -w -A INPUT -m recent \
	    --update --seconds 60 --name f2b' >/dev/null 2>&1 ||
	    echo 'no xt_recent in this kernel' ;;
	iptables*) unshare -n iptables -w -A INPUT -p tcp -m multiport \
	    --dports 22 -j REJECT 2>/dev/null || echo 'iptables does not work here' ;;
	nftables*) unshare -n nft 'add table inet f2b; add set inet f2b s {
	    type ipv4_addr; flags interval; }' 2>/dev/null ||
	    echo 'nftables does not work here' ;;
	ufw|hostsdeny*)
		tool=ufw
		[ "$1" = ufw ] || tool=sshd
		command -v $tool >/dev/null || echo "needs $tool" ;;
	esac
}

# The runner for one action, in a folder of its own.
copy() { # FOLDER ACTION
	cp "$live"/livelib.py "$live"/sshlab.py "$1/"
	sed -e 's/"iptables-multiport")/os.environ["BANACTION"])/' \
	    -e '/inst = sshlab.ssh_instance/i\    print(livelib.text(livelib.run(lab.vic("sh", "-c", os.environ["PREPARE"])).stdout), end="")' \
	    -e 's/let_in(lab, U))$/let_in(lab, U), lab.fw()[-1400:])/' \
	    "$live/e2e-ssh" >"$1/e2e-ssh"
	case $2 in
	*,6) sed -i 's/\ba4(/a6(/g' "$1/e2e-ssh" ;;
	esac
	case $2 in
	hostsdeny*) # sshd itself refuses, and logs it: one more failure
		sed -i 's/s.get("Total failed")/str(min(3, int(s.get("Total failed"))))/' \
		    "$1/e2e-ssh" ;;
	esac
	[ "$(grep -c -e BANACTION -e PREPARE "$1/e2e-ssh")" = 2 ] || return 1
	chmod +x "$1/e2e-ssh"
}

# A folder /etc of its own, for what writes there.
private_etc() { # FOLDER
	mkdir "$1/etc" && mount -t tmpfs tmpfs "$1/etc" &&
	    mkdir "$1/etc/up" "$1/etc/work" &&
	    mount -t overlay overlay /etc -o \
	    "lowerdir=/etc,upperdir=$1/etc/up,workdir=$1/etc/work"
}

# In a mount namespace of its own: the runner with one action.
one() { # FOLDER ACTION
	copy "$1" "$2" || { echo 'the runner is not as expected'; return 1; }
	export BANACTION=${2%,6} PREPARE=true
	case $2 in
	hostsdeny*) private_etc "$1" ;;
	ufw*) private_etc "$1" &&
	    PREPARE='{ ufw --force enable && ufw allow 22/tcp; } >/dev/null' ;;
	esac || return 1
	"$1/e2e-ssh" -q --bindir "$bindir" --config "$config"
}

if [ "${1-}" = --one ]; then
	one "$2" "$3"
	exit
fi

# Runs one action, says how it went.
report() { # ACTION
	local dir=$T/$(echo "$1" | tr -c 'a-z0-9\n-' _) why
	why=$(reason "$1")
	mkdir -p "$dir"
	if [ -n "$why" ]; then
		echo "skipped $1: $why"
		return
	fi
	unshare -m "$0" "$live" "$bindir" "$config" --one "$dir" "$1" >"$dir/out" 2>&1
	sed "s/^/$1: /" "$dir/out"
}

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
chmod 755 "$T"
if [ $# -eq 0 ]; then
	[ "${FULL-}" != 1 ] || six=$(printf '%s,6 ' $all)
	set -- $all $six
fi
for action; do
	while [ "$(jobs -r | wc -l)" -ge "${JOBS:-$((3 * $(nproc)))}" ]; do
		wait -n
	done
	report "$action" >>"$T/all" &
done
wait
cat "$T/all"
awk '/: [0-9]+ passed, [0-9]+ failed$/ { n++; p += $(NF - 3); f += $(NF - 1) }
	/^skipped / { s++ }
	END { printf "%d actions, %d skipped\n%d passed, %d failed\n", NR ? n : 0, s, p, f
	    exit f > 0 || p == 0 }' "$T/all"
