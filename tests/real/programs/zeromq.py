# SPDX-License-Identifier: Apache-2.0
"""libzmq, C++: 4.3.3 makes a PUB socket drop what its subscribers send other than subscriptions (GHSA-4p5v-h92w-6wxw,
CVE-2021-20237): before, it queued each such message for a receiver that a PUB socket does not have."""
import os
import socket

SOURCE = "zeromq3"
KIND = "C++ library"
PRODUCTS = ["b/publisher", "b/lib"]
LISTENS = True
FIX = "4.3.3, CVE-2021-20237: messages to a PUB socket are dropped, `xpub_t::xread_activated()`"
PLACES = r"zmq::(xpub_t::xread_activated|blob_t::)"
LOAD = "a subscriber that sends messages to the publisher, and one that only listens"
OPTIONS = """-DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS='-O1 -g' -DBUILD_TESTS=OFF -DBUILD_STATIC=OFF -DENABLE_CURVE=OFF
    -DENABLE_WS=OFF -DWITH_LIBSODIUM=OFF -DWITH_PERF_TOOL=OFF -DENABLE_CPACK=OFF -DWITH_DOCS=OFF""".replace("\n", " ")


def take_out(tree):
    tree.replace_line("src/xpub.cpp", r"^void zmq::xpub_t::xread_activated ", r"^        \} else if \(options\.type != ZMQ_PUB\) \{$",
                      by="        } else {")


def build(tree):
    driver = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zeromq_publisher.cpp")
    tree.sh(f"""mkdir -p b && cd b && cmake .. {OPTIONS} && make -j2
        g++ -O1 -g -I../include -o publisher '{driver}' -Llib -lzmq -Wl,-rpath,'$ORIGIN/lib'""")


def command(products, service):
    return [os.path.join(products, "publisher"), str(service.port)]


def exactly(client, count):
    text = b""
    while len(text) < count:
        part = client.recv(count - len(text))
        if not part:
            raise ConnectionError("the publisher went away")
        text += part
    return text


def subscriber(port):
    """ZMTP 3.0 without security: a greeting, READY, a subscription to all."""
    client = socket.create_connection(("127.0.0.1", port))
    client.settimeout(10)
    client.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + bytes(32))
    exactly(client, 64)
    ready = b"\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
    client.sendall(b"\x04" + bytes([len(ready)]) + ready)
    exactly(client, exactly(client, 2)[1])
    client.sendall(b"\x00\x01\x01")
    return client


def load(service):
    clients = [subscriber(service.port), subscriber(service.port)]
    for number in service.ticks(100):
        message = b"\x05" + b"z" * (2000 + number * 53 % 1000)
        clients[0].sendall(b"\x02" + len(message).to_bytes(8, "big") + message)
        for client in clients:
            client.setblocking(False)
            try:
                client.recv(1 << 16)
            except BlockingIOError:
                pass
            client.setblocking(True)
    for client in clients:
        client.close()
