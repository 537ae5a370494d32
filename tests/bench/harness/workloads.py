# SPDX-License-Identifier: Apache-2.0
"""The programs that are run. Amounts are chosen for half a second or more each unprofiled, and less for every
allocation."""
import os
import shlex
import subprocess
from dataclasses import dataclass, field

HERE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "workloads")
PYTHON = "/usr/bin/python3"


@dataclass
class Workload:
    """A command; {amount} stands for how much of it."""

    name: str
    command: list
    amount: int
    small: int  # for the profilers of every allocation; 0: not measured there
    environment: dict = field(default_factory=dict)
    input_file: str = ""
    configurations: tuple = ()  # the only ones that make sense; none: all
    serves: bool = False  # a server, ended by its client

    def argv(self, amount):
        return [part.replace("{amount}", str(amount)) for part in self.command]


def compiler_command(light):
    """The compiler proper as g++ would start it: with the driver around it, no peer would follow."""
    source = os.path.join(HERE, "heavy_headers.cpp")
    said = subprocess.run(["g++", "-###", "-fsyntax-only", source] + (["-DLIGHT"] if light else []),
                          stderr=subprocess.PIPE, text=True, check=True).stderr
    line = next(line for line in said.splitlines() if "cc1plus" in line and line.startswith(" "))
    return shlex.split(line)


def make_all(bench, quick):
    """All workloads, by name. bench: where the programs and inputs are."""
    pairs = os.path.join(bench, "pairs")
    scale = 60 if quick else 1
    sql = os.path.join(bench, "work.sql")
    with open(sql, "w", encoding="ascii") as file:
        rows = "5000" if quick else "60000"
        subprocess.run([os.path.join(HERE, "sqlite_work.sh"), rows], stdout=file, check=True)
    workloads = [
        Workload("tight", [pairs, "tight", "{amount}"], 60_000_000 // scale, 1_000_000 // scale),
        Workload("churn", [pairs, "churn", "{amount}"], 40_000_000 // scale, 1_000_000 // scale),
        Workload("churn, 2 threads", [pairs, "churn", "{amount}", "2"], 40_000_000 // scale, 0),
        Workload("churn, 8 threads", [pairs, "churn", "{amount}", "8"], 20_000_000 // scale, 0),
        Workload("deep30", [pairs, "deep", "{amount}"], 40_000_000 // scale, 1_000_000 // scale),
        Workload("fragmenting", [os.path.join(bench, "fragment"), "{amount}"], 30 if not quick else 1, 0),
        Workload("python", [PYTHON, os.path.join(HERE, "python_work.py"), "{amount}"], 20 if not quick else 1,
                 1, {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}),
        Workload("sqlite3", ["sqlite3", ":memory:"], 1, 1, input_file=sql),
        Workload("perl", ["perl", os.path.join(HERE, "perl_work.pl"), "{amount}"], 40 if not quick else 3, 0,
                 {"PERL_HASH_SEED": "0"}),
        Workload("cc1plus", compiler_command(light=quick), 1, 0),
        Workload("cc1plus, light", compiler_command(light=True), 0, 1),
        # Debian's redis-server is linked with jemalloc.
        Workload("redis", ["redis-server", "--port", "0", "--unixsocket", "{socket}", "--save", "", "--daemonize",
                           "no", "--appendonly", "no"], 120_000 // scale, 0, serves=True,
                 configurations=("jemalloc", "seep over jemalloc", "jemalloc's profiler")),
    ]
    return {each.name: each for each in workloads}
