#!/bin/sh
# install-config.sh SOURCE TARGET LIST: brings the configuration of SOURCE to
# TARGET (/etc/fail2ban) and never overwrites what somebody else wrote.
#
# LIST keeps "sha256  file" of what was installed before. A file of TARGET is
#   installed  when it is not there,
#   replaced   when it is still as an earlier installation left it,
#   kept       otherwise (the new one is then in SOURCE, to be compared).
# An existing configuration of fail2ban (jail.conf is not ours) only gets the
# filters and actions that it lacks: no jail is switched on, nothing changes.
#
# The same for other files of /etc, such as that of logrotate.
#
# install-config.sh --remove TARGET LIST: removes what is still unchanged.
set -eu

sum() {
	sha256sum <"$1" | cut -d' ' -f1
}

listed() {
	[ -f "$list" ] && awk -v f="$1" '$2 == f { print $1 }' "$list" || true
}

if [ "$1" = --remove ]; then
	target=$2
	list=$3
	[ -f "$list" ] || exit 0
	while read -r hash file; do
		if [ -f "$target/$file" ] && [ "$(sum "$target/$file")" = "$hash" ]; then
			rm -f "$target/$file"
		fi
	done <"$list"
	for dir in filter.d action.d jail.d fail2ban.d; do
		[ ! -d "$target/$dir" ] || rmdir "$target/$dir" 2>/dev/null || true
	done
	case $target in
	*/fail2ban) rmdir "$target" 2>/dev/null || true ;;
	esac
	rm -f "$list"
	rmdir "$(dirname "$list")" 2>/dev/null || true
	exit 0
fi

source=$1
target=$2
list=$3
foreign=no
if [ -f "$target/jail.conf" ] && [ -z "$(listed jail.conf)" ]; then
	foreign=yes
fi

mkdir -p "$target" "$(dirname "$list")"
if [ -f "$source/jail.conf" ]; then
	for dir in filter.d action.d jail.d fail2ban.d; do
		mkdir -p "$target/$dir"
	done
fi
new=$(mktemp "$list.XXXXXX")
trap 'rm -f "$new"' EXIT
(cd "$source" && find . -type f ! -name '*.orig' | sed 's,^\./,,' | sort) |
while read -r file; do
	hash=$(sum "$source/$file")
	old=$(listed "$file")
	case $foreign/$file in
	no/* | yes/filter.d/* | yes/action.d/*) ;;
	*) continue ;;
	esac
	if [ ! -e "$target/$file" ] && [ -n "$old" ] && [ "$old" = "$hash" ]; then
		# the administrator removed it: it stays away
		echo "$hash  $file" >>"$new"
	elif [ ! -e "$target/$file" ] || { [ -n "$old" ] && [ "$(sum "$target/$file")" = "$old" ]; }; then
		mkdir -p "$target/$(dirname "$file")"
		cp "$source/$file" "$target/$file.new.$$"
		mode=644
		[ ! -x "$source/$file" ] || mode=755
		chmod $mode "$target/$file.new.$$"
		mv "$target/$file.new.$$" "$target/$file"
		echo "$hash  $file" >>"$new"
	elif [ -n "$old" ]; then
		echo "kept your $target/$file; the new one is $source/$file" >&2
		echo "$old  $file" >>"$new"
	fi
done
chmod 644 "$new"
mv "$new" "$list"
trap - EXIT
[ $foreign = no ] ||
    echo "kept the configuration in $target; missing filters and actions were added" >&2
