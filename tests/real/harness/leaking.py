# SPDX-License-Identifier: Apache-2.0
"""A program with a free taken out, beside itself without that edit: what is expected of `seep leaks`, and a table's row."""
import importlib
import os
import re

from .recording import FIRST, RATE, Run, fits, judgements, screen
from .tree import build

PROGRAMS = ["lua", "jq", "python", "dnsmasq", "mosquitto", "libevent", "zeromq"]
WITHIN_S, ENOUGH = 60, 20  # a leak of this many sampling rates is called a leak that early
TITLES = ["program", "what", "taken out again", "load", "leaked in 60 s", "called first after", "first at the end", "wrong"]


def bare(function):
    return re.sub(r"\(.*", "", (function or "[no name]").replace("(anonymous namespace)::", ""))


class Row:
    """What is known of a program."""

    def __init__(self, name):
        self.name = name
        self.program = importlib.import_module(f"programs.{name}")
        self.complaints = []
        self.version = self.called_s = self.called_bytes = self.first = None
        self.by_then = 0

    def expect(self, holds, text):
        if not holds and text not in self.complaints:
            self.complaints.append(text)

    def is_true(self, place):
        return bool(re.search(self.program.PLACES, place["function"] or ""))

    def start(self, seep, directory, seconds):
        self.version, mended, leaking = build(self.program, os.path.join(directory, self.name))
        self.recordings = {kind: os.path.join(directory, self.name, f"{kind}.recording") for kind in ("mended", "leaking")}
        self.runs = [Run(seep, self.program, products, self.recordings[kind], seconds)
                     for kind, products in (("mended", mended), ("leaking", leaking))]

    def finish(self, seep):
        for run in self.runs:
            run.wait()
        self.judge_leaking(seep)
        self.judge_mended(seep)

    def look(self, leaks):
        """What is said after one snapshot."""
        seconds = leaks["judged"]["age_ns"] / 1e9
        leaking = [place for place in leaks["places"] if place["verdict"] == "leak"]
        in_use = sum(place["inuse_bytes"] for place in leaks["places"] if self.is_true(place))
        if seconds <= WITHIN_S + 1:
            self.by_then = max(self.by_then, in_use)
        if self.called_s is None and leaking and self.is_true(leaking[0]):
            self.called_s, self.called_bytes = seconds, in_use
        for place in leaking:
            self.expect(self.is_true(place) or place["cautions"],
                        f"after {seconds:.0f} s {bare(place['function'])} is called a leak, and is none")

    def judge_leaking(self, seep):
        for leaks in judgements(seep, self.recordings["leaking"]):
            self.look(leaks)
        place = leaks["places"][0]
        self.first = f"`{bare(place['function'])}` {os.path.basename(place['file'] or '?')}:{place['line']}"
        self.expect(self.is_true(place), f"first at the end is {self.first}")
        if self.by_then >= ENOUGH * RATE:
            self.expect(self.called_s is not None and self.called_s <= WITHIN_S + 1,
                        f"{self.by_then / RATE:.0f} R in {WITHIN_S} s, called after {self.called_s} s")
            self.expect(place["verdict"] == "leak", f"first at the end is {place['verdict']}")
        lines = screen(seep, self.recordings["leaking"])
        self.expect(fits(lines), "the first screen does not fit")
        self.expect(any(f":{place['line']}" in line for line in lines[:FIRST]), f"its first {FIRST} rows do not name the line")

    def judge_mended(self, seep):
        for leaks in judgements(seep, self.recordings["mended"]):
            for place in leaks["places"]:
                self.expect(place["verdict"] != "leak" or place["cautions"],
                            f"mended, after {leaks['judged']['age_ns'] / 1e9:.0f} s {bare(place['function'])} is called a leak")
        self.expect(fits(screen(seep, self.recordings["mended"])), "mended, the first screen does not fit")

    def cells(self):
        called = "not called" if self.called_s is None else f"{self.called_s:.0f} s, {self.called_bytes / RATE:.0f} R"
        return [f"{self.program.SOURCE} {self.version or ''}", self.program.KIND, self.program.FIX, self.program.LOAD,
                f"{self.by_then / RATE:.0f} R", called, self.first or "-", "; ".join(self.complaints) or "nothing"]
