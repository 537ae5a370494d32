# SPDX-License-Identifier: Apache-2.0
"""dnsmasq, a server: 2.78 put a free into add_pseudoheader() (CVE-2017-14495: a query with an OPT record that is not its
last made dnsmasq keep a copy of its options, where it adds options of its own)."""
import os
import socket
import struct

SOURCE = "dnsmasq"
KIND = "server"
PRODUCTS = ["src/dnsmasq"]
LISTENS = True
FIX = "2.78, CVE-2017-14495: `free(buff)` in `add_pseudoheader()`"
PLACES = r"^(add_pseudoheader|whine_malloc)$"
LOAD = "queries over UDP with 400 bytes of options before another record, and plain ones"


def take_out(tree):
    tree.replace_line("src/edns0.c", r"^size_t add_pseudoheader\(", r"^\t  free\(buff\);$", which=2, of=2)


def build(tree):
    tree.sh("make -j2 CFLAGS='-O2 -g'")


def command(products, service):
    return [os.path.join(products, "dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--user=root",
            f"--port={service.port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
            "--add-cpe-id=here", "--address=/here.test/127.0.0.1", f"--server=127.0.0.1#{service.other_port}", "--cache-size=150"]


def query(number, kept):
    name = b"".join(bytes([len(part)]) + part for part in (b"n%d" % (number % 5000), b"there" if kept else b"here", b"test"))
    head = struct.pack(">HHHHHH", number & 0xffff, 0x0100, 1, 0, 0, 2 if kept else 0) + name + b"\0" + struct.pack(">HH", 1, 1)
    if not kept:
        return head
    options = struct.pack(">HH", 65001, 396) + bytes(396)
    return head + b"\0" + struct.pack(">HHIH", 41, 4096, 0, len(options)) + options + b"\0" + struct.pack(">HHIH", 16, 1, 0, 0)


def load(service):
    upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    upstream.bind(("127.0.0.1", service.other_port))
    upstream.setblocking(False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", service.port))
        client.setblocking(False)
        for number in service.ticks(600):
            client.send(query(number, True))
            if number % 4 == 0:
                client.send(query(number, False))
            for end in (upstream, client):
                try:
                    while True:
                        text, sender = end.recvfrom(8192)
                        if end is upstream: # an answer: no such name
                            end.sendto(text[:2] + struct.pack(">HHHHH", 0x8183, 1, 0, 0, 0) + text[12:text.index(b"\0", 12) + 5], sender)
                except (BlockingIOError, ConnectionRefusedError):
                    pass
    upstream.close()
