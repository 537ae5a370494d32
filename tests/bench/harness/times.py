# SPDX-License-Identifier: Apache-2.0
"""Times, memory and disk: all configurations of a workload in turn, round after round (A B A B), each round's figures
set against the same round's base, so that a slow minute of the machine falls on all alike."""
from .processes import Failed, run_once
from .spread import spread


def compare(run, base):
    """One run against its round's base."""
    result = {"cpu_ratio": run["cpu_s"] / base["cpu_s"], "wall_ratio": run["wall_s"] / base["wall_s"],
              "program_cpu_ratio": run["program_cpu_s"] / base["program_cpu_s"],
              "rss_added_bytes": run["peak_rss_bytes"] - base["peak_rss_bytes"],
              "rss_added_share": run["peak_rss_bytes"] / base["peak_rss_bytes"] - 1,
              "written_bytes": run["written_bytes"]}
    if "cpu_ns" in run:
        result["ns_added_a_pair"] = (run["cpu_ns"] - base["cpu_ns"]) / run["pairs"]
    if "requests_per_s" in run:
        result["requests_ratio"] = run["requests_per_s"] / base["requests_per_s"]
    return result


def rounds_of(bench, workload, configurations, amount, rounds, say):
    """Runs them all; {name: [run or None]}, what failed as None, and why."""
    runs, faults = {each.name: [] for each in configurations}, {}
    for number in range(rounds):
        order = configurations if number % 2 == 0 else configurations[::-1]
        for configuration in order:
            try:
                if configuration.name in faults:
                    raise Failed(faults[configuration.name])
                runs[configuration.name].append(run_once(bench, workload, configuration, amount))
            except Failed as failed:
                faults[configuration.name] = str(failed)
                runs[configuration.name].append(None)
        say(f"{workload.name}: round {number + 1} of {rounds}")
    return runs, faults


def measure(bench, workload, configurations, amount, rounds, say):
    """Rows of results, one a configuration."""
    runs, faults = rounds_of(bench, workload, configurations, amount, rounds, say)
    rows = []
    for configuration in configurations:
        own = runs[configuration.name]
        row = {"workload": workload.name, "configuration": configuration.name, "base": configuration.base,
               "amount": amount, "runs": own, "failed": faults.get(configuration.name)}
        for key in ("cpu_s", "wall_s", "peak_rss_bytes"):
            row[key] = spread([run[key] for run in own if run])
        if configuration.base:
            pairs = [compare(run, base) for run, base in zip(own, runs[configuration.base]) if run and base]
            for key in sorted({key for pair in pairs for key in pair}):
                row[key] = spread([pair.get(key) for pair in pairs])
        rows.append(row)
    return rows
