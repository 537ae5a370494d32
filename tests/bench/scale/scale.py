#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the commands cost at the desk, by the number of sites.

    scale.py BUILD > docs/SCALE.md
    scale.py BUILD count

`make bench-scale` runs the first: 10,000 to 4 million sites in snapshots that make_snapshots.c writes, peers beside them.
In the environment: SCALE_SITES="10000 100000", SCALE_RUNS=3, SCALE_LARGE="report,diff" for what alone is measured above
100,000 sites, SCALE_SERIES_MOST=10000 for the largest series. The document says them. The second counts instructions under valgrind at few sites,
prints `COMMAND EXPONENT INSTRUCTIONS`, and takes some seconds.
"""
import math
import os
import pathlib
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import machine  # noqa: E402
from harness.counted import Commands  # noqa: E402

SECONDS_MAX = 120  # of CPU
WAIT_SECONDS_MAX = 1200
LARGE = 100_000
SETTINGS = ("SCALE_SITES", "SCALE_RUNS", "SCALE_LARGE", "SCALE_SERIES_MOST")
COUNTED = (8, 500, 2_000)
COMMANDS = {
    "report": ("report", "{after}"),
    "report --json": ("report", "--json", "{after}"),
    "diff": ("diff", "{before}", "{after}"),
    "diff --by=function": ("diff", "--by=function", "{before}", "{after}"),
    "diff --json": ("diff", "--json", "{before}", "{after}"),
    "check": ("check", "--budget={folder}/budgets.json", "--base={before}", "{after}"),
    "flame": ("flame", "--output={folder}/flame.svg", "{after}"),
    "flame --base": ("flame", "--output={folder}/flame.svg", "--base={before}", "{after}"),
    "export --format=pprof": ("export", "--format=pprof", "--output={folder}/pprof", "{after}"),
    "export --format=folded": ("export", "--format=folded", "--output={folder}/folded", "{after}"),
    "export --format=speedscope": ("export", "--format=speedscope", "--output={folder}/speedscope", "{after}"),
}
SERIES_COMMANDS = {
    "leaks": ("leaks", "{folder}"),
    "leaks --json": ("leaks", "--json", "{folder}"),
    "bundle": ("bundle", "--output=/dev/null", "{folder}"),
}
# Snapshots and sites; and the command, which of both grows, and how.
SERIES = ((64, 10_000), (16, 100_000), (64, 100_000))
SERIES_COUNTED = {
    "leaks by sites": ("leaks", 1, ((6, 8), (6, 100), (6, 400))),
    "leaks by snapshots": ("leaks", 0, ((6, 60), (12, 60), (30, 60))),
    "bundle by snapshots": ("bundle", 0, ((3, 60), (6, 60), (24, 60))),
}
# Name, program, arguments, and up to how many sites it ends in some minutes.
PEERS = (
    ("heaptrack_print", "heaptrack_print", ("-f", "{folder}/heaptrack.trace"), 100_000),
    ("go tool pprof -top", "go", ("tool", "pprof", "-top", "{folder}/pprof"), 10_000),
    ("google-pprof --text", "google-pprof", ("--text", "/bin/true", "{folder}/pprof.heap"), 10_000),
)


BUDGETS = """{"schema": "seep.budgets/1", "budgets": [
    {"name": "all", "measure": "in_use", "most": "+10%"}, {"name": "all that came", "measure": "allocated", "most": "+50%"},
    {"name": "every place", "measure": "in_use", "each": "place", "most": "+20%"}]}"""


def inflated_bytes(path):
    """The file's size if none of its sections were packed (include/seep/snapshot.h)."""
    data = pathlib.Path(path).read_bytes()
    sections = list(struct.iter_unpack("<IIQQII", data[64:64 + 32 * struct.unpack_from("<I", data, 24)[0]]))
    return len(data) + sum(entries * each - packed for _, each, _, packed, _, entries in sections if entries)


