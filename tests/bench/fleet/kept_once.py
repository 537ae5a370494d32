#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a recording would take if strings, stacks and modules were kept once for all of its snapshots, beside what packing would do.

    kept_once.py RECORDING...

These tables grow at their end, so what a snapshot has in common with the one before is the beginning of each section.
"""
import glob
import os
import re
import struct
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
with open(ROOT + "/include/seep/snapshot.h", encoding="utf-8") as header:
    NAMES = {int(number): name for name, number in re.findall(r"SEEP_SECTION_(\w+) = (\d+)", header.read())}
SHARED = ("STRINGS", "NODES", "MODULES")


def sections(data):
    for at in range(64, 64 + 32 * struct.unpack_from("<I", data, 24)[0], 32):
        kind, _, offset, size = struct.unpack_from("<IIQQ", data, at)
        yield NAMES[kind], data[offset:offset + size]


def packed(data, *options):
    return len(subprocess.run(["zstd", "-q", "-3", "-c", *options], input=data, capture_output=True, check=True).stdout)


print("| recording | snapshots | bytes | of these strings, stacks, modules | kept once | whole then: a factor of | each packed by zstd -3 | all packed together |")
print("|---|---|---|---|---|---|---|---|")
for recording in sys.argv[1:]:
    whole, shared, fresh, each, before = b"", 0, 0, 0, {}
    files = sorted(glob.glob(recording + "/*.seep"))
    for name in files:
        with open(name, "rb") as file:
            data = file.read()
        now = {kind: bytes_ for kind, bytes_ in sections(data) if kind in SHARED}
        shared += sum(map(len, now.values()))
        fresh += sum(len(now[kind]) - len(os.path.commonprefix([now[kind], before.get(kind, b"")])) for kind in now)
        each, before, whole = each + packed(data), now, whole + data
    rest = len(whole) - shared + fresh
    print(f"| {os.path.basename(os.path.abspath(recording))} | {len(files)} | {len(whole)} | {100 * shared / len(whole):.0f} % | {fresh} | "
          f"{len(whole) / rest:.2f} | {len(whole) / each:.1f} | {len(whole) / packed(whole, '--long=27'):.1f} |")
