"""
Programs that read the database themselves: exporters, dashboards, scripts.
Their queries, as separate read-only processes with the server at work.
"""
import json
import sqlite3
import time

import lib

db = sqlite3.connect("file:%s?mode=ro" % lib.DATABASE, uri=True, timeout=5)


def rows(query, *args):
    return db.execute(query, args).fetchall()


def column(query, *args):
    return [row[0] for row in rows(query, *args)]


# the exporter before it spoke the socket
lib.check("jails and whether they are on",
          dict(rows("SELECT j.name, j.enabled FROM jails j")),
          {jail: 1 for jail in lib.JAILS})
for table in ("bips", "bans"):
    found = dict(rows("SELECT j.name, (SELECT COUNT(1) FROM %s b "
                      "WHERE j.name = b.jail) FROM jails j" % table))
    for jail in lib.JAILS:
        lib.check("%s of %s" % (table, jail),
                  found[jail] >= len(lib.BANNED[jail]), True)

# vdcloudcraft/fail2ban-geo-exporter
lib.check("enabled jails",
          sorted(column("SELECT name FROM jails WHERE enabled = 1")),
          lib.JAILS)
lib.check("bans that are in force",
          sorted(column("SELECT ip FROM bans WHERE DATETIME(timeofban + ?, "
                        "'unixepoch') > DATETIME('now') AND jail = ?",
                        600, "sshd")), lib.BANNED["sshd"])

# dashboards and scripts
lib.check("version of the schema",
          column("SELECT version FROM fail2banDb"), [4])
lib.check("bans of the last hour",
          column("SELECT COUNT(*) FROM bans WHERE jail = 'web-app' AND "
                 "timeofban >= ?", int(time.time()) - 3600), [1])
lib.check("failures", column("SELECT SUM(json_extract(data,'$.failures')) "
                             "FROM bans WHERE jail = 'sshd'"), [4])
lib.check("ends of bans", column(
    "SELECT COUNT(*) FROM bips WHERE datetime(timeofban + bantime, "
    "'unixepoch') > datetime('now') AND jail = 'sshd'"), [2])
lib.check("a ban for ever",
          rows("SELECT ip, bantime, bancount FROM bips "
               "WHERE jail = 'web-app'"), [("198.51.100.7", -1, 1)])
lib.check("types", set(rows(
    "SELECT typeof(jail), typeof(ip), typeof(timeofban), typeof(bantime), "
    "typeof(bancount), typeof(data) FROM bans")),
    {("text", "text", "integer", "integer", "integer", "blob")})
for jail, ip, when, data in rows(
        "SELECT jail, ip, timeofban, data FROM bans WHERE jail = 'sshd'"):
    data = json.loads(data.decode("utf-8"))
    lib.check("failures of " + ip, data["failures"], 2)
    lib.check("matches of " + ip, len(data["matches"]), 2)
    lib.check("address in a match of " + ip, all(
        ip in "".join(match) for match in data["matches"]), True)
lib.check("logs", sorted(column("SELECT jail FROM logs")), lib.JAILS)
lib.check("hash of a first line", all(
    len(md5) == 40 for md5 in column(
        "SELECT firstlinemd5 FROM logs WHERE jail <> 'big'")), True)
lib.check("no write-ahead log: mounts of the single file work",
          column("PRAGMA journal_mode"), ["delete"])
lib.leave()
