#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often seep check is wrong: the tables of docs/CI.md. gate.py SEEP DIRECTORY [PAIRS]

Equal runs of real programs are compared two by two: whatever fails is false. Then runs of tests/e2e/programs/gated.c with something
planted are compared with runs without: it must fail, and the function that does it must be named; the same where what is compared was
built otherwise. Every pair is of two runs that are in no other. Real programs are recorded at the default rate; gated, which is small,
at one of RATE, so that what leaks is 20 times the rate.
"""
import collections
import json
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
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
RATE = 8192
REQUESTS = 20000
LEAK = ({"name": "leak", "measure": "in_use", "each": "place", "most": "+30%", "floor": 2 * RATE}, "remember", f"leak={20 * RATE}")
# the budget that must fail, the function, gated's argument; gated uses 17,500 bytes a request and 24 MiB at its peak
PLANTED = {
    "leak of 20 R": LEAK,
    "+30 % a request": ({"name": "bigger", "measure": "allocated", "per_work": True, "most": "+10%"}, "parse_request", "bigger=5260"),
    "+25 % peak": ({"name": "peak", "measure": "peak", "most": "+10%"}, "build_index", f"peak={6 << 20}"),
}
BUILDS = {"by clang -O2": ("clang", "-O2"), "by gcc -O1": ("gcc", "-O1"), "500 lines inserted": ("gcc", "-O2"), "leaking function renamed": ("gcc", "-O2")}


def budgets(path, items):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schema": "seep.budgets/1", "budgets": items}, file)


class Bench:
    def __init__(self, seep):
        compiler = subprocess.run(["g++", "-print-prog-name=cc1plus"], check=True, capture_output=True, text=True).stdout.strip()
        self.seep = seep
        self.programs = {"redis": None, "sqlite3": ["sqlite3", ":memory:", ".read work.sql"], "python3": ["/usr/bin/python3", "work.py"],
                         "cc1plus": [compiler, "-quiet", "-O1", "-imultiarch", "x86_64-linux-gnu", "-D_GNU_SOURCE", "work.cc", "-o", "/dev/null"]}
        self.counts = collections.defaultdict(collections.Counter)

    def arguments(self, name, rate):
        shutil.rmtree(name, ignore_errors=True)
        return [self.seep, "run", "-r", str(rate), "-i", "200ms", "-o", name, "--"]

    def record(self, name, rate, command):
        subprocess.run(self.arguments(name, rate) + command, check=True, env=dict(os.environ, SEEP_NAMES="off", RECORDING=name),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)

    def record_redis(self, name):
        """A server under load, whose keys are drawn by chance."""
        door = os.path.abspath("redis.socket")
        server = subprocess.Popen(self.arguments(name, "512K") + ["redis-server", "--port", "0", "--save", "", "--unixsocket", door],
                                  env=dict(os.environ, SEEP_NAMES="off"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if subprocess.run(["redis-cli", "-s", door, "ping"], capture_output=True, check=False).stdout == b"PONG\n":
                break
            time.sleep(0.1)
        subprocess.run(["redis-benchmark", "-s", door, "-q", "-n", "60000", "-r", "30000", "-d", "200", "-P", "16", "-t", "set,lpush"], check=True,
                       stdout=subprocess.DEVNULL, timeout=600)
        subprocess.run(["redis-cli", "-s", door, "shutdown", "nosave"], check=False, capture_output=True, timeout=600)
        server.wait(timeout=600)

    def check(self, after, base, path):
        done = subprocess.run([self.seep, "check", after, "--base", base, "--budget", path, "--work", str(REQUESTS), "--format=json"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=600)
        return json.loads(done.stdout)["budgets"]

    def equal_pair(self, row, command):
        for name in ("base", "after"):
            if command:
                self.record(name, "512K", command)
            else:
                self.record_redis(name)
        count = self.counts[row]
        for found in self.check("after", "base", "equal.json"):
            count[found["result"]] += 1
        count["pairs"] += 1

    def planted_pair(self, row, budget, function, argument):
        budgets("planted.json", [budget])
        self.record("usual", RATE, ["./gated", str(REQUESTS)])
        self.record("worse", RATE, ["./gated", str(REQUESTS), argument])
        self.fails_add(row, "worse", function)

    def fails_add(self, row, after, function):
        """Does it fail, and is the function named?"""
        failed = [found for found in self.check(after, "usual", "planted.json") if found["result"] == "fail"]
        count = self.counts[row]
        count["pairs"] += 1
        count["found"] += bool(failed)
        count["named"] += any((found["place"] or {}).get("function") == function for found in failed)

    def built_pair(self, row, program, function):
        """The later one leaks, and the base does not; and has what leaks in both one name?"""
        budgets("planted.json", [LEAK[0]])
        self.record("usual", RATE, ["./gated", str(REQUESTS)])
        self.record("leaking", RATE, ["./gated", str(REQUESTS), LEAK[2]])
        self.record("other", RATE, [program, str(REQUESTS), LEAK[2]])
        self.fails_add(row, "other", function)
        done = subprocess.run([self.seep, "diff", "--json", "--by=place", "leaking", "other"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True, timeout=600)
        rows = [site for site in json.loads(done.stdout)["sites"] if site["stack"] and site["stack"][0]["function"] in ("remember", function)]
        self.counts[row]["matched"] += len(rows) == 1 and rows[0]["inuse_bytes"] > rows[0]["growth_bytes"]

    def round(self):
        for wish, (budget, function, argument) in PLANTED.items():
            self.planted_pair(wish, budget, function, argument)
        for number, name in enumerate(BUILDS):
            self.built_pair(name, f"./gated.{number}", "retain" if "renamed" in name else "remember")
        for program, command in self.programs.items():
            self.equal_pair(program, command)

    def print(self):
        for title, rows, columns in (("planted", PLANTED, ("pairs", "found", "named")), ("the later one is built", BUILDS, ("pairs", "found", "named", "matched")),
                                     ("equal runs", self.programs, ("pairs", "fail", "undecided", "pass"))):
            print(f"{title:26}" + "".join(f"{column:>11}" for column in columns))
            for row in rows:
                print(f"{row:26}" + "".join(f"{self.counts[row][column]:11}" for column in columns))
        sys.stdout.flush()

    def prepare(self):
        for name, text in (("work.py", PYTHON), ("work.sql", SQL), ("work.cc", SOURCE)):
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)
        budgets("equal.json", EQUAL)
        self.build_all()

    def build_all(self):
        with open(f"{ROOT}/tests/e2e/programs/gated.c", encoding="utf-8") as file:
            source = file.read()

        def build(name, compiler, option, text):
            with open("source.c", "w", encoding="utf-8") as file:
                file.write(text)
            subprocess.run([compiler, option, "-std=gnu11", "-g", "-fno-builtin", f"-I{ROOT}/include", "-o", name, "source.c"], check=True)

        build("gated", "gcc", "-O2", source)
        for number, (name, (compiler, option)) in enumerate(BUILDS.items()):
            text = "/* a line */\n" * 500 + source if "inserted" in name else source
            build(f"gated.{number}", compiler, option, text.replace("remember", "retain") if "renamed" in name else text)


def main():
    pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 50
    bench = Bench(os.path.abspath(sys.argv[1]))
    os.makedirs(sys.argv[2])
    os.chdir(sys.argv[2])
    bench.prepare()
    try:
        for _ in range(pairs):
            bench.round()
    except KeyboardInterrupt:
        print("interrupted: a pair of each row or none is left out", file=sys.stderr)
    bench.print()


main()
