# SPDX-License-Identifier: Apache-2.0
"""A program that does not leak, at one rate: nothing may be called a leak without caution."""
import glob
import importlib
import os

from .leaking import bare
from .recording import Run, fits, judgements, screen
PROGRAMS = ["redis", "nginx", "postgres", "python"]
RATES = ["512K", "256K", "128K", "64K", "32K", "16K", "8K"]
TITLES = ["program", "rate", "recordings", "moments judged", "leaks without caution", "with caution", "wrong"]


class Row:
    """What is known of a program at a rate. `called` and `cautioned` are the functions that were called a leak."""

    def __init__(self, name, rate):
        self.name, self.rate = name, rate
        self.program = importlib.import_module(f"controls.{name}")
        self.complaints = []
        self.recordings = self.moments = 0
        self.called, self.cautioned = set(), set()

    def start(self, seep, directory, seconds):
        self.directory = os.path.join(directory, f"control-{self.name}-{self.rate}")
        self.run = Run(seep, self.program, None, os.path.join(self.directory, "%c.%p"), seconds, ["-r", self.rate])

    def finish(self, seep):
        self.run.wait()
        for recording in sorted(glob.glob(os.path.join(glob.escape(self.directory), "*"))):
            if len(glob.glob(os.path.join(glob.escape(recording), "*.seep"))) < 4:  # of a short life
                continue
            self.recordings += 1
            for leaks in judgements(seep, recording):
                self.moments += 1
                for place in leaks["places"]:
                    if place["verdict"] == "leak":
                        (self.cautioned if place["cautions"] else self.called).add(bare(place["function"]))
            if not fits(screen(seep, recording)):
                self.complaints.append(f"the first screen of {os.path.basename(recording)} does not fit")
        if self.called:
            self.complaints.append("called a leak")

    def cells(self):
        return [self.name, self.rate, str(self.recordings), str(self.moments), ", ".join(sorted(self.called)) or "0",
                ", ".join(sorted(self.cautioned)) or "0", "; ".join(self.complaints) or "nothing"]
