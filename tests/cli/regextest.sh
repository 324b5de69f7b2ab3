#!/bin/sh
# fail2ban-regex: the whole report, -o formats, errors, samples.
# fail2ban: expected texts recorded from the reference.
set -u
builddir=${builddir:-$(pwd)}
bin=$(cd "$builddir" && pwd)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
failed=0
TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
cd "$T" || exit 1

regex() {
	"$bin/fail2ban-regex" "$@" 2>&1
}

# same WHAT WANTED-STATUS COMMAND...: wanted output on standard input
same() {
	what=$1 want=$2
	shift 2
	cat >want
	"$@" >out
	got=$?
	sed 's/\[processed in [0-9.]* sec\]/[processed in 0 sec]/' out >got
	if ! diff -u want got; then
		echo "FAILED: $what" >&2
		failed=1
	fi
	if [ $got -ne "$want" ]; then
		echo "FAILED: $what: exit status $got, not $want" >&2
		failed=1
	fi
}

cat >s.log <<'EOF'
# comment line
2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1

2025-06-15 11:59:51 app: bad login user=amy ip=192.0.2.2
2025-06-15 11:59:52 app: ok login user=amy ip=192.0.2.2
2025-06-15 11:59:53 app: bad login user=skip ip=192.0.2.3
no date bad login user=zed ip=192.0.2.4
EOF
printf 'a last line without its end' >>s.log
R='bad login user=<F-USER>\S+</F-USER> ip=<HOST>$'

same 'the whole report' 0 regex s.log "$R" 'user=skip' <<'EOF'

Running tests
=============

Use   failregex line : bad login user=<F-USER>\S+</F-USER> ip=<HOST>$
Use ignoreregex line : user=skip
Use         log file : s.log
Use         encoding : UTF-8


Results
=======

Failregex: 3 total
|-  #) [# of hits] regular expression
|   1) [3] bad login user=<F-USER>\S+</F-USER> ip=<HOST>$
`-

Ignoreregex: 1 total
|-  #) [# of hits] regular expression
|   1) [1] user=skip
`-

Date template hits:
|- [# of hits] date format
|  [4] {^LN-BEG}ExYear(?P<_sep>[-/.])Month(?P=_sep)Day(?:T|  ?)24hour:Minute:Second(?:[.,]Microseconds)?(?:\s*Zone offset)?
`-

Lines: 5 lines, 1 ignored, 3 matched, 1 missed
[processed in 0 sec]

|- Ignored line(s):
|  2025-06-15 11:59:53 app: bad login user=skip ip=192.0.2.3
`-
|- Missed line(s):
|  2025-06-15 11:59:52 app: ok login user=amy ip=192.0.2.2
`-
EOF

same 'several lines, used by one match' 0 regex -L 3 --print-all-matched \
    '2025-06-15 11:59:50 A 1
2025-06-15 11:59:50 noise
2025-06-15 11:59:50 B 1 1.2.3.4
#x

2025-06-15 11:59:50 noise' 'A <F-X>\d</F-X><SKIPLINES>.*B (?P=x) <HOST>' <<'EOF'

Running tests
=============

Use         maxlines : 3
Use   failregex line : A <F-X>\d</F-X><SKIPLINES>.*B (?P=x) <HOST>
Use      multi line : 6 line(s)
|  1: 2025-06-15 11:59:50 A 1
|  2: 2025-06-15 11:59:50 noise
|  3: 2025-06-15 11:59:50 B 1 1.2.3.4
|  4: #x
|  5: 
| ...
`-


Results
=======

Failregex: 1 total
|-  #) [# of hits] regular expression
|   1) [1] A <F-X>\d</F-X><SKIPLINES>.*B (?P=x) <HOST>
`-

Ignoreregex: 0 total

Date template hits:
|- [# of hits] date format
|  [4] {^LN-BEG}ExYear(?P<_sep>[-/.])Month(?P=_sep)Day(?:T|  ?)24hour:Minute:Second(?:[.,]Microseconds)?(?:\s*Zone offset)?
`-

