#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often seep check is wrong: the tables of docs/CI.md. gate.py SEEP PROGRAM DIRECTORY [RUNS]

Runs of real programs that are equal are compared with each other: whatever fails is false. Then runs of PROGRAM
(tests/e2e/programs/gated.c) with something planted are compared with runs without: what was planted must fail, and the
function that does it must be named. Everything is recorded at the default rate but for PROGRAM, which is small.
"""
import json
import os
import subprocess
import sys

PYTHON = """
import json
kept = []
for i in range(60):
    kept.append(json.loads(json.dumps([{"a": k, "b": str(k) * 5, "c": [k] * 7} for k in range(2000)])))
    del kept[:-20]
"""
SQL = """create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000) insert into t select i, hex(randomblob(40)) from n;
create index x on t(b); select count(*), max(b) from t where b like '%AB%'; select count(distinct substr(b, 1, 5)) from t;
"""
SOURCE = """#include <map>
#include <regex>
#include <string>
#include <unordered_map>
int main() { std::map<std::string, std::unordered_map<int, std::string>> m; std::regex r("a+b"); return std::regex_match(m["x"][1], r); }
"""
EQUAL = [{"name": measure, "measure": measure, "most": "+10%"} for measure in ("in_use", "peak", "allocated", "allocations")]
EQUAL += [{"name": f"every place {measure}", "measure": measure, "each": "place", "most": "+20%", "floor": "6M"} for measure in ("in_use", "allocated")]
PLANTED = {  # what is planted: the budget that must fail, and the function
    "leak": ({"name": "leak", "measure": "in_use", "each": "place", "most": "+30%", "floor": "1M"}, "remember"),
    "bigger": ({"name": "bigger", "measure": "allocated", "per_work": True, "most": "+5%"}, "parse_request"),
    "peak": ({"name": "peak", "measure": "peak", "most": "+10%"}, "build_index"),
}
REQUESTS = 20000


def budgets(path, items):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schema": "seep.budgets/1", "budgets": items}, file)


def record(seep, name, rate, command):
    environment = dict(os.environ, SEEP_NAMES="off", RECORDING=name)
    subprocess.run([seep, "run", "-r", rate, "-i", "200ms", "-o", name, "--", *command], check=True, env=environment,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)


def check(seep, after, base, path):
    done = subprocess.run([seep, "check", after, "--base", base, "--budget", path, "--work", str(REQUESTS), "--format=json"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300)
    return json.loads(done.stdout)["budgets"]


def equal_runs(seep, runs):
    for name, text in (("work.py", PYTHON), ("work.sql", SQL), ("work.cc", SOURCE)):
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    compiler = subprocess.run(["g++", "-print-prog-name=cc1plus"], check=True, capture_output=True, text=True).stdout.strip()
    programs = {"python3": ["/usr/bin/python3", "work.py"], "sqlite3": ["sqlite3", ":memory:", ".read work.sql"],
                "cc1plus": [compiler, "-quiet", "-O1", "-imultiarch", "x86_64-linux-gnu", "-D_GNU_SOURCE", "work.cc", "-o", "/dev/null"]}
    budgets("equal.json", EQUAL)
    print(f"{'equal runs':24}{'pairs':>7}{'fail':>6}{'undecided':>11}{'pass':>6}   (of all budgets)")
    for program, command in programs.items():
        for i in range(runs):
            record(seep, f"{program}.{i}", "512K", command)
        count = {"fail": 0, "undecided": 0, "pass": 0}
        pairs = [(i, (i + step) % runs) for i in range(runs) for step in (1, 3, 6) if step % runs]
        for after, base in pairs:
            for row in check(seep, f"{program}.{after}", f"{program}.{base}", "equal.json"):
                count[row["result"]] += 1
        print(f"{program:24}{len(pairs):7}{count['fail']:6}{count['undecided']:11}{count['pass']:6}")


def planted(seep, program, runs):
    print(f"{'planted':24}{'pairs':>7}{'found':>6}{'named':>11}")
    for i in range(runs):
        record(seep, f"usual.{i}", "64K", [program, str(REQUESTS)])
    for wish, (budget, function) in PLANTED.items():
        budgets(f"{wish}.json", [budget])
        found = named = 0
        for i in range(runs):
            record(seep, f"{wish}.{i}", "64K", [program, str(REQUESTS), wish])
            failed = [row for row in check(seep, f"{wish}.{i}", f"usual.{i}", f"{wish}.json") if row["result"] == "fail"]
            found += bool(failed)
            named += any((row["place"] or {}).get("function") == function for row in failed)
        print(f"{wish:24}{runs:7}{found:6}{named:11}")


def main():
    seep, program = (os.path.abspath(path) for path in sys.argv[1:3])
    os.makedirs(sys.argv[3])
    os.chdir(sys.argv[3])
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 10
    planted(seep, program, runs)
    equal_runs(seep, runs)


main()
