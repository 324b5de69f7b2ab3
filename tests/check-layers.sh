#!/bin/sh
# Which layer may include which, and that doc/architecture.md (sections 2, 3)
# names each module.
set -u
cd "${srcdir:-$(dirname "$0")/..}" || exit 1

allowed() {
	case $1 in
	base) echo 'base' ;;
	conf) echo 'base conf' ;;
	sensor) echo 'base sensor' ;;
	engine) echo 'base engine' ;;
	server) echo 'base sensor engine server' ;;
	tools) echo 'base conf sensor tools' ;;
	esac
}

bad=0
for layer in base conf sensor engine server tools; do
	for file in $(find "src/$layer" "include/$layer" -name '*.[ch]'); do
		for used in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
			case " $(allowed $layer) " in
			*" $used "*) ;;
			*)
				echo "$file: layer $layer may not include $used" >&2
				bad=1
				;;
			esac
		done
	done
done
for file in src/*/*.c; do
	module=$(basename "$file" .c)
	grep -qw "$module" doc/architecture.md || {
		echo "$file: doc/architecture.md does not name it" >&2
		bad=1
	}
done
exit $bad
