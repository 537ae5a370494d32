#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How accurate `seep leaks` is, beside jeprof's diff and heaptrack: `make accuracy`.

Real programs (patterns.c) are recorded by seep, profiled by jemalloc, and traced by heaptrack; simulated recordings
(simulated.c) give coverage and false alarms over many seeds. Results go to BUILD/accuracy/results.json and to
docs/ACCURACY.md; what of the goals is missed is printed, and is exit status 1.

    run.py BUILD [--seeds N] [--runs N] [--shape-seeds N] [--first-seed N] [--no-document]
"""
import argparse
import glob
import json
import math
import os
import re
import shutil
import subprocess
import sys

import objects

LEAKING = ["churn-1000", "churn-10000", "buffers", "table", "list", "one-of-200", "realloc"]
QUIET = ["cache", "pool", "sawtooth", "sessions", "fragmentation", "threads"]
RATE = 4096
LEAKED = 20  # sampling rates
SECONDS = 2.5
INTERVAL_MS = 100
LONG = 60  # sampling rates in the run that detection is timed in
JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
GUILTY = ("leak_here", "leak_here_too")


def run(command, timeout=60, **rest):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SEEP_") and k != "LD_PRELOAD"}
    environment.update(rest.pop("env", {}))
    return subprocess.run(command, timeout=timeout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **rest)


class Bench:
    def __init__(self, build, runs, seeds, shape_seeds, first_seed):
        self.build = os.path.abspath(build)
        self.work = os.path.join(self.build, "accuracy")
        self.runs, self.seeds, self.shape_seeds, self.first_seed = runs, seeds, shape_seeds, first_seed
        self.program = os.path.join(self.work, "patterns")
        self.missed = []

    def goal(self, holds, text):
        if not holds:
            self.missed.append(text)

    # seep
    def record(self, name, number, rates, seconds):
        recording = os.path.join(self.work, f"{name}.{number}")
        shutil.rmtree(recording, ignore_errors=True)
        done = run([os.path.join(self.build, "seep"), "run", "-r", str(RATE), "-i", f"{INTERVAL_MS}ms", "-o", recording,
                    "--", self.program, name, str(seconds), str(rates * RATE)])
        if done.returncode or not os.path.isdir(recording):
            raise SystemExit(f"accuracy: {name}: {done.stderr.strip()}")
        return recording, int(re.search(r"leaked (\d+) bytes", done.stdout).group(1))

    def verdicts(self, recording):
        done = run([os.path.join(self.build, "seep"), "leaks", "--json", recording])
        return json.loads(done.stdout) if done.returncode == 0 else None

    @staticmethod
    def is_guilty(site):
        return any(frame["function"] in GUILTY for frame in site["stack"][:2])

    def seep(self, name):
        result = {"runs": 0, "first": 0, "leak": 0, "verdicts": 0, "false": 0}
        for number in range(self.runs):
            recording, _ = self.record(name, number, LEAKED, SECONDS)
            sites = self.verdicts(recording)["sites"]
            result["runs"] += 1
            result["first"] += self.is_guilty(sites[0])
            result["leak"] += any(self.is_guilty(s) and s["verdict"] == "leak" for s in sites)
            innocent = [s for s in sites if not self.is_guilty(s)]
            result["verdicts"] += len(innocent)
            result["false"] += sum(s["verdict"] == "leak" for s in innocent)
            shutil.rmtree(recording, ignore_errors=True)  # its names may still be on their way into it
        return result

    def detection(self, name):
        """Sampling rates leaked until the verdict is there and stays: the recording read from its beginning on."""
        recording, leaked = self.record(name, "long", LONG, 2 * SECONDS)
        snapshots = sorted(glob.glob(os.path.join(recording, "*.seep")))
        part = recording + ".part"
        shutil.rmtree(part, ignore_errors=True)
        os.mkdir(part)
        found = None
        for i, snapshot in enumerate(snapshots):
            os.link(snapshot, os.path.join(part, os.path.basename(snapshot)))
            verdicts = self.verdicts(part)
            is_there = bool(verdicts) and any(self.is_guilty(s) and s["verdict"] == "leak" for s in verdicts["sites"])
            if not is_there:
                found = None
            elif found is None:
                found = verdicts["seconds"] / (2 * SECONDS) * leaked / RATE
        shutil.rmtree(part)
        shutil.rmtree(recording, ignore_errors=True)
        return found and round(min(found, leaked / RATE), 1)

    # jemalloc: its own sampling at the same rate, the later profile less the earlier one
    def jeprof(self, name):
        dump = os.path.join(self.work, f"jeprof.{name}")
        done = run([self.program, name, str(SECONDS), str(LEAKED * RATE)], env={
            "LD_PRELOAD": JEMALLOC, "ACCURACY_DUMP": dump,
            "MALLOC_CONF": f"prof:true,prof_active:true,lg_prof_sample:{int(math.log2(RATE))}"})
        if done.returncode or not os.path.exists(dump + ".1"):
            return None
        try:
            done = run(["jeprof", "--text", "--show_bytes", f"--base={dump}.0", self.program, dump + ".1"], timeout=300)
        except subprocess.TimeoutExpired:
            return None
        rows = []
        for line in done.stdout.splitlines():
            found = re.match(r"\s*(-?\d+)\s+\S+\s+\S+\s+(-?\d+)\s+\S+\s+(\S+)", line)
            if found:
                rows.append((int(found.group(1)), found.group(3)))
        return self.ranked(rows)

    # heaptrack sees every allocation; a block that is not freed at the end is a leak
    def heaptrack(self, name):
        output = os.path.join(self.work, f"heaptrack.{name}")
        for old in glob.glob(output + "*"):
            os.remove(old)
        run(["heaptrack", "-o", output, self.program, name, str(SECONDS), str(LEAKED * RATE)], timeout=120)
        files = glob.glob(output + "*")
        if not files:
            return None
        done = run(["heaptrack_print", "-f", files[0], "--print-leaks=1", "--print-peaks=0", "--print-allocators=0",
                    "--print-temporary=0"], timeout=120)
        rows, lines = [], done.stdout.splitlines()
        for i, line in enumerate(lines):
            found = re.match(r"([\d.]+)([KMG]?)B? leaked over \d+ calls from$", line)
            if found and i + 1 < len(lines):
                unit = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}[found.group(2)]
                rows.append((float(found.group(1)) * unit, lines[i + 1].strip()))
        for old in files:
            os.remove(old)
        return self.ranked(rows)

    @staticmethod
    def ranked(rows):
        """Rank of what leaks, and how many innocent rows show a tenth of the leak or more."""
        rows = sorted((row for row in rows if row[0] > 0), reverse=True)
        guilty = [i for i, row in enumerate(rows) if row[1].startswith(GUILTY)]
        leak = rows[guilty[0]][0] if guilty else LEAKED * RATE
        innocent = sum(not row[1].startswith(GUILTY) and row[0] >= leak / 10 for row in rows)
        return {"rank": guilty[0] + 1 if guilty else None, "innocent": innocent}

    def real(self):
        results = {}
        for name in LEAKING + QUIET:
            print(f"accuracy: {name}", file=sys.stderr)
            result = {"seep": self.seep(name), "jeprof": self.jeprof(name), "heaptrack": self.heaptrack(name)}
            if name in LEAKING:
                result["detected"] = self.detection(name)
                seep = result["seep"]
                self.goal(seep["first"] == seep["runs"], f"{name}: ranked first in {seep['first']} of {seep['runs']}")
            self.goal(result["seep"]["false"] == 0, f"{name}: {result['seep']['false']} false leaks in real runs")
            results[name] = result
        return results

    def simulation_start(self, rates):
        """In the background: the real programs sleep most of their time."""
        return subprocess.Popen(["nice", os.path.join(self.work, "simulated"), str(self.seeds), str(rates)],
                                stdout=subprocess.PIPE, text=True)

    def simulated(self, rates, process):
        print(f"accuracy: {self.seeds} simulated seeds at {rates} R", file=sys.stderr)
        lines = [line.split("\t") for line in process.communicate(timeout=900)[0].splitlines()]
        rows = [dict(zip(lines[0], line)) for line in lines[1:]]
        verdicts = sum(int(row["verdicts"]) for row in rows)
        false = sum(int(row["false"]) for row in rows)
        self.goal(false * 1000 <= verdicts, f"{false} false leaks of {verdicts} simulated verdicts at {rates} R")
        for row in rows:
            for kind in ("in_use", "growth", "rate"):
                if row[kind + "_covered"] == "-":
                    continue
                covered, count = float(row[kind + "_covered"]), int(row[kind + "_count"])
                least = 0.95 - 3.72 * math.sqrt(0.95 * 0.05 / count)
                self.goal(covered >= least, f"{row['pattern']} at {rates} R: the interval of {kind} covers {covered} of "
                          f"{count}, less than {least:.3f}")
            if rates >= LEAKED and row["first"] != "-":
                self.goal(float(row["first"]) >= 0.95, f"{row['pattern']} simulated: first in {row['first']}")
        return rows


    # Adversarial shapes of a site's memory: the verdicts they get, and the leaks that are missed.
    def shapes(self):
        print(f"accuracy: shapes, {self.shape_seeds} seeds", file=sys.stderr)
        done = subprocess.run(["nice", os.path.join(self.work, "shapes"), str(self.shape_seeds), str(self.first_seed)],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=1800)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        rows = [dict(zip(lines[0], line)) for line in lines[1:]]
        covered = count = 0
        for row in rows:
            runs, where = int(row["runs"]), f"{row['shape']} at {row['volume']} R, {row['grid']} grid"
            covered, count = covered + int(row["rate_covered"]), count + int(row["rate_count"])
            if row["kind"] in ("stopped", "ramp", "cache"):
                self.goal(int(row["sure"]) <= 0.01 * runs, f"{where}: surely a leak in {row['sure']} of {runs}")
            if row["kind"] == "leak" and row["volume"] == "60":
                self.goal(int(row["leak"]) >= 0.9 * runs, f"{where}: called a leak in {row['leak']} of {runs}")
        self.goal(covered >= 0.93 * count, f"rates of the shapes that leak: {covered} of {count} covered")
        return {"rows": rows, "covered": covered, "count": count}


    # Leaks over many places: how often they are reported together, also where nothing leaks.
    def spreads(self):
        print(f"accuracy: spreads, {self.seeds} runs", file=sys.stderr)
        done = subprocess.run(["nice", os.path.join(self.work, "spreads"), str(self.seeds)], stdout=subprocess.PIPE,
                              text=True, check=True, timeout=3600)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        rows = [dict(zip(lines[0], line)) for line in lines[1:]]
        for row in rows:
            runs, where = int(row["runs"]), f"spread: {row['leaked']} R leaked beside {row['steady']} R"
            most = 0.05 + 3.72 * math.sqrt(0.05 * 0.95 / runs)
            self.goal(float(row["false_share"]) <= most, f"{where}: a share of {row['false_share']} false")
        return rows


def spread_table(write, rows):
    write("\n## Leaks over many places\n")
    write("There are 240 stacks, each with a place of its own: 20 of them below each of 12 functions, which are below 3 others, in 2 modules. Memory comes and goes "
          "evenly everywhere, and below one function it leaks (`tests/unit/analyzer/support/spread_simulator.c`). The columns count runs: "
          "those in which a single place was called leak or growing; those in which joint growth of places was *told* for a set that "
          "leaks (the function, its callers, its module, the program), and for the function itself; those with a *false* report. "
          "The false discovery rate (the false share of all reports, averaged over the runs) is to be 0.05 at most.\n")
    write("| leaked | beside | runs | a single place | told | of the function | as a leak | false | false discovery rate |")
    write("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        write(f"| {row['leaked']} R | {row['steady']} R | " + " | ".join(
            row[field] for field in ("runs", "with_place", "found", "at_function", "leak", "with_false", "false_share")) + " |")


def shape_tables(write, shapes, seeds, first):
    """Two tables: what leaks and what does not, before and after, by volume."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "shapes_before.json"), encoding="utf-8") as file:
        before = json.load(file)
    rows = {(row["shape"], row["volume"]): row for row in shapes["rows"] if row["grid"] == "even"}
    volumes = ("20", "60", "300")

    def shares(shape, field):
        return " / ".join("%.0f" % (100 * int(rows[shape, v][field]) / int(rows[shape, v]["runs"])) for v in volumes)

    def table(title, kinds):
        write(f"\n### {title}\n")
        write("| shape | before: leak | leak | of these without caution | the same with --references | growing | stopped | unknown | steady | churn |")
        write("|---|---|---|---|---|---|---|---|---|---|")
        for shape in dict.fromkeys(name for name, _ in rows):
            if rows[shape, "20"]["kind"] in kinds:
                was = " / ".join(map(str, before[shape])) if shape in before else "-"
                cells = [shares(shape, field) for field in ("leak", "sure", "sure_referenced", "growing", "stopped", "unknown", "steady", "churn")]
                write(f"| {shape} | {was} | " + " | ".join(cells) + " |")

    def of_volumes(field, kinds):
        parts = [[row for row in shapes["rows"] if row["volume"] == v and row["kind"] in kinds] for v in volumes]
        return [(sum(int(row[field]) for row in part), sum(int(row["runs"]) for row in part)) for part in parts]

    sure = of_volumes("sure", ("stopped", "ramp", "cache"))
    looked_wrong, looked_right = (of_volumes("sure_referenced", kinds) for kinds in (("stopped", "ramp", "cache", "either"), ("leak",)))
    wrong, right = (of_volumes("sure", kinds) for kinds in (("stopped", "ramp", "cache", "either"), ("leak",)))
    called = of_volumes("leak", ("leak",))
    write("\n## Adversarial shapes\n")
    write(f"{len(before)} shapes of a site's memory (`tests/unit/analyzer/support/shapes.c`), all in one recording of 48 "
          f"snapshots, {seeds} seeds from {first} on, none of which was used to make the rule; L is the recording's length. Cells are per cent of the runs, at a "
          "volume of 20 / 60 / 300 R; *before* is by the rule that held until births were looked at. The same shapes on a grid that is dense "
          f"at first and has a gap are not shown. On both grids, by volume, **{' / '.join(str(s) for s, _ in sure)} of {sure[0][1]} "
          "recordings of shapes that stopped, ramp up or are caches are called a leak without caution**, and "
          f"{' / '.join(f'{100 * c / n:.1f}' for c, n in called)} % of the leaks are called leaks. The leak rate's interval covers the "
          f"true pace in {shapes['covered']} of {shapes['count']} cases ({shapes['covered'] / shapes['count']:.3f}); shapes that are not "
          "leaks but were called so are among these, and the true pace of a cache is 0.\n\n"
          "The hardest leak is the one beside a random cache of 2 V: only past 0.61 L, the oldest age that is tried, is next to "
          "nothing of the cache left, and on average only 23 R of the leak were born early enough for that. At 60 R it is called in 214 "
          "of 240 recordings (seeds 7001, 9001, 12001 and 15001 on, of which those from 9001 were used to make the rule); [SAMPLING.md](SAMPLING.md) says why the others are missed.\n\n"
          "*With --references* assumes that references were looked for at the end, and that the search found the truth: nothing refers to leaked "
          f"memory, and everything else is referenced. Of the shapes that are not leaks, or may not be, {' / '.join(str(s) for s, _ in looked_wrong)} are then called a leak without caution where "
          f"{' / '.join(str(s) for s, _ in wrong)} were; of the leaks, {' / '.join(f'{100 * s / n:.1f}' for s, n in looked_right)} % where "
          f"{' / '.join(f'{100 * s / n:.1f}' for s, n in right)} % were. "
          "Which cautions a proof of loss takes away was chosen with seeds 7001 to 7010 in sight.")
    table("Leaks", ("leak",))
    table("Not leaks: memory that has stopped growing, ramps up, or is a cache", ("stopped", "ramp", "cache"))
    table("Shapes that nobody can tell from leaks", ("either",))