Lines: 4 lines, 0 ignored, 2 matched, 2 missed
[processed in 0 sec]

|- Matched line(s):
|  2025-06-15 11:59:50 A 1
|  2025-06-15 11:59:50 B 1 1.2.3.4
`-
|- Missed line(s):
|  2025-06-15 11:59:50 noise
|  2025-06-15 11:59:50 noise
`-
EOF

# ---- rows
same 'rows' 0 regex -o row s.log "$R" <<'EOF'
['192.0.2.1',	1749988790.0,	{'user': 'bob', 'ip4': '192.0.2.1', 'ip6': None, 'dns': None}],
['192.0.2.2',	1749988791.0,	{'user': 'amy', 'ip4': '192.0.2.2', 'ip6': None, 'dns': None}],
['192.0.2.3',	1749988793.0,	{'user': 'skip', 'ip4': '192.0.2.3', 'ip6': None, 'dns': None}],
['192.0.2.4',	None,	{'user': 'zed', 'ip4': '192.0.2.4', 'ip6': None, 'dns': None}],
EOF
same 'a capture' 0 regex -o user s.log "$R" <<'EOF'
bob
amy
skip
zed
EOF
same 'what is no capture' 0 regex -o host s.log "$R" user=skip <<'EOF'
None
None
None
EOF
same 'ids' 0 regex -o id s.log "$R" user=skip <<'EOF'
192.0.2.1
192.0.2.2
192.0.2.4
EOF
same 'lines' 0 regex -o msg s.log "$R" user=skip <<'EOF'
2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
2025-06-15 11:59:51 app: bad login user=amy ip=192.0.2.2
no date bad login user=zed ip=192.0.2.4
EOF
same 'the other lines' 0 regex -i -o msg s.log "$R" user=skip <<'EOF'
2025-06-15 11:59:52 app: ok login user=amy ip=192.0.2.2
2025-06-15 11:59:53 app: bad login user=skip ip=192.0.2.3
EOF
same 'triples' 0 regex -o matches '2025-06-15 11:59:50 x 1.2.3.4' 'x <HOST>' <<'EOF'
[('', '2025-06-15 11:59:50', ' x 1.2.3.4')]
EOF
same 'tags' 0 regex \
    -o '<time> <ip> <F-USER>|<F-NOPE>|<family> <fid> <ip-rev> <nope>' \
    '2025-06-15 11:59:50 user=bob 192.0.2.1' 'user=<F-USER>\S+</F-USER> <HOST>' <<'EOF'
1749988790.0 192.0.2.1 bob||inet4 192.0.2.1 1.2.0.192. <nope>
EOF
same 'a line with a zone has an integer for a time' 0 regex -o '<time>' \
    '2025-06-15T11:59:50Z 192.0.2.1' '<HOST>' <<'EOF'
1749988790
EOF
same 'once for each line' 0 regex -L 3 -o '<msg>~<ip>' \
    '2025-06-15 11:59:50 A 1
2025-06-15 11:59:50 noise
2025-06-15 11:59:50 B 1 1.2.3.4' 'A <F-X>\d</F-X><SKIPLINES>.*B (?P=x) <HOST>' <<'EOF'
2025-06-15 11:59:50 A 1~1.2.3.4
2025-06-15 11:59:50 B 1 1.2.3.4~1.2.3.4
EOF
same 'a name as it is' 0 regex -r -o row 'x localhost' 'x <HOST>' <<'EOF'
['localhost',	None,	{'ip4': None, 'ip6': None, 'dns': 'localhost'}],
EOF
same 'no names' 0 regex --usedns no -o row 'x localhost' 'x <HOST>' </dev/null

# ---- encodings
printf '2025-06-15 11:59:50 J\374rgen 192.0.2.1\r\n' >latin1.log
same 'latin1' 0 regex -e latin1 -o user latin1.log '<F-USER>\S+</F-USER> <HOST>' <<'EOF'
Jürgen
EOF
same 'bad bytes' 0 regex -e utf-8 -o user latin1.log '<F-USER>\S+</F-USER> <HOST>' <<'EOF'
J�rgen
EOF

