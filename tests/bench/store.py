#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thirty days of a service on the disk: what thinning leaves, and how long an answer for any time takes.

    store.py BUILD [ANSWERS]

Two workers of a real program's snapshots, restarted each five days, and a crash loop for six hours; every ten seconds of the last hour, every
minute of the last day, every ten minutes before: what a keeper that thins all the time has left at most (tests/unit/preload/
test_thinning.c). Exit status 1: the budget is exceeded, or an answer takes
more than half a second of a processor: by the clock it depends on what else the machine does.
"""
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e/support"))
import simulate_service  # noqa: E402

DAY, MIB = 86400, 1 << 20
LIMIT_S = 0.5


def size(store):
    return sum(os.lstat(os.path.join(top, name)).st_size for top, _, names in os.walk(store) for name in names)


def files(store):
    return sum(name.endswith(".seep") for _, _, names in os.walk(store) for name in names)


def real_snapshot(seep, work):
    """Of a program with some thousand sites and blocks, as large as redis's at the default rate."""
    program = "import json, decimal, email, http.client, xml.dom.minidom\nx = [str(i) * 20 for i in range(40000)]"
    subprocess.run([seep, "run", "-r", "64K", "-i", "0", "-o", work + "/real", "--", "/usr/bin/python3", "-c", program],
                   check=True, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONMALLOC": "malloc"})
    last = sorted(name for name in os.listdir(work + "/real") if name.endswith(".seep"))[-1]
    with open(f"{work}/real/{last}", "rb") as file:
        return file.read()


def write(template, recording, start, end, now, pid):
    """One process, with steps that narrow towards now."""
    maker = simulate_service.Maker(template, start, pid)
    os.makedirs(recording, mode=0o700)
    number, at = 0, start
    while at < end:
        number += 1
        with open(f"{recording}/{number:06}.seep", "wb") as file:
            file.write(maker.make(number, at - start, simulate_service.TIMER))
        at += 10 if now - at < 3600 else 60 if now - at < DAY else 600
    with open(f"{recording}/{number + 1:06}.seep", "wb") as file:
        file.write(maker.make(number + 1, end - start, simulate_service.EXIT))


def fill(template, service, now):
    for worker in range(2):
        for restart in range(6):
            start = now - 30 * DAY + 5 * DAY * restart + 60 * worker
            write(template, f"{service}/worker{worker}.{restart}", start, min(start + 5 * DAY - 5, now - 1), now, 1000 + worker)
    for crash in range(360):
        start = now - 10 * DAY + 60 * crash
        write(template, f"{service}/crashes.{crash}", start, start + 20, now, 3000 + crash)


def timed(*command):
    """(by the clock, of a processor), in seconds."""
    begun, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: {result.stderr.decode()}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begun, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def answers(seep, now, count):
    """The times of reports and differences for random times of the thirty days, in seconds."""
    draw = random.Random(7)
    times = {"report --before": [], "diff --before --after now": [], "leaks --before 1d": []}
    for _ in range(count):
        then = f"@{int(now - draw.random() * 30 * DAY)}"
        times["report --before"].append(timed(seep, "report", "--service", "web", "--before", then))
        times["diff --before --after now"].append(timed(seep, "diff", "--service", "web", "--before", then))
    times["leaks --before 1d"].append(timed(seep, "leaks", "--service", "web", "--before", "1d"))
    return times


def main():
    seep, count = os.path.join(os.path.abspath(sys.argv[1]), "seep"), int(sys.argv[2]) if len(sys.argv) > 2 else 30
    work, failed = tempfile.mkdtemp(prefix="seep-bench-store."), False
    os.environ.update(SEEP_STORE=work + "/store", XDG_CACHE_HOME=work + "/cache")
    try:
        template, now = real_snapshot(seep, work), time.time()
        service = work + "/store/web"
        os.makedirs(service)
        open(service + "/.service", "w", encoding="ascii").close()
        fill(template, service, now)
        print(f"a snapshot has {len(template) / 1024:.0f} KiB; before: {files(service)} snapshots, {size(service) / MIB:.0f} MiB")
        print("| budget | snapshots | MiB | command | seconds | of a processor |" + "\n|---|---|---|---|---|---|")
        for budget in (1024, 64, 16):
            os.environ["SEEP_KEEP_BYTES"] = f"{budget}M"
            took = timed(seep, "list", "--service", "web", "--tidy", "--json")
            left = size(service) / MIB
            failed |= left > budget
            print(f"| {budget} MiB | {files(service)} | {left:.1f} | `list --tidy` | {took[0]:.2f} | {took[1]:.2f} |", flush=True)
            for name, each in answers(seep, now, count).items():
                clock, used = max(took[0] for took in each), max(took[1] for took in each)
                print(f"| | | | `{name}`, longest of {len(each)} | {clock:.3f} | {used:.3f} |", flush=True)
                failed |= used > LIMIT_S
    finally:
        shutil.rmtree(work)
    return failed


if __name__ == "__main__":
    sys.exit(main())
