#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recordings of a past that nobody waited for: one real snapshot, again and again, with other numbers, times and processes.

    simulate_service.py SNAPSHOT RECORDING START_UNIX END_UNIX [SPACING [PEAK_EVERY]]

Writes RECORDING/NNNNNN.seep from START_UNIX to END_UNIX, SPACING seconds apart (60); the last one is that of the process's end, and
every PEAK_EVERYth one a peak. Other scripts import simulate().
"""
import os
import struct
import sys
import zlib

import read_snapshot

TIMER, EXIT, PEAK = 1, 2, 5
SECOND, DAY = 10**9, 86400


def offsets(rows):
    return {name: (offset, read_snapshot.FORMATS.get(kind)) for offset, kind, name in rows}


HEADER, SECTION, PROCESS = offsets(read_snapshot.HEADER), offsets(read_snapshot.SECTION), offsets(read_snapshot.ENTRIES[1])


def put(data, base, fields, **values):
    for name, value in values.items():
        offset, form = fields[name]
        struct.pack_into(form, data, base + offset, value)


def get(data, base, fields, name):
    offset, form = fields[name]
    return struct.unpack_from(form, data, base + offset)[0]


class Maker:
    """Snapshots of one process, from a real one's bytes."""

    def __init__(self, template, start_unix, pid):
        self.data = bytearray(template)
        self.start_ns = 1000 * SECOND
        put(self.data, get(self.data, 64, SECTION, "offset"), PROCESS, pid=pid, start_ticks=1, start_ns=self.start_ns, start_unix_ns=int(start_unix * SECOND))
        self.close()

    def boot(self, boot_id):
        at = get(self.data, 64, SECTION, "offset") + PROCESS["boot_id"][0]
        self.data[at:at + 16] = boot_id
        self.close()

    def close(self):
        """What its first section has changed."""
        at, size = (get(self.data, 64, SECTION, name) for name in ("offset", "bytes"))
        put(self.data, 64, SECTION, crc=zlib.crc32(self.data[at:at + size]))
        count = get(self.data, 0, HEADER, "section_count")
        put(self.data, 0, HEADER, table_crc=zlib.crc32(self.data[64:64 + 32 * count]))

    def make(self, number, age, trigger):
        put(self.data, 0, HEADER, number=number, time_ns=self.start_ns + int(age * SECOND), trigger=trigger, header_crc=0)
        put(self.data, 0, HEADER, header_crc=zlib.crc32(self.data[:64]))
        return self.data


def simulate(template, recording, start, end, spacing=60.0, peak_every=0, pid=None):
    maker = Maker(template, start, pid if pid is not None else int(start) % 30000 + 40000)
    os.makedirs(recording, mode=0o700, exist_ok=True)
    number, age = 0, 0.0
    while age < end - start:
        number += 1
        trigger = PEAK if peak_every and number % peak_every == 0 else TIMER
        with open(f"{recording}/{number:06}.seep", "wb") as file:
            file.write(maker.make(number, age, trigger))
        age += spacing
    with open(f"{recording}/{number + 1:06}.seep", "wb") as file:
        file.write(maker.make(number + 1, end - start, EXIT))


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as source:
        simulate(source.read(), sys.argv[2], *map(float, sys.argv[3:6]), *map(int, sys.argv[6:7]))
