# SPDX-License-Identifier: Apache-2.0
"""Runs a program that keeps its own account (tests/e2e/programs/truth.h) under seep, and holds what seep prints against it.

	truth.py exact SEEP PROGRAM [SEEP-RUN-OPTION...]           rate 1: every byte and every object
	truth.py sampled SEEP PROGRAM RATE RUNS [OPTION...]        intervals, verdicts and bias over several runs

Each comparison is a line of TAP. By chance alone a run of this suite may miss what a 95 % interval promises one time in
20; so misses are counted over all sites and runs and held against the number that is exceeded once in a million times.
"""
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

MARKS = ("first", "second", "end")
failed = False


def verdict(good, name, *seen):
    global failed
    failed |= not good
    print(("ok - " if good else "not ok - ") + name)
    if not good:
        for line in seen:
            print("# " + str(line)[:300])
    sys.stdout.flush()


def most_misses(trials, chance, once_in=1_000_000):
    """The smallest number that Binomial(trials, chance) exceeds less often than once in so many times."""
    below, term = 0.0, (1 - chance) ** trials
    for number in range(trials + 1):
        below += term
        if 1 - below < 1 / once_in:
            return number
        term *= (trials - number) / (number + 1) * chance / (1 - chance)
    return trials


def seep_json(seep, *arguments):
    done = subprocess.run([seep, *arguments, "--json"], stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)


def program_of(runner):
    """The program that seep run started; its other child is a part of seep."""
    with open(f"/proc/{runner}/task/{runner}/children") as children:
        for child in children.read().split():
            with open(f"/proc/{child}/comm") as name:
                if name.read().strip() not in ("seep", "seep-guard"):
                    return child
    raise LookupError(f"{runner} has no program yet")


def read_truth(directory):
    truth = {}
    for mark in MARKS:
        truth[mark] = {}
        with open(f"{directory}/truth.{mark}") as lines:
            for line in lines:
                name, *numbers = line.split()
                truth[mark][name] = dict(zip(("inuse_bytes", "inuse_objects", "alloc_bytes", "alloc_objects"),
                                             map(int, numbers)))
    return truth


class Run:
    """One run of the program, recorded: its account and seep's at each mark."""

    def __init__(self, seep, program, rate, seed, options):
        self.seep = seep
        self.directory = tempfile.mkdtemp(prefix="truth.")
        self.recording = self.directory + "/recording"
        self.snapshots = {"end": self.recording}
        command = [seep, "run", "-r", rate, "-i", "0", "-o", self.recording, *options, "--", program, self.directory,
                   str(seed)]
        runner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True)
        for mark in MARKS[:2]:
            line = runner.stdout.readline()
            if line != f"mark {mark}\n":
                raise SystemExit(f"not ok - {program} says mark {mark}\n# {line} {runner.stderr.read()}")
            self.snapshots[mark] = f"{self.directory}/{mark}.seep"
            subprocess.run([seep, "snapshot", program_of(runner.pid), "-o", self.snapshots[mark]],
                           stdout=subprocess.DEVNULL, check=True, timeout=60)
            runner.stdin.write("\n")
            runner.stdin.flush()
        self.messages = runner.communicate(timeout=60)[1]
        self.status = runner.returncode
        self.truth = read_truth(self.directory)
        self.reports = {mark: seep_json(seep, "report", self.snapshots[mark]) for mark in MARKS}

    def diff(self):
        return seep_json(self.seep, "diff", self.snapshots["first"], self.snapshots["second"])

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def site_name(site, names):
    for frame in site["stack"]:
        function = (frame["function"] or "").replace("(anonymous namespace)::", "").split("(")[0]
        if function in names:
            return function
    return None


def by_name(sites, names):
    """Each name's sites; None: all that the program does not count."""
    found = {name: [] for name in [*names, None]}
    for site in sites:
        found[site_name(site, names)].append(site)
    return found


def sum_of(sites, field):
    return sum(site[field] for site in sites)


def check_exact(seep, program, options):
    run = Run(seep, program, "1", 1, options)
    label = f"{os.path.basename(program)}{' ' if options else ''}{' '.join(options)}"
    verdict(run.status == 0, f"{label}: ends as it does alone", run.status, run.messages)
    for mark in MARKS:
        report, truth = run.reports[mark], run.truth[mark]
        sites = by_name(report["sites"], truth)
        for name, counts in truth.items():
            seen = {field: sum_of(sites[name], field) for field in counts}
            verdict(seen == counts, f"{label}: {name} at {mark} is exact at rate 1", f"wanted {counts}", f"seen   {seen}")
        totals = report["totals"]
        wanted = {field: sum_of(report["sites"], field) for field in counts}
        seen = {field: totals[field] for field in counts}
        verdict(seen == wanted, f"{label}: the totals at {mark} are the sum of the sites", wanted, seen)
        lost = {key: count for key, count in report["losses"].items()
                if count and key not in ("detection_limit_bytes", "lower_bound", "ring_folded", "samples_setup", "samples")}
        verdict(not lost, f"{label}: nothing is lost at {mark}", lost)
    growing = {site_name(site, truth): site["growth_bytes"] for site in run.diff()["sites"]
               if site["verdict"] == "growing"}
    wanted = {name: run.truth["second"][name]["inuse_bytes"] - run.truth["first"][name]["inuse_bytes"]
              for name in truth}
    seen = {name: growing.get(name, 0) for name in truth if growing.get(name, 0) > 0}
    verdict(seen == {name: bytes_ for name, bytes_ in wanted.items() if bytes_ > 0},
            f"{label}: the growing sites are the leaking ones, to the byte", wanted, seen)
    run.remove()


