# SPDX-License-Identifier: Apache-2.0
"""Inputs of every kind with n of one dimension, and what a command costs on them as n grows.

	growth.py make KIND N FILE                       writes one (a directory for series)
	growth.py kinds                                  lists the kinds
	growth.py exponents SEEP                         a case for each line "KIND N ARGUMENT..." read: what n and 4 n take ({} is the file)
"""
import gzip
import math
import os
import pathlib
import shutil
import struct
import sys
import zlib

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from harness.counted import Commands  # noqa: E402
from bombs import pprof, snapshot
from hostile import number, text

PLAIN = b"\0/program\0"
MODULES = [(0, b""), (1, b"")]


def unmix(word):
    """The inverse of map.c's word_mix(): keys that an unseeded table would all put into one slot."""
    mask = (1 << 64) - 1
    word ^= word >> 33
    word = word * pow(0xC4CEB9FE1A85EC53, -1, 1 << 64) & mask
    word ^= word >> 33
    word = word * pow(0xFF51AFD7ED558CCD, -1, 1 << 64) & mask
    return word ^ word >> 33


def sites(n):
    return snapshot(PLAIN, MODULES, [(0, 0, 0)] + [(0, 1, 16 * i) for i in range(1, n + 1)], list(range(1, n + 1)))


def equal_sites(n):
    """All of one stack, by different nodes."""
    return snapshot(PLAIN, MODULES, [(0, 0, 0)] + [(0, 1, 16)] * n, list(range(1, n + 1)))


def frames(n):
    """Stacks of 1,000 frames of their own."""
    nodes, leaves = [(0, 0, 0)], []
    for i in range(n):
        nodes.append((len(nodes) - 1 if i % 1000 else 0, 1, 16 * (i + 1)))
        if i % 1000 == 999 or i == n - 1:
            leaves.append(len(nodes) - 1)
    return snapshot(PLAIN, MODULES, nodes, leaves)


def comb(n):
    """One chain of 1,000 frames and n leaves on all of its frames."""
    chain = [(0, 0, 0)] + [(i, 1, 16 * i + 16) for i in range(1000)]
    return snapshot(PLAIN, MODULES, chain + [(1 + i % 1000, 1, 1 << 20 | 16 * i) for i in range(n)], list(range(1001, 1001 + n)))


def modules(n):
    strings, places = b"\0", [(0, b"")]
    for i in range(n):
        places.append((len(strings), b""))
        strings += b"/m%d\0" % i
    return snapshot(strings, places, [(0, 0, 0)] + [(0, 1 + i, 64) for i in range(n)], list(range(1, n + 1)))


def equal_modules(n):
    return snapshot(PLAIN, [(0, b"")] + [(1, b"")] * n, [(0, 0, 0)] + [(0, 1 + i, 64) for i in range(n)], list(range(1, n + 1)))


def long_path(n):
    """n modules with one path of 20 n bytes."""
    builds = [struct.pack("<QQ", i, 7) for i in range(n)]
    return snapshot(b"\0/" + b"p" * (20 * n) + b"\0", [(0, b"")] + [(1, b) for b in builds], [(0, 0, 0)] + [(0, 1 + i, 64) for i in range(n)],
                    list(range(1, n + 1)))


