#!/bin/sh
# Every action we ship is taken by every jail we ship; -t has nothing to say;
# each command is one that a shell can read.
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1
mkdir "$T/etc"
cp -r "$srcdir"/filter.d "$srcdir"/action.d "$srcdir"/*.conf "$T/etc/"
# the jail recidive reads what the server writes
printf '[DEFAULT]\nlogtarget = %s\n' "$T/one.log" >"$T/etc/fail2ban.local"
tool() {
	"$bin/fail2ban-client" -c "$T/etc" "$@"
}

all=$(sed -n 's/^\[\([a-z0-9].*\)\]$/\1/p' "$srcdir/jail.conf")
jails=$(echo "$all" | wc -l)
enable() { # ACTION
	printf '[DEFAULT]\n'
	echo "$all" | sed "s|.*|[&]\nenabled = true\nbackend = polling\nlogpath = $T/one.log\naction = $1|"
}
for file in "$srcdir"/action.d/*.conf "$srcdir"/action.d/*.py; do
	name=$(basename "$file" .conf)
	case $(head -n 1 "$file") in
	'# '*) ;;
	*) fail "$name does not say what it does";;
	esac
	case $name in *-common) continue;; esac
	enable "$name" >"$T/etc/jail.local"
	tool -t >"$T/out" 2>&1 || fail "$name: $(cat "$T/out")"
	# the programs of a firewall need not be here
	equal "$name" "$(grep -v 'which is not installed: nothing will be banned$' "$T/out")" 'OK: configuration test is successful'
	tool -d >"$T/stream" 2>"$T/err" || fail "$name: $(cat "$T/err")"
	equal "$name in jails" "$(grep -c "'addaction'" "$T/stream")" "$jails"
	grep "^\['multi-set', '[^']*', 'action'" "$T/stream" |
	    head -n 1 >>"$T/commands"
done
# what the variables of jail.conf stand for
for name in action_ action_mw action_mwl action_xarf action_cf_mwl \
    action_blocklist_de action_abuseipdb; do
	enable "%($name)s" | sed '1a cfemail = x\ncfapikey = x\nblocklist_de_apikey = x' \
	    >"$T/etc/jail.local"
	tool -t >"$T/out" 2>&1 || fail "$name: $(cat "$T/out")"
done

command -v python3 >/dev/null || exit $failed
python3 - "$T/commands" <<'EOF' || fail "commands"
import ast, re, subprocess, sys
bad = 0
for line in open(sys.argv[1], encoding="utf-8"):
    stream = ast.literal_eval(line)
    for name, text in stream[4]:
        if not name.startswith("action") or not isinstance(text, str):
            continue
        if name in ("actname", "actiontype"):
            continue
        for tag in re.findall(r"<(_[^ <>]*)>", text):
            if not any(p == tag for p, _ in stream[4]):
                print(stream[3], name, "has an unknown <%s>" % tag)
                bad = 1
        shell = re.sub(r"<[A-Za-z_][^ <>]*>", "x", text)
        p = subprocess.run(["sh", "-n", "-c", shell], capture_output=True)
        if p.returncode:
            print(stream[3], name, p.stderr.decode())
            bad = 1
sys.exit(bad)
EOF
exit $failed
