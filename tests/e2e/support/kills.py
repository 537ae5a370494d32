# SPDX-License-Identifier: Apache-2.0
"""Kills a program that counts its allocations (tests/e2e/programs/counted.c) at random times, many times over, and holds
what its recording says against the program's own account.

	kills.py SEEP SHIM PROGRAM KILLS

At rate 1 every count lies between what was done and what was begun: only the calls in flight may differ. At other rates
the printed intervals hold the truth as often as 95 % promises, but for what chance allows once in a million times. Every
command reads every recording. The seed of the kills' times is fixed.
"""
import json
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

THREADS, SITES, WORDS = 4, ("site_leak", "site_churn", "site_cache"), 10
BYTES = 8 * (1 + THREADS * len(SITES) * WORDS)
RATES = ("1", "4K", "32K")
complaints, outside, intervals = [], [], 0


def most_misses(trials, chance):
    below, term = 0.0, (1 - chance) ** trials
    for number in range(trials + 1):
        below += term
        if 1 - below < 1e-6:
            return number
        term *= (trials - number) / (number + 1) * chance / (1 - chance)
    return trials


def account_of(words):
    """By site, least and most: (objects allocated, bytes allocated, objects live, bytes live)."""
    account = {}
    for index, name in enumerate(SITES):
        total = [0] * 8
        for thread in range(THREADS):
            start = 1 + (thread * len(SITES) + index) * WORDS
            total = [have + more for have, more in zip(total, words[start:start + 8])]
        begun, done, bytes_begun, bytes_done, frees_begun, frees_done, freed_begun, freed_done = total
        account[name] = ((done, bytes_done, done - frees_begun, bytes_done - freed_begun),
                         (begun, bytes_begun, begun - frees_done, bytes_begun - freed_done))
    return account


