#!/bin/sh
# Every filter finds in its own samples what they say, and nothing else.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
regextest=${regextest:-./fail2ban-regex}
status=0
n=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for file in "$srcdir"/tests/samples/*; do
	filter=$(basename "$file")
	case $filter in
	*.log) continue ;;
	esac
	n=$((n + 1))
	"$regextest" -c "$srcdir" --samples "$file" "$filter" >"$out" 2>&1 || {
		echo "FAILED: $filter" >&2
		cat "$out" >&2
		status=1
	}
done

# no filter without samples: what others include has none
for file in "$srcdir"/filter.d/*.conf; do
	filter=$(basename "$file" .conf)
	case $filter in
	common | *-common) continue ;;
	esac
	[ -f "$srcdir/tests/samples/$filter" ] || {
		echo "FAILED: no samples of $filter" >&2
		status=1
	}
done
echo "$n filters"
exit $status
