#!/bin/bash
# systemd.sh [CFAIL2BAN.DEB]: the package on a machine that systemd runs: it
# starts, bans what the journal of a real sshd says, reloads, restarts, is
# restarted when it dies, and restores its bans after a boot. Then the packages
# are swapped under the running service, both ways, and purged.
#
# The machine is systemd in namespaces of its own, with a second network
# namespace in it for who attacks. See machine.sh for what it needs; besides,
# the kernel must have cgroup2.
set -u
. "$(dirname "$0")/machine.sh"
init=
group=

power_off() {
	[ -n "$init" ] || return
	kill -9 "$init" 2>/dev/null
	while kill -0 "$init" 2>/dev/null; do sleep 0.1; done
	find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
	init=
}

leave() {
	power_off
	finish
}

# What a machine has mounted before its first program runs.
mounts='mount --make-rprivate / && mount --bind "$1" "$1" && cd "$1" || exit 1
mount -t proc proc proc; mount -t sysfs sys sys; mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs run run; mount -t tmpfs tmp tmp; mount -t tmpfs -o mode=755 dev dev
for d in null zero full random urandom tty; do touch dev/$d; mount --bind /dev/$d dev/$d; done
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mkdir dev/pts dev/shm old; mount -t tmpfs shm dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts; ln -s pts/ptmx dev/ptmx
ip link set lo up; pivot_root . old; umount -l /old; rmdir /old
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=journal --show-status=no'

boot() {
	local parent i
	mkdir -p "$group" || return 1
	sh -c 'echo $$ >"$1/cgroup.procs" && exec unshare -m -p -u -i -n -C --fork sh -c "$2" sh "$3"' \
	    sh "$group" "$mounts" "$root" </dev/null >"$work/boot.log" 2>&1 &
	parent=$!
	for i in $(seq 100); do
		init=$(pgrep -P $parent) && machine 'systemctl is-system-running | grep -qE "running|degraded"' &&
		    return
		sleep 0.2
	done 2>/dev/null
	cat "$work/boot.log"
	return 1
}

# machine SCRIPT: in the running machine
machine() {
	nsenter -t "$init" -m -p -u -i -n -C -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    HOME=/root DEBIAN_FRONTEND=noninteractive bash -c "$helpers
$1"
}

# Functions for the scripts below.
helpers='
until_ok() { for i in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; echo "not so: $*"; return 1; }
banned() { fail2ban-client get "$1" banned | grep -qF "$2"; }
dropped() { nft list ruleset | grep -qF "$1"; }
both() { until_ok banned "$1" "$2" && until_ok dropped "$2"; }
get() { apt-get -y -qq --no-install-recommends "$@" </dev/null; }
up() { until_ok systemctl --quiet is-active fail2ban && until_ok fail2ban-client ping; }
enabled() { [ "$(systemctl is-enabled fail2ban)" = enabled ]; }
logged() { until_ok grep -F "$*" /var/log/fail2ban.log; }
network() { ip netns add evil && ip link add v0 type veth peer name v1 netns evil &&
    ip addr add 10.9.0.1/24 dev v0 && ip addr add fd00:9::1/64 dev v0 nodad && ip link set v0 up &&
    ip -n evil link set v1 up && until_ok systemctl --quiet is-active ssh; }
login() { timeout 5 ip netns exec evil ssh -o BatchMode=yes -o StrictHostKeyChecking=no "nosuchuser@$1" true; }
probe() { ip netns exec evil timeout 5 bash -c "exec 3<>/dev/tcp/$1/22 && read -r l <&3"; }
# attack HOW SERVER ADDRESS/BITS JAIL: until the address is banned; it is used once
attack() { ip -n evil addr add "$3" dev v1 $(case $3 in *:*) echo nodad; esac)
    for i in $(seq 20); do banned "$4" "${3%/*}" && break; "$1" "$2"; sleep 0.2; done
    both "$4" "${3%/*}" && ! probe "$2"; rc=$?; ip -n evil addr del "$3" dev v1; return $rc; }