class Kill:
    def __init__(self, seep, shim, program, number):
        self.seep, self.number = seep, number
        self.rate = RATES[number % len(RATES)]
        self.alone = number % 2 == 1  # by LD_PRELOAD, where only `seep snapshot` can make the last snapshot
        self.recording = f"recording.{number}"
        with open("account", "wb") as file:
            file.truncate(BYTES)
        if self.alone:
            environment = dict(os.environ, LD_PRELOAD=shim, SEEP_RATE=self.rate, SEEP_INTERVAL="15ms",
                               SEEP_OUTPUT=self.recording)
            command = [program, "account"]
        else:
            environment = os.environ
            command = [seep, "run", "-r", self.rate, "-i", "15ms", "-o", self.recording, "--", program, "account"]
        self.run(command, environment)

    def run(self, command, environment):
        with open("account", "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), BYTES)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until(self.pid)
        if self.number % 5:
            # by the program's own progress, too: on a loaded machine it may not have come far in any time
            allocations = random.expovariate(1 / 3000)
            time.sleep(random.expovariate(1 / 0.03))
            self.wait_until(lambda: self.allocations() > allocations)
        else:
            time.sleep(random.uniform(0, 0.003))
        os.kill(self.pid(), signal.SIGKILL)
        self.status = process.wait(30)
        self.account = account_of(struct.unpack(f"<{BYTES // 8}Q", self.shared[:]))

    @staticmethod
    def wait_until(reached):
        deadline = time.monotonic() + 20
        while not reached() and time.monotonic() < deadline:
            time.sleep(0.0002)

    def allocations(self):
        account = account_of(struct.unpack(f"<{BYTES // 8}Q", self.shared[:]))
        return sum(least[0] for least, most in account.values())

    def pid(self):
        return struct.unpack("<Q", self.shared[:8])[0]

    def complain(self, what):
        complaints.append(f"kill {self.number} at rate {self.rate}{' by LD_PRELOAD' if self.alone else ''}: {what}")

    def commands(self, *all_arguments):
        """Runs several at once; the standard output of the first."""
        running = [subprocess.Popen([self.seep, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                   for arguments in all_arguments]
        outputs = []
        for process, arguments in zip(running, all_arguments):
            output, errors = process.communicate(timeout=60)
            outputs.append(output)
            if process.returncode != 0:
                self.complain(f"seep {' '.join(arguments)}: status {process.returncode}: {errors.decode()[:200]}")
        return outputs[0]

    def never_began(self):
        """It was killed before the recording's first word, which is written last of its header: nothing was committed."""
        try:
            with open(self.recording + "/heap", "rb") as heap:
                return not any(heap.read(8))
        except FileNotFoundError:
            return True

    def check(self):
        if self.status not in (-signal.SIGKILL, 128 + signal.SIGKILL):
            self.complain(f"ended with status {self.status}")
        started = sum(least[0] for least, most in self.account.values()) > 0
        if self.never_began():
            if started:
                self.complain("has no recording")
            return False
        self.commands(["snapshot", self.recording])
        snapshots = sorted(name for name in os.listdir(self.recording) if name.endswith(".seep"))
        ends = [f"{self.recording}/{snapshots[0]}", f"{self.recording}/{snapshots[-1]}"] if snapshots else []
        report = json.loads(self.commands(
            ["report", "--json", self.recording],
            ["report", self.recording],
            ["report", "--tree", self.recording],
            ["report", "--by=function", self.recording],
            ["report", "--modules", self.recording],
            ["flame", "-o", self.recording + "/flame.svg", self.recording],
            ["flame", "-o", self.recording + "/flame.folded", self.recording],
            ["diff", *ends],
            ["diff", "--json", *ends]) or "{}")
        if report:
            self.compare(report)
        return True

    def compare(self, report):
        global intervals
        losses = report["losses"]
        for key in ("live_full", "stacks_full", "ring_corrupt", "samples_reentry"):
            if losses[key]:
                self.complain(f"{losses[key]} {key}")
        for name, (least, most) in self.account.items():
            sites = [site for site in report["sites"]
                     if any((frame["function"] or "").startswith(name) for frame in site["stack"])]
            seen = [sum(site[field] for site in sites)
                    for field in ("alloc_objects", "alloc_bytes", "inuse_objects", "inuse_bytes")]
            if self.rate == "1":
                # an event that a dying keeper may have counted twice, and samples due before the recording was there
                slack = losses["events_doubted"]
                lost = losses["samples_setup"]
                for have, low, high, unit in zip(seen, least, most, (1, 2000, 1, 2000)):
                    if not low - (lost + slack) * unit <= have <= high + slack * unit:
                        self.complain(f"{name}: {seen}, not within {least} .. {most}")
                        break
            elif len(sites) == 1:
                intervals += 1
                low, high = sites[0]["inuse_low"], sites[0]["inuse_high"]
                if not (low - 1 <= most[3] and least[3] <= high + 1):
                    outside.append(f"kill {self.number}: {name}: {least[3]} .. {most[3]} not in {low} .. {high}")


def main():
    seep, shim, program, kills = sys.argv[1:]
    random.seed(4)
    samples, recorded = 0, 0
    for number in range(int(kills)):
        kill = Kill(seep, shim, program, number)
        recorded += kill.check()
        samples += sum(least[0] for least, most in kill.account.values()) if kill.rate == "1" else 0
        shutil.rmtree(kill.recording, ignore_errors=True)
    allowed = most_misses(intervals, 0.05)
    good = not complaints
    print(f"{'ok' if good else 'not ok'} - {kills} kills, {recorded} recordings read by every command, "
          f"{samples} allocations at rate 1 and none missed but those in flight")
    for complaint in complaints[:30]:
        print("#", complaint)
    print(f"{'ok' if len(outside) <= allowed else 'not ok'} - the intervals hold the truth "
          f"({len(outside)} of {intervals} miss, {allowed} may)")
    for line in outside if len(outside) > allowed else []:
        print("#", line)
    many = recorded >= int(kills) * 0.6 and intervals > 0
    print(f"{'ok' if many else 'not ok'} - most kills came when there was something to lose")
    return not good or len(outside) > allowed or not many


sys.exit(main())
