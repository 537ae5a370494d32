# SPDX-License-Identifier: Apache-2.0
"""Allocations from many parts of the interpreter and its extension modules, for test_unwind_reference.sh."""
import collections
import decimal
import json
import re
import sqlite3
import sys
import zlib


def work(size):
    table = {str(i): [i, {"a": str(i) * 3, "b": [1, 2, 3]}] for i in range(size)}
    text = json.dumps(table)
    back = json.loads(text)
    re.sub(r"(\d+)", lambda match: match.group(1) * 2, text[:20000])
    sorted(back.items(), key=lambda item: item[0])
    decimal.Decimal(1) / decimal.Decimal(7)
    collections.Counter(text).most_common(3)
    database = sqlite3.connect(":memory:")
    database.execute("create table t(a, b)")
    database.executemany("insert into t values(?, ?)", [(i, str(i)) for i in range(500)])
    list(database.execute("select b, count(*) from t group by b"))
    zlib.compress(text.encode())


for _ in range(int(sys.argv[1])):
    work(3000)
