# SPDX-License-Identifier: Apache-2.0
"""libevent's HTTP server: 2.0.2 frees a request when its answer has gone out on a connection that stays (9d8edf2, "do not
leak the request object on persistent connections"): a request leaks whole, with headers and buffers."""
import os
import socket

SOURCE = "libevent"
KIND = "server"
PRODUCTS = ["server"]
LISTENS = True
FIX = "2.0.2, 9d8edf2: `evhttp_request_free(req)` in `evhttp_send_done()`"
PLACES = r"^(evhttp_.*|evbuffer_.*)$"
LOAD = "requests with a cookie on ten connections that stay, with answers of up to 3 KB"
PARTS = """event evthread buffer bufferevent bufferevent_sock bufferevent_filter bufferevent_pair listener bufferevent_ratelim
    evmap log evutil evutil_rand evutil_time strlcpy select poll epoll signal event_tagging http evdns evrpc""".split()


def take_out(tree):
    tree.replace_line("http.c", r"^evhttp_send_done\(", r"^\tevhttp_request_free\(req\);$")


def build(tree):
    driver = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libevent_server.c")
    if not os.path.exists(tree.at("config.h")):
        tree.sh("./configure --disable-openssl --disable-samples --disable-libevent-regress --disable-shared")
    tree.sh(f"""make AUTOMAKE=: ACLOCAL=: AUTOCONF=: AUTOHEADER=: include/event2/event-config.h
        gcc -O2 -g -w -D_GNU_SOURCE -I. -Iinclude -o server '{driver}' {' '.join(part + '.c' for part in PARTS)}""")


def command(products, service):
    return [os.path.join(products, "server"), str(service.port)]


def load(service):
    clients = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(10)]
    for client in clients:
        client.settimeout(5)
    cookie = b"Cookie: session=" + b"c" * 1500
    for number in service.ticks(150):
        client = clients[number % len(clients)]
        client.sendall(b"GET /page/%d HTTP/1.1\r\nHost: here\r\nAccept: */*\r\n%s\r\n\r\n" % (number % 100, cookie))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += client.recv(65536)
    for client in clients:
        client.close()
