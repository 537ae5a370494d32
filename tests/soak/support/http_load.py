# SPDX-License-Identifier: Apache-2.0
"""Asks an HTTP server for the same pages again and again, from several threads, until told to stop.

	http_load.py HOST:PORT THREADS PATH...	stops at the end of standard input

Half of the threads open a connection a request, half keep theirs. A server that reloads may close a connection that is
idle; a request on such a one is made again on a fresh one (RFC 9110, 9.2.2), and nothing else is forgiven. At the end
a line a path, "PATH<tab>RESULT", with the sum of its contents where all answers were equal, and a line for each failure.
How many requests there were goes to standard error.
"""
import hashlib
import http.client
import sys
import threading

stop = threading.Event()
lock = threading.Lock()
answers = {}
failures = {}
requests = 0


def ask(connection, path):
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"} if path.endswith(".txt") else {})
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, len(body), hashlib.sha1(body).hexdigest()


def ask_again_if_closed(address, connection, path, fresh):
    try:
        return connection, ask(connection, path)
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        if fresh:
            raise
        connection.close()
        connection = http.client.HTTPConnection(address, timeout=20)
        return connection, ask(connection, path)


def work(address, paths, number):
    global requests
    keep = number % 2
    connection, used = None, 0
    while not stop.is_set():
        for path in paths:
            try:
                if connection is None:
                    connection, used = http.client.HTTPConnection(address, timeout=20), 0
                connection, answer = ask_again_if_closed(address, connection, path, used == 0)
                used += 1
                with lock:
                    requests += 1
                    answers.setdefault(path, set()).add(answer)
            except (OSError, http.client.HTTPException) as error:
                with lock:
                    failures[f"{path}: {error!r}"] = failures.get(f"{path}: {error!r}", 0) + 1
                keep_now = False
            else:
                keep_now = keep and used < 50
            if not keep_now:
                connection.close()
                connection = None
    if connection is not None:
        connection.close()


def main():
    address, count, paths = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    threads = [threading.Thread(target=work, args=(address, paths, number)) for number in range(count)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    for path in paths:
        seen = sorted(answers.get(path, []))
        print(path, *(" ".join(map(str, answer)) for answer in seen), sep="\t")
    for failure, times in sorted(failures.items()):
        print("failed", failure, times, sep="\t")
    print(f"{requests} requests", file=sys.stderr)


main()
