# SPDX-License-Identifier: Apache-2.0
"""Small files that want to become large in their reader's memory, and the memory of every command that reads one.

	bombs.py make DIRECTORY               writes them
	bombs.py check SEEP DIRECTORY         runs every command on each of them: a case each
"""
import gzip
import os
import resource
import struct
import subprocess
import sys
import tempfile
import zlib

from hostile import gzip_of, number, packed_blocks, text

# docs/SECURITY.md: at most this many times the file's size, plus what a small tree takes.
MOST_RATIO, ALWAYS_KIB = 100, 160 * 1024
COMMANDS = [
    "report FILE", "report --json FILE", "report --tree FILE", "report --by=line --top=99999999 FILE", "report --modules FILE",
    "flame FILE -o out.svg", "flame --base FILE FILE -o out.html", "diff --json FILE FILE",
] + [f"export --format={kind} FILE -o out.document" for kind in ("folded", "speedscope", "pprof", "gperftools")]
LONG = "LONG_TESTS" in os.environ
if LONG:  # the output of report --json, which test_export.sh checks
    COMMANDS.append("export --format=json FILE -o out.document")
FEW = ("report --json FILE", "flame --base FILE FILE -o out.html")
# Most files are tried with one command per way to lay out the data; the three worst with all commands.
USUAL = FEW + ("report --tree FILE", "diff --json FILE FILE", "export --format=pprof FILE -o out.document")
WORST = ("label.seep", "deep.seep", "inlined.pb")

SUM = struct.Struct("<4d")


def measure(samples, of_bytes, of_objects):
    return struct.pack("<Q", samples) + SUM.pack(*of_bytes) + SUM.pack(*of_objects)


NOTHING = measure(0, (0, 0, 0, 0), (0, 0, 0, 0))
SOME = measure(2, (2e6, 1e12, 1e6, 0), (20, 100, 10, 0))


def snapshot(strings, modules, nodes, sites, pid=7, numbered=1, time_ns=3 * 10**9, command=0, some=SOME, lives=(), boot=b"\0" * 16,
             rate=524288, start_ticks=0):
    """modules: (path's offset, build id); nodes: (parent, module, address); sites: node, or (node, its measure in use)."""
    process = struct.pack("<QQQ16sQQQQ8III", pid, 1, start_ticks, boot, 10**9, 0, rate, 10**10, command, *[0] * 9)
    parts = [
        (1, 112, process),
        (2, 1, strings),
        (3, 72, b"".join(struct.pack("<QQQII32sII", 1 << 32, 2 << 32, 0, path, len(build_id), build_id, 0, 0) for path, build_id in modules)),
        (4, 24, b"".join(struct.pack("<IIQII", parent, module, address, 0, 0) for parent, module, address in nodes)),
        (5, 440, b"".join(site_entry(site, some) for site in sites)),
    ]
    if lives is not None:
        parts.append((7, 40, b"".join(struct.pack("<QQQQII", *live) for live in lives)))
    at = 64 + 32 * len(parts)
    table, body = b"", b""
    for kind, stride, data in parts:
        table += struct.pack("<IIQQII", kind, stride, at + len(body), len(data), zlib.crc32(data), 0)
        body += data + b"\0" * (-len(data) % 8)
    head = struct.pack("<8sIIQIIQQIII", b"SEEPSNAP", 1, 64, at + len(body), len(parts), 1, numbered, time_ns, 0, 0, zlib.crc32(table))
    return head + struct.pack("<I", zlib.crc32(head + b"\0\0\0\0")) + table + body


def site_entry(site, some):
    node, in_use = site if isinstance(site, tuple) else (site, some)
    return struct.pack("<II", node, 0) + in_use + NOTHING + in_use + NOTHING * 3


def long_label(length, nodes):
    """Many addresses without names in a module with a long one."""
    strings = b"\0/" + b"m" * length + b"\0"
    return snapshot(strings, [(0, b""), (1, b"")], [(0, 0, 0)] + [(0, 1, 16 * i) for i in range(1, nodes)], list(range(1, 400)))


def deep(leaves):
    """Many stacks of 1,024 frames that differ in their leaves."""
    nodes = [(0, 0, 0)] + [(i, 1, 16 * i + 16) for i in range(1023)] + [(1023, 1, 1 << 20 | 16 * i) for i in range(leaves)]
    return snapshot(b"\0/program\0", [(0, b""), (1, b"")], nodes, list(range(1024, 1024 + leaves)))


