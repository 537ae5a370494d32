#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a fleet of hosts asks of the server that it pushes to: the tables of docs/FLEET.md.

    fleet.py BUILD [HOSTS]

First real programs are recorded at the default rate and interval, and pushed to the stand-in in each server's words: bytes and
samples of a profile. Then BUILD/bench/fleet calculates a day of HOSTS (10,000) with the code that paces seep push. Exit status 1: a
peak is more than 1.5 times the mean, something is lost, or what waited is still there at the day's end.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.path.abspath(sys.argv[1])
HOSTS = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
SECONDS, INTERVAL = 45, 10
KINDS = {"pyroscope": "/push.v1", "pyroscope-ingest": "/ingest", "parca": "/api", "otlp": "/v1development"}
PEAK, OUTAGE = 1.5, (43200, 50400)

PYTHON = """
import json, time
kept, end = {}, time.time() + %d
while time.time() < end:
    for i in range(200):
        kept[i %% 1000] = json.loads(json.dumps({str(k): [k] * 20 for k in range(i %% 50)}))
    time.sleep(0.05)
""" % SECONDS
NODE = """
const kept = new Map(), end = Date.now() + %d;
function turn() {
  for (let i = 0; i < 300; i++) kept.set(i %% 1000, Buffer.alloc(100 + i * 7).toString('base64'));
  if (Date.now() < end) setTimeout(turn, 50);
}
turn();
""" % (1000 * SECONDS)


def record(work, name, words):
    return subprocess.Popen([BUILD + "/seep", "run", "-o", f"{work}/{name}", "--", *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=work,
                            env={**os.environ, "PYTHONMALLOC": "malloc", "SEEP_NAMES": "off"})


def asked(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False).returncode


def redis_load(port):
    for _ in range(300):
        if asked("redis-cli", "-p", str(port), "ping") == 0:
            break
        time.sleep(0.1)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        asked("redis-benchmark", "-p", str(port), "-n", "3000", "-r", "20000", "-d", "300", "-c", "5", "-q", "-t", "set,get,lpush,rpop,hset,sadd")
        time.sleep(0.5)
    asked("redis-cli", "-p", str(port), "shutdown", "nosave")


def record_all(work):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = {
        "redis-server": record(work, "redis-server", ["redis-server", "--port", str(port), "--save", ""]),
        "python3": record(work, "python3", ["/usr/bin/python3", "-c", PYTHON]),
        "node": record(work, "node", ["node", "-e", NODE]),
    }
    redis_load(port)
    for name, process in running.items():
        if process.wait(300):
            sys.exit(f"{name}: exit status {process.returncode}")
    return list(running)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def timers(recording):
    """Sizes of the snapshots, the last of which is the end's."""
    return [os.path.getsize(f"{recording}/{name}") for name in sorted(os.listdir(recording)) if name.endswith(".seep")][:-1]


def push(work, name, kind):
    """(bytes, samples) of what the last three whole intervals came to, in the mean."""
    folder = f"{work}/{name}.{kind}"
    os.makedirs(folder)
    server = subprocess.Popen([sys.executable, ROOT + "/tests/e2e/support/collector.py", folder], stdout=subprocess.PIPE)
    port = server.stdout.readline().decode().strip()
    subprocess.run([BUILD + "/seep", "push", "--state", folder + "/state", "--to", f"{kind}+http://127.0.0.1:{port}", f"{work}/{name}"],
                   check=True, stderr=subprocess.DEVNULL)
    server.kill()
    server.wait()
    if os.path.exists(folder + "/refused"):
        sys.exit(f"{name} {kind}: the stand-in refuses it")
    requests, taken = lines(folder + "/requests"), lines(folder + "/taken")
    each = len(taken) // len(requests)  # profiles a request
    measured = range(len(requests) - 4, len(requests) - 1)
    return (sum(requests[i]["bytes"] for i in measured) / 3, sum(taken[each * i + k]["samples"] for i in measured for k in range(each)) / 3)


def measure(work):
    rows = {}
    for name in record_all(work):
        snapshot = sum(timers(f"{work}/{name}")[-3:]) / 3
        rows[name] = snapshot, {kind: push(work, name, kind) for kind in KINDS}
    return rows


def simulate(age=0, file_bytes=65536, later=0, start=0, down=(0, 0), room=0):
    words = [HOSTS, age, file_bytes, later, start, *down, room, 1]
    return json.loads(subprocess.run([BUILD + "/bench/fleet", *map(str, words)], capture_output=True, check=True).stdout)


SCENARIOS = {
    "a day": {},
    "all are started within a minute": {"start": 60},
    "two hours without the server": {"down": OUTAGE},
    "the same, 55 minutes the oldest": {"down": OUTAGE, "age": 3300},
    "the same, 503 with Retry-After: 60": {"down": OUTAGE, "age": 3300, "later": 60},
    "the same, and 429 above 1.1 times the mean": {"down": OUTAGE, "age": 3300, "room": HOSTS * 11 // 10 // INTERVAL},
    "a server for nine tenths of it": {"room": HOSTS * 9 // 10 // INTERVAL},
}


def scenario_print(name, day):
    usual = HOSTS / INTERVAL
    print(f"| {name} | {day['mean']:.0f} | {day['peak']} | {day['peak'] / usual:.2f} | {day['peak'] / day['mean']:.2f} | {day['asked_peak'] / usual:.2f} | "
          f"{day['waiting_most']} | {day['waiting_at_return']:.0f} | {day['recovered_s'] / 60:.0f} min | {day['late_s'] / 60:.1f} min | "
          f"{100 * day['too_old'] / day['made']:.2f} % | {100 * day['thinned'] / day['made']:.2f} % |")


def scenarios_run(snapshot):
    faults = []
    print("\n| 10,000 hosts, one process each |".replace("10,000", f"{HOSTS:,}") + " taken a second, mean | most in a second | of the usual mean | "
          "of the day's mean | tries, most in a second, of the usual mean | snapshots waiting on a host, most | when the server is back | all sent after | oldest that is sent | too old by itself | thinned out |")
    print("|---" * 12 + "|")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        days = list(pool.map(lambda settings: simulate(file_bytes=int(snapshot), **settings), SCENARIOS.values()))
    for (name, settings), day in zip(SCENARIOS.items(), days):
        scenario_print(name, day)
        if day["peak"] > PEAK * day["mean"]:
            faults.append(f"{name}: peak {day['peak'] / day['mean']:.2f} times the mean")
        if day["made"] - day["sent"] - day["too_old"] - day["thinned"] - day["waiting_at_end"] not in range(0, 2):
            faults.append(f"{name}: {day['made']} made, {day['sent']} sent")
        if "room" not in settings and day["waiting_at_end"] > 2 * HOSTS:
            faults.append(f"{name}: {day['waiting_at_end']} wait at the end")
    return faults


def main():
    work = tempfile.mkdtemp(prefix="seep-fleet.")
    try:
        rows = measure(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print("| program | snapshot |" + "".join(f" {kind} | samples |" for kind in KINDS))
    print("|---" * (2 + 2 * len(KINDS)) + "|")
    for name, (snapshot, sizes) in rows.items():
        print(f"| {name} | {snapshot / 1024:.1f} KiB |" + "".join(f" {size / 1024:.1f} KiB | {samples:.0f} |" for size, samples in sizes.values()))
    faults = scenarios_run(max(snapshot for snapshot, _ in rows.values()))
    for fault in faults:
        print("not as promised:", fault)
    return bool(faults)


sys.exit(main())
