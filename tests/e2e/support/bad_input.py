# SPDX-License-Identifier: Apache-2.0
"""Every command on every file of bad/: a case each, which is good if one line of standard error names a fault, the exit
status is 3, and nothing is on standard output or in the output file.

	bad_input.py SEEP GOOD      GOOD: a snapshot to compare with
	bad_input.py SEEP ARGUMENT...  one command; complains of what it does instead
"""
import os
import re
import subprocess
import sys

COMMANDS = {
    "report": "report FILE",
    "report --json": "report --json FILE",
    "diff, as the first": "diff FILE GOOD",
    "diff, as the second": "diff GOOD FILE",
    "flame": "flame FILE -o out.svg",
    "flame --base": "flame GOOD --base FILE -o out.svg",
    "export": "export --format=pprof FILE -o out.svg",
    "snapshot": "snapshot FILE",
}


def complaint(seep, arguments):
    done = subprocess.run([seep] + arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    written = os.path.lexists("out.svg")
    if written:
        os.unlink("out.svg")
    if (done.returncode == 3 and not done.stdout and not written and re.fullmatch(rb"seep: [^\n]{10,}\n", done.stderr)
            and not re.search(rb"[\0-\x09\x0b-\x1f]", done.stderr)):
        return ""
    return (f"seep {arguments}: exit status {done.returncode}, {len(done.stdout)} bytes on standard output"
            f"{', a file' if written else ''}, standard error: {done.stderr[:500]!r}")


def check_all(seep, good):
    fine = True
    for name in sorted(os.listdir("bad")):
        words = {"FILE": f"bad/{name}", "GOOD": good}
        for title, command in COMMANDS.items():
            seen = complaint(seep, [words.get(word, word) for word in command.split()])
            print(f"{'not ok' if seen else 'ok'} - {title}: {re.sub('[^a-z0-9-]', '?', name)}")
            if seen:
                print(f"# {seen}")
                fine = False
    return fine


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.exit(not check_all(*sys.argv[1:]))
    told = complaint(sys.argv[1], sys.argv[2:])
    sys.exit(told or 0)
