# SPDX-License-Identifier: Apache-2.0
"""filter_layouts.py BUILD LAYOUT...: see filter_layouts.sh, which builds what this runs."""
import os
import statistics
import subprocess
import sys
import tempfile

from harness.configurations import JEMALLOC
from harness.processes import numbers_of

# Name, rate, arguments of pairs.
WORKLOADS = [("1 thread", "512K", ["churn", "20000000"]),
             ("2 threads", "512K", ["churn", "20000000", "2"]),
             ("1 thread, 640 MB", "512K", ["churn", "10000000", "1", "2000000"]),
             ("1 thread, 4K", "4K", ["churn", "4000000"]),
             ("1 thread, all", "1", ["churn", "500000"])]


def run(pairs, library, rate, arguments):
    """ns of CPU a pair."""
    with tempfile.TemporaryDirectory() as directory:
        environment = {"PATH": os.environ["PATH"], "LD_PRELOAD": ":".join([library] * bool(library) + [JEMALLOC]),
                       "SEEP_RATE": rate, "SEEP_OUTPUT": directory + "/%p"}
        said = subprocess.run([pairs] + arguments, env=environment, stdout=subprocess.PIPE, text=True, timeout=120,
                              check=True).stdout
    numbers = numbers_of(said)
    return numbers["cpu_ns"] / numbers["pairs"]


def main():
    build, layouts = os.path.abspath(sys.argv[1]), sys.argv[2:]
    rounds = int(os.environ.get("LAYOUT_RUNS", "9"))
    print("ns that seep adds to a pair of malloc and free over jemalloc: median [least, most] of %d rounds" % rounds)
    print("%-18s" % "" + "".join("%-20s" % layout for layout in layouts))
    for name, rate, arguments in WORKLOADS:
        added = {layout: [] for layout in layouts}
        for number in range(rounds):
            base = run(build + "/bench/pairs", "", rate, arguments)
            for layout in layouts if number % 2 == 0 else layouts[::-1]:
                library = "%s/filter-%s/libseep.so" % (build, layout)
                added[layout].append(run(build + "/bench/pairs", library, rate, arguments) - base)
        cells = ["%.1f [%.1f, %.1f]" % (statistics.median(each), min(each), max(each)) for each in added.values()]
        print("%-18s" % name + "".join("%-20s" % cell for cell in cells), flush=True)


if __name__ == "__main__":
    main()