'

trap leave EXIT
make_machine "$@"
trap leave EXIT
group=$(findmnt -t cgroup2 -n -o TARGET | head -n 1)
[ -n "$group" ] || skip 'no cgroup2 here'
group=$group/cfail2ban-test-$$

echo '== the machine'
check 'packages' install install systemd systemd-sysv dbus openssh-server openssh-client \
    nftables iptables iproute2 logrotate procps adduser || exit 1
check 'packages for later: fail2ban' install install --download-only fail2ban python3-systemd || exit 1
check 'packages for later: cfail2ban' install install --download-only /var/cache/cfail2ban.deb || exit 1
rm "$root/usr/sbin/policy-rc.d"
systemctl --root="$root" mask console-getty.service >/dev/null 2>&1
check 'it boots' boot || exit 1

echo '== cfail2ban on a new machine'
check 'it is installed' machine 'get install /var/cache/cfail2ban.deb' || exit 1
check 'it runs and is switched on' machine 'up && enabled && systemctl --quiet is-active cfail2ban'
check 'the unit is good' machine 'systemd-analyze verify --man=no /lib/systemd/system/fail2ban.service 2>&1 |
    tee /dev/stderr | wc -l | grep -qx 0'
check 'it says that it is ready' machine \
    '[ "$(systemctl show -p Type,NotifyAccess --value fail2ban | tr "\n" " ")" = "notify main " ]'
check 'the network of who attacks' machine network
check 'sshd: an IPv4 address is banned by the journal' machine 'attack login 10.9.0.1 10.9.0.2/24 sshd'
check 'sshd: an IPv6 address is banned by the journal' machine 'attack login fd00:9::1 fd00:9::2/64 sshd'
check 'sshd-kex: who breaks off is banned' machine 'attack probe 10.9.0.1 10.9.0.3/24 sshd-kex'
check 'a jail is switched on, as the README says' machine 'printf "[recidive]\nenabled = true\n" \
    >/etc/fail2ban/jail.d/more.conf && fail2ban-client -t reload && fail2ban-client status recidive &&
    rm /etc/fail2ban/jail.d/more.conf && fail2ban-client reload'
check 'reload' machine 'printf "[sshd]\nmaxretry = 3\n" >/etc/fail2ban/jail.d/my.conf && systemctl reload fail2ban &&
    [ "$(fail2ban-client get sshd maxretry)" = 3 ] && logged "Reload finished." && banned sshd 10.9.0.2'
check 'a reload that fails is said, and nothing changes' machine \
    'echo "[sshd" >/etc/fail2ban/jail.d/bad.conf; ! systemctl reload fail2ban && banned sshd 10.9.0.2 &&
    rm /etc/fail2ban/jail.d/bad.conf && journalctl -u fail2ban | grep -F "/etc/fail2ban/jail.d/bad.conf"'
check 'restart' machine 'systemctl restart fail2ban && both sshd 10.9.0.2 && both sshd-kex 10.9.0.3'
check 'nftables is restarted: the rules are there again' machine 'systemctl enable --now nftables &&
    systemctl restart nftables && up && both sshd 10.9.0.2'
check 'the server is killed: it is restarted' machine \
    'p=$(systemctl show -p MainPID --value fail2ban) && [ "$p" -gt 1 ] && kill -9 "$p" && sleep 0.3 && up && both sshd 10.9.0.2 &&
    [ "$(systemctl show -p NRestarts --value fail2ban)" = 1 ]'
check 'nobody reads logs with privileges' machine \
    'for p in $(pgrep -f -- "fail2ban-server --[w]orker"); do [ "$(stat -c %U /proc/$p)" = fail2ban ] || exit 1; done'
check 'the log is rotated' machine 'logrotate -f /etc/logrotate.d/fail2ban && fail2ban-client set sshd banip 192.0.2.9 &&
    logged "Ban 192.0.2.9" && [ "$(stat -c "%a %U %G" /var/log/fail2ban.log)" = "640 root adm" ]'
