#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A redis-server under load, all the time recorded, pushed and scraped; the server that is pushed to is killed five times.

    push.py BUILD [SECONDS [COMMANDS_A_SECOND]]

Prints what docs/FLEET.md has of it. Exit status 1: something was lost or doubled, the store is beyond its budget, or the
seep processes took more than half a percent of a core. Instructions are counted apart, by callgrind: what libseep.so has of
all that redis-server executes under a fixed load.
"""
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SEEP = os.path.abspath(sys.argv[1] + "/seep")
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 3600.0
KILLS, SCRAPE_S, BUDGET = 5, 10, 2 << 20
A_SECOND, AT_ONCE = int(sys.argv[3]) if len(sys.argv) > 3 else 4000, 40  # commands
TICKS = os.sysconf("SC_CLK_TCK")
MARK = f"SEEP_SOAK_MARK={os.getpid()}.{time.time_ns()}"


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def batch(dice, expires, at_once):
    """Keys that come and go, lists and hashes; what is in use stays about the same once all keys are there."""
    until = (lambda: (b"EX", b"%d" % dice.randrange(30, 600))) if expires else tuple
    out = []
    for _ in range(at_once):
        key, kind = b"%d" % dice.randrange(20000), dice.randrange(10)
        if kind < 4:
            out.append(command(b"SET", b"s" + key, b"x" * dice.randrange(16, 3000), *until()))
        elif kind < 6:
            out.append(command(b"GET", b"s" + key))
        elif kind < 7:
            out.append(command(b"LPUSH", b"l" + key, b"y" * dice.randrange(10, 500)))
        elif kind < 8:
            out.append(command(b"LTRIM", b"l" + key, b"0", b"9"))
        elif kind < 9:
            out.append(command(b"HSET", b"h" + key, b"f%d" % dice.randrange(30), b"z" * dice.randrange(10, 200)))
        else:
            out.append(command(b"DEL", b"sh"[dice.randrange(2):][:1] + key))
    return b"".join(out)


class Client:
    def __init__(self, port, seed, expires=True, at_once=AT_ONCE):
        self.dice, self.sent, self.expires, self.at_once = random.Random(seed), 0, expires, at_once
        deadline = time.monotonic() + 60
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), 60)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.file = self.socket.makefile("rb")

    def answer(self):
        line = self.file.readline()
        if line[:1] == b"$" and int(line[1:]) >= 0:
            self.file.read(int(line[1:]) + 2)
        if line[:1] == b"-" or not line:
            raise RuntimeError(line)

    def go(self):
        self.socket.sendall(batch(self.dice, self.expires, self.at_once))
        for _ in range(self.at_once):
            self.answer()
        self.sent += self.at_once

    def end(self):
        self.socket.sendall(command(b"SHUTDOWN", b"NOSAVE"))


def redis_words(port):
    return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--hz", "1",
            "--dynamic-hz", "no", "--daemonize", "no"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- the program's own instructions ----

def instructions(recording, commands, at_once):
    """(of libseep.so, of all else) in one redis-server that does so much. Two runs with and without it would also differ by the seed
    of redis-server's tables."""
    port = free_port()
    with tempfile.TemporaryDirectory() as work:
        server = subprocess.Popen([SEEP, "run", "-o", recording, "--", "valgrind", "--tool=callgrind", "--callgrind-out-file=" + work + "/out"]
                                  + redis_words(port), cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client = Client(port, 1, expires=False, at_once=at_once)  # by the clock: valgrind's runs take different times
        while client.sent < commands:
            client.go()
        client.end()
        server.wait(600)
        listed = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=100", work + "/out"], capture_output=True, text=True, check=True).stdout
    counts = [(int(count.replace(",", "")), function) for count, function in re.findall(r"^ *([\d,]+) \(.*?%\) +(.*)", listed, re.M)]
    shim = sum(count for count, function in counts if function.endswith("/libseep.so]"))
    return shim, next(count for count, function in counts if function == "PROGRAM TOTALS") - shim


def instructions_added(work, at_once, few, many):
    """(instructions of libseep.so, of all else) a command, of what lies between the shorter and the longer run."""
    counted = [instructions(f"{work}/counted.{at_once}.{count}", count, at_once) for count in (few, many)]
    return [(longer - shorter) / (many - few) for shorter, longer in zip(*counted)]


# ---- the soak ----

class Collector:
    def __init__(self, work):
        self.work, self.port, self.process = work, free_port(), None

    def start(self):
        self.process = subprocess.Popen([sys.executable, ROOT + "/tests/e2e/support/collector.py", self.work],
                                        env={**os.environ, "PORT": str(self.port)}, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.process.stdout.readline()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def taken(self):
        path = self.work + "/taken"
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def cpu_of(*names):
    """Of the seep processes that this run has started, in seconds: those there are, and their children that have ended."""
    used = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if MARK.encode() not in file.read():
                    continue
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if words[0] == SEEP.encode() and words[1].decode() in names:
            used += sum(map(int, fields[11:15]))
    return used / TICKS


def size_of(directory):
    return sum(os.lstat(os.path.join(top, name)).st_blocks * 512 for top, _, names in os.walk(directory) for name in names
               if os.path.exists(os.path.join(top, name)))


def scrape(url):
    """How many of the two were put off: what the recording may take of a processor is spent. The next delta has all then."""
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    put_off = 0
    for path in ("/metrics", "/debug/pprof/delta_heap"):
        connection.request("GET", path + ("?" + address.query if address.query else ""))
        answer = connection.getresponse()
        body = answer.read()
        put_off += answer.status == 503 and "Retry-After" in answer.headers
        if answer.status not in (200, 503) or not body:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]}")
    connection.close()
    return put_off


