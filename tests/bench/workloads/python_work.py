# SPDX-License-Identifier: Apache-2.0
"""Dictionaries and JSON: python_work.py ROUNDS. Run with PYTHONMALLOC=malloc, so that each object is a malloc."""
import json
import random
import sys

random.seed(1)
words = ["".join(random.choices("abcdefghijklmnop", k=random.randint(3, 20))) for _ in range(2000)]
kept, total = {}, 0
for round_number in range(int(sys.argv[1])):
    records = []
    for i in range(2000):
        record = {"id": i, "name": words[i % 2000], "tags": random.sample(words, 5), "nested": {"a": [i, i * 2.5], "b": words[-i]}}
        records.append(record)
    text = json.dumps(records)
    for record in json.loads(text):
        kept.setdefault(record["name"], []).append((record["id"], record["tags"][0]))
        total += len(record["tags"])
    if round_number % 5 == 4:
        kept = {key: value[-3:] for key, value in kept.items()}
print(total, len(kept))
