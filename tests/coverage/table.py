#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up what gcov counted: table.py BUILD. A line for each source file, the worst first, into BUILD/files.txt; the table
of folders for docs/COVERAGE.md on standard output; exit status 1 where a file is below LEAST."""
import collections
import concurrent.futures
import json
import os
import subprocess
import sys

LEAST = 80.0


def gcov(note):
    """What gcov says of one object, as far as it is about our sources: a function's line is known by its object's, too."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", note],
                          check=True, capture_output=True, text=True)
    return [file for line in done.stdout.splitlines() if line for file in json.loads(line)["files"]]


def add_up(build):
    """Source file -> line -> [executions, executions of each branch]."""
    root = os.path.join(os.getcwd(), "")
    notes = [os.path.join(folder, name) for folder, _, names in os.walk(build + "/obj") for name in names
             if name.endswith(".gcno") and "/obj/tests/" not in folder]
    sources = collections.defaultdict(dict)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for files in pool.map(gcov, notes):
            for file in files:
                name = os.path.relpath(file["file"], root)
                if name.split("/")[0] not in ("preload", "analyzer", "include"):
                    continue
                for line in file["lines"]:
                    counts = sources[name].setdefault(line["line_number"], [0, []])
                    counts[0] += line["count"]
                    here = [branch["count"] for branch in line["branches"] if not branch["throw"]]
                    counts[1] += [0] * (len(here) - len(counts[1]))
                    counts[1][:len(here)] = map(sum, zip(counts[1], here))
    return sources


class Sums:
    def __init__(self):
        self.lines = self.lines_run = self.branches = self.branches_run = 0

    def add(self, lines):
        for count, branches in lines.values():
            self.lines += 1
            self.lines_run += count > 0
            self.branches += len(branches)
            self.branches_run += sum(branch > 0 for branch in branches)

    def shares(self):
        return 100 * self.lines_run / max(self.lines, 1), 100 * self.branches_run / max(self.branches, 1)


def missing(lines):
    return " ".join(str(number) for number, (count, _) in sorted(lines.items()) if not count)


def main():
    build = sys.argv[1]
    sources = add_up(build)
    folders, files, total = collections.defaultdict(Sums), {}, Sums()
    for name, lines in sources.items():
        files[name] = Sums()
        for sums in (files[name], folders[os.path.dirname(name)], total):
            sums.add(lines)
    with open(build + "/files.txt", "w", encoding="utf-8") as out:
        for name in sorted(files, key=lambda name: files[name].shares()):
            out.write("%5.1f %5.1f  %s (%d lines): %s\n"
                      % (*files[name].shares(), name, files[name].lines, missing(sources[name])))
    print("| folder | lines | run | branches | run |\n|---|---|---|---|---|")
    for name, sums in [*sorted(folders.items()), ("**all**", total)]:
        lines, branches = sums.shares()
        print(f"| {name} | {sums.lines:,} | {lines:.1f} % | {sums.branches:,} | {branches:.1f} % |")
    low = [name for name in files if files[name].shares()[0] < LEAST]
    for name in sorted(low):
        print("below %.0f %%: %s, %.1f %%" % (LEAST, name, files[name].shares()[0]), file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