class Tally:
    """Trials of one kind, each of which may miss with a known chance."""

    def __init__(self, what, chance):
        self.what, self.chance, self.trials, self.misses = what, chance, 0, []

    def add(self, good, detail):
        self.trials += 1
        if not good:
            self.misses.append(detail)

    def judge(self, label):
        allowed = most_misses(self.trials, self.chance)
        verdict(len(self.misses) <= allowed and self.trials > 0,
                f"{label}: {self.what} ({len(self.misses)} of {self.trials} miss, {allowed} may)", *self.misses)


def check_sampled(seep, program, rate, runs, options):
    label = f"{os.path.basename(program)} at {rate}{' ' if options else ''}{' '.join(options)}"
    rate_bytes = int(rate[:-1]) << 10
    # allocations that the program does not count itself: libraries, threads
    exact = Run(seep, program, "1", 1, options)
    extra = {mark: {field: exact.reports[mark]["totals"][field] - sum(site[field] for site in exact.truth[mark].values())
                    for field in ("inuse_bytes", "alloc_bytes")} for mark in MARKS}
    exact.remove()
    inside = {mark: Tally(f"the truth lies in the sites' intervals at {mark}", 0.05) for mark in MARKS}
    growth = Tally("the truth lies in the intervals of growth", 0.05)
    totals = Tally("the truth lies in the totals' intervals at the end", 0.05)
    false = Tally("no site that does not grow is called growing or shrinking", 0.05)
    missed = Tally("every leaking site is called growing, every shrinking one shrinking", 0.01)
    estimates, truths = {}, {}
    split = []
    for seed in range(1, runs + 1):
        run = Run(seep, program, rate, seed, options)
        if run.status != 0:
            verdict(False, f"{label}: ends as it does alone", run.status, run.messages)
        for mark in MARKS:
            truth, report = run.truth[mark], run.reports[mark]
            sites = by_name(report["sites"], truth)
            for name, counts in truth.items():
                if len(sites[name]) > 1:
                    split.append(f"{name} at {mark}: {len(sites[name])} stacks")
                    continue
                low, high = -1, -rate_bytes * math.log(0.025)  # a site without a sample: section 2
                if sites[name]:
                    low, high = sites[name][0]["inuse_low"], sites[name][0]["inuse_high"]
                live = counts["inuse_bytes"]
                inside[mark].add(low - 1 <= live <= high + 1, f"{name}, run {seed}: {live} not in {low} .. {high}")
                for field in ("inuse_bytes", "alloc_bytes"):
                    key = (name, mark, field)
                    estimates[key] = estimates.get(key, 0) + sum_of(sites[name], field)
                    truths[key] = truths.get(key, 0) + counts[field]
            for field in ("inuse", "alloc") if mark == "end" else ():
                live = sum(site[f"{field}_bytes"] for site in truth.values()) + extra[mark][f"{field}_bytes"]
                low, high = report["totals"][f"{field}_low"], report["totals"][f"{field}_high"]
                totals.add(low - 1 <= live <= high + 1, f"{field}, {mark}, run {seed}: {live} not in {low} .. {high}")
        sites = by_name(run.diff()["sites"], run.truth["end"])
        for name in run.truth["end"]:
            grown = run.truth["second"][name]["inuse_bytes"] - run.truth["first"][name]["inuse_bytes"]
            wanted = "growing" if grown > 0 else "shrinking" if grown < 0 else "steady"
            site = sites[name][0] if sites[name] else {"verdict": "steady", "growth_low": 0, "growth_high": 0}
            if sites[name]:
                growth.add(site["growth_low"] - 1 <= grown <= site["growth_high"] + 1,
                           f"{name}, run {seed}: {grown} not in {site['growth_low']} .. {site['growth_high']}")
            (missed if grown else false).add(site["verdict"] == wanted,
                                             f"{name}, run {seed}: {site['verdict']}, grown by {grown}")
        run.remove()
    verdict(not split, f"{label}: each site is one stack", *split)
    for tally in (*inside.values(), growth, totals, missed, false):
        tally.judge(label)
    # One sum over the runs has a standard deviation of at most sqrt(rate * bytes), and 5 of them are exceeded by
    # chance once in 1.7 million times.
    biased = [f"{key}: estimated {estimates[key]}, true {truths[key]}" for key in truths
              if abs(estimates[key] - truths[key]) > 5 * math.sqrt(rate_bytes * truths[key]) + runs]
    verdict(not biased, f"{label}: no estimate is off beyond chance over {runs} runs", *biased)
    everything = [key for key in truths if key[1:] == ("end", "alloc_bytes")]
    off = (sum(estimates[key] for key in everything) - sum(truths[key] for key in everything)) / math.sqrt(
        rate_bytes * sum(truths[key] for key in everything))
    verdict(abs(off) < 4, f"{label}: the sum of all allocations is not biased", f"{off:.2f} standard deviations")


def main():
    kind, seep, program, *rest = sys.argv[1:]
    if kind == "exact":
        check_exact(seep, program, rest)
    else:
        check_sampled(seep, program, rest[0], int(rest[1]), rest[2:])
    return failed


sys.exit(main())
