# SPDX-License-Identifier: Apache-2.0
"""The longest malloc: each call of a churn timed by the time-stamp counter, on a quiet disk and beside a process that
writes and syncs to the disk that the heap file is on."""
import os
import subprocess

from .processes import Failed, run_once
from .spread import spread
from .workloads import Workload

KEYS = ("p50_ns", "p9999_ns", "longest_ns", "later_ns")


def measure(bench, configurations, calls, rounds, say):
    """Rows: disk, configuration, spreads of the half, of all but one in 10,000, of the longest, and of the longest
    in the second half, when all has long begun."""
    workload = Workload("latency", [os.path.join(bench, "latency"), "{amount}"], calls, 0)
    rows = []
    for disk in ("quiet", "written and synced"):
        runs = {each.name: [] for each in configurations}
        for number in range(rounds):
            for configuration in configurations if number % 2 == 0 else configurations[::-1]:
                runs[configuration.name].append(run_beside(bench, workload, configuration, calls, disk != "quiet"))
        for configuration in configurations:
            rows.append({"disk": disk, "configuration": configuration.name, "base": configuration.base,
                         **{key: spread([run[key] for run in runs[configuration.name] if run]) for key in KEYS}})
        say(f"longest malloc, disk {disk}")
    return rows


def run_beside(bench, workload, configuration, calls, busy):
    """One run, with the writer beside it if busy."""
    writer, file = None, os.path.join(bench, "written")
    if busy:
        writer = subprocess.Popen([os.path.join(bench, "syncing_writer"), file, "60"])
    try:
        return run_once(bench, workload, configuration, calls)
    except Failed:
        return None
    finally:
        if writer:
            writer.kill()
            writer.wait()
            os.unlink(file)