def long_strings(n):
    """One address in each of n / 100 modules with paths of 4,000 bytes."""
    count, strings, places = max(n // 100, 1), b"\0", [(0, b"")]
    for i in range(count):
        places.append((len(strings), b""))
        strings += b"/%d" % i + b"s" * 4000 + b"\0"
    return snapshot(strings, places, [(0, 0, 0)] + [(0, 1 + i, 64) for i in range(count)], list(range(1, count + 1)))


def lives(n):
    return snapshot(PLAIN, MODULES, [(0, 0, 0), (0, 1, 64)], [1], lives=[(16 * i, 100000 + i % 9, 10**9 + i, 524288, 0, i) for i in range(n)])


def equal_lives(n):
    return snapshot(PLAIN, MODULES, [(0, 0, 0), (0, 1, 64)], [1], lives=[(16, 100000, 10**9, 524288, 0, 1)] * n)


def series(n):
    """n snapshots, each with the same few sites."""
    return [snapshot(PLAIN, MODULES, [(0, 0, 0), (0, 1, 64), (0, 1, 80)], [1, 2], numbered=i + 1, time_ns=(i + 2) * 10**9,
                     lives=[(16 * (i + 1), 100000, 10**9 * (i + 1), 524288, 0, 1)]) for i in range(max(n // 20, 3))]


def bundle_of(snapshots):
    packed = [gzip.compress(data, 1, mtime=0) for data in snapshots]
    symbols = struct.pack("<4I", 0, 0, 0, 1) + b"\0"
    parts = [(1, data, raw, i + 1, (i + 2) * 10**9) for i, (data, raw) in enumerate(zip(packed, snapshots))]
    parts.append((2, gzip.compress(symbols, 1, mtime=0), symbols, 0, 0))
    return bundle_bytes(parts)


def bundle_bytes(parts, overlapping=False):
    """parts: (type, packed, plain, number, time); overlapping: all at the first one's place."""
    table, body, at = b"", b"", 32 + 56 * len(parts)
    for kind, packed, plain, index, time_ns in parts:
        place = at if overlapping and body else at + len(body)
        table += struct.pack("<IIQQQQQII", kind, zlib.crc32(packed), place, len(packed), len(plain), index, time_ns, 1, 0)
        if not overlapping or not body:
            body += packed
    head = struct.pack("<8sIIQI", b"SEEPBNDL", 1, len(parts), at + len(body), zlib.crc32(table))
    return head + struct.pack("<I", zlib.crc32(head + b"\0\0\0\0")) + table + body


def bundle_parts(n):
    return bundle_of(series(n))


def symbols_part(modules, addresses, lines, texts):
    """modules: (path, source, build id); addresses: (address, module, first line, lines); lines: (function, file, line, inlined)."""
    return (struct.pack("<4I", len(modules), len(addresses), len(lines), len(texts)) +
            b"".join(struct.pack("<QIIII", a, m, 0, first, count) for a, m, first, count in addresses) +
            b"".join(struct.pack("<4I32s", path, source, 1, len(build), build) for path, source, build in modules) +
            b"".join(struct.pack("<4I", *line) for line in lines) + texts)


def bundle_names(n):
    """Each of n addresses with a name of its own, in a module with a path of 20 n bytes."""
    strings = b"\0/" + b"p" * (20 * n) + b"\0"
    data = snapshot(strings, MODULES, [(0, 0, 0)] + [(0, 1, 16 * i) for i in range(1, n + 1)], list(range(1, n + 1)))
    texts, lines = strings, []
    for i in range(n):
        lines.append((len(texts), 0, i, 0))
        texts += b"f%d\0" % i
    part = symbols_part([(0, 0, b""), (1, 0, b"")], [(16 * i, 1, i - 1, 1) for i in range(1, n + 1)], lines, texts)
    return bundle_bytes([(1, gzip.compress(data, 1, mtime=0), data, 1, 10**9), (2, gzip.compress(part, 1, mtime=0), part, 0, 0)])


def bundle_one_line_span(n):
    """All n addresses share the same 64 lines, whose names are one of 4 KiB."""
    data = snapshot(PLAIN, MODULES, [(0, 0, 0)] + [(0, 1, 16 * i) for i in range(1, n + 1)], list(range(1, n + 1)))
    texts = PLAIN + b"n" * 4096 + b"\0"
    part = symbols_part([(0, 0, b""), (1, 0, b"")], [(16 * i, 1, 0, 64) for i in range(1, n + 1)], [(len(PLAIN), 0, k, k < 63) for k in range(64)], texts)
    return bundle_bytes([(1, gzip.compress(data, 1, mtime=0), data, 1, 10**9), (2, gzip.compress(part, 1, mtime=0), part, 0, 0)])


def pprof_samples(n):
    return pprof(["f%d" % i for i in range(300)], [(0, 0, [1 + i]) for i in range(300)], [[1 + i % 300, 1 + i // 300 % 300, 1 + i * 7 % 300] for i in range(n)])


def pprof_names(n):
    return pprof(["f%d" % i for i in range(n)], [(0, 0, [1 + i]) for i in range(n)], [[1 + i] for i in range(n)])


def pprof_equal_names(n):
    return pprof(["same"] * n, [(0, 0, [1 + i]) for i in range(n)], [[1 + i] for i in range(n)])


def pprof_one_long_name(n):
    return pprof(["x" * 5000], [(1, 4096 + i, [1]) for i in range(n)], [[1 + i] for i in range(n)], ["/m"])


def pprof_inlined(n):
    return pprof(["f%d" % i for i in range(60)], [(0, 0, [1 + (i + k) % 60 for k in range(64)]) for i in range(max(n // 64, 1))],
                 [[1 + i] for i in range(max(n // 64, 1))])


def pprof_one_deep(n):
    """One stack of n frames, and one location of n inlined calls."""
    return pprof(["f%d" % i for i in range(60)], [(0, 0, [1 + k % 60 for k in range(n)])] + [(0, 0, [1 + i]) for i in range(60)],
                 [[2 + i % 60 for i in range(n)], [1]])


def pprof_ids(n, id_of):
    texts = ["", "inuse_space", "bytes", "f"]
    out = [text(1, number(1, 1) + number(2, 2)), text(5, number(1, 1) + number(2, 3))]
    out += [text(4, number(1, id_of(i)) + number(3, id_of(i) >> 1) + text(4, number(1, 1) + number(2, 1))) for i in range(n)]
    out += [text(2, number(1, id_of(i)) + number(2, 1000)) for i in range(n)]
    return b"".join(out) + b"".join(text(6, t) for t in texts)


def pprof_colliding_ids(n):
    return pprof_ids(n, lambda i: unmix(i + 1 << 40))


def pprof_aligned_ids(n):
    return pprof_ids(n, lambda i: i + 1 << 44)


def pprof_labels(n):
    """n labels of one sample, and unknown fields."""
    labels = b"".join(text(3, number(1, 1) + number(2, 2)) for _ in range(n))
    return pprof(["f"], [(0, 0, [1])], [[1]]) + text(2, number(1, 1) + number(2, 9) + labels) + b"".join(number(13, 1) for _ in range(n))


def pprof_mappings(n):
    return pprof(["f"], [(1 + i, (1 + i << 32) + 64, []) for i in range(n)], [[1 + i] for i in range(n)], [f"/m{i}" for i in range(n)])


def jemalloc(n):
    out = [b"heap_v2/524288\n  t*: 1: 100 [0: 0]\n"] + [b"@ 0x%x 0x%x\n t*: 9: 99999 [0: 0]\n" % (4096 + i, 8192 + i % 300) for i in range(n)]
    return b"".join(out) + b"\nMAPPED_LIBRARIES:\n1000-9000000 r-xp 0 0:0 1 /lib\n"


def jemalloc_maps(n):
    out = [b"heap_v2/524288\n  t*: 1: 100 [0: 0]\n@ 0x1000\n t*: 9: 99999 [0: 0]\n\nMAPPED_LIBRARIES:\n"]
    return b"".join(out + [b"%x-%x r-xp 0 0:0 1 /lib%d\n" % (4096 * i + 1, 4096 * i + 4096, i) for i in range(n)])


def jemalloc_threads(n):
    return b"heap_v2/524288\n  t*: 1: 100 [0: 0]\n@ 0x1000\n t*: 9: 99999 [0: 0]\n" + b"".join(
        b" t%d: 1: 100 [0: 0]\n" % i for i in range(n)) + b"\nMAPPED_LIBRARIES:\n1000-9000000 r-xp 0 0:0 1 /lib\n"


def jemalloc_long_path(n):
    out = [b"heap_v2/524288\n  t*: 1: 100 [0: 0]\n"] + [b"@ 0x%x\n t*: 9: 99999 [0: 0]\n" % (4096 + i) for i in range(n)]
    return b"".join(out) + b"\nMAPPED_LIBRARIES:\n1000-9000000 r-xp 0 0:0 1 /" + b"l" * 4000 + b"\n"


def gperftools(n):
    out = [b"heap profile: 1: 1 [ 1: 1] @ heap_v2/524288\n"] + [b"9: 99999 [9: 99999] @ 0x%x 0x%x\n" % (4096 + i, 8192 + i % 300) for i in range(n)]
    return b"".join(out) + b"\nMAPPED_LIBRARIES:\n1000-9000000 r-xp 0 0:0 1 /lib\n"


HEAPTRACK = b"v 10400 3\ns 2 /m\ns 1 f\n"


def heaptrack_stacks(n):
    return HEAPTRACK + b"".join(b"i %x 1 2\nt %x 0\na 10 %x\n+ %x\n" % (4096 + 16 * i, 1 + i, 1 + i, i) for i in range(n))


def heaptrack_one_deep(n):
    return HEAPTRACK + b"i 10 1 2\n" + b"".join(b"t 1 %x\n" % i for i in range(n)) + b"a 10 %x\n+ 0\n" % n


def heaptrack_events(n):
    return HEAPTRACK + b"i 10 1 2\nt 1 0\na 10 1\n" + b"c 1\n+ 0\n- 0\n" * n


def heaptrack_texts(n):
    return HEAPTRACK + b"".join(b"s 8 %08x\n" % i for i in range(n)) + b"i 10 1 2\nt 1 0\na 10 1\n+ 0\n"


KINDS = {f.__name__: f for f in (sites, equal_sites, frames, comb, modules, equal_modules, long_path, long_strings, lives, equal_lives, series,
                                 bundle_parts, bundle_names, bundle_one_line_span, pprof_samples, pprof_names, pprof_equal_names, pprof_one_long_name,
                                 pprof_inlined, pprof_one_deep, pprof_colliding_ids, pprof_aligned_ids, pprof_labels, pprof_mappings, jemalloc,
                                 jemalloc_maps, jemalloc_threads, jemalloc_long_path, gperftools, heaptrack_stacks,
                                 heaptrack_one_deep, heaptrack_events, heaptrack_texts)}


def make(kind, n, path):
    made = KINDS[kind](n)
    if isinstance(made, bytes):
        with open(path, "wb") as file:
            file.write(made)
        return
    os.mkdir(path)
    for i, data in enumerate(made, 1):
        with open(os.path.join(path, f"{i:06}.seep"), "wb") as file:
            file.write(data)


def costs_of(commands, kind, n, arguments):
    """Instructions at 20, n and 4 n."""
    costs = []
    for size in (20, n, 4 * n):
        path = f"{kind}.{size}"
        make(kind, size, path)
        costs.append(commands.instructions([path if word == "{}" else word for word in arguments], not costs))
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    return costs


def exponents(seep, lines):
    """What a command costs in any case is left out. A cost that does not grow at all was not counted."""
    good = True
    with Commands(seep) as commands:
        for kind, n, *arguments in map(str.split, lines):
            least, some, more = costs_of(commands, kind, int(n), arguments)
            exponent = math.log(max(more - least, 1) / max(some - least, 1)) / math.log(4)
            grows = 0.3 < exponent <= 1.2
            good &= grows
            print(f"{'ok' if grows else 'not ok'} - seep {' '.join(arguments).replace('{}', kind)} grows as its input")
            print(f"# exponent {exponent:.2f}, and instructions at 20, n and 4 n: {least} {some} {more}", flush=True)
    return good


if __name__ == "__main__":
    if sys.argv[1] == "kinds":
        print(*KINDS)
    elif sys.argv[1] == "exponents":
        sys.exit(not exponents(sys.argv[2], sys.stdin))
    else:
        make(sys.argv[2], int(sys.argv[3]), sys.argv[4])
