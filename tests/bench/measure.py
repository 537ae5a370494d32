#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures seep beside its peers: see run.sh, which builds what this runs.

    measure.py BUILD

Environment: BENCH_RUNS (5), BENCH_ONLY (names of workloads or of parts, separated by semicolons: "churn;instructions"),
BENCH_QUICK=1 (everything once and small: does the bench itself work?), BENCH_CLOSING_SECONDS (60).
Writes results.json and results.txt (a quick run: quick.json and quick.txt) to BUILD/bench/.
"""
import json
import os
import sys
import time

from harness import closing, configurations, instructions, latency, machine, stacks, tables, times, workloads
from harness.reach import rows_of

PARTS = ["times", "every", "instructions", "stacks", "latency", "closing"]


def main():
    build = os.path.abspath(sys.argv[1])
    bench = os.path.join(build, "bench")
    quick = os.environ.get("BENCH_QUICK", "") == "1"
    rounds = 1 if quick else int(os.environ.get("BENCH_RUNS", "5"))
    closing_seconds = int(os.environ.get("BENCH_CLOSING_SECONDS", "2" if quick else "60"))
    programs = workloads.make_all(bench, quick)
    only = [name.strip() for name in os.environ.get("BENCH_ONLY", "").split(";") if name.strip()]
    unknown = [name for name in only if name not in PARTS and name not in programs]
    if unknown or rounds < 1:
        sys.exit("bench: not known: %s\nbench: workloads: %s\nbench: parts: %s"
                 % ("; ".join(unknown), "; ".join(programs), "; ".join(PARTS)))
    ways = configurations.make_all(build)
    started = time.monotonic()

    def say(text):
        print("bench: %4.0f s  %s" % (time.monotonic() - started, text), file=sys.stderr, flush=True)

    def wanted(part, workload=None):
        return not only or part in only or (workload is not None and workload in only)

    def chosen(names):
        return [ways[name] for name in names]

    results = {"schema": "seep.bench/1", "quick": quick, "rounds": rounds, "only": only,
               "machine": machine.describe(build, bench), "load_before": os.getloadavg()[0]}
    if wanted("instructions"):
        names = configurations.SAMPLING[:4] if quick else configurations.SAMPLING
        results["instructions"] = instructions.measure(bench, chosen(names), ["tight"] if quick else list(instructions.MODES),
                                                       50_000 if quick else 1_000_000, say)
    for part, names in (("times", configurations.SAMPLING), ("every", configurations.EVERY)):
        results[part] = []
        for number, workload in enumerate(programs.values()):
            amount = workload.amount if part == "times" else workload.small
            if quick and part == "every" and workload.name != "churn":
                continue
            if amount and wanted(part, workload.name):
                fitting = [name for name in names if not workload.configurations or name in workload.configurations]
                if quick and part == "times" and not workload.configurations:  # on one allocator: they take turns
                    base = [name for name in names if not ways[name].base][number % 3]
                    fitting = [name for name in names if base in (name, ways[name].base)]
                results[part] += times.measure(bench, workload, chosen(fitting), amount,
                                               rounds if part == "times" else min(rounds, 2), say)
    if wanted("stacks"):
        results["stacks"] = stacks.measure(bench, quick, say)
    if wanted("latency"):
        results["latency"] = latency.measure(bench, chosen(configurations.LATENCY),
                                             200_000 if quick else 8_000_000, rounds, say)
    if wanted("closing"):
        results["closing"] = closing.measure(bench, build, closing_seconds, say)
    results["reach"] = rows_of(results)
    results["load_after"] = os.getloadavg()[0]
    results["seconds"] = round(time.monotonic() - started)
    text = "\n\n".join(title + "\n" + tables.as_text(table) for title, table in tables.sections(results)) + "\n"
    name = os.path.join(bench, "quick" if quick else "results")
    with open(name + ".json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, ensure_ascii=False)
    with open(name + ".txt", "w", encoding="utf-8") as file:
        file.write(text)
    print(text)
    failed = [row for part in ("times", "every") for row in results[part] if row["failed"]]
    for row in failed:
        print("bench: %s with %s: %s" % (row["workload"], row["configuration"], row["failed"]), file=sys.stderr)
    return 1 if any(row["configuration"].startswith("seep") or not row["base"] for row in failed) else 0


if __name__ == "__main__":
    sys.exit(main())
