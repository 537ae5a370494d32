# SPDX-License-Identifier: Apache-2.0
"""A leaking program that is killed at each of 50 points of its shutdown, or ends: the verdict is that of the moment before."""
import json
import os
import shutil
import subprocess

from .leaking import bare
from .recording import ask, clean_environment, fits, screen
from .tree import Failed, Tree

POINTS, ORDERS, AT_ONCE = 50, 3, 5
TITLES = ["points", "first and a leak", "wrong"]


class Row:
    """All points, the destructors in one of three orders each."""

    def __init__(self):
        self.right = 0
        self.complaints = []

    def start(self, _, directory, __):
        self.directory = os.path.join(directory, "shutdown")
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs", "shutdown.cpp")
        Tree(self.directory).sh(f"g++ -O1 -g -fno-builtin -o shutdown '{source}'")

    def run(self, seep, point):
        return subprocess.Popen([seep, "run", "-r", "2K", "-i", "100ms", "-o", f"point{point}", "--", "./shutdown", str(point),
                                 str(point % ORDERS)], cwd=self.directory, env=clean_environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def finish(self, seep):
        for first in range(0, POINTS + 1, AT_ONCE):
            points = range(first, min(first + AT_ONCE, POINTS + 1))
            for run in [self.run(seep, point) for point in points]:
                run.wait(120)
            for point in points:
                try:
                    self.judge(seep, point)
                except Failed as problem:
                    self.complaints.append(str(problem))

    def judge(self, seep, point):
        recording = os.path.join(self.directory, f"point{point}")
        leaks = json.loads(ask(seep, "leaks", "--json", recording))
        place = leaks["places"][0]
        innocent = {bare(other["function"]) for other in leaks["places"][1:] if other["verdict"] == "leak" and not other["cautions"]}
        is_right = "session_begin" in (place["function"] or "") and place["verdict"] == "leak" and not innocent
        report = json.loads(ask(seep, "report", "--json", "--by=place", recording))
        in_use = {bare(site["stack"][0]["function"]): site["inuse_bytes"] for site in report["sites"] if site["stack"]}
        is_right &= fits(screen(seep, recording)) and max(in_use, key=in_use.get).endswith("session_begin")
        self.right += is_right
        if not is_right:
            self.complaints.append(f"at point {point} {bare(place['function'])} is {place['verdict']}, {sorted(innocent)}, "
                                   f"judged at {leaks['judged']['age_ns'] / 1e9:.2f} s, report: {max(in_use, key=in_use.get)}")

    def cells(self):
        return [str(POINTS + 1), str(self.right), "; ".join(self.complaints) or "nothing"]
