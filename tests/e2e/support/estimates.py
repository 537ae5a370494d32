# SPDX-License-Identifier: Apache-2.0
"""What a program counted for itself (truth.h) against a report's estimates, by site and in total: a line for each that is
farther off than chance goes.

	estimates.py TRUTH REPORT.json RATE LARGEST

A sample point in every RATE bytes on average, at random: an object of s bytes is taken with p = 1 - exp(-s / RATE) and
counts s / p, so that its variance is s^2 (1 - p) / p, at most s * RATE; that of a site's N bytes is below N * RATE. Six and
a half of its roots, and one weight of the largest object for the skew of small numbers: less than 1e-9 each time.
"""
import json
import math
import sys


def main():
    rate, largest = int(sys.argv[3]), int(sys.argv[4])
    truth = {}
    with open(sys.argv[1]) as lines:
        for line in lines:
            name, live, _, allocated, _ = line.split()
            truth[name] = (int(live), int(allocated))
    with open(sys.argv[2]) as text:
        report = json.load(text)
    seen = {name: [0, 0] for name in truth}
    for site in report["sites"]:
        functions = [(frame["function"] or "").replace("(anonymous namespace)::", "").split("(")[0]
                     for frame in site["stack"]]
        for name in truth:
            if name in functions:
                seen[name][0] += site["inuse_bytes"]
                seen[name][1] += site["alloc_bytes"]
                break
    rows = [(name, truth[name], seen[name]) for name in truth]
    rows.append(("total", [sum(row[i] for row in truth.values()) for i in (0, 1)],
                 [sum(row[i] for row in seen.values()) for i in (0, 1)]))
    for name, wanted, got in rows:
        for kind, true, estimate in zip(("in use", "allocated"), wanted, got):
            margin = 6.5 * math.sqrt(true * rate) + (rate + largest if true else 0)
            if abs(estimate - true) > margin:
                print(f"{name}: {kind} {true}, estimated {estimate:.0f}, off by more than {margin:.0f}")
    print(sum(1 for _, (_, allocated), _ in rows if allocated), "compared")


main()
