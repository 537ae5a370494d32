#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a snapshot by the tables of docs/SNAPSHOT_FORMAT.md, and by nothing else.

    read_snapshot.py FILE

Checks that the tables have no gap, that the file is as they say, and that its sums agree with each other. Prints the
totals as JSON. Other scripts import read().
"""
import json
import math
import os
import re
import struct
import sys
import zlib

WIDTHS = {"u32": 4, "u64": 8, "f64": 8, "text": 4, "measure": 72}
FORMATS = {"u32": "<I", "u64": "<Q", "f64": "<d", "text": "<I"}
PAGE = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs/SNAPSHOT_FORMAT.md")).read()


def width(kind):
    array = re.fullmatch(r"u8\[(\d+)\]", kind)
    return int(array[1]) if array else WIDTHS[kind]


def table(after, total):
    """The first table of fields behind some words of the page: [(offset, type, name)]."""
    rows = []
    for line in PAGE.split(after, 1)[1].split("\n"):
        row = re.match(r"\| (\d+) \| (\S+) \| ([\w.]+) \|", line)
        if row:
            rows.append((int(row[1]), row[2], row[3]))
        elif rows and not line.startswith("|"):
            break
    end = 0
    for offset, kind, name in rows:
        assert offset == end, f"{after}: {name} is at {offset}, not at {end}"
        end += width(kind)
    assert end == total, f"{after}: {end} bytes, not {total}"
    return rows


HEADER, SECTION, MEASURE = table("### Header", 64), table("### Section table", 32), table("A *measure*, 72", 72)
ENTRIES = {
    1: table("### PROCESS", 112), 3: table("### MODULES", 72), 4: table("### NODES", 24), 5: table("### SITES", 440),
    6: table("### LIFETIMES", 48), 7: table("### LIVE", 40), 8: table("### MEMORY and LOSSES", 16),
    10: table("### LEDGER", 64), 11: table("### ABSENT", 32), 15: table("### REFERENCES", 16),
}
ENTRIES[9] = ENTRIES[8]
ENTRIES[12], ENTRIES[13], ENTRIES[14] = ENTRIES[5], ENTRIES[7], ENTRIES[11]


def record(data, at, rows):
    return {name: value(data, at + offset, kind) for offset, kind, name in rows}


def value(data, at, kind):
    if kind == "measure":
        return record(data, at, MEASURE)
    if kind in FORMATS:
        return struct.unpack_from(FORMATS[kind], data, at)[0]
    return data[at:at + width(kind)]


def bits_of(number):
    return struct.unpack("<Q", struct.pack("<d", number))[0]


def quotient(a, b):
    return a / b if b else math.nan


class Expander:
    """The entries of a compact section."""

    def __init__(self, content, count):
        self.content, self.at, self.count = content, 0, count

    def expand(self, kind):
        entries = list({4: self.nodes, 5: self.sites, 6: self.lifetimes, 7: self.live}[kind]())
        assert self.at == len(self.content) and len(entries) == self.count
        return entries

    def number(self):
        number = shift = 0
        while True:
            byte = self.content[self.at]
            self.at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number & (1 << 64) - 1

    def difference(self, expected):
        folded = self.number()
        return expected + (folded >> 1 ^ -(folded & 1)) & (1 << 64) - 1

    def double(self, expected):
        bits = self.difference(bits_of(expected) if math.isfinite(expected) else 0)
        return struct.unpack("<d", struct.pack("<Q", bits))[0]

    def nodes(self):
        node = dict.fromkeys(("parent", "module", "address", "flags"), 0)
        yield node
        for i in range(1, self.count):
            head = self.number()
            module = self.number() if head & 1 else node["module"]
            flags = self.number() if head & 2 else 0
            address = self.difference(0 if head & 1 else node["address"])
            node = {"parent": i - 1 - (head >> 2), "module": module, "address": address, "flags": flags}
            yield node

    def live(self):
        entry = dict.fromkeys(("address", "size", "birth_ns", "rate", "site", "thread"), 0)
        for _ in range(self.count):
            head = self.number()
            entry = dict(entry, site=entry["site"] + (head >> 3 ^ -(head >> 2 & 1)))
            entry["rate"] = self.number() if head & 1 else entry["rate"]
            entry["thread"] = self.number() if head & 2 else entry["thread"]
            entry["address"] = self.difference(entry["address"])
            entry["size"] = self.number()
            entry["birth_ns"] = self.difference(entry["birth_ns"])
            yield entry

    def lifetimes(self):
        site = size = 0
        one = 0.0
        for _ in range(self.count):
            head, samples = self.number(), self.number()
            site = site + (head >> 6) & (1 << 32) - 1
            objects = self.double(samples * one)
            one = quotient(objects, samples)
            size = self.difference(size)
            lifetime = self.double(size * objects)
            yield {"site": site, "bin": head & 63, "samples": samples, "objects": objects, "bytes": lifetime,
                   "objects_squared": self.double(objects * one),
                   "bytes_squared": self.double(lifetime * quotient(lifetime, samples))}

    def sites(self):
        node, last = 0, [0.0, 0]
        for _ in range(self.count):
            head = self.number()
            node = self.difference(node)
            site = {"node": node, "flags": self.number() if head & 64 else 0}
            for i, name in enumerate(("allocated", "in_use", "freed", "freed_remotely", "freed_shortly", "freed_grown")):
                site[name] = {field: 0 for _, _, field in MEASURE}
                if head >> i & 1:
                    self.measure(site, site[name], last)
            yield site

    def measure(self, site, measure, last):
        head = self.number()
        kind = head >> 2 & 3
        measure["samples"] = head >> 4
        if head & 2:
            measure["objects.certain"] = self.double(float(head >> 4))
            whole = self.number()
            measure["bytes.certain"] = self.double(0.0) if whole & 1 else float(whole >> 1)
        if not head & 1:
            return
        measure["objects.largest"] = largest = last[0] = self.double(last[0])
        last[1] = self.difference(last[1])
        measure["bytes.largest"] = self.double(last[1] * largest)
        count, more = measure["samples"] - measure["objects.certain"], largest - 1
        alike = {
            "objects.uncertain": lambda: count * largest,
            "objects.variance": lambda: measure["objects.uncertain"] * more,
            "bytes.uncertain": lambda: count * measure["bytes.largest"],
            "bytes.variance": lambda: measure["bytes.uncertain"] * (measure["bytes.largest"] * quotient(more, largest)),
        }
        for field, expected in alike.items():
            if kind == 0:
                measure[field] = self.double(expected())
            elif kind == 1:
                measure[field] = self.double(site["allocated"][field] - site["in_use"][field])
            else:
                measure[field] = self.double(site["freed"][field])


def read(data):
    header = record(data, 0, HEADER)
    count = header["section_count"]
    assert header["magic"] == b"SEEPSNAP" and header["version"] == 2 and header["header_bytes"] == 64
    assert header["file_bytes"] == len(data)
    assert zlib.crc32(data[:60] + bytes(4)) == header["header_crc"]
    assert zlib.crc32(data[64:64 + 32 * count]) == header["table_crc"]
    sections = {}
    for i in range(count):
        section = record(data, 64 + 32 * i, SECTION)
        content = data[section["offset"]:section["offset"] + section["bytes"]]
        stride = section["entry_bytes"]
        assert section["offset"] % 8 == 0 and section["offset"] >= 64 + 32 * count
        assert zlib.crc32(content) == section["crc"]
        assert section["type"] not in sections
        if section["compact_entries"]:
            sections[section["type"]] = Expander(content, section["compact_entries"]).expand(section["type"])
            continue
        assert len(content) % stride == 0
        if section["type"] == 2:
            assert stride == 1 and content[0] == 0 and content[-1] == 0
            sections[2] = content
        else:
            rows = ENTRIES[section["type"]]
            sections[section["type"]] = [record(content, at, rows) for at in range(0, len(content), stride)]
    return header, sections


def estimate(measure, unit):
    return measure[unit + ".uncertain"] + measure[unit + ".certain"]


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6)


def sample_bytes(live):
    missed = math.exp(-max(live["size"], 1) / live["rate"])
    certain = missed < 1e-4 or live["rate"] == 1
    return live["size"] if certain else live["size"] / (1 - missed)


def check_mappings(sites, mappings, nodes):
    for i, site in enumerate(sites):
        mapped = [mapping for mapping in mappings if mapping["site"] == i]
        assert site["node"] < nodes and all(mapping["rate"] == 1 for mapping in mapped)
        assert site["in_use"]["samples"] == len(mapped)
        assert estimate(site["in_use"], "bytes") == sum(mapping["size"] for mapping in mapped)
        if not site["flags"] >> 8 & 4:
            assert estimate(site["allocated"], "bytes") == sum(estimate(site[of], "bytes") for of in ("freed", "in_use"))
    ends = sorted((mapping["address"], mapping["address"] + mapping["size"]) for mapping in mappings)
    assert all(before[1] <= after[0] for before, after in zip(ends, ends[1:]))


def check(sections):
    texts = [0] + [i + 1 for i, byte in enumerate(sections[2][:-1]) if byte == 0]
    for rows, entries in ((ENTRIES[1], sections[1]), (ENTRIES[3], sections[3]), (ENTRIES[10], sections[10])):
        assert all(entry[name] in texts for entry in entries for _, kind, name in rows if kind == "text")
    for row in sections[10]:
        assert row["anonymous"] + row["file"] <= row["virtual"] and row["class"] <= 12
    sizes = {sample["address"]: sample["size"] for sample in sections[7]}
    for absence in sections[11]:
        assert absence["resident"] < sizes[absence["address"]]
    check_mappings(sections[12], sections[13], len(sections[4]))
    for i, node in enumerate(sections[4]):
        assert node["parent"] < i or i == 0 == node["parent"]
        assert node["module"] < len(sections[3])
    for i, site in enumerate(sections[5]):
        live = [sample for sample in sections[7] if sample["site"] == i]
        died = [lifetime for lifetime in sections[6] if lifetime["site"] == i]
        assert site["node"] < len(sections[4])
        assert site["in_use"]["samples"] == len(live)
        assert close(estimate(site["in_use"], "bytes"), sum(map(sample_bytes, live)))
        assert site["freed"]["samples"] == sum(lifetime["samples"] for lifetime in died)
        assert close(estimate(site["freed"], "bytes"), sum(lifetime["bytes"] for lifetime in died))
        assert close(estimate(site["freed"], "objects"), sum(lifetime["objects"] for lifetime in died))
        assert site["freed_shortly"]["samples"] <= site["freed"]["samples"]
        assert site["allocated"]["samples"] == site["freed"]["samples"] + len(live)


def main():
    header, sections = read(open(sys.argv[1], "rb").read())
    check(sections)
    text = sections[2]
    command = sections[1][0]["command"]
    print(json.dumps({
        "command": text[command:text.index(0, command)].decode(),
        "number": header["number"],
        "trigger": header["trigger"],
        "sites": len(sections[5]),
        "samples": len(sections[7]),
        "inuse_bytes": round(sum(estimate(site["in_use"], "bytes") for site in sections[5])),
        "alloc_bytes": round(sum(estimate(site["allocated"], "bytes") for site in sections[5])),
        "alloc_objects": round(sum(estimate(site["allocated"], "objects") for site in sections[5])),
    }))


if __name__ == "__main__":
    main()