def pprof(functions, locations, samples, mappings=()):
    """functions: name; locations: (mapping, address, functions' ids); samples: locations' ids."""
    texts = ["", "inuse_space", "bytes"] + list(mappings) + functions
    name_at = 3 + len(mappings)
    out = [text(1, number(1, 1) + number(2, 2))]
    out += [text(3, number(1, i) + number(2, i << 32) + number(3, (i << 32) + 0x10000) + number(5, i + 2)) for i in range(1, len(mappings) + 1)]
    out += [text(5, number(1, i) + number(2, name_at + i - 1)) for i in range(1, len(functions) + 1)]
    for i, (mapping, address, lines) in enumerate(locations, 1):
        out.append(text(4, number(1, i) + (number(2, mapping) if mapping else b"") + (number(3, address) if address else b"") +
                        b"".join(text(4, number(1, line) + number(2, 1)) for line in lines)))
    for sample in samples:
        out.append(text(2, b"".join(number(1, location) for location in sample) + number(2, 1000)))
    return b"".join(out) + b"".join(text(6, t) for t in texts)


def inlined(stacks, depth):
    """Stacks of frames of 256 inlined calls each, in ever other orders."""
    locations = [(0, 0, [1 + (i + k) % 60 for k in range(256)]) for i in range(60)]
    return pprof([f"f{i}" for i in range(60)], locations, [[1 + (i * 7 + k * (1 + i % 11)) % 60 for k in range(depth)] for i in range(stacks)])


def long_names(stacks, depth, length):
    """Each stack's line is megabytes: names of 16 KiB, again and again."""
    return pprof(["n" * length + str(i) for i in range(10)], [(0, 0, [1 + i]) for i in range(10)],
                 [[1 + (i * 3 + k * (1 + i % 7)) % 10 for k in range(depth)] for i in range(stacks)])


def name_in_modules(modules, length):
    """One long name in many modules."""
    return pprof(["n" * length], [(i, i << 32 | 64, [1]) for i in range(1, modules + 1)], [[i] for i in range(1, modules + 1)],
                 [f"/m{i}" for i in range(modules)])


def jemalloc_label(length, addresses):
    out = [b"heap_v2/524288\n  t*: 1: 100 [0: 0]\n"]
    out += [b"@ 0x%x\n t*:9:99999[0:0]\n" % (4096 + i) for i in range(addresses)]
    return b"".join(out) + b"\nMAPPED_LIBRARIES:\n1000-9000000 r-xp 0 0:0 1 /" + b"l" * length + b"\n"


def gperftools_label(length, addresses):
    out = [b"heap profile: 1: 1 [ 1: 1] @ heap_v2/524288\n"]
    out += [b"9:99999[9:99999]@ 0x%x\n" % (4096 + i) for i in range(addresses)]
    return b"".join(out) + b"\nMAPPED_LIBRARIES:\n1000-9000000 r-xp 0 0:0 1 /" + b"l" * length + b"\n"


def heaptrack(depth, leaves, events):
    """Stacks that share all but their leaf; and events without end."""
    out = [b"v 10400 3\ns 2 /m\ns 1 f\ni 10 1 2\n"] + [b"t 1 %x\n" % i for i in range(depth)]
    out += [b"i %x 1 2\nt %x %x\na 8 %x\n+ %x\n" % (64 + i, 2 + i, depth, depth + 1 + i, i) for i in range(leaves)]
    return b"".join(out) + b"+ 0\n- 0\n" * events


def zeros_packed(size):
    adler = size % 65521 << 16 | 1
    return b"\x78\xda" + packed_blocks(bytes(1 << 20), size >> 20) + b"\3\0" + struct.pack(">I", adler)