check 'stop' machine 'systemctl stop fail2ban && ! dropped 10.9.0.2 && [ ! -e /run/fail2ban/fail2ban.sock ] &&
    [ -d /run/fail2ban ]'
check 'a broken configuration: no start, and why' machine 'echo "[sshd" >/etc/fail2ban/jail.d/bad.conf
    ! systemctl start fail2ban && systemctl status fail2ban | grep -F "/etc/fail2ban/jail.d/bad.conf" &&
    rm /etc/fail2ban/jail.d/bad.conf && systemctl start fail2ban'
check 'fail2ban-client stop: it stays stopped' machine 'fail2ban-client stop && sleep 1 &&
    [ "$(systemctl is-active fail2ban)" = inactive ] && systemctl start fail2ban && both sshd 10.9.0.2'
power_off
check 'the power fails; it boots again' boot
check 'it runs, and the bans are there' machine 'network && up && both sshd 10.9.0.2 && both sshd-kex 10.9.0.3'
check 'an upgrade restarts it' machine 'old=$(systemctl show -p MainPID --value fail2ban)
    get reinstall /var/cache/cfail2ban.deb && up && [ "$old" != "$(systemctl show -p MainPID --value fail2ban)" ] &&
    both sshd 10.9.0.2'
check 'it is purged: nothing is left' machine 'get purge cfail2ban && ! dropped 10.9.0.2 &&
    [ ! -e /var/lib/fail2ban ] && [ ! -e /etc/systemd/system/multi-user.target.wants/fail2ban.service ] &&
    [ "$(cd /etc/fail2ban && find . -type f)" = ./jail.d/my.conf ] && rm -r /etc/fail2ban && [ ! -e /run/fail2ban ]'

echo '== Debian'\''s fail2ban, and the swap under it'
check 'fail2ban runs and bans' machine 'get install fail2ban python3-systemd
    printf "[DEFAULT]\nbackend = systemd\nbanaction = nftables\nbantime = 1h\n" >/etc/fail2ban/jail.local
    echo "# mine" >>/etc/fail2ban/jail.conf
    systemctl restart fail2ban && up && until_ok fail2ban-client set sshd banip 192.0.2.7 && both sshd 192.0.2.7'
check 'cfail2ban takes over' machine 'get install /var/cache/cfail2ban.deb && up && enabled && both sshd 192.0.2.7 &&
    fail2ban-client --version | grep -q cfail2ban'
check 'and back' machine 'get install fail2ban && up && enabled && both sshd 192.0.2.7'
check 'cfail2ban is purged: fail2ban does not notice' machine 'get purge cfail2ban && up && enabled &&
    both sshd 192.0.2.7 && grep "# mine" /etc/fail2ban/jail.conf && fail2ban-client reload'
check 'cfail2ban again' machine 'get install /var/cache/cfail2ban.deb && up && enabled && both sshd 192.0.2.7'
check 'fail2ban is purged: cfail2ban has all it needs' machine 'get purge fail2ban && up && enabled &&
    grep "# mine" /etc/fail2ban/jail.conf && fail2ban-client -t && systemctl reload fail2ban &&
    fail2ban-client set sshd banip 192.0.2.8 && logged "Ban 192.0.2.8" && systemctl restart fail2ban &&
    both sshd 192.0.2.7 && both sshd 192.0.2.8'

echo '== a stock fail2ban that never ran: there is no auth.log'
check 'both are purged' machine 'get purge cfail2ban && rm -rf /etc/fail2ban && get install fail2ban &&
    sleep 1 && ! systemctl --quiet is-active fail2ban'
check 'cfail2ban reads the journal instead' machine 'get install /var/cache/cfail2ban.deb && up &&
    attack login 10.9.0.1 10.9.0.4/24 sshd'
power_off

verdict systemd