# ---- errors
same 'bad regex' 255 regex -o id a 'x (' <<'EOF'
ERROR: Unable to compile regular expression 'x (':
missing ), unterminated subpattern at position 2
EOF
same 'no id' 255 regex a 'x nohost' <<'EOF'

Running tests
=============

Use   failregex line : x nohost
ERROR: No failure-id group in 'x nohost'
EOF
same 'bad zone' 255 regex --TZ bad -o id a '<HOST>' <<'EOF'
ERROR: Unknown or unsupported time zone: 'bad'
EOF
same 'bad datepattern' 255 regex -d '%Y-%Q' -o id a '<HOST>' <<'EOF'
ERROR: Failed to set datepattern '%Y-%Q' (may be an invalid format or unescaped percent char): not enough arguments for format string
EOF
same 'bad log level' 1 regex -o id -l bogus a '<HOST>' <<'EOF'
ERROR: Invalid log level 'bogus'
EOF
same 'short version' 0 regex -V <<'EOF'
1.1.0
EOF
same 'unknown option' 2 regex --bogus <<'EOF'
Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]

fail2ban-regex: error: no such option: --bogus
EOF
same 'no regex' 255 "$bin/fail2ban-regex" x 2>errors <<EOF
$("$bin/fail2ban-regex" --help)
EOF
same 'what is missing' 0 cat errors <<'EOF'

ERROR: provide both <LOG> and <REGEX>.
EOF

# ---- a filter that cannot work says why, and which one does
mkdir -p kex/filter.d
: >kex/filter.d/sshd-kex.conf
cat >kex/filter.d/mine.conf <<'EOF'
[Definition]
failregex = ^%(__prefix_line)serror: kex_exchange_identification: $$preauth$$$
EOF
regex -c kex -o id x mine >out
if [ $? -ne 255 ] || ! grep -q '^kex/filter.d/mine.conf:2: .*failregex.*sshd-kex' out; then
	cat out
	echo "FAILED: a wrong filter for sshd's key exchange" >&2
	failed=1
fi

# ---- a filter of our own, annotated samples
mkdir -p conf/filter.d
cat >conf/filter.d/app.conf <<'EOF'
[Definition]
failregex = ^ app: bad login user=<F-USER>\S+</F-USER> ip=<HOST>$
            ^ app: <mode> ip=<HOST>$
ignoreregex = user=skip
mode = normal
EOF
same 'a filter with options' 0 regex -c conf -o id \
    '2025-06-15 11:59:50 app: x ip=192.0.2.1' 'app[mode=x]' <<'EOF'
192.0.2.1
EOF
same 'an ignoreregex instead of the filter'\''s' 0 regex -c conf -o id \
    s.log app bob <<'EOF'
192.0.2.2
192.0.2.3
EOF
cat >app.samples <<'EOF'
# failJSON: { "time": "2025-06-15T11:59:50", "match": true, "host": "192.0.2.1", "user": "bob" }
2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
# a comment
2025-06-15 11:59:50 app: ok
# filterOptions: [{"mode": "x"}, {"mode": "y"}]
# failJSON: { "match": true, "host": "192.0.2.1", "constraint": "opts.get('mode') == 'x'" }
2025-06-15 11:59:50 app: x ip=192.0.2.1
EOF
same 'samples' 0 regex -c conf --samples app.samples app <<'EOF'
Samples: 3 lines, 0 disagreements
EOF
cat >wrong.samples <<'EOF'
# failJSON: { "time": "2025-06-15T11:59:51", "match": true, "host": "192.0.2.2", "user": "amy" }
2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
# failJSON: { "match": true }
2025-06-15 11:59:50 app: ok
EOF
same 'samples that are not as they say' 1 regex -c conf --samples wrong.samples app <<'EOF'
wrong.samples:2: app: time is 1749981590.000, not 1749981591.000 (2025-06-15T11:59:51)
   2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
