# SPDX-License-Identifier: Apache-2.0
"""Objects of many kinds, each made in a place of its own in the interpreter. With "leak" a third of them is kept for ever: of no
place much, of all together 30 MiB. Without, a queue of the last ones is all that stays.

    kinds.py leak|turn ROUNDS
"""
import array
import collections
import datetime
import decimal
import fractions
import functools
import io
import itertools
import json
import sys
import time
import types

MAKERS = [
    lambda i: [i] * 40, lambda i: (i, str(i), [i]), lambda i: {i: i, str(i): [i]}, lambda i: set(range(i, i + 20)),
    lambda i: str(i) * 60, lambda i: bytes(str(i) * 70, "ascii"), lambda i: bytearray(300), lambda i: decimal.Decimal(i) / 7,
    lambda i: datetime.datetime.fromtimestamp(i), lambda i: json.loads('{"a": [1, 2, {"b": "%d"}], "c": 2.5}' % i),
    lambda i: collections.deque(range(30)), lambda i: fractions.Fraction(i, 7), lambda i: array.array("d", range(40)),
    lambda i: io.BytesIO(b"x" * 300), lambda i: io.StringIO("y" * 100), lambda i: types.SimpleNamespace(a=i, b=str(i)),
    lambda i: functools.partial(max, i, [i]), lambda i: list(itertools.combinations(range(6), 2)),
    lambda i: collections.Counter(str(i) * 3), lambda i: collections.OrderedDict(a=i, b=[i]),
    lambda i: compile("a = %d + b" % i, "s", "exec"), lambda i: (j for j in range(i)),
    lambda i: str(i).encode().hex().split("3"), lambda i: "%s-%r-%d" % (i, [i], i) + "z" * 100, lambda i: frozenset(range(25)),
    lambda i: sorted(str(i * j) for j in range(12)), lambda i: dict.fromkeys(range(15), i), lambda i: memoryview(bytes(200)),
]
kept = []
queue = collections.deque(maxlen=3000)
for turn in range(int(sys.argv[2])):
    for i, make in enumerate(MAKERS, turn * 200):
        for part in range(2):
            queue.append(make(i))
        if sys.argv[1] == "leak":
            kept.append([make(i) for part in range(3)])
    time.sleep(0.01)
