"""Programs that run fail2ban-client and read its text."""
import re

import lib


def telegraf():
    """inputs.fail2ban: --socket S status [JAIL]"""
    jails = []
    for line in lib.client("status").split("\n"):
        at = line.rfind("Jail list:")
        if at >= 0:
            jails = line[at + len("Jail list:"):].strip().split(", ")
            break
    lib.check("telegraf: jails", jails, lib.JAILS)
    for jail in jails:
        fields = {}
        for line in lib.client("status", jail).split("\n"):
            for label, field in (("Currently failed:", "failed"),
                                 ("Currently banned:", "banned")):
                at = line.rfind(label)
                if at >= 0:
                    fields[field] = int(line[at + len(label):].strip())
        lib.check("telegraf: " + jail, fields,
                  {"failed": lib.FAILED[jail],
                   "banned": len(lib.BANNED[jail])})


def netdata():
    """go.d fail2ban: lines of at most 64 KiB until both numbers are there"""
    jails = None
    for line in lib.client("status").split("\n"):
        lib.check("netdata: length of a line", len(line) < 65536, True)
        if "Jail list:" in line:
            jails = line.split("Jail list:", 1)[1].replace(",", "").split()
            break
    lib.check("netdata: jails", jails, lib.JAILS)
    for jail in jails:
        found = {}
        for line in lib.client("status", jail).split("\n"):
            for label in ("Currently failed:", "Currently banned:"):
                if label not in found and label in line:
                    found[label] = int(line.split(label, 1)[1].strip())
            if len(found) == 2:
                break
            lib.check("netdata: length of a line", len(line) < 65536, True)
        lib.check("netdata: " + jail, found,
                  {"Currently failed:": lib.FAILED[jail],
                   "Currently banned:": len(lib.BANNED[jail])})
    lib.check("netdata: a jail that vanished", lib.client_fails(
        "status", "gone").startswith("Sorry but the jail"), True)


def nagios():
    """files/nagios/check_fail2ban: exit status of ping, tabs"""
    lib.client("ping")
    jails = []
    for line in lib.client("status").splitlines(True):
        match = re.match(r"^.*Jail list:\t+(.*)", line)
        if match:
            jails = [name.replace(" ", "")
                     for name in match.group(1).split(",")]
    lib.check("nagios: jails", jails, lib.JAILS)
    for jail in jails:
        banned = [re.match(r"^.*Currently banned:\t+(.*)", line)
                  for line in lib.client("status", jail).splitlines(True)]
        banned = [int(match.group(1)) for match in banned if match]
        lib.check("nagios: " + jail, banned, [len(lib.BANNED[jail])])


def between(text, begin, end):
    return text.split(begin, 1)[1].split(end, 1)[0]


def linuxfabrik():
    """check-plugins/fail2ban: ping, status, one tab after the colon"""
    jails = between(lib.client("status"), "Jail list:", "\n").strip()
    lib.check("linuxfabrik: jails", jails.split(", "), lib.JAILS)
    for jail in lib.JAILS:
        text = lib.client("status", jail)
        lib.check("linuxfabrik: " + jail,
                  int(between(text, "Currently banned:\t", "\n")),
                  len(lib.BANNED[jail]))


def fail2ban_ui():
    """swissmakers/fail2ban-ui, local: cuts at every colon of the line"""
    jails = [line.split(":")[1].strip().split(",")
             for line in lib.client("status").split("\n")
             if "Jail list:" in line]
    lib.check("fail2ban-ui: jails",
              [name.strip() for name in jails[0]], lib.JAILS)
    for jail in ("big", "web-app"):
        for line in lib.client("status", jail).split("\n"):
            if "IP list:" in line:
                lib.check("fail2ban-ui: " + jail,
                          line.split(":")[1].split(), lib.BANNED[jail])
    lib.check("fail2ban-ui: ping", "pong" in lib.client("ping"), True)
    lib.client("set", "web-app", "banip", "198.51.100.8")
    lib.client("set", "web-app", "unbanip", "198.51.100.8")


telegraf()
netdata()
nagios()
linuxfabrik()
fail2ban_ui()
lib.leave()