class Soak:
    def __init__(self, work):
        self.work, self.collector, self.port = work, Collector(work), free_port()
        self.environment = {**os.environ, "SEEP_STORE": work + "/store", "XDG_STATE_HOME": work + "/state",
                            "SEEP_KEEP_BYTES": str(BUDGET), "SEEP_NAMES": "off", MARK.split("=")[0]: MARK.split("=")[1]}
        self.children, self.most, self.scrapes, self.put_off, self.done = [], 0, 0, 0, threading.Event()
        self.faults = []

    def seep(self, *words, **more):
        child = subprocess.Popen([SEEP, *words], env=self.environment, cwd=self.work, **more)
        self.children.append(child)
        return child

    def start(self):
        self.collector.start()
        self.run = self.seep("run", "--service", "web", "--", *redis_words(self.port), stdout=subprocess.DEVNULL)
        self.client = Client(self.port, 2)
        self.push = self.seep("push", "--follow", "--service", "web", "--to", f"pyroscope+http://127.0.0.1:{self.collector.port}",
                              stderr=open(self.work + "/push.err", "w", encoding="utf-8"))
        serve = self.seep("serve", "--listen=127.0.0.1:0", "--service", "web", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.url = re.search(r"http://\S+", serve.stdout.readline().decode()).group(0)

    def load(self):
        begun = time.monotonic()
        while not self.done.is_set():
            self.client.go()
            ahead = self.client.sent / A_SECOND - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)

    def look(self):
        while not self.done.wait(SCRAPE_S):
            self.most = max(self.most, size_of(self.work + "/store"))
            self.put_off += scrape(self.url)
            self.scrapes += 1

    @property
    def between(self):
        """What comes in the ten minutes between two thinnings."""
        sizes = [os.path.getsize(f"{self.recording()}/{name}") for name in os.listdir(self.recording()) if name.endswith(".seep")]
        return 60 * max(sizes)

    def guarded(self, task):
        try:
            task()
        except Exception as fault:  # pylint: disable=broad-except
            self.faults.append(f"{task.__name__}: {fault}")
            self.done.set()

    def kills(self):
        """Down for 5 s, 10 s, 20 s and so on, as long as a tenth of the whole time at most."""
        for turn in range(KILLS):
            if self.done.wait(SECONDS / (KILLS + 1) * 0.6):
                return
            self.collector.kill()
            self.done.wait(min(5 * 2 ** turn, SECONDS / 10))
            self.collector.start()
            self.done.wait(SECONDS / (KILLS + 1) * 0.4)

    def go(self):
        self.start()
        begun = time.monotonic()
        threads = [threading.Thread(target=self.guarded, args=(task,)) for task in (self.load, self.look)]
        for thread in threads:
            thread.start()
        self.kills()
        self.done.wait(max(0, SECONDS - (time.monotonic() - begun)))
        self.seconds = time.monotonic() - begun
        self.cpu = {name: cpu_of(name) for name in ("run", "push", "serve")}
        self.done.set()
        for thread in threads:
            thread.join()
        self.client.end()
        self.run.wait(120)

    def recording(self):
        return os.path.join(self.work, "store/web", sorted(name for name in os.listdir(self.work + "/store/web") if name[0] != ".")[0])

    def totals(self):
        report = subprocess.run([SEEP, "report", "--last", "--json", self.recording()], capture_output=True, check=True)
        return json.loads(report.stdout)["totals"]

    def deliver(self):
        """Until the end is there: what was allocated, but for what each profile is rounded by."""
        totals, deadline = self.totals(), time.monotonic() + 300
        while True:
            taken = self.collector.taken()
            once = {entry["id"]: entry for entry in taken}
            allocated = sum(entry["sums"].get("alloc_space", 0) for entry in once.values())
            if allocated >= totals["alloc_bytes"] - len(once) or time.monotonic() > deadline:
                return totals, taken, once, allocated
            time.sleep(1)

    def end(self):
        for child in self.children:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(30)
                except subprocess.TimeoutExpired:
                    child.kill()
        if self.collector.process:
            self.collector.kill()


