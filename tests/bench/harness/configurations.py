# SPDX-License-Identifier: Apache-2.0
"""Allocators and the profilers over them. Each profiler names its base: the same allocator, unprofiled."""
import os
from dataclasses import dataclass, field

LIBRARIES = "/usr/lib/x86_64-linux-gnu/"
JEMALLOC = LIBRARIES + "libjemalloc.so.2"
TCMALLOC = LIBRARIES + "libtcmalloc.so.4"
RATE_BITS = 19  # 512 KiB


@dataclass
class Configuration:
    """How to run a command. Environment and launcher may hold {output}: a directory of the run's own."""

    name: str
    base: str = ""  # a configuration's name; "": a base itself
    environment: dict = field(default_factory=dict)
    launcher: list = field(default_factory=list)
    launcher_inside: bool = False  # measured runs the launcher, which has processes of its own to be counted
    preload: list = field(default_factory=list)  # replaces the launcher under cachegrind

    def is_ours(self):
        return self.name.startswith("seep")


def make_all(build):
    """All configurations, by name."""
    seep, shim = os.path.join(build, "seep"), os.path.join(build, "libseep.so")
    profiling = "prof:true,prof_active:true,lg_prof_sample:%d,prof_final:true,prof_prefix:{output}/jeprof"
    run = [seep, "run", "-o", "{output}/recording.%c.%p"]

    def over(library):
        return {"LD_PRELOAD": library}

    def seep_over(allocator, library, rate=None):
        return Configuration(
            "seep over " + allocator if rate is None else "seep -r %s" % rate, allocator,
            launcher=run + ([] if rate is None else ["-r", rate])
            + (["--allocator=" + library] if library else []) + ["--"],
            preload=[shim] + ([library] if library else []))

    configurations = [
        Configuration("glibc"),
        seep_over("glibc", ""),
        Configuration("jemalloc", environment=over(JEMALLOC)),
        seep_over("jemalloc", JEMALLOC),
        Configuration("jemalloc's profiler", "jemalloc", {**over(JEMALLOC), "MALLOC_CONF": profiling % RATE_BITS}),
        Configuration("tcmalloc", environment=over(TCMALLOC)),
        seep_over("tcmalloc", TCMALLOC),
        Configuration("tcmalloc's sampling", "tcmalloc",
                      {**over(TCMALLOC), "TCMALLOC_SAMPLE_PARAMETER": str(1 << RATE_BITS)}),
        Configuration("seep, heap on disk", "glibc", launcher=run + ["--heap=recording", "--"], preload=[shim]),
        # Every allocation.
        seep_over("glibc", "", rate="1"),
        Configuration("jemalloc's, every one", "jemalloc", {**over(JEMALLOC), "MALLOC_CONF": profiling % 0}),
        Configuration("tcmalloc's heap profile", "tcmalloc", {**over(TCMALLOC), "HEAPPROFILE": "{output}/heapprofile"}),
        Configuration("heaptrack", "glibc", launcher=["heaptrack", "-o", "{output}/heaptrack"], launcher_inside=True),
        Configuration("massif", "glibc", launcher_inside=True,
                      launcher=["valgrind", "--tool=massif", "--massif-out-file={output}/massif.%p"]),
    ]
    return {each.name: each for each in configurations}


SAMPLING = ["glibc", "seep over glibc", "jemalloc", "seep over jemalloc", "jemalloc's profiler", "tcmalloc",
            "seep over tcmalloc", "tcmalloc's sampling"]
EVERY = ["glibc", "seep -r 1", "heaptrack", "massif", "jemalloc", "jemalloc's, every one", "tcmalloc",
         "tcmalloc's heap profile"]
LATENCY = ["glibc", "seep over glibc", "seep, heap on disk", "jemalloc", "seep over jemalloc", "jemalloc's profiler"]
