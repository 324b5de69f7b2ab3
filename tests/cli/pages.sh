#!/bin/sh
# Every option that --help knows is in the manual page of the program.
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1
for program in fail2ban-client fail2ban-server fail2ban-regex; do
	page=$srcdir/man/$program.1
	"$bin/$program" --help >"$T/help" 2>&1 || fail "$program --help"
	# "Fl c , -conf" and "Fl -conf" are --conf in mdoc
	sed -n -e 's/^\.It Fl \(.*\)/ \1/p' -e 's/^\.It Li "\(-.*\)"/ \1/p' "$page" | sed 's/ -/ --/g' >"$T/page"
	# -o, --option at the beginning of a line
	sed -n 's/^ *\(-[^<]*\).*/\1/p' "$T/help" | sed 's/  .*//' |
	    tr ' ,=' '\n\n\n' | grep -x -e '--[a-z][a-z0-9-]*' | sort -u |
	    while read -r option; do
		grep -q -e "$option\\([^a-z-]\\|\$\\)" "$T/page" ||
		    echo "$option"
	done >"$T/missing"
	[ ! -s "$T/missing" ] ||
	    fail "$page lacks $(tr '\n' ' ' <"$T/missing")"
	[ "$(grep -c -e '--[a-z]' "$T/help")" -gt 5 ] || fail "$program: no options"
done
exit $failed
