"""fakedns.py FILE: answers TXT questions on 127.0.0.1:53 from lines
"NAME TEXT..." (TAB between texts); "NAME !servfail", "NAME !empty"; NXDOMAIN
for all else."""
import socket
import struct
import sys

table = {}
for line in open(sys.argv[1]):
    name, _, rest = line.rstrip("\n").partition(" ")
    table[name.lower()] = rest.split("\t")

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(4096)
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += data[at] + 1
    name = ".".join(labels).lower()
    question = data[12:at + 5]
    print("?", name, struct.unpack(">H", data[at + 1:at + 3])[0], flush=True)
    texts = table.get(name)
    code = 3 if texts is None else 2 if texts == ["!servfail"] else 0
    if code or texts == ["!empty"]:
        texts = []
    answers = b"".join(
        b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c" +
        struct.pack(">H", len(t) + 1) + bytes([len(t)]) + t.encode()
        for t in texts)
    s.sendto(data[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(texts),
                                    0, 0) + question + answers, peer)