def number(value):
    return "-" if value is None else str(value)


def document(results, bench):
    out = []
    write = out.append
    write("# How accurate the verdicts are\n")
    write(f"Generated by `make accuracy` (runs: {bench.runs}, seeds: {bench.seeds}, of the shapes {bench.shape_seeds}); "
          "`tests/bench/accuracy/` has the programs. R is the sampling rate.\n")
    write("## Real programs, beside jeprof and heaptrack\n")
    write(f"Each program runs for {SECONDS} s, with a snapshot every {INTERVAL_MS} ms and R = {RATE} bytes (which has "
          f"the statistics of hours at 512 KiB), and leaks {LEAKED} R beside a pool, a cache, batches, "
          "sessions, fragments and a thread that frees. jemalloc samples at the same rate; jeprof shows its last profile less "
          "that of a quarter of the time. heaptrack sees every allocation and lists all memory that the program still holds at its end. Neither gives a "
          "verdict: *innocent* is the number of functions that do not leak and that they list with a tenth of the leak's "
          "bytes or more. *Detected* is how much had leaked when the verdict came to stay, in a run that leaks "
          f"{LONG} R.\n")
    write("| pattern | seep: first | called leak | false leaks of verdicts | detected | jeprof: rank | innocent | heaptrack: rank | innocent |")
    write("|---|---|---|---|---|---|---|---|---|")
    for name, result in results["real"].items():
        seep, jeprof, heaptrack = result["seep"], result["jeprof"] or {}, result["heaptrack"] or {}
        leaks = name in LEAKING
        detected = result.get("detected")
        write(f"| {name} | {'%d of %d' % (seep['first'], seep['runs']) if leaks else '-'} | "
              f"{'%d of %d' % (seep['leak'], seep['runs']) if leaks else '-'} | {seep['false']} of {seep['verdicts']} | "
              f"{'%s R' % detected if detected else '-' if not leaks else 'not in %d R' % LONG} | "
              f"{number(jeprof.get('rank')) if leaks else '-'} | {number(jeprof.get('innocent'))} | "
              f"{number(heaptrack.get('rank')) if leaks else '-'} | {number(heaptrack.get('innocent'))} |")
    for rates, rows in results["simulated"].items():
        verdicts = sum(int(row["verdicts"]) for row in rows)
        false = sum(int(row["false"]) for row in rows)
        write(f"\n## Simulated recordings, {rates} R leaked\n")
        write(f"{bench.seeds} seeds a pattern at R = 512 KiB, 24 snapshots each; every allocation is known "
              "(`tests/unit/analyzer/support/series_simulator.c`). These runs are simulated: real ones would take days. "
              f"**{false} false leaks in {verdicts} verdicts on sites that do not leak.** Widths are averages: those of in use and "
              "growth in R, that of the leak rate as a part of the true rate.\n")
        write("| pattern | ranked first | called leak | false of verdicts | in use: covers | width | growth: covers | width | leak rate: covers | width |")
        write("|---|---|---|---|---|---|---|---|---|---|")
        for row in rows:
            write(f"| {row['pattern']} | {row['first']} | {row['found']} | {row['false']} of {row['verdicts']} | "
                  f"{row['in_use_covered']} | {row['in_use_width']} | {row['growth_covered']} | {row['growth_width']} | "
                  f"{row['rate_covered']} | {row['rate_width']} |")
    objects.tables(write, results["objects"])
    shape_tables(write, results["shapes"], bench.shape_seeds, bench.first_seed)
    spread_table(write, results["spreads"])
    write("\n## Goals that this run missed\n")
    write("\n".join(f"* {text}" for text in bench.missed) if bench.missed else "None.")
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--shape-seeds", type=int, default=60)
    parser.add_argument("--first-seed", type=int, default=7001, help="of the shapes; others than the rule was made with")
    parser.add_argument("--no-document", action="store_true")
    options = parser.parse_args()
    bench = Bench(options.build, options.runs, options.seeds, options.shape_seeds, options.first_seed)
    running = {rates: bench.simulation_start(rates) for rates in (5, LEAKED)}
    results = {"real": bench.real()}
    results["simulated"] = {str(rates): bench.simulated(rates, process) for rates, process in running.items()}
    results["objects"] = objects.measure(bench.build, 20 * bench.seeds)
    bench.missed += objects.misses(results["objects"])
    results["shapes"] = bench.shapes()
    results["spreads"] = bench.spreads()
    results["missed"] = bench.missed
    with open(os.path.join(bench.work, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    text = document(results, bench)
    where = [os.path.join(bench.work, "ACCURACY.md")]
    if not options.no_document:
        where.append("docs/ACCURACY.md")
    for path in where:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    print(text)
    return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
