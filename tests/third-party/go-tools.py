"""
The two Go programs that speak the socket themselves.

Both write requests with og-rek, one write() an opcode, and the terminator
with another one; both read with a buffered reader of 4,096 bytes, 1,024 at a
time. The exporter keeps all 1,024 bytes of each read, however few came, so
that an answer which arrives in odd pieces gets zero bytes in its middle.
Classes other than builtins.str are refused by both; types are compared
exactly, because Go's assertions are.
"""
import io
import ipaddress
import pickle
import re
import socket
import struct

import lib

END = b"<F2B_END_COMMAND>"


def og_rek(words, old):
    """The pieces that og-rek writes for a list of strings."""
    yield b"]" if old else b"\x80\x02"
    yield b"("
    for word in words:
        data = word.encode()
        if len(data) < 256:
            yield b"U"
            yield bytes([len(data)])
        else:
            yield b"T"
            yield struct.pack("<I", len(data))
        yield data
    yield b"e" if old else b"l"
    yield b"."


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if module in ("builtins", "__builtin__") and name == "str":
            return str
        raise pickle.UnpicklingError("class %s.%s" % (module, name))


class Tool:
    def __init__(self, old=False, keeps_all=False):
        self.old = old
        self.keeps_all = keeps_all
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(lib.SOCKET)

    def read(self):
        """bufio.Reader: one read() of 4,096, handed out by 1,024."""
        data = b""
        held = b""
        while END not in data:
            if not held:
                held = self.socket.recv(4096)
                if not held:
                    raise EOFError
            piece, held = held[:1024], held[1024:]
            if self.keeps_all:
                piece += bytes(1024 - len(piece))
            data += piece
        return Unpickler(io.BytesIO(data)).load()

    def ask(self, *words):
        for piece in og_rek(words, self.old):
            self.socket.sendall(piece)
        self.socket.sendall(END)
        return self.read()


def pair(value, label):
    """The second of a 2-tuple that begins with label."""
    lib.check("type of %s" % label, type(value), tuple)
    lib.check("name of %s" % label, value[0], label)
    return value[1]


def answer(value):
    lib.check("type of an answer", type(value), tuple)
    lib.check("code of an answer", value[0], 0)
    return value[1]


def jails(tool):
    status = answer(tool.ask("status"))
    lib.check("type of status", type(status), list)
    number = pair(status[0], "Number of jail")
    names = pair(status[1], "Jail list")
    lib.check("type of the number", type(number), int)
    lib.check("type of the names", type(names), str)
    names = [name.strip() for name in names.split(",")]
    lib.check("as many names as told", len(names), number)
    return names


def counters(tool, jail):
    status = answer(tool.ask("status", jail))
    lib.check("type of the status of a jail", type(status), list)
    lib.check("parts of the status of a jail", len(status), 2)
    found = []
    for part, now, total in (
            (pair(status[0], "Filter"), "Currently failed", "Total failed"),
            (pair(status[1], "Actions"), "Currently banned", "Total banned")):
        lib.check("type of a part", type(part), list)
        for value in (pair(part[0], now), pair(part[1], total)):
            lib.check("type of a counter", type(value), int)
            found.append(value)
    return found


def exporter(old):
    """hectorjsmith/fail2ban-prometheus-exporter"""
    tool = Tool(old=old, keeps_all=True)
    lib.check("ping", tool.ask("ping", "100"), (0, "pong"))
    lib.check("version", type(answer(tool.ask("version"))), str)
    lib.check("jails", jails(tool), lib.JAILS)
    for jail in lib.JAILS:
        now, _, banned, total = counters(tool, jail)
        lib.check("failed in " + jail, now, lib.FAILED[jail])
        lib.check("banned in " + jail, banned, len(lib.BANNED[jail]))
        lib.check("all banned in " + jail, total >= banned, True)
        for name, wanted in (("bantime", 600), ("findtime", 300),
                             ("maxretry", 2)):
            value = answer(tool.ask("get", jail, name))
            lib.check("type of " + name, type(value), int)
            lib.check(name, value, -1 if (jail, name) ==
                      ("web-app", "bantime") else wanted)
    # an argument so long that og-rek takes its other opcode
    lib.check("a long word", tool.ask("echo", "x" * 300), (0, ["x" * 300]))
    # an answer that no socket buffer holds arrives in pieces
    words = ["%d" % n * 50 for n in range(1000, 3000)]
    for _ in range(0 if old else 10):
        lib.check("a long answer", tool.ask("echo", *words), (0, words))


BAN_LINE = re.compile(r"^(\S+)[ \t]+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \+ "
                      r"(-?\d+) = (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$", re.A)
VERSIONS = ["0.11.1", "0.11.2", "1.0.1", "1.0.2", "1.1.0"]


def dashboard():
    """webishdev/fail2ban-dashboard"""
    tool = Tool()
    version = answer(tool.ask("version"))
    lib.check("a version it takes: %s" % version, version in VERSIONS, True)
    for jail in jails(tool):
        counters(tool, jail)
        lines = answer(tool.ask("get", jail, "banip", "--with-time"))
        lib.check("type of the bans", type(lines), list)
        found = []
        for line in lines:
            match = BAN_LINE.match(line)
            lib.check("line of a ban: %r" % line, match is not None, True)
            if match:
                found.append(str(ipaddress.ip_address(match.group(1))))
        lib.check("bans of " + jail, sorted(found),
                  sorted(lib.BANNED[jail]))
    lines = answer(tool.ask("get", "web-app", "banip", "--with-time"))
    lib.check("a ban for ever", lines[0].endswith(
        " + -1 = 9999-12-31 23:59:59"), True)


exporter(old=False)
exporter(old=True)
dashboard()
lib.leave()
