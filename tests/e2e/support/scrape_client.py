#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches a profile and is as strict about it as the scrapers of Grafana Alloy and Parca are.

	scrape_client.py URL [EXPRESSION]

Prints the expression of the profile `p`, as collector.py reads it.
"""
import sys, urllib.request

url, expression = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "p"
sys.argv[1:] = ["."]
from collector import pprof

with urllib.request.urlopen(url, timeout=240) as answer:
    body, kind = answer.read(), answer.headers["Content-Type"]
assert kind.startswith("application/octet-stream"), kind
assert body[:2] == b"\x1f\x8b", body[:40]
p = pprof(body)
print(eval(expression))