def elf(sections, build_id):
    """An ELF file with these sections: (name, type, flags, content)."""
    note = struct.pack("<III4s", 4, len(build_id), 3, b"GNU\0") + build_id
    sections = [("", 0, 0, b""), (".text", 1, 6, b"\x90" * 4096), (".note.gnu.build-id", 7, 2, note)] + sections
    names = b"\0".join(s[0].encode() for s in sections) + b"\0.shstrtab\0"
    sections.append((".shstrtab", 3, 0, names))
    body, headers = b"", b""
    for name, kind, flags, content in sections:
        body += b"\0" * (-len(body) % 16)
        headers += struct.pack("<IIQQQQIIQQ", names.index(name.encode() + b"\0"), kind, flags, 4096 if name == ".text" else 0,
                               64 + 112 + len(body) if kind else 0, len(content), 0, 0, 4, 0)
        body += content
    body += b"\0" * (-len(body) % 16)
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 8192, 8192, 4096) + struct.pack("<IIQQQQQQ", 4, 4, 64 + 112 + 4096, 4096, 4096, len(note), len(note), 4)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 62, 1, 4096, 64, 64 + 112 + len(body), 0, 64, 56, 2, 64,
                       len(sections), len(sections) - 1)
    return head + segments + body + headers


def elf_bomb(size, zeros, section):
    packed = struct.pack("<IIQQ", 1, 0, size, 1) + zeros
    unit = struct.pack("<HIB", 4, 0, 8) + b"\1" + struct.pack("<QI", 4096, 4096)
    info = struct.pack("<I", len(unit)) + unit
    others = {".debug_info": info, ".debug_abbrev": b"\1\x11\0\x11\1\x12\6\0\0\0", ".debug_str": b"\0"}
    others.pop(section, None)
    return elf([(section, 1, 0x800, packed)] + [(name, 1, 0, data) for name, data in others.items()], b"0123456789abcdefghij")


def make(directory):
    def write(name, data):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)

    write("label.seep", long_label(20000, 30000))
    write("deep.seep", deep(1700))
    write("inlined.pb", inlined(150, 1024))
    write("inlined-short.pb", inlined(20000, 4))
    write("inlined.pb.gz", gzip.compress(inlined(300, 1024)))
    write("names.pb", long_names(130, 1024, 16000))
    write("modules.pb", name_in_modules(6000, 16000))
    write("label.heap", jemalloc_label(16000, 8000))
    write("label.gperf", gperftools_label(16000, 8000))
    write("deep.heaptrack.gz", gzip.compress(heaptrack(4096, 60000, 0)))
    write("wide.heaptrack", heaptrack(1, 30000, 0))
    write("events.heaptrack.gz", gzip_of(heaptrack(1, 1, 0), b"+ 0\n- 0\n" * 100000, 200))
    zeros = zeros_packed(1 << 30)
    for section in ("str", "info", "line"):
        path = os.path.join(directory, f"packed-{section}.so")
        write(f"packed-{section}.so", elf_bomb(1 << 30, zeros, f".debug_{section}"))
        write(f"packed-{section}.seep", snapshot(b"\0" + os.path.abspath(path).encode() + b"\0", [(0, b""), (1, b"0123456789abcdefghij")],
                                                 [(0, 0, 0)] + [(0, 1, 4096 + 16 * i) for i in range(1, 9)], list(range(1, 9))))


def complaint(seep, file, command):
    """Of a command that was out of its memory, or neither fine nor refused in a line."""
    arguments = [file if word == "FILE" else word for word in command.split()]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([seep] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (100, 100))
        _, status, used = os.wait4(process.pid, 0)
        said.seek(0)
        words = said.read().decode(errors="replace")
    most = ALWAYS_KIB + MOST_RATIO * os.path.getsize(file) // 1024
    status = process.returncode = os.waitstatus_to_exitcode(status)
    if used.ru_maxrss <= most and status in (0, 3) and words.count("\n") <= 3 and "out of memory" not in words:
        return ""
    return f"peak {used.ru_maxrss} KiB of at most {most}, exit status {status}, {words[:300]}"


def check(seep, directory):
    """Documents may be too large to be written: they are none of the memory that is measured."""
    good = True
    names = sorted(os.listdir(directory))
    for name in names:
        commands = COMMANDS
        if name.endswith(".so"):
            commands = ()
        elif name.removesuffix(".gz") in names and name.endswith(".gz") and not LONG:
            commands = FEW[:1]  # the same behind unpacking
        elif name.startswith("events") and not LONG:
            commands = FEW  # two sites are left of it once it is read
        elif name not in WORST and not LONG:
            commands = USUAL
        for command in commands:
            seen = complaint(seep, os.path.join(directory, name), command)
            print(f"{'not ok' if seen else 'ok'} - {command.replace('FILE', name)}", flush=True)
            if seen:
                print(f"# {seen}", flush=True)
                good = False
    return good


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        sys.exit(not check(sys.argv[2], sys.argv[3]))
