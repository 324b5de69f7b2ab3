# Sourced before lib.sh by the scripts here that need root and the kernel's
# net to themselves.

skip() {
	echo "$*: skipped"
	exit 77
}

# own_namespaces WORD FLAGS TOOL...: goes on in namespaces of its own, where
# the script is run again with the word "inside"
own_namespaces() {
	[ "$1" != inside ] || return 0
	flags=$2
	shift 2
	[ "$(id -u)" = 0 ] || skip 'needs root'
	for tool; do
		command -v "$tool" >/dev/null || skip "needs $tool"
	done
	unshare "$flags" true 2>/dev/null || skip 'needs namespaces'
	exec unshare "$flags" sh "$0" inside
}

need_iptables() {
	iptables -w -L -n >/dev/null 2>&1 &&
	    ip6tables -w -L -n >/dev/null 2>&1 &&
	    ipset list -n >/dev/null 2>&1 ||
	    skip 'iptables or ipset do not work here'
}
