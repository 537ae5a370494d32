# SPDX-License-Identifier: Apache-2.0
"""Files made to harm their reader, and a look at what readers made of them.

	hostile.py make DIRECTORY       writes them
	hostile.py look FILE...         complains of what is not fit to print in a file: text, or JSON, SVG, HTML by its name
	hostile.py prints SEEP          a case for each line "OUTPUT COMMAND..." read: what it makes is out/OUTPUT, by itself or by
	                                standard output, must be fit to print and have something of the names in it
"""
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import zlib

LONG = "A" * 65536
NAMES = [
    "red\x1b[31mname\x1b]0;title\x07",
    "two\nlines\rone\ttab",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "]]><b>cdata</b>&amp;\"'`",
    "bidi\u202eevil\u2066mark\u200f\u061c",
    b"no utf-8 \xff\xfe\xc0\xaf end",
    "c1\u009b31m\u0085control\x7f",
    "{\"json\": [1, \\\\u0000]}",
    LONG,
    b"\x1b" * 65536,
]


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    if isinstance(value, str):
        value = value.encode()
    return varint(field << 3 | 2) + varint(len(value)) + value


def pprof(names, factor=1):
    """A stack a name; the name is a function, a file and a module."""
    texts = ["", "inuse_space", "bytes", "alloc_space"] + list(names)
    out = text(1, number(1, 1) + number(2, 2)) + text(1, number(1, 3) + number(2, 2))
    for i, _ in enumerate(names, 1):
        out += text(3, number(1, i) + number(2, i << 32) + number(3, (i << 32) + 0x10000) + number(5, i + 3))
        out += text(5, number(1, i) + number(2, i + 3) + number(4, i + 3))
        out += text(4, number(1, i) + number(2, i) + number(3, (i << 32) + 64) + text(4, number(1, i) + number(2, i)))
        out += text(2, number(1, i) + number(2, 1000000 * i * factor) + number(2, 5000000 * i * factor))
    return out + b"".join(text(6, t) for t in texts)


def jemalloc(names):
    out = b"heap_v2/524288\n  t*: 1: 100 [0: 0]\n"
    for i, _ in enumerate(names, 1):
        out += b"@ 0x%x\n  t*: %d: %d [0: 0]\n" % ((i << 32) + 64, i, 1000000 * i)
    out += b"\nMAPPED_LIBRARIES:\n"
    for i, name in enumerate(names, 1):
        name = (name if isinstance(name, bytes) else name.encode()).replace(b"\n", b"?")[:15000]
        out += b"%x-%x r-xp 00000000 00:00 %d  /%s\n" % (i << 32, (i << 32) + 0x10000, i, name)
    return out


def many_stacks(count):
    """The most stacks in the fewest bytes: each is two of 300 locations."""
    texts = ["", "space", "bytes"]
    out = text(1, number(1, 1) + number(2, 2)) + b"".join(text(4, number(1, i) + number(3, i)) for i in range(1, 301))
    out += b"".join(text(2, number(1, 1 + i % 300) + number(1, 1 + i // 300 % 300) + number(2, 1)) for i in range(count))
    return out + b"".join(text(6, t) for t in texts)


def packed_blocks(block, count):
    """Deflate's form of a block so many times, without its end: packed once, for it takes its time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)) * count


def gzip_of(head, block, count):
    """What begins so and goes on with a block so many times, packed."""
    packer, crc = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.crc32(head)
    body = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH) + packed_blocks(block, count) + b"\3\0"
    for _ in range(count):
        crc = zlib.crc32(block, crc)
    return b"\x1f\x8b\b" + bytes(7) + body + struct.pack("<II", crc, len(head) + len(block) * count & 0xFFFFFFFF)


def make(directory):
    def write(name, data):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)

    write("names.pb", pprof(NAMES))
    write("names-later.pb.gz", gzip.compress(pprof(NAMES, 3)))
    write("names.heap", jemalloc(NAMES))
    write("zeros.pb.gz", gzip_of(pprof(["f"]), bytes(1 << 20), 200))
    write("texts.pb.gz", gzip_of(pprof(["f"]), b"2\0" * (1 << 19), 200))
    stacks = many_stacks(90000)
    write("stacks.pb", stacks)
    write("stacks.pb.gz", gzip.compress(stacks))


FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def faults(path):
    """What is not fit to print in a file."""
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".pb"):  # packed
        data = gzip.decompress(data)
        found = ["an escape sequence"] if re.search(rb"\x1b[\[\]\x1b]", data) else []  # a single one may be a length
        return found + too_long(re.findall(rb"A+", data))
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        return [str(fault)]
    found = [f"U+{ord(character):04X}" for character in FORBIDDEN.findall(content)[:3]] + too_long(re.findall("A+", content))
    if path.endswith(".json"):
        json.loads(content)
    if path.endswith((".html", ".svg")):
        found += [f"{harm} unescaped" for harm in ("<img", "<b>", "<script>alert") if harm in content]
    return found


def too_long(runs):
    longest = max(map(len, runs), default=0)
    return [f"a name of {longest} bytes"] if longest > 20480 else []


def prints(seep, output, arguments):
    """Complaints about one command."""
    path, said = f"out/{output}", f"out/{output}.err.txt"
    with open("out/printed.txt", "wb") as printed, open(said, "wb") as errors:
        status = subprocess.run([seep] + arguments, stdin=subprocess.DEVNULL, stdout=printed, stderr=errors, timeout=100, check=False).returncode
    if not os.path.exists(path):
        os.rename("out/printed.txt", path)
    with open(path, "rb") as file:
        data = file.read()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    found = [f"exit status {status}"] if status else []
    found += [] if re.search(rb"evil|red|img src|leak", data) else ["nothing of the names in it"]
    return found + faults(path) + faults(said)


def all_prints(seep, lines):
    good = True
    for output, *arguments in map(str.split, lines):
        found = prints(seep, output, arguments)
        print(f"{'not ok' if found else 'ok'} - seep {arguments[0]} {arguments[1]} ({output})")
        for complaint in found:
            print(f"# {complaint}")
        good &= not found
    return good


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "prints":
        sys.exit(not all_prints(sys.argv[2], sys.stdin))
    else:
        for name in sys.argv[2:]:
            for fault in faults(name):
                print(fault)
