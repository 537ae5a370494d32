# SPDX-License-Identifier: Apache-2.0
"""Files made to harm their reader, and a look at what readers made of them.

	hostile.py make DIRECTORY       writes them
	hostile.py look FILE            complains of what is not fit to print in a file: text, or JSON, SVG, HTML by its name
"""
import gzip
import json
import os
import re
import sys

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


def make(directory):
    def write(name, data):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)

    write("names.pb", pprof(NAMES))
    write("names-later.pb.gz", gzip.compress(pprof(NAMES, 3)))
    write("names.heap", jemalloc(NAMES))
    write("zeros.pb.gz", gzip.compress(pprof(["f"]) + bytes(200 << 20)))
    write("texts.pb.gz", gzip.compress(pprof(["f"]) + b"2\0" * (100 << 20)))
    write("stacks.pb", many_stacks(90000))
    write("stacks.pb.gz", gzip.compress(many_stacks(90000) * 1))


FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def look(path):
    data = open(path, "rb").read()
    if path.endswith(".pb"):  # packed
        data = gzip.decompress(data)
        if re.search(rb"\x1b[\[\]\x1b]", data):  # one alone may be a length
            print("an escape sequence")
        longest = max((len(run) for run in re.findall(rb"A+", data)), default=0)
        if longest > 20480:
            print(f"a name of {longest} bytes")
        return
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        print(fault)
        return
    for found in FORBIDDEN.findall(content)[:3]:
        print(f"U+{ord(found):04X}")
    longest = max((len(run) for run in re.findall("A+", content)), default=0)
    if longest > 20480:
        print(f"a name of {longest} bytes")
    if path.endswith(".json"):
        json.loads(content)
    if path.endswith((".html", ".svg")):
        for harm in ("<img", "<b>", "<script>alert"):
            if harm in content:
                print(f"{harm} unescaped")


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        look(sys.argv[2])
