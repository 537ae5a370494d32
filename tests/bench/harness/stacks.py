# SPDX-License-Identifier: Apache-2.0
"""What one captured stack costs: runs stack_bench and reads its table."""
import os
import re
import subprocess


def measure(bench, quick, say):
    """Rows: backend, what, spread in ns; and the text as it was printed."""
    done = subprocess.run([os.path.join(bench, "stack_bench")] + ["quick"] * quick, stdout=subprocess.PIPE, text=True, timeout=300,
                          check=True)
    rows = [{"backend": found.group(1), "what": found.group(2).strip(),
             "ns": dict(zip(("minimum", "median", "maximum"), map(float, found.group(3, 4, 5))))}
            for found in re.finditer(r"^(\S+) +(.*?) +(-?\d+) +(-?\d+) +(-?\d+)$", done.stdout, re.M)]
    say("stacks")
    return {"rows": rows, "text": done.stdout}
