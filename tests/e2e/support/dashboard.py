#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds a Grafana dashboard to what Grafana takes, and its questions to what Prometheus and seep have.

	dashboard.py DASHBOARD FAMILIES [PROMETHEUS]

FAMILIES is the source that lists the metrics there are; PROMETHEUS the address of a server, which parses every expression. Prints what is wrong.
"""
import json, re, sys, urllib.parse, urllib.request
from jsonschema import Draft202012Validator

SOURCE = {"type": "object", "required": ["type", "uid"], "properties": {"type": {"const": "prometheus"}, "uid": {"const": "${datasource}"}}}
TARGET = {"type": "object", "required": ["refId", "expr", "datasource", "legendFormat"], "properties": {
    "refId": {"pattern": "^[A-Z]$"}, "expr": {"type": "string", "minLength": 1}, "datasource": SOURCE}}
PANEL = {"type": "object", "required": ["id", "type", "title", "description", "datasource", "gridPos", "fieldConfig", "targets"], "properties": {
    "id": {"type": "integer", "minimum": 1}, "type": {"enum": ["stat", "timeseries", "table"]}, "title": {"type": "string", "minLength": 1},
    "datasource": SOURCE, "targets": {"type": "array", "minItems": 1, "items": TARGET},
    "gridPos": {"type": "object", "required": ["x", "y", "w", "h"], "additionalProperties": False, "properties": {
        "x": {"type": "integer", "minimum": 0, "maximum": 23}, "y": {"type": "integer", "minimum": 0},
        "w": {"type": "integer", "minimum": 1, "maximum": 24}, "h": {"type": "integer", "minimum": 1}}},
    "fieldConfig": {"type": "object", "required": ["defaults", "overrides"], "properties": {
        "defaults": {"type": "object", "required": ["unit"], "properties": {"unit": {"enum": ["short", "bytes", "binBps", "s", "percentunit"]}}},
        "overrides": {"type": "array", "items": {"type": "object", "required": ["matcher", "properties"]}}}}}}
DASHBOARD = {"type": "object", "required": ["uid", "title", "schemaVersion", "version", "panels", "templating", "time", "tags"], "properties": {
    "uid": {"pattern": "^[a-zA-Z0-9_-]{1,40}$"}, "schemaVersion": {"type": "integer", "minimum": 36}, "panels": {"type": "array", "minItems": 1, "items": PANEL},
    "templating": {"type": "object", "required": ["list"], "properties": {"list": {"type": "array", "items": {
        "type": "object", "required": ["name", "type"], "properties": {"type": {"enum": ["datasource", "query"]}}}}}}}}

dashboard, families = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
faults = ["/".join(map(str, error.absolute_path)) + ": " + error.message[:200] for error in Draft202012Validator(DASHBOARD).iter_errors(dashboard)]
panels = dashboard["panels"]
if len({panel["id"] for panel in panels}) != len(panels):
    faults.append("two panels have one id")
cells = set()
for panel in panels:
    place = panel["gridPos"]
    mine = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
    if mine & cells or place["x"] + place["w"] > 24:
        faults.append("%s: lies on another, or beside the grid" % panel["title"])
    cells |= mine
known = {name + ("_total" if kind == "COUNTER" else "") for name, kind in re.findall(r'\{"(seep_\w+)", (GAUGE|COUNTER)', families)}
variables = {entry["name"] for entry in dashboard["templating"]["list"]}
for panel in panels:
    for target in panel["targets"]:
        expression = target["expr"]
        faults += ["%s: nobody has %s" % (panel["title"], name) for name in set(re.findall(r"\bseep_\w+", expression)) - known]
        faults += ["%s: there is no variable %s" % (panel["title"], name) for name in set(re.findall(r"\$(\w+)", expression)) - variables]
        if len(sys.argv) > 3:
            plain = re.sub(r"\$\w+", ".*", expression)
            try:
                urllib.request.urlopen(sys.argv[3] + "/api/v1/query?" + urllib.parse.urlencode({"query": plain}), timeout=60).close()
            except OSError as fault:
                faults.append("%s: %s: %s" % (panel["title"], plain, fault))
print("\n".join(faults))
sys.exit(bool(faults))
