# SPDX-License-Identifier: Apache-2.0
"""Debian's python3.11, each allocation by malloc: documents, classes, a bounded cache, text, and garbage that refers to itself."""
LISTENS = False # it reads its input, and ends with it
LOAD = "JSON, classes, a cache that evicts, regular expressions, compression, and cycles, with PYTHONMALLOC=malloc"

SCRIPT = """
import collections, functools, json, re, sys, zlib
cache = collections.OrderedDict()
@functools.lru_cache(maxsize=300)
def squares(n): return [i * i for i in range(n)]
class Node:
    def __init__(self, value, other): self.value, self.other = value, other
for line in sys.stdin:
    number = int(line)
    document = json.loads(json.dumps([{"id": i, "name": "n" * (i % 50), "tags": [str(i), line]} for i in range(number % 300)]))
    cache[number % 2000] = document[:20]
    while len(cache) > 400: cache.popitem(last=False)
    squares(number * 7 % 1000)
    first = Node(document, None); first.other = Node(number, first)
    text = " ".join(map(str, squares(number % 500)))
    re.sub(r"(\\\\d)(\\\\d)", r"\\\\2\\\\1", text)
    zlib.decompress(zlib.compress(text.encode()))
"""


def command(_, service):
    service.write("script.py", SCRIPT)
    return ["env", "PYTHONMALLOC=malloc", "/usr/bin/python3.11", service.at("script.py")]


def load(service):
    for number in service.ticks(60):
        if number // 600 % 3 != 2 or number % 4 == 0: # a quieter time
            service.input(b"%d\n" % number)
