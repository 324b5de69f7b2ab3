"""
Programs that read fail2ban.log. The expressions are theirs in effect: what
they take must be all bans there were, and nothing else.
"""
import re
from collections import Counter

import lib

with open(lib.LOG + ".life", encoding="utf-8") as f:
    TEXT = f.read()
LINES = TEXT.splitlines()
SINGLE = [jail for jail in lib.JAILS if jail != "big"]


def home_assistant():
    """components/fail2ban/sensor.py: state from Ban and Unban, in order"""
    for jail in SINGLE:
        current = []
        for what, ip in re.findall(
                r"\[%s\]\s*(Ban|Unban) (.*)" % re.escape(jail), TEXT):
            lib.check("Home Assistant: an address", " " in ip, False)
            if what == "Ban" and ip not in current:
                current.append(ip)
            elif what == "Unban" and ip in current:
                current.remove(ip)
        lib.check("Home Assistant: " + jail, sorted(current),
                  lib.BANNED[jail])


def netdata_python():
    """python.d fail2ban: bans and restored bans less what was lifted"""
    held = {jail: set() for jail in lib.JAILS}
    for line in LINES:
        match = re.search(r"\[(?P<jail>[A-Za-z-_0-9]+)\] "
                          r"(?P<action>Unban|Ban|Restore Ban) "
                          r"(?P<ip>[a-f0-9.:]+)", line)
        if match is None:
            continue
        if match.group("action") == "Unban":
            held[match.group("jail")].discard(match.group("ip"))
        else:
            held[match.group("jail")].add(match.group("ip"))
    for jail in lib.JAILS:
        lib.check("netdata's python: " + jail, len(held[jail]),
                  len(lib.BANNED[jail]))


def dashboards():
    """PHP and JavaScript pages, Promtail, Filebeat: the whole line"""
    found = Counter()
    for line in LINES:
        match = re.match(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} "
                         r"fail2ban\.actions\s+\[\d+\]:\s+NOTICE\s+"
                         r"\[(?P<jail>[\w-]+)\] (?P<what>Ban|Restore Ban) "
                         r"(?P<ip>\S+)$", line)
        if match and match.group("jail") != "big":
            found[match.group("what")] += 1
    lib.check("dashboards", dict(found), {"Ban": 4, "Restore Ban": 3})


def every_line():
    """The general form that all of them count on"""
    for line in LINES:
        ok = re.match(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "
                      r"(fail2ban\.[a-z]+ *)\[\d+\]: "
                      r"(DEBUG|INFO|NOTICE|WARNING|ERROR|MSG) +\S", line)
        lib.check("a line: %s" % line, ok is not None, True)
        if ok:
            lib.check("width of the name: %s" % line, len(ok.group(1)), 24)


home_assistant()
netdata_python()
dashboards()
every_line()
lib.leave()
