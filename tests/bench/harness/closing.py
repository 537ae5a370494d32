# SPDX-License-Identifier: Apache-2.0
"""dlopen and dlclose in one thread while others are sampled: does it hang, and is any recorded stack impossible?"""
import glob
import json
import os
import subprocess
import time

from .configurations import Configuration
from .processes import Failed, run_once
from .workloads import Workload

RATE = "4K"
# Callers from the leaf outwards: the functions that may be above each function.
CALLERS = {"first_leaf": {"first_middle"}, "second_leaf": {"second_middle"}, "first_middle": {"plugin_enter"},
           "second_middle": {"plugin_enter"}, "plugin_enter": {"library_use", "main"}, "library_use": {"main"},
           "worker_allocate": {"worker_allocate", "worker_run"}, "worker_run": {"start_thread"}}


def wrong_callers(stack):
    """Pairs of neighbours in a stack that the program cannot have had."""
    names = [frame.get("function") or "?" for frame in stack]
    return [(name, caller) for name, caller in zip(names, names[1:] + ["(nothing)"])
            if name in CALLERS and caller not in CALLERS[name]]


def read_recording(build, output, result):
    """Adds what a recording holds to the result."""
    for recording in glob.glob(output + "/recording.dlopen_loop.*"):
        said = subprocess.run([os.path.join(build, "seep"), "report", "--json", recording], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        if said.returncode:
            raise Failed(said.stderr.decode(errors="replace"))
        report = json.loads(said.stdout)
        stacks = [site["stack"] for site in report["sites"]]
        wrong = [pair for stack in stacks for pair in wrong_callers(stack)]
        result.update(sites=len(stacks), wrong_frames=len(wrong), examples=[list(pair) for pair in wrong[:3]],
                      samples=sum(site["alloc_bytes"] for site in report["sites"]) // 4096,
                      in_libraries=sum(any("_leaf" in (frame.get("function") or "") for frame in stack)
                                       for stack in stacks))


def measure(bench, build, seconds, say):
    """One row for the walker and one for libunwind, which gets ten seconds."""
    rows = []
    for unwinder, length in (("walker", seconds), ("libunwind", min(10, seconds))):
        workload = Workload("closing", [os.path.join(bench, "dlopen_loop"), "{amount}",
                                        os.path.join(bench, "plugin_first.so"),
                                        os.path.join(bench, "plugin_second.so")], length, 0)
        configuration = Configuration(unwinder, "", launcher=[
            os.path.join(build, "seep"), "run", "-o", "{output}/recording.%c.%p", "-r", RATE, "--unwinder", unwinder,
            "--"])
        row, begin = {"unwinder": unwinder, "seconds": length}, time.monotonic()
        try:
            row.update(run_once(bench, workload, configuration, length, limit_s=length + 20,
                                keep=lambda output, result: read_recording(build, output, result)))
            row["hung"] = False
        except Failed as failed:
            row.update(hung=time.monotonic() - begin > length + 15, failed=str(failed))
        rows.append(row)
        say(f"dlopen and dlclose, {unwinder}")
    return rows
