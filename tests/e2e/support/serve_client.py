# SPDX-License-Identifier: Apache-2.0
"""serve_client.py URL PID NAME: asks a server for what it has, and for what it must not give. A line for each case."""
import gzip
import http.client
import json
import os
import re
import socket
import sys
import time
import urllib.parse

url, server, name = urllib.parse.urlsplit(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
failed = False


def check(what, is_fine, seen=""):
    global failed
    print(("ok" if is_fine else "not ok") + " - " + what)
    if not is_fine:
        print("#", str(seen)[:300])
        failed = True


def ask(path, method="GET", headers=None, body=None):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def raw(text):
    with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
        try:
            connection.sendall(text)
            return connection.recv(4096)
        except ConnectionError:
            return b""


page, data, state = f"/r/{name}/", f"/r/{name}/data", f"/r/{name}/state"

status, headers, content = ask("/")
listed = content.decode()
check("the list links to the recording", status == 200 and f'href="r/{name}/"' in listed, listed[-2000:])
check("and says what is in use, with the interval", re.search(r'class="inuse">[\d.]+ [KM]iB <small>\[', listed), listed[-2000:])
check("a hostile name is text", "<img" not in listed and "<b>" not in listed and "&lt;b" in listed, listed[-2000:])
link = re.search(r'href="(r/%22[^"]*/)"', listed)
check("and can be followed", link and ask("/" + link.group(1))[0] == 200, link)

status, headers, content = ask(page)
policy = headers["Content-Security-Policy"] or ""
check("the page may ask its server alone", status == 200 and "default-src 'none'" in policy and "connect-src 'self'" in policy and "frame-ancestors 'none'" in policy, policy)
check("and runs known scripts only", "script-src 'sha256-" in policy and "unsafe" not in policy, policy)
check("no other origin may read anything", not any(key.lower().startswith("access-control") for key in headers) and headers["Cross-Origin-Resource-Policy"] == "same-origin", headers)

status, headers, content = ask(data)
document = json.loads(gzip.decompress(content))
check("the data are the page's", status == 200 and document["schema"] == "seep.page/1" and document["process"]["command"] == "program", status)
status, headers, content = ask(state)
check("the state names their version", json.loads(content)["version"] == ask(data)[1]["ETag"], content)
for path in ("/", page, data, state):
    whole = ask(path)[1]
    tag = whole["ETag"]
    status, headers, content = ask(path, headers={"If-None-Match": f'"other", {tag}'})
    check(f"{path.replace(name, 'NAME')} keeps its head then", all(headers[key] == whole[key] for key in ("Content-Security-Policy", "Content-Type")), headers)
    check(f"{path.replace(name, 'NAME')} is not sent twice", status == 304 and content == b"" and headers["ETag"] == tag, (status, content[:80]))
status, headers, content = ask(data, "HEAD")
check("HEAD gives the head alone", status == 200 and content == b"" and int(headers["Content-Length"]) > 100, (status, headers))

for path in ("/nothing", "/r/", "/r/none/", "/r/none/data", page + "nothing", page + "../../", "/../../etc/passwd", "/r/..%2f..%2f/", "/r/%00/", "/r/" + "x" * 3000 + "/", "//" + name):
    check(f"there is nothing at {path[:30].replace(name, 'NAME')}", ask(path)[0] == 404, ask(path))

for host in ("evil.example", f"evil.example:{url.port}", "localhost.evil.example", f"{url.hostname}.evil.example"):
    check(f"the name {host.split(':')[0]} is not served", ask(data, headers={"Host": host})[0] == 403)
check("localhost is, at whatever port", ask(data, headers={"Host": "localhost:1"})[0] == 200)
check("and no name at all is not", raw(f"GET {data} HTTP/1.0\r\n\r\n".encode()).split()[1:2] == [b"403"], raw(f"GET {data} HTTP/1.0\r\n\r\n".encode()))
for origin in ("http://evil.example", "null", f"http://{url.hostname}:1"):
    check(f"a page of {origin} may not read", ask(data, headers={"Origin": origin})[0] == 403)
check("our own may", ask(data, headers={"Origin": f"http://{url.hostname}:{url.port}", "Sec-Fetch-Site": "same-origin"})[0] == 200)
check("a request that another site causes is refused", ask(data, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"})[0] == 403)
check("a link to the page can be followed", ask(page, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})[0] == 200)

for method in ("POST", "PUT", "DELETE", "OPTIONS"):
    status, headers, content = ask(page, method, body=b"x" if method == "POST" else None)
    check(f"{method} is not answered", status == 405 and headers["Allow"] == "GET, HEAD", (status, headers))
check("nor is a GET with a body", ask(page, body=b"x")[0] == 400)
check("a head of 64 KiB is refused", raw(f"GET {page} HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 65536}\r\n\r\n".encode()).split()[1:2] in ([b"431"], [b"413"], []), "")
check("nonsense is refused", raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").split()[1:2] in ([b"400"], []), "")

# Clients that send nothing more, and one that does not take its answer.
half_open = []
for _ in range(300):
    connection = socket.create_connection((url.hostname, url.port), timeout=60)
    connection.sendall(f"GET {page} HTTP/1.1\r\nHost: local".encode())
    half_open.append(connection)
    if len(half_open) in (100, 300):
        check(f"beside {len(half_open)} half-open connections another gets its page", ask(page)[0] == 200)
deadline = time.monotonic() + 60
while len(os.listdir(f"/proc/{server}/fd")) > 160 and time.monotonic() < deadline:
    time.sleep(0.05)
check("of which few are kept", len(os.listdir(f"/proc/{server}/fd")) <= 160, os.listdir(f"/proc/{server}/fd"))
for connection in half_open:
    connection.close()
deaf = socket.create_connection((url.hostname, url.port), timeout=60)
deaf.sendall(f"GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 50)
check("nor does one who reads nothing hold up anybody", ask(page)[0] == 200)
deaf.close()
sys.exit(failed)
