# SPDX-License-Identifier: Apache-2.0
"""What was asked for, what was measured, and whether that is reached. A figure that a run did not take is "not
measured", never "reached"."""
from .spread import show

MIB = 1 << 20


def find(rows, **wanted):
    return next((row for row in rows if all(row.get(key) == value for key, value in wanted.items())), None)


def verdict(reached, goal=False):
    if reached is None:
        return "not measured"
    return ("reached, goal too" if goal else "reached") if reached else "not reached"


def instructions(results, workload, base, asked, goal):
    row = find(results.get("instructions", []), workload=workload, configuration="seep over " + base)
    peers = [f"{each['configuration']} {each['added']:+.1f}" for each in results.get("instructions", [])
             if each["workload"] == workload and each["added"] is not None and "seep" not in each["configuration"]]
    added = row and row["added"]
    return {"what": f"instructions added a malloc+free pair, {workload}, on {base}",
            "asked": f"≤ {asked}, goal {goal}", "measured": f"{added:+.1f}" if row else "-",
            "peers": ", ".join(peers), "verdict": verdict(added <= asked, added <= goal) if row else verdict(None)}


def added_time(results, base):
    row = find(results.get("times", []), workload="churn", configuration="seep over " + base)
    figure = row and row.get("ns_added_a_pair")
    peers = [f"{each['configuration']} {show(each['ns_added_a_pair'], '%.1f')}" for each in results.get("times", [])
             if each["workload"] == "churn" and each.get("ns_added_a_pair") and "seep" not in each["configuration"]]
    return {"what": f"ns added a pair, churn, on {base}", "asked": "≤ 2.0, goal 1.2",
            "measured": show(figure, "%.1f"), "peers": ", ".join(peers),
            "verdict": verdict(figure["median"] <= 2.0, figure["median"] <= 1.2) if figure else verdict(None)}


def cpu(results, workload, base):
    times = results.get("times", [])
    row = find(times, workload=workload, configuration="seep over " + base)
    peer = find(times, workload=workload, configuration="jemalloc's profiler")
    ratio, other = row and row.get("cpu_ratio"), peer and peer.get("cpu_ratio")
    reached = None
    if ratio and other:
        reached = ratio["median"] <= 1.05 and ratio["median"] <= other["median"]
    return {"what": f"CPU ratio, {workload}, on {base}", "asked": "≤ 1.05, and ≤ jemalloc's profiler in this run",
            "measured": show(ratio, "%.3f") + ("; the program alone %.3f" % row["program_cpu_ratio"]["median"]
                                               if ratio else ""), "peers": "jemalloc's profiler " + show(other, "%.3f"),
            "verdict": verdict(reached)}


def memory(results, workload, base):
    times = results.get("times", [])
    row = find(times, workload=workload, configuration="seep over " + base)
    added = row and row.get("rss_added_bytes")
    reached, text = None, "-"
    if added:
        share = row["rss_added_share"]["median"]
        reached = share <= 0.03 or added["median"] <= 3 * MIB
        text = f"{added['median'] / MIB:.1f} MiB ({share:+.1%})"
    peers = [f"{each['configuration']} {each['rss_added_bytes']['median'] / MIB:.1f} MiB" for each in times
             if each["workload"] == workload and each.get("rss_added_bytes") and "seep" not in each["configuration"]]
    return {"what": f"RSS added, {workload}, on {base}", "asked": "≤ 3 % or 3 MB", "measured": text,
            "peers": ", ".join(peers), "verdict": verdict(reached)}


def stack(results, word, name, limit):
    rows = results.get("stacks", {}).get("rows", [])
    named = {row["backend"]: row["ns"] for row in rows if word in row["what"]}
    figure = named.get("walker")
    return {"what": f"one stack of 30 frames, {name}", "asked": f"≤ {limit:,} ns",
            "measured": show(figure, "%.0f") + " ns" if figure else "-",
            "peers": "libunwind " + show(named.get("libunwind"), "%.0f"),
            "verdict": verdict(figure["median"] <= limit if figure else None)}


def closing(results):
    row = find(results.get("closing", []), unwinder="walker")
    other = find(results.get("closing", []), unwinder="libunwind")
    reached = None
    if row:
        reached = not row["hung"] and not row.get("failed") and row.get("wrong_frames") == 0 and row["samples"] > 0
    return {"what": "dlopen and dlclose in one thread while others are sampled",
            "asked": "60 s, no hang, no wrong frame", "measured": describe_closing(row),
            "peers": "libunwind: " + describe_closing(other),
            "verdict": verdict(reached and row["seconds"] >= 60 if reached else reached)}


def describe_closing(row):
    if not row:
        return "-"
    if row["hung"] or row.get("failed"):
        return "hung" if row["hung"] else "failed: " + row["failed"][:80]
    return (f"{row['seconds']} s, {row['loads']:,.0f} times, {row['samples']:,} samples: no hang, "
            f"{row['wrong_frames']} wrong frames")


def rows_of(results):
    """All rows of the table."""
    bases = ("glibc", "jemalloc")
    return ([instructions(results, "tight", base, 12, 9) for base in bases]
            + [instructions(results, "deep30", base, 16, 13) for base in bases]
            + [added_time(results, base) for base in bases]
            + [cpu(results, workload, base) for workload in ("deep30", "churn, 2 threads") for base in bases]
            + [stack(results, "warm", "warm", 130), stack(results, "32 MB", "32 MB touched in between", 2500),
               stack(results, "very first", "the very first", 25000)]
            + [memory(results, workload, base) for workload in ("python", "churn") for base in bases]
            + [closing(results)])
