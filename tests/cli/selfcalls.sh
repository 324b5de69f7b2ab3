#!/bin/sh
# An action that gives commands to the very server that runs it: answered at
# once, and what was asked is done after the action.
. "${srcdir:-.}/tests/cli/lib.sh"
[ -d "$T" ] || exit 1

# The first ban of 192.0.2.1 runs the command; later ones are plain.
cat >"$T/conf/action.d/tiny.conf" <<EOF
[Definition]
actionstart = echo start <name> >> $T/actions
actionstop = echo stop <name> >> $T/actions
actionban = echo ban <ip> >> $T/actions
            [ <ip> != 192.0.2.1 ] || [ -e $T/out ] || { $T/command >$T/out 2>&1; echo "status \$?" >>$T/out; }
            echo banned <ip> >> $T/actions
actionunban = echo unban <ip> >> $T/actions
timeout = 8
EOF

# calls WORDS WANTED: 192.0.2.1 is banned, its action calls the server
calls() {
	rm -f "$T/out" "$T/actions" "$T/db" "$T/log"
	cat >"$T/command" <<END
#!/bin/sh
exec "$bin/fail2ban-client" -c $T/conf -s $T/sock -p $T/pid $1
END
	chmod +x "$T/command"
	what=$1
	client start >/dev/null || fail "$1: no start"
	client set one attempt 192.0.2.1 >/dev/null
	client set one attempt 192.0.2.1 >/dev/null
	until_ok grep -q '^status 0' "$T/out" ||
	    fail "$1 in an action: $(cat "$T/out" "$T/log")"
	equal "$1" "$(grep -v WARNING "$T/out" | head -n 1)" "$2"
	grep -q 'timed out' "$T/log" && fail "$1: the action timed out"
}

does() { # LINE: of the actions
	until_ok grep -qx "$1" "$T/actions" ||
	    fail "$what: no '$1': $(cat "$T/actions")"
}

end() {
	client stop >/dev/null
	until_ok test ! -e "$T/pid" || fail "$what: it does not stop"
}

calls 'set one banip 192.0.2.7 192.0.2.8' 2
does 'banned 192.0.2.8'
end
calls 'set one unbanip 192.0.2.1' 1
does 'unban 192.0.2.1'
equal 'order' "$(sed -n '/banned/,$p' "$T/actions" | tr '\n' ,)" \
    'banned 192.0.2.1,unban 192.0.2.1,'
end
calls 'set one unbanip 192.0.2.99' 0
end
calls 'unban --all' 1
does 'unban 192.0.2.1'
end
calls 'set two banip 192.0.2.9' 1
end
calls 'set one attempt 192.0.2.9' 1
end
calls 'status one' 'Status for the jail: one'
end
calls reload OK
until_ok grep -q 'Reload finished' "$T/log" || fail "reload: not finished"
does 'banned 192.0.2.1'
equal 'still banned' "$(client get one banip)" 192.0.2.1
end
calls 'reload --restart one' OK
does 'stop one'
until_ok grep -q 'Restore Ban 192.0.2.1' "$T/log" || fail "no restored ban"
end
calls 'reload --unban' OK
does 'unban 192.0.2.1'
end
calls 'stop one' 'Jail stopped'
does 'stop one'
equal 'the other one runs' "$(client status | tail -n 1)" \
    "$(printf '`- Jail list:\ttwo')"
end
calls stop 'Shutdown successful'
does 'stop one'
until_ok test ! -e "$T/pid" || fail "stop: it does not stop"

# The whole server, by a command that the old one does not take with it.
calls restart 'Shutdown successful'
until_ok grep -q 'Restore Ban 192.0.2.1' "$T/log" || fail "restart: no ban"
does 'stop one'
until_ok client ping || fail "restart: no server"
end
grep -q 'do not end' "$T/log" && fail "a stop ran out of patience"
exit $failed
