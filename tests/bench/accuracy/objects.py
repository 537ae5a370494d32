# SPDX-License-Identifier: Apache-2.0
"""How often intervals of objects hold the truth: a part of `make accuracy` (see run.py), and by itself

    objects.py BUILD [TRIALS]

which prints that part of docs/ACCURACY.md. Mixtures of sizes are simulated; real programs are recorded at rate 1, so that
all of their blocks are known, and these are sampled again at other rates.
"""
import os
import shutil
import subprocess
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "e2e", "programs", "shop.cpp")
PYTHON = """
import json, os
kept = {"key%d" % i: [i, "x" * (i % 90), {"a": i, "b": str(i * 7)}] for i in range(8000)}
again = json.loads(json.dumps(kept))
os._exit(0)
"""
PERL = """
use POSIX;
my %kept;
for my $i (1 .. 6000) { $kept{"key$i"} = {a => [1 .. ($i % 17)], b => "y" x ($i % 200)}; }
POSIX::_exit(0);
"""
PROGRAMS = {"python3": ["/usr/bin/python3", "-c", PYTHON], "perl": ["/usr/bin/perl", "-e", PERL],
            "cc1plus": ["/usr/bin/g++", "-O1", "-c", SOURCE, "-o", "/dev/null"]}


def table_of(build, *arguments):
    said = subprocess.run(["nice", os.path.join(build, "accuracy", "objects"), *arguments], stdout=subprocess.PIPE, text=True,
                          check=True, timeout=900).stdout
    lines = [line.split("\t") for line in said.splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def recording_of(build, name, command):
    """Of the process with this name, at rate 1. It ends without freeing what it has."""
    where = os.path.join(build, "accuracy", "objects.recordings")
    shutil.rmtree(where, ignore_errors=True)
    environment = {**os.environ, "PYTHONMALLOC": "malloc"}
    subprocess.run([os.path.join(build, "seep"), "run", "-r", "1", "-o", os.path.join(where, "%c"), "--", *command], check=True,
                   env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    return os.path.join(where, name)


def measure(build, trials):
    real = []
    for name, command in PROGRAMS.items():
        real += table_of(build, str(max(trials // 100, 1)), recording_of(build, name, command))
    return {"mixtures": table_of(build, str(trials)), "real": real, "runs": max(trials // 100, 1)}


def covered(row, kind=""):
    shown = int(row[kind + "shown"])
    return 1 - (int(row[kind + "above"]) + int(row[kind + "below"])) / shown


def misses(results):
    """What covers less than the goal, in words."""
    return [f"objects {what} of {row['case']}: {covered(row, kind):.3f} covered" for row in results["mixtures"]
            for what, kind in (("in use", ""), ("growth", "growth_")) if covered(row, kind) < 0.93]


def tables(write, results):
    write("\n## Intervals of objects\n")
    write("`python3 tests/bench/accuracy/objects.py build 4000` prints this part. An interval of objects covers those that are no smaller "
          "than the smallest one that was ever sampled at the site, and says which size that is. *In use* counts these objects, *growth* these less "
          "half as many. A site that shows no sample is not printed, and does not count. The last two columns count all objects: "
          "the lower end holds for them, too, but no upper end would. The samples do not tell whether there are small objects of "
          "which none was sampled; to expect objects of 16 bytes everywhere would make the upper end of real rows 2.5 to 3.4 times as "
          "high in the middle, and a tenth of perl's 120 times. Verdicts rest only on bytes, whose intervals do not depend on sizes.\n")
    write("| a site's objects | in use: covers | growth: covers | all: lower end holds | all: more than the upper end |")
    write("|---|---|---|---|---|")
    for row in results["mixtures"]:
        shares = [int(row["all_" + end]) / int(row["all_shown"]) for end in ("below", "above")]
        write(f"| {row['case']} | {covered(row):.3f} | {covered(row, 'growth_'):.3f} | {1 - shares[0]:.3f} | {shares[1]:.3f} |")
    write("\nReal programs have sites of nearly one size each. Here are their blocks in use at the end, recorded at rate 1 and sampled again, "
          "stack by stack. *Growth* is that of every other block less the rest; *largest* are the bytes in use of the ten largest rows of each "
          "recording. The columns are the shares of rows in which the truth is above / below the interval. *Usual* is what the lower end "
          "would be without the condition that a row has a sample: of a stack with a hundredth of R in use, one recording in a hundred has "
          "a row, and then the usual lower end is at least 2.5 % of a sample.\n")
    write("| program | rows a run | objects | bytes | usual: bytes | growth of objects | of bytes | largest |")
    write("|---|---|---|---|---|---|---|---|")
    for row in results["real"]:
        shares = [" / ".join(f"{int(row[kind + end]) / int(row[kind + 'shown']):.3f}" for end in ("above", "below"))
                  for kind in ("", "bytes_", "usual_", "growth_", "growth_bytes_", "largest_")]
        write(f"| {row['case']} | {int(row['shown']) // results['runs']} | " + " | ".join(shares) + " |")


def main():
    build, trials = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    tables(print, measure(build, trials))


if __name__ == "__main__":
    main()
