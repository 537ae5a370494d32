# SPDX-License-Identifier: Apache-2.0
"""What a program counted for itself (truth.h) against what a report at rate 1 says, by site: a line for each difference.

	exact.py LOSSES TRUTH REPORT.json [TRUTH REPORT.json...]

LOSSES: words for those that there may be, since the program's account does not hold what is lost.
"""
import json
import sys

FIELDS = ("inuse_bytes", "inuse_objects", "alloc_bytes", "alloc_objects")
# not losses of samples (lower_bound follows from the others), or (in set-up) of such as the program's account does not hold
HARMLESS = ("detection_limit_bytes", "lower_bound", "ring_folded", "samples_setup", "samples", "stacks_truncated", "snapshots_failed",
            "snapshots_thinned")


def compare(truth_file, report_file, allowed):
    with open(truth_file) as lines:
        truth = {line.split()[0]: dict(zip(FIELDS, map(int, line.split()[1:]))) for line in lines}
    with open(report_file) as text:
        report = json.load(text)
    seen = {name: dict.fromkeys(FIELDS, 0) for name in truth}
    for site in report["sites"]:
        functions = [(frame["function"] or "").replace("(anonymous namespace)::", "").split("(")[0]
                     for frame in site["stack"]]
        for name in truth:
            if name in functions:
                for field in FIELDS:
                    seen[name][field] += site[field]
    for name in truth:
        if seen[name] != truth[name]:
            print(name, "counted", truth[name], "seen", seen[name])
    if not any(counts["alloc_objects"] for counts in truth.values()):
        print("the program counted nothing")
    losses = {key: count for key, count in report["losses"].items() if count and key not in HARMLESS + allowed}
    if losses:
        print("losses", losses)


for at in range(2, len(sys.argv), 2):
    compare(sys.argv[at], sys.argv[at + 1], tuple(sys.argv[1].split()))