wrong.samples:2: app: host is '192.0.2.1', not "192.0.2.2"
   2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
wrong.samples:2: app: user is 'bob', not "amy"
   2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
wrong.samples:3: app: matches, but should not
   2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
wrong.samples:5: app: does not match, but should
   2025-06-15 11:59:50 app: ok
Samples: 3 lines, 5 disagreements
EOF

L='2025-06-15 11:59:50 at'
# ---- names are asked for by another process
same 'the name of an address' 0 regex "$L 127.0.0.1" '^ at <HOST>$' \
    -o '<ip> <sh-hostname>' <<EOF2
127.0.0.1 $(uname -n)
EOF2
got=$(regex "$L localhost" '^ at <HOST>$' -o '<ip>' | head -n 1)
if [ "$got" != 127.0.0.1 ]; then
	echo "FAILED: the address of localhost: $got" >&2
	failed=1
fi

# ---- lines are read in a sandbox
mkfifo fifo
"$bin/fail2ban-regex" fifo "$R" >out 2>&1 &
pid=$!
exec 3>fifo
i=0
until grep -q '^Seccomp:.2' /proc/$pid/status || [ $i -ge 100 ]; do
	sleep 0.05
	i=$((i + 1))
done
# A build that looks for leaks stays outside.
if ! grep -q lsan "$bin/fail2ban-regex"; then
	for want in 'Seccomp:.2' 'NoNewPrivs:.1' 'CapEff:.0*' 'CapPrm:.0*'; do
		grep -q "^$want\$" /proc/$pid/status || {
			echo "FAILED: sandbox: no $want" >&2
			failed=1
		}
	done
	if grep -q '^Uid:.0' /proc/$pid/status; then
		echo "FAILED: root reads the lines" >&2
		failed=1
	fi
fi
cat s.log >&3
exec 3>&-
wait $pid
grep -q '^Lines: .* lines' out || {
	echo "FAILED: no report from a FIFO" >&2
	failed=1
}

# ---- the name is so short that the dot of filter.d is near
cp conf/filter.d/app.conf conf/filter.d/k.conf
cat >k.samples <<'EOF'
# failJSON: { "match": true, "host": "192.0.2.1" }
2025-06-15 11:59:50 app: bad login user=bob ip=192.0.2.1
EOF
same 'a filter with a name of one letter' 0 regex -c conf --samples k.samples k <<'EOF'
Samples: 1 lines, 0 disagreements
EOF

# ---- a folder for fail2ban 1.1.1: a jail before a filter, other words
mkdir -p v/filter.d
printf '[DEFAULT]\nbanaction = a\n' >v/paths-x.conf
cat >v/jail.conf <<'EOF'
[app]
backend = systemd
filter = app[kind=good]
EOF
cat >v/filter.d/app.conf <<'EOF'
[Definition]
prefregex = ^ app(?:<F-MLFID>\[\d+\]</F-MLFID>)?: <F-CONTENT>.+</F-CONTENT> via (?P<way>\S+)$
failregex = ^<kind> <logtype> (?:<F-USER>\w+</F-USER>)?(?P<more>\?)?from <HOST>$
kind = bad
EOF
cp v/filter.d/app.conf v/filter.d/two.conf
line='2025-06-15 11:59:50 app: good file bob?from 192.0.2.1 via x'
other='2025-06-15 11:59:50 app[7]: good file from 192.0.2.1 via x'
used() {
	regex -c v "$@" | grep -E '^Use|^Lines'
}

