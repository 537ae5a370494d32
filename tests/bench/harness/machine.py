# SPDX-License-Identifier: Apache-2.0
"""What was measured on: the kind of machine and the versions, and nothing that tells one machine from its twin."""
import os
import platform
import re
import subprocess


def first_match(pattern, text, default="unknown"):
    found = re.search(pattern, text, re.M)
    return found.group(1).strip() if found else default


def package_version(package):
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return said.stdout or "not installed"


def describe(build, bench):
    """A dictionary for the results."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        processor = first_match(r"^model name\s*: (.*)$", file.read())
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(first_match(r"^MemTotal:\s*(\d+)", file.read(), "0"))
    with open("/etc/os-release", encoding="utf-8") as file:
        system = first_match(r'^PRETTY_NAME="(.*)"$', file.read())
    disk = subprocess.run(["df", "--output=fstype", bench], stdout=subprocess.PIPE, text=True, check=False).stdout
    seep = subprocess.run([os.path.join(build, "seep"), "--version"], stdout=subprocess.PIPE, text=True, check=False)
    packages = ["libc6", "libjemalloc2", "libgoogle-perftools4", "heaptrack", "valgrind", "libunwind8", "gcc-12",
                "python3", "sqlite3", "perl", "redis-server"]
    return {"processor": processor, "cores": os.cpu_count(), "memory_gib": round(memory / 2**20),
            "system": system, "kernel": first_match(r"^(\d+\.\d+)", platform.release()),
            "file_system": disk.split()[-1], "seep": seep.stdout.strip(),
            "packages": {name: package_version(name) for name in packages}}
