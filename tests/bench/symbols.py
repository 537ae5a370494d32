#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long names take: 10,000 addresses of large programs of Debian's, by seep and by jeprof.

    symbols.py BUILD > docs/SYMBOLS_SPEED.md

`make bench-symbols` runs it. The programs and their debug files are fetched by apt-get and unpacked below
BUILD/bench/symbols (1.5 GB); nothing is installed. In the environment: SYMBOLS_ONLY="libjvm.so;cc1plus", SYMBOLS_RUNS=3,
SYMBOLS_PEERS=0 without jeprof, which takes minutes.
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from harness import machine

ADDRESSES = 10_000
PEER_SECONDS_MAX = 300
# The program, the packages that have it and its debug file; none: it is installed, stripped.
PROGRAMS = {
    "cc1plus": ("/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", ()),
    "python3.11d": ("usr/bin/python3.11d", ("python3.11-dbg",)),
    "libjvm.so": ("usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so", ("openjdk-17-jre-headless", "openjdk-17-dbg")),
    "ceph-osd": ("usr/bin/ceph-osd", ("ceph-osd", "ceph-osd-dbg")),
}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def fetch(folder, packages):
    done = folder / "done"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "-q", *packages], cwd=folder, check=True, stdout=sys.stderr, stderr=subprocess.DEVNULL)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder], check=True)
        package.unlink()
    done.touch()


class Program:
    """An ELF file: its code, its build id, its debug file."""

    def __init__(self, path, folder):
        self.path = path
        self.build_id = re.search(r"Build ID: ([0-9a-f]+)", output_of("readelf", "-nW", path)).group(1)
        found = re.search(r"\] \.text +PROGBITS +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", output_of("readelf", "-SW", path))
        self.address, self.offset, self.size = (int(field, 16) for field in found.groups())
        self.directory = folder / "usr/lib/debug" if folder else None
        debug = self.directory and self.directory / ".build-id" / self.build_id[:2] / (self.build_id[2:] + ".debug")
        self.debug = debug if debug and debug.exists() else None

    def addresses(self):
        """Evenly over the code: every unit is met, which is the most that can be asked."""
        step = self.size // ADDRESSES
        return [self.address + i * step + 1 for i in range(ADDRESSES)]


BASE = 0x7f0000000000


def write_text(program, path, mapped):
    """For jeprof: gperftools' text, in which the code lies in this file."""
    with open(path, "w", encoding="ascii") as file:
        file.write(f"heap profile: {ADDRESSES}: {ADDRESSES}00 [{ADDRESSES}: {ADDRESSES}00] @ heapprofile\n")
        for address in program.addresses():
            file.write(f"1: 100 [1: 100] @ {BASE + address:#x}\n")
        file.write("\nMAPPED_LIBRARIES:\n")
        for line in output_of("readelf", "-lW", program.path).splitlines():
            fields = line.split()
            if fields and fields[0] == "LOAD":
                offset, address, size = (int(fields[i], 16) for i in (1, 2, 5))
                start, end = BASE + address & ~0xfff, (BASE + address + size + 0xfff) & ~0xfff
                file.write(f"{start:x}-{end:x} r-xp {offset & ~0xfff:08x} 00:00 1 {mapped}\n")


def varint(number):
    out = b""
    while number > 0x7f:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def write_pprof(program, path):
    """For seep: the same with the build id."""
    start = BASE + program.address & ~0xfff
    out = message(1, number(1, 1) + number(2, 2))
    out += message(3, number(1, 1) + number(2, start) + number(3, BASE + program.address + program.size) +
                   number(4, program.offset & ~0xfff) + number(5, 3) + number(6, 4))
    parts = [out]
    for index, address in enumerate(program.addresses(), 1):
        parts.append(message(4, number(1, index) + number(2, 1) + number(3, BASE + address)))
        parts.append(message(2, message(1, varint(index)) + message(2, varint(100))))
    parts += [message(6, text.encode()) for text in ("", "inuse_space", "bytes", str(program.path), program.build_id)]
    pathlib.Path(path).write_bytes(b"".join(parts))


def measure(command, environment=None, limit=600):
    """Wall and CPU seconds, peak RSS in MiB of the largest process, and what was printed; None: it took too long."""
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})},
                                 start_new_session=True)
        timer = begun + limit
        while True:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > timer:
                os.killpg(child.pid, 9)
                os.wait4(child.pid, 0)
                return None
            time.sleep(0.002)
        child.returncode = status
        out.seek(0)
        text = out.read().decode(errors="replace")
        if status:
            sys.exit(f"symbols: {command} ended with status {status}")
        return time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text


def median(runs):
    """Of wall, CPU and memory."""
    return tuple(statistics.median(run[i] for run in runs) for i in range(3))


