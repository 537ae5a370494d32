# SPDX-License-Identifier: Apache-2.0
"""Debian's nginx: pages of several sizes, errors, compression and a reload of its configuration now and then."""
import os
import signal
import socket

LISTENS = True
LOAD = "pages of up to 200 KB, compressed and not, on connections that stay and that do not, and reloads"


def command(_, service):
    os.chmod(service.directory, 0o755)
    for number in range(20):
        service.write(f"page{number}.html", "".join(f"<p>line {i * number}</p>\n" for i in range(number ** 3)))
    service.write("nginx.conf", f"""daemon off; worker_processes 1; pid {service.at('pid')}; error_log {service.at('errors')};
        events {{ worker_connections 64; }}
        http {{ access_log off; gzip on; gzip_types text/html; keepalive_requests 50; client_body_temp_path {service.at('body')};
        proxy_temp_path {service.at('proxy')}; fastcgi_temp_path {service.at('fastcgi')}; uwsgi_temp_path {service.at('uwsgi')};
        scgi_temp_path {service.at('scgi')};
        server {{ listen 127.0.0.1:{service.port}; root {service.directory}; open_file_cache max=10;
        location /moved {{ rewrite ^/moved(.*)$ /page$1.html redirect; }} }} }}""")
    return ["/usr/sbin/nginx", "-c", service.at("nginx.conf"), "-p", service.directory]


def load(service):
    client = None
    for number in service.ticks(100):
        if number % 1500 == 0:
            with open(service.at("pid"), encoding="ascii") as file:
                os.kill(int(file.read()), signal.SIGHUP)
        if client is None:
            client = socket.create_connection(("127.0.0.1", service.port))
            client.settimeout(20)
        path = f"/moved{number % 20}" if number % 7 == 0 else f"/page{number % 22}.html"
        packed = b"Accept-Encoding: gzip\r\n" if number % 3 == 0 else b""
        try:
            client.sendall(b"GET %s HTTP/1.0\r\nHost: here\r\n%s\r\n" % (path.encode(), packed) if number % 5 == 0
                           else b"HEAD %s HTTP/1.1\r\nHost: here\r\nX-Long: %s\r\n\r\n" % (path.encode(), b"x" * (number * 13 % 3000)))
            ends = number % 5 == 0
            answer = client.recv(65536)
            while answer and ends:
                answer = client.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            answer = b""
        if not answer:
            client.close()
            client = None