same 'a jail of 1.1.1 reads files here' 0 used "$line" 'app[a=b]' <<'EOF'
Use             jail : app
Use jail/flt options : {'a': 'b'}
Use      single line : 2025-06-15 11:59:50 app: good file bob?from 192.0....
Lines: 1 lines, 0 ignored, 1 matched, 0 missed
EOF
same 'a filter of 1.1.1' 0 used "$line" 'two[kind=good]' <<'EOF'
Use      filter file : two, basedir: v
Use   filter options : {'kind': 'good'}
Use      single line : 2025-06-15 11:59:50 app: good file bob?from 192.0....
Lines: 1 lines, 0 ignored, 1 matched, 0 missed
EOF
same 'a row of 1.1.1' 0 regex -c v -o row "$other" app <<'EOF'
['192.0.2.1',	1749988790.0,	{'mlfid': '[7]', 'way': 'x', 'ip4': '192.0.2.1'}],
EOF
mv v/paths-x.conf v/other
same 'a filter of 1.0' 0 used "$line" 'app[kind=good]' <<'EOF'
Use   failregex filter file : app, basedir: v
Use   filter options : {'kind': 'good'}
Use      single line : 2025-06-15 11:59:50 app: good file bob?from 192.0....
Lines: 1 lines, 0 ignored, 1 matched, 0 missed
EOF
same 'a row of 1.0' 0 regex -c v -o row "$other" 'app[kind=good]' <<'EOF'
['192.0.2.1',	1749988790.0,	{'mlfid': '[7]', 'way': 'x', 'user': None, 'more': None, 'ip4': '192.0.2.1', 'ip6': None, 'dns': None}],
EOF
pre() {
	regex -v -c v "$@" | sed -n "/^|      {/p;/^|  2025/p"
}

same 'captures in the order of the groups' 0 pre "$line" app <<'EOF'
|      {'mlfid': None, 'content': 'good file bob?from 192.0.2.1', 'way': 'x'}
|  2025-06-15 11:59:50 app: good file bob?from 192.0.2.1 via x
EOF
same 'a line is listed without the blanks behind it' 0 pre "$line  " app <<'EOF'
|  2025-06-15 11:59:50 app: good file bob?from 192.0.2.1 via x
EOF

# ---- smaller things
long='2025-06-15 11:59:50 app: a line that is longer than the place there is for it'
same 'lines of a text are shortened' 0 used "$long
x" 'from <HOST>' <<'EOF'
Use   failregex line : from <HOST>
Use      multi line : 2 line(s)
Lines: 2 lines, 0 ignored, 0 matched, 2 missed
EOF
lines() {
	regex -c v "$@" | grep -E '^\| +[0-9]:'
}
same 'how they are shortened' 0 lines "$long
x" 'from <HOST>' <<'EOF'
|  1: 2025-06-15 11:59:50 app: a line that is longer tha...
|  2: x
EOF
same 'wrong options of a filter' 255 regex -o id -c v x 'app[kind]' <<'EOF'
ERROR: Wrong filter name or options: expected option, wrong syntax at 0: kind
       while parsing: app[kind]
EOF
printf 'datepattern = {^LN-BEG}\n[Init]\nzone = 1\n' >>v/filter.d/app.conf
real() {
	regex -vv -c v "$@" | grep -E '^Real|datepattern :'
}
same 'an empty datepattern is none; what Init says is in force' 0 real -d '' x 'app[kind=b]' <<'EOF'
Real  filter options : {'logtype': 'file', 'datepattern': '{^LN-BEG}', 'kind': 'b', 'known/zone': '1', 'zone': '1'}
Use      datepattern : {^LN-BEG} : Default Detectors
EOF
debug() {
	regex -D -c v -L 2 "$@" | grep -o 'flavor=.*'
}
same 'a regex for several lines' 0 debug x 'from <IP4>' <<'EOF'
flavor=python&flags=m
EOF
printf 'head\nnoise\nhead\nfrom 192.0.2.1\n' >equal.log
missed() {
	regex -L 2 --print-all-missed equal.log '^head<SKIPLINES>from <HOST>' |
	    sed -n '1,/Missed/d;/^|  /p'
}
same 'of equal missed lines the first one moves' 0 missed <<'EOF'
|  noise
|  head
EOF

exit $failed