def soak(work):
    run = Soak(work)
    try:
        run.go()
        totals, taken, once, allocated = run.deliver()
    finally:
        run.done.set()
        run.end()
    last = max(once.values(), key=lambda entry: entry["time"])
    refused = os.path.exists(work + "/refused")
    print(f"time                      {run.seconds:.0f} s, load average {os.getloadavg()[1]:.1f}")
    print(f"commands                  {run.client.sent}, {run.client.sent / run.seconds:.0f} a second of {A_SECOND} asked for")
    print(f"allocated                 {totals['alloc_bytes']} bytes by the recording, {allocated} at the server")
    print(f"in use at the end         {totals['inuse_bytes']} bytes by the recording, {last['sums']['inuse_space']} at the server")
    print(f"profiles                  {len(once)}; sent again with the same ID: {len(taken) - len(once)}; refused: {'some' if refused else 'none'}")
    print(f"server killed, restarted  {KILLS} times")
    print(f"scraped                   {run.scrapes} times, delta_heap put off {run.put_off} times (--cpu)")
    print(f"store                     {run.most / (1 << 20):.2f} MiB at most, budget {BUDGET >> 20} MiB")
    for name, what in (("run", "keeper, seep run"), ("push", "seep push"), ("serve", "seep serve")):
        print(f"{what:25} {run.cpu[name]:.2f} s, {100 * run.cpu[name] / run.seconds:.3f} % of a core")
    spent = 100 * (run.cpu["run"] + run.cpu["push"]) / run.seconds
    faults = run.faults + ["refused"] * refused + ["beyond the budget"] * (run.most > BUDGET + run.between)
    faults += ["scrapes were put off"] * (run.put_off > run.scrapes / 4)
    faults += ["lost or doubled"] * (abs(allocated - totals["alloc_bytes"]) > len(once) or last["sums"]["inuse_space"] != totals["inuse_bytes"])
    faults += [f"keeper and pusher take {spent:.2f} % of a core"] * (spent > 0.5)
    return faults


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = tempfile.mkdtemp(prefix="seep-soak-push.")
    faults = []
    try:
        if SECONDS:
            faults = soak(work)
        for at_once, few, many in ((AT_ONCE, 40000, 240000), (1, 10000, 60000)):
            shim, own = instructions_added(work, at_once, few, many)
            print(f"commands by {at_once:<14}{own:.0f} instructions each of redis-server's own, {shim:.1f} of libseep.so: {100 * shim / own:.2f} %")
            faults += [f"{100 * shim / own:.2f} % instructions, commands by {at_once}"] * (shim > own / 100)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for fault in faults:
        print("not as promised:", fault)
    return bool(faults)


sys.exit(main())