def figures(found):
    wall, cpu, memory = found[:3]
    return f"{wall:.2f} s ({cpu:.2f} s) | {memory:.0f} MiB |"


def peer_figures(found):
    """With how many of jeprof's rows have a line: its own count of distinct places, not of addresses."""
    if not found:
        return f"more than {PEER_SECONDS_MAX} s | |"
    rows = [text for text in found[3].splitlines() if "%" in text]
    return f"{figures(found)[:-2]}, {sum('??:' not in text and '.' in text.split()[-1] for text in rows)} of {len(rows)} places with a line |"


def unpacked_bytes(path):
    """Of .debug_info."""
    found = re.search(r"\.debug_info +PROGBITS +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]+ +(\w*)", output_of("readelf", "-SW", path))
    if not found:
        return 0
    offset, size, flags = int(found[1], 16), int(found[2], 16), found[3]
    if "C" not in flags:
        return size
    with open(path, "rb") as file:
        file.seek(offset + 8)
        return int.from_bytes(file.read(8), "little")


def row(name, seep, program, folder, runs, with_peers):
    """Prints it; True if what was asked for is reached, cold."""
    with tempfile.TemporaryDirectory() as scratch:
        write_pprof(program, f"{scratch}/heap.pb")
        by_hand = ["--symbols", str(program.directory)] if program.debug else []
        command = [seep, "report", "--modules", *by_hand, f"{scratch}/heap.pb"]
        cold = [measure(command, {"SEEP_CACHE": "off"}) for _ in range(runs)]
        kept = {"XDG_CACHE_HOME": f"{scratch}/cache"}
        measure(command, kept)
        warm = [measure(command, kept) for _ in range(runs)]
        peer = None
        if with_peers:
            # binutils finds a debug file below /usr/lib/debug only, so jeprof gets both in one.
            whole = program.path
            if program.debug:
                whole = folder / "whole"
                if not whole.exists():
                    subprocess.run(["eu-unstrip", "-o", whole, program.path, program.debug], check=True)
            write_text(program, f"{scratch}/heap.text", whole)
            peer = measure(["jeprof", "--text", "--lines", str(whole), f"{scratch}/heap.text"], limit=PEER_SECONDS_MAX)
        named, lined = re.search(r"(\d+) named, (\d+) with a source line", cold[0][3]).groups()
        size = (program.debug or pathlib.Path(program.path)).stat().st_size
        has_cache = os.path.isdir(f"{scratch}/cache")
        print(f"| {name} | {size >> 20} MiB, {unpacked_bytes(program.debug or program.path) >> 20} MiB | {named}, {lined} | "
              f"{figures(median(cold))} {figures(median(warm)) if has_cache else 'not kept | |'} "
              f"{peer_figures(peer) if with_peers else 'not run | |'}", flush=True)
        wall, _, memory = median(cold)
        return wall <= 1 and memory <= 300


HEAD = """# How fast names are found

Generated by `make bench-symbols`; not edited by hand. {machine}

10,000 addresses, spread evenly over the code of large programs of Debian's, get their names. Time is wall, in
parentheses CPU; memory is the peak RSS of the largest process; medians of {runs} runs. *Again* uses the names that
were kept by build id (`~/.cache/seep`). `jeprof --text --lines` gets the same addresses, once; for it, programs with separate debug
information are merged into one file.

| program | debug file, .debug_info unpacked | named, with a line | seep | memory | again | memory | jeprof | memory |
|---|---|---|---|---|---|---|---|---|"""


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    seep = str(build / "seep")
    only = set(filter(None, os.environ.get("SYMBOLS_ONLY", "").split(";")))
    runs = int(os.environ.get("SYMBOLS_RUNS", "3"))
    with_peers = os.environ.get("SYMBOLS_PEERS", "1") != "0"
    os.environ.pop("DEBUGINFOD_URLS", None)
    about = machine.describe(str(build), str(build))
    print(HEAD.format(machine=f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, "
                              f"{about['seep']}; load average at the beginning {os.getloadavg()[0]:.1f}.", runs=runs))
    reached = {True: [], False: []}
    for name, (path, packages) in PROGRAMS.items():
        if only and name not in only:
            continue
        folder = (build / "bench/symbols" / name).resolve() if packages else None
        if packages:
            fetch(folder, packages)
        program = Program(folder / path if folder else path, folder)
        reached[row(name, seep, program, folder, runs, with_peers)].append(name)
    print(f"\nThe goals are 1 s and 300 MB, cold. Reached: {', '.join(reached[True]) or 'none'}; not reached: "
          f"{', '.join(reached[False]) or 'none'}. Load average at the end {os.getloadavg()[0]:.1f}: wall times of a busy machine are no "
          "better than its CPU times suggest.")


if __name__ == "__main__":
    main()
