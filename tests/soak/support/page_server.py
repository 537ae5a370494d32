# SPDX-License-Identifier: Apache-2.0
"""Serves one page on the loopback interface, and /wait, which is answered when the page has asked for /done: an image at
that address keeps the page from being loaded before its scripts have come to their end.

    page_server.py PAGE PORT_FILE
"""
import http.server
import os
import sys
import threading

done = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body, kind = b"", "text/plain"
        if self.path == "/":
            done.clear()
            with open(sys.argv[1], "rb") as page:
                body, kind = page.read(), "text/html"
        elif self.path == "/wait":
            done.wait(60)
        elif self.path == "/done":
            done.set()
        elif self.path.startswith("/data/"):
            body = b"line %s\n" % self.path.encode() * 5000
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[2] + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
