# SPDX-License-Identifier: Apache-2.0
"""Results as tables: lists of rows, the first the heads. Text and Markdown are drawn from the same."""
from .reach import rows_of
from .spread import show

MIB = 1 << 20


def times_table(rows):
    table = [["workload", "configuration", "CPU ratio", "wall ratio", "program's own CPU", "ns added a pair",
              "RSS added, MiB", "written, KiB"]]
    for row in rows:
        if row.get("failed"):
            table.append([row["workload"], row["configuration"], "failed", "", "", "", "", ""])
        elif row["base"] and row.get("cpu_ratio"):
            table.append([row["workload"], row["configuration"], show(row["cpu_ratio"], "%.3f"),
                          show(row["wall_ratio"], "%.3f"), show(row["program_cpu_ratio"], "%.3f"),
                          show(row.get("ns_added_a_pair"), "%.1f"), "%.1f" % (row["rss_added_bytes"]["median"] / MIB),
                          "%.0f" % (row["written_bytes"]["median"] / 1024)])
        elif row["cpu_s"]:
            table.append([row["workload"], row["configuration"], show(row["cpu_s"], "%.2f") + " s",
                          show(row["wall_s"], "%.2f") + " s", "", "",
                          "of %.1f" % (row["peak_rss_bytes"]["median"] / MIB), ""])
    return table


def instructions_table(rows):
    names = list(dict.fromkeys(row["workload"] for row in rows))
    table = [["configuration"] + names]
    for configuration in dict.fromkeys(row["configuration"] for row in rows):
        cells = []
        for name in names:
            row = next(row for row in rows if (row["workload"], row["configuration"]) == (name, configuration))
            cells.append("%.1f" % row["a_pair"] + (" (%+.1f)" % row["added"] if row["added"] is not None else ""))
        table.append([configuration] + cells)
    return table


def latency_table(rows):
    table = [["disk", "configuration", "half, ns", "all but one in 10,000, ns", "the longest, µs",
              "the longest of the second half, µs"]]
    for row in rows:
        longest = [show({key: value / 1e3 for key, value in row[name].items()}, "%.0f") if row[name] else "failed"
                   for name in ("longest_ns", "later_ns")]
        table.append([row["disk"], row["configuration"], show(row["p50_ns"], "%.0f"), show(row["p9999_ns"], "%.0f")]
                     + longest)
    return table


def stacks_table(stacks):
    return [["backend", "one stack", "ns"]] + [[row["backend"], row["what"], show(row["ns"], "%.0f")]
                                               for row in stacks["rows"]]


def reach_table(results):
    return [["what", "asked", "measured", "peers in this run", ""]] + [
        [row["what"], row["asked"], row["measured"], row["peers"], row["verdict"]] for row in rows_of(results)]


def sections(results):
    """(title, table) of all that was measured."""
    made = [("Asked and measured", reach_table(results))]
    if results.get("instructions"):
        made.append(("Instructions a malloc+free pair, loop included (and what the profiler adds)",
                     instructions_table(results["instructions"])))
    if results.get("times"):
        made.append(("Sampling at 512 KiB", times_table(results["times"])))
    if results.get("every"):
        made.append(("Every allocation", times_table(results["every"])))
    if results.get("stacks"):
        made.append(("One captured stack", stacks_table(results["stacks"])))
    if results.get("latency"):
        made.append(("The longest malloc", latency_table(results["latency"])))
    return made


def as_text(table):
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table)


def as_markdown(table):
    lines = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0])] + lines[1:])
