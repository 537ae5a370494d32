# SPDX-License-Identifier: Apache-2.0
"""Instructions a pair by cachegrind: the difference between two runs of different length, over the pairs between them.
What happens once a process cancels out; sampling, the keeper's thread and all it does are in it."""
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from .processes import LIMIT_S, Failed, clean_environment

FEW = 200_000
MODES = {"tight": "tight", "churn": "churn", "deep30": "deep"}


def count(bench, configuration, mode, pairs):
    """Instructions of one whole run."""
    output = tempfile.mkdtemp(prefix="count.", dir=bench)
    try:
        environment = {name: value.replace("{output}", output) for name, value in configuration.environment.items()}
        if configuration.preload:
            environment.update(LD_PRELOAD=":".join(configuration.preload), SEEP_OUTPUT=output + "/recording.%p")
        result = os.path.join(output, "counts")
        done = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={result}",
                               os.path.join(bench, "pairs"), mode, str(pairs)], env=clean_environment(environment),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False)
        if done.returncode:
            raise Failed(done.stdout.decode(errors="replace")[-400:])
        with open(result, encoding="utf-8", errors="replace") as file:
            return int(re.search(r"^(?:totals|summary): (\d+)", file.read(), re.M).group(1))
    finally:
        shutil.rmtree(output, ignore_errors=True)


def measure(bench, configurations, modes, pairs, say):
    """Rows: workload, configuration, instructions a pair, and what that is more than the base's."""
    few = min(FEW, pairs)
    jobs = [(name, configuration, length) for name in modes for configuration in configurations
            for length in (few, few + pairs)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = list(pool.map(lambda job: count(bench, job[1], MODES[job[0]], job[2]), jobs))
    say("instructions counted")
    a_pair = {}
    for (name, configuration, length), total in zip(jobs, counted):
        sign = 1 if length > few else -1
        key = name, configuration.name
        a_pair[key] = a_pair.get(key, 0) + sign * total / pairs
    return [{"workload": name, "configuration": configuration.name, "base": configuration.base,
             "a_pair": a_pair[name, configuration.name],
             "added": a_pair[name, configuration.name] - a_pair[name, configuration.base]
             if configuration.base else None}
            for name in modes for configuration in configurations]