class Series:
    """Snapshots of so many sites, in a folder that goes away."""

    def __init__(self, build, sites, snapshots=2, mode="heaptrack"):
        self.folder = tempfile.mkdtemp(prefix="seep-scale.")
        subprocess.run([build / "bench/make_snapshots", str(sites), str(snapshots), self.folder, mode], check=True)
        pathlib.Path(self.folder, "budgets.json").write_text(BUDGETS, encoding="utf-8")
        self.names = {"before": f"{self.folder}/000001.seep", "after": f"{self.folder}/000002.seep", "folder": self.folder}
        self.file_bytes = os.stat(self.names["after"]).st_size
        self.inflated_bytes = inflated_bytes(self.names["after"])

    def arguments(self, *arguments):
        return [argument.format(**self.names) for argument in arguments]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def measure(command):
    """CPU seconds of user and system, and peak memory, children included; None: it failed or took too long."""
    limits = ["timeout", str(WAIT_SECONDS_MAX), "prlimit", f"--cpu={SECONDS_MAX}"]
    with subprocess.Popen([*limits, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return None if process.returncode else (usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median_of(runs, command):
    seen = [measure(command) for _ in range(runs)]
    if None in seen:
        return None
    return tuple(statistics.median(values) for values in zip(*seen))


def exponent(sizes, costs):
    """The slope of the straight line through the logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(max(cost, 1e-3)) for cost in costs]
    return statistics.linear_regression(x, y).slope if len(x) > 1 else math.nan


def count(build, counter):
    """What a run costs at eight sites is taken off: it would hide how the rest grows."""
    commands = ("report", "diff", "flame", "export --format=pprof")
    counted = {name: [] for name in commands}
    for sites in COUNTED:
        with Series(build, sites) as series:
            for name in commands:
                counted[name].append(counter.instructions(series.arguments(*COMMANDS[name]), sites == COUNTED[0]))
    for name, (fixed, few, many) in counted.items():
        print(f"{name}\t{exponent(COUNTED[1:], (few - fixed, many - fixed)):.3f}\t{(many - few) / (COUNTED[2] - COUNTED[1]):.0f}")


def count_series(build, counter):
    """Of a whole series: how the commands grow with the sites, and with the snapshots."""
    for title, (name, axis, shapes) in SERIES_COUNTED.items():
        costs = []
        for snapshots, sites in shapes:
            with Series(build, sites, snapshots, "series") as series:
                costs.append(counter.instructions(series.arguments(*SERIES_COMMANDS[name]), not costs))
        sizes, (fixed, few, many) = [shape[axis] for shape in shapes], costs
        grown = exponent([size - sizes[0] for size in sizes[1:]], (few - fixed, many - fixed))
        print(f"{title}\t{grown:.3f}\t{(many - few) / (sizes[2] - sizes[1]):.0f}")


def peers_of(series, sites, seep):
    for name, program, arguments, most in PEERS:
        if sites <= most and shutil.which(program):
            if name.startswith("google"):
                subprocess.run([seep, *series.arguments("export", "--format=gperftools", "--output={folder}/pprof.heap", "{after}")],
                               check=True, stderr=subprocess.DEVNULL)
            yield name, [program, *series.arguments(*arguments)]


def cell(cost, file_bytes=0, inflated=0):
    if cost is None:
        return "failed"
    share = f", {cost[1] / file_bytes:.1f} times the files, {cost[1] / inflated:.1f} times inflated" if file_bytes else ""
    return f"{cost[0]:.2f} s, {cost[1] / 2**20:.0f} MiB{share}"


def bench(build):
    sizes = [int(word) for word in os.environ.get("SCALE_SITES", "10000 100000 1000000 4000000").split()]
    runs = int(os.environ.get("SCALE_RUNS", "3"))
    begun, rows, files = os.getloadavg()[0], {}, []
    for sites in sizes:
        with Series(build, sites) as series:
            files.append(f"{sites:,}: {series.file_bytes / 2**20:.0f} MiB, inflated {series.inflated_bytes / 2**20:.0f}")
            commands = [(f"seep {name}", [build / "seep", *series.arguments(*arguments)]) for name, arguments in COMMANDS.items()]
            if sites > LARGE and "SCALE_LARGE" in os.environ:
                commands = [row for row in commands if row[0].removeprefix("seep ") in os.environ["SCALE_LARGE"].split(",")]
            for name, command in commands + list(peers_of(series, sites, build / "seep")):
                print(time.strftime("%H:%M:%S"), sites, name, file=sys.stderr)
                files_read = sum(str(word).count(".seep") for word in command)
                cost = median_of(runs, command)
                rows.setdefault(name, {})[sites] = (cost, files_read * series.file_bytes, files_read * series.inflated_bytes)
    write_document(build, sizes, rows, files, begun)
    write_series(build, runs)


def write_series(build, runs):
    shapes = [shape for shape in SERIES if shape[1] <= int(os.environ.get("SCALE_SERIES_MOST", "100000"))]
    print(f"""
## Series

The same with a recording of many snapshots, whose sites leak, fill up, stop, churn and stay (`tests/bench/scale/series_sites.h`).

| command | {" | ".join(f"{snapshots} snapshots of {sites:,} sites" for snapshots, sites in shapes)} |
|---|{"---|" * len(shapes)}""")
    rows = {name: [] for name in SERIES_COMMANDS}
    for snapshots, sites in shapes:
        with Series(build, sites, snapshots, "series") as series:
            for name, arguments in SERIES_COMMANDS.items():
                print(time.strftime("%H:%M:%S"), snapshots, sites, name, file=sys.stderr)
                rows[name].append(cell(median_of(runs, [build / "seep", *series.arguments(*arguments)])))
    for name, cells in rows.items():
        print(f"| seep {name} | {' | '.join(cells)} |")


def write_document(build, sizes, rows, files, begun):
    about = machine.describe(str(build), str(build))
    settings = "".join(f'{name}="{os.environ[name]}" ' for name in SETTINGS if name in os.environ)
    print(f"""# The commands at the desk, by the number of sites

Generated by `{settings}make bench-scale`; not edited by hand.
{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']},
{about['seep']}; load average at the beginning {begun:.1f}.

`tests/bench/scale/make_snapshots.c` writes snapshots whose stacks have 30 frames, with two live samples a site, in modules
without a file (every address is a name of its own, which is the most that a command can meet). Sizes of a snapshot:
{"; ".join(files)}. Time is CPU of user and system together, children included, because the
machine has other work. The share of caches and memory bandwidth that this takes still slows the commands down. Memory is the peak RSS of the largest process.
"Inflated" is a file with no section packed: the size that files had at 9224c57, where memory of 1.2 times the files was asked for.
The exponent is that of the number of sites, fitted to the times.

| command | {" | ".join(f"{size:,} sites" for size in sizes)} | exponent |
|---|{"---|" * (len(sizes) + 1)}""")
    for name, costs in rows.items():
        known = [(size, costs[size][0][0]) for size in sizes if size in costs and costs[size][0]]
        slope = exponent(*zip(*known)) if len(known) > 1 else math.nan
        cells = [cell(*costs[size]) if size in costs else "" for size in sizes]
        print(f"| {name} | {' | '.join(cells)} | {'' if math.isnan(slope) else f'{slope:.2f}'} |")
    print("\nThe peers get the same stacks: heaptrack a trace of its own, the others what `seep export` makes of the snapshot. A small version of"
          "\nthis with counted instructions is in `make check` (`tests/e2e/test_scale.sh`): growth beyond n^1.1 fails there.")


if __name__ == "__main__":
    BUILD = pathlib.Path(sys.argv[1]).resolve()
    if sys.argv[2:] == ["count"]:
        with Commands(BUILD / "seep") as counting:
            count(BUILD, counting)
            count_series(BUILD, counting)
    else:
        bench(BUILD)
